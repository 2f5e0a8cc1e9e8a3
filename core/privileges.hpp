// What this process may do, and what to say where it may not: capabilities(7), user_namespaces(7).
#pragma once

#include <cstdint>
#include <string>

namespace ixy {

/// Capabilities that taking a card takes, by their number.
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
    std::uint64_t effective = 0;  ///< bit for bit
    bool machines_own = true;  ///< root here is the machine's root, not one of a user namespace (a rootless container)

    bool has(Capability capability) const { return (effective >> static_cast<unsigned>(capability) & 1) != 0; }
};

/// Those of this process. `proc` is where proc is mounted; what cannot be read there is taken for missing.
Privileges current_privileges(const std::string& proc = "/proc");

/// How to get `capability`: as an ordinary user, as the root of a user namespace, as a root without it. Empty: it is
/// there, and something else is in the way.
std::string how_to_get(Capability capability, const Privileges& privileges);

/// `command` as this user has to type it: behind sudo, unless this is root.
std::string as_root(const std::string& command);

}  // namespace ixy
