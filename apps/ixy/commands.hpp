// What the subcommands of `ixy` do. Each prints on standard output and returns what went wrong.
#pragma once

#include <string>
#include <vector>

#include <ixy/core/dma.hpp>
#include <ixy/core/error.hpp>
#include <ixy/core/hugepages.hpp>
#include <ixy/pci/files.hpp>

namespace ixy::app {

/// The network cards: addresses, drivers, interfaces, in use or not; `with_limits`: also what they can do. As JSON: one
/// object per line. Errors: those of list_network_cards.
Expected<> list(const KernelTree& tree, bool json, bool with_limits);

/// Binds the card to a kernel driver, whatever the driver's own list of ids says.
Expected<> bind(const KernelTree& tree, const std::string& device, const std::string& driver, bool force);
/// Leaves the card without a kernel driver.
Expected<> unbind(const KernelTree& tree, const std::string& device, bool force);
/// Gives the card back to the driver that the kernel chooses by itself. Errors: also busy, if a program drives it.
Expected<> restore(const KernelTree& tree, const std::string& device, bool force);

/// Asks the kernel to reserve `count` huge pages, and prints how many it really reserved.
Expected<> set_huge_pages(const KernelTree& tree, std::size_t count, HugePage size, int node);

/// Reports what is missing on this machine. As JSON: one object per line for each finding, and one with the summary.
/// True: everything that a program needs is there, and was seen.
bool doctor(const KernelTree& tree, bool json);

struct RegisterOptions {
    std::string device;
    std::vector<std::string> names;  ///< only these; empty: all
    bool all = false;                ///< also those that a read changes, and zeros in arrays
};
/// Prints the card's registers with their fields, without taking the card from the program that drives it.
Expected<> print_registers(const KernelTree& tree, const RegisterOptions& options);

/// Draws the card's rings, without taking the card from the program that drives it.
Expected<> print_rings(const KernelTree& tree, const std::string& device);

struct RssQuestion {
    std::string source, destination;  ///< "10.0.0.1:80", "[fd00::1]:80"; both without a port: neither TCP nor UDP
    std::string protocol = "tcp";     ///< or "udp"
    std::size_t queues = 2;
    bool symmetric = false;
    std::string card{};  ///< "82574L"; empty: the first that has several queues
};
/// Prints to which receive queue a card sends the flow, and why.
Expected<> explain_rss(const RssQuestion& question);

/// Serves the software card (the part after "sim:" in an address) to a vfio-user client at the socket `path`, until
/// Ctrl-C.
Expected<> serve_card(const std::string& card, const std::string& path);

}  // namespace ixy::app
