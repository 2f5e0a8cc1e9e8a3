// Is somebody using this card? What is known about it, gathered from the kernel, and the decision, which only thinks.
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
    std::vector<std::string> addresses;  ///< IPv4 and IPv6
    std::vector<std::string> routes;     ///< destinations: "default", "10.0.0.0/8"
    std::string master;                  ///< the bridge, bond or the like that it is a port of
    std::string master_kind;             ///< "bridge", "bond" or "master"
    std::vector<std::string> uppers;     ///< what lies on top of it: VLANs, macvlans
};

/// All that the decision needs.
struct UsageFacts {
    std::string address;  ///< "0000:03:00.0"
    PciIdentity identity;
    std::string driver;  ///< bound kernel driver, or empty
    std::vector<InterfaceFacts> interfaces;
};

/// The class, driver and interfaces of the function at `address`.
UsageFacts gather_usage(const KernelTree& tree, const std::string& address);

/// What the kernel does with the interface whose sysfs folder is given: /sys/bus/pci/devices/…/net/enp3s0.
InterfaceFacts gather_interface(const std::string& folder);

/// Why the card must not be taken: the interface, the reason and the command that mends it. Nothing: it is free.
/// Kinds: invalid_argument (not a network card), busy.
std::optional<Error> reason_in_use(const UsageFacts& facts);

/// Takes the lock that keeps a second ixy away from the function: on its configuration space, which is opened for that
/// and holds the lock for as long as it, or a copy in another process, stays open. Errors: permission, busy, not_found.
Expected<File> lock_function(const KernelTree& tree, const std::string& address);

/// The process that holds a lock on `file` as another ixy does, as "process 1234 (ixy-fwd)". Empty: none that we can
/// see.
std::string lock_holder(const KernelTree& tree, const std::string& file);

/// Whether `driver` hands cards to programs and uses none itself (vfio-pci, uio_pci_generic, …).
bool is_passive_driver(std::string_view driver);

}  // namespace ixy
