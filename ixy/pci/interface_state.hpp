// What the kernel's network stack does with an interface of this network namespace, queried over rtnetlink(7).
#pragma once

#include <string>
#include <vector>

#include <ixy/core/error.hpp>

namespace ixy {

struct InterfaceState {
    unsigned index = 0;
    std::string hardware_address;        ///< "52:54:00:00:00:01"
    std::string parent;                  ///< the device that it belongs to, "0000:03:00.0" or "virtio0"; empty: unknown
    bool promiscuous = false;            ///< something receives all frames: a capture, a bridge
    bool xdp = false;                    ///< an XDP program is attached (AF_XDP sockets work through one)
    std::vector<std::string> addresses;  ///< IPv4 and IPv6, "10.0.2.15"
    /// Destinations of the routes through it, "default", "10.0.0.0/8", and "next hop 7" for next-hop objects. All
    /// families and tables, except routes that the kernel itself creates for an address.
    std::vector<std::string> routes;
    std::vector<std::string> further_addresses;  ///< hardware addresses that it receives for besides its own: macvlans
};

/// The state of `interface`. Errors: not_found (no such interface in this namespace), and others if anything could not
/// be seen: an answer is always complete.
Expected<InterfaceState> interface_state(const std::string& interface);

}  // namespace ixy
