// What this process may do, and what to tell the user if it may not: capabilities(7), user_namespaces(7).
#pragma once

#include <cstdint>
#include <string>

namespace ixy {

/// Capabilities needed to take over a card, by number.
enum class Capability : std::uint8_t {
    dac_override = 1,
    net_admin = 12,
    ipc_lock = 14,
    sys_rawio = 17,
    sys_admin = 21
};

/// "CAP_SYS_ADMIN"
std::string capability_name(Capability capability);

struct Privileges {
    bool root = false;            ///< the effective user is 0
    std::uint64_t effective = 0;  ///< one bit each
    bool machines_own = true;  ///< root here is the machine's root, not one of a user namespace (a rootless container)

    bool has(Capability capability) const { return (effective >> static_cast<unsigned>(capability) & 1) != 0; }
};

/// The privileges of this process. `proc` is where proc is mounted; what cannot be read there counts as missing.
Privileges current_privileges(const std::string& proc = "/proc");

/// How to get `capability` as an ordinary user, as root of a user namespace, or as a root that lacks it. Empty if the
/// process has it, so something else is in the way.
std::string how_to_get(Capability capability, const Privileges& privileges);

/// `command` as this user has to type it: with sudo, unless this is root.
std::string as_root(const std::string& command);

}  // namespace ixy
