// The addresses and routes of a network interface, asked from the kernel over netlink (rtnetlink(7)).
#pragma once

#include <string>
#include <vector>

namespace ixy {

/// The IPv4 and IPv6 addresses of `interface` in this network namespace: "10.0.2.15".
std::vector<std::string> interface_addresses(const std::string& interface);

/// The destinations of the unicast routes through `interface`: "default", "10.0.0.0/8". Those of the local table, which
/// the kernel makes for its own addresses, are left out.
std::vector<std::string> interface_routes(const std::string& interface);

}  // namespace ixy
