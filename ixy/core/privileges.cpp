#include <ixy/core/privileges.hpp>

#include <unistd.h>

#include <cstdlib>
#include <sstream>

#include <ixy/core/files.hpp>

namespace ixy {

std::string capability_name(Capability capability) {
    switch (capability) {
        case Capability::dac_override:
            return "CAP_DAC_OVERRIDE";
        case Capability::net_admin:
            return "CAP_NET_ADMIN";
        case Capability::ipc_lock:
            return "CAP_IPC_LOCK";
        case Capability::sys_rawio:
            return "CAP_SYS_RAWIO";
        case Capability::sys_admin:
            return "CAP_SYS_ADMIN";
    }
    return {};
}

Privileges current_privileges(const std::string& proc) {
    Privileges privileges{.root = ::geteuid() == 0};
    const std::string status = read_text(proc + "/self/status").value_or("");
    if (const std::size_t at = status.find("CapEff:"); at != std::string::npos)
        privileges.effective = std::strtoull(status.c_str() + at + 7, nullptr, 16);
    // The first user namespace maps every user to itself: "0 0 4294967295".
    if (const auto map = read_text(proc + "/self/uid_map")) {
        std::istringstream words(*map);
        std::uint64_t inside = 1, outside = 1, count = 0;
        words >> inside >> outside >> count;
        privileges.machines_own = inside == 0 && outside == 0 && count == 4294967295;
    }
    return privileges;
}

std::string how_to_get(Capability capability, const Privileges& privileges) {
    const std::string name = capability_name(capability);
    if (!privileges.root && !privileges.has(capability)) return "run this as root, with sudo";
    if (!privileges.machines_own)
        return "root of a user namespace (a rootless container) may not do that: run this as the machine's own root";
    if (privileges.has(capability)) return {};
    return "this root lacks " + name + ": give it to the container, as docker run --cap-add=" + name.substr(4) +
           " does";
}

std::string as_root(const std::string& command) { return ::geteuid() == 0 ? command : "sudo " + command; }

}  // namespace ixy
