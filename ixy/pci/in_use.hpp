// Is anybody using this card? The facts, gathered from the kernel, and the decision, which only looks at the facts.
// What could not be seen is a fact too: such a card is not free.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <ixy/core/error.hpp>
#include <ixy/pci/files.hpp>
#include <ixy/pci/function.hpp>

namespace ixy {

/// What the kernel does with one interface of a card.
struct InterfaceFacts {
    std::string name;  ///< "enp3s0"
    bool up = false;
    std::vector<std::string> addresses;          ///< IPv4 and IPv6
    std::vector<std::string> routes;             ///< destinations: "default", "10.0.0.0/8"
    std::string master;                          ///< the bridge, bond or the like that it is a port of
    std::string master_kind;                     ///< "bridge", "bond" or "master"
    std::vector<std::string> uppers;             ///< interfaces on top of it: VLANs, macvlans
    std::vector<std::string> further_addresses;  ///< hardware addresses besides its own: a macvlan in a container
    std::vector<std::string> readers;            ///< packet sockets bound to it, by process
    bool promiscuous = false;                    ///< something captures all its frames
    bool xdp = false;                            ///< an XDP program is attached
    std::optional<Error> unseen;                 ///< what could not be seen of this
};

/// Everything that the decision needs.
struct UsageFacts {
    std::string address;  ///< "0000:03:00.0"
    PciIdentity identity;
    std::string driver;  ///< bound kernel driver, or empty
    std::vector<InterfaceFacts> interfaces;
    unsigned virtual_functions = 0;             ///< that depend on the card (SR-IOV)
    std::optional<std::string> locked_by = {};  ///< another ixy has it: the process, empty if it cannot be seen
    std::string user = {};                      ///< process that has its registers mapped, or its UIO or VFIO file open
    bool saw_everyone = true;                   ///< no process could hide from the search for `user`
    bool bus_master = false;                    ///< it may read and write memory on its own
    std::optional<Error> unseen = {};           ///< what else could not be seen
};

/// The class, driver, interfaces and users of the function at `address`.
UsageFacts gather_usage(const KernelTree& tree, const std::string& address);

/// What the kernel does with the interface whose sysfs folder is given: /sys/bus/pci/devices/…/net/enp3s0.
InterfaceFacts gather_interface(const KernelTree& tree, const std::string& folder);

/// Why the card must not be taken: the interface, the reason and the command that fixes it. Empty: it is free, unless
/// another ixy has it, which lock_function reports. Kinds: invalid_argument (not a network card), busy, permission
/// (not everything can be seen without a privilege).
std::optional<Error> reason_in_use(const UsageFacts& facts);

/// Takes the lock that keeps a second ixy away from the function. It is on the configuration space, which is opened for
/// this and holds the lock as long as it, or a copy in another process, stays open. Errors: permission, busy,
/// not_found.
Expected<File> lock_function(const KernelTree& tree, const std::string& address);

/// The process that holds a lock on `file` as another ixy does, as "process 1234 (ixy-fwd)". Empty: none that can be
/// seen from here, which does not mean that there is none.
std::string lock_holder(const KernelTree& tree, const std::string& file);

/// The refusal of a card that another ixy has; `holder` as in UsageFacts::locked_by.
Error taken_by_another_ixy(const std::string& address, const std::string& holder);

/// Whether `driver` hands cards to programs and does not use them itself (vfio-pci, uio_pci_generic, …).
bool is_passive_driver(std::string_view driver);

}  // namespace ixy
