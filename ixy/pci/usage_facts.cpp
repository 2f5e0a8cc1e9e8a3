// The facts about who uses a card, from sysfs, proc and rtnetlink.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <sstream>

#include <ixy/pci/holder.hpp>
#include <ixy/pci/identity.hpp>
#include <ixy/pci/in_use.hpp>
#include <ixy/pci/interface_state.hpp>

namespace ixy {
namespace {

/// Records the first thing that could not be seen. What is absent counts as seen.
template <class T>
void note(std::optional<Error>& unseen, const Expected<T>& fact) {
    if (!fact && fact.error().kind != ErrorKind::not_found && !unseen) unseen = fact.error();
}

/// The name of the target of the link at `path`; empty if there is no such link.
std::string read_link(const std::string& path, std::optional<Error>& unseen) {
    std::error_code error;
    const auto target = std::filesystem::read_symlink(path, error);
    if (!error) return target.filename();
    if (error.value() != ENOENT) note(unseen, Expected<>(file_failure(path, error.value())));
    return {};
}

std::vector<std::string> read_folder(const std::string& path, std::optional<Error>& unseen) {
    const auto names = list_folder(path);
    note(unseen, names);
    return names.value_or(std::vector<std::string>{});
}

/// The folders of the interfaces: net/*, or one level deeper if there is a bus in between (virtio0/net/*).
std::vector<std::string> interface_folders(const std::string& folder, std::optional<Error>& unseen) {
    std::vector<std::string> found;
    const auto add = [&](const std::string& net) {
        for (const std::string& name : read_folder(net, unseen)) found.push_back(net + "/" + name);
    };
    add(folder + "/net");
    for (const std::string& child : read_folder(folder, unseen)) {
        if (child.starts_with("virtio")) add(folder + "/" + child + "/net");
    }
    return found;
}

/// Packet sockets bound to interface `index`, by process.
std::vector<std::string> packet_readers(const KernelTree& tree, unsigned index, std::optional<Error>& unseen) {
    std::vector<std::string> readers;
    const auto sockets = read_text(tree.proc + "/net/packet");
    note(unseen, sockets);
    // sk       RefCnt Type Proto  Iface R Rmem   User   Inode
    // ffff8880 3      3    0003   2     1 0      0      4711
    std::istringstream lines(sockets.value_or(""));
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string socket, references, type, protocol, running, memory, user, inode;
        unsigned interface = 0;
        if (!(words >> socket >> references >> type >> protocol >> interface >> running >> memory >> user >> inode) ||
            interface != index) {
            continue;
        }
        const std::string file = "socket:[" + inode + "]";
        const auto holder = find_holder(tree.proc, [&file](std::string_view path) { return path == file; });
        readers.push_back(holder.process.empty() ? "a process that cannot be seen from here" : holder.process);
    }
    return readers;
}

constexpr const char* in_its_namespace = "run this in the interface's own network namespace: ip netns exec NAME …";

/// The state of the interface that sysfs shows in `folder`. Sysfs shows the interfaces of the network namespace in
/// which it was mounted, which need not be ours: the name may be unknown here, or another card's.
Expected<InterfaceState> own_interface(const std::string& folder, const std::string& name) {
    auto state = interface_state(name);
    if (!state) {
        if (state.error().kind != ErrorKind::not_found) return state;
        return failure(ErrorKind::not_found, "this network namespace has no interface of that name", in_its_namespace);
    }
    const auto index = read_number(folder + "/ifindex");
    if (!index) return std::unexpected(index.error());
    const std::string hardware_address = read_text(folder + "/address").value_or(state->hardware_address);
    // …/0000:03:00.0/net/enp3s0, or …/virtio0/net/eth0
    const std::string device = std::filesystem::path(folder).parent_path().parent_path().filename();
    if (*index == state->index && hardware_address == state->hardware_address &&
        (state->parent.empty() || state->parent == device)) {
        return state;
    }
    return failure(ErrorKind::not_found, "in this network namespace, that is the name of another card's interface",
                   in_its_namespace);
}

/// Holds a lock no longer than this look takes.
void look_at_config(const std::string& folder, const KernelTree& tree, UsageFacts& facts) {
    const std::string path = folder + "/config";
    const File config(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::uint16_t command = 0;
    if (!config.is_open()) {
        const int error_number = errno;
        facts.unseen = file_failure("cannot open " + path, error_number).error();
        return;
    }
    if (::pread(config.get(), &command, sizeof command, pci_config::command) != sizeof command)
        facts.unseen = Error{ErrorKind::system, path + " cannot be read", {}};
    facts.bus_master = (command & pci_config::command_bus_master) != 0;
    if (::flock(config.get(), LOCK_SH | LOCK_NB) == 0) return;
    if (errno == EWOULDBLOCK)
        facts.locked_by = lock_holder(tree, path);
    else
        note(facts.unseen, Expected<>(file_failure("cannot lock " + path, errno)));
}

/// A program that drives the card on its own: through UIO, VFIO, or its registers' file.
void look_for_user(const std::string& folder, const KernelTree& tree, UsageFacts& facts) {
    std::vector<std::string> files;
    for (const std::string& name : read_folder(folder + "/uio", facts.unseen)) files.push_back("/dev/" + name);
    for (const std::string& name : read_folder(folder + "/vfio-dev", facts.unseen))
        files.push_back("/dev/vfio/devices/" + name);
    if (const auto group = read_link(folder + "/iommu_group", facts.unseen); !group.empty()) {
        files.push_back("/dev/vfio/" + group);
        files.push_back("/dev/vfio/noiommu-" + group);
    }
    const std::string registers = "/" + facts.address + "/resource";
    const auto holder = find_holder(tree.proc, [&](std::string_view path) {
        return path.find(registers) != std::string_view::npos || std::ranges::find(files, path) != files.end();
    });
    facts.user = holder.process;
    facts.saw_everyone = holder.saw_everyone;
}

}  // namespace

InterfaceFacts gather_interface(const KernelTree& tree, const std::string& folder) {
    constexpr std::int64_t flag_up = 1;  // IFF_UP
    InterfaceFacts facts{.name = folder.substr(folder.rfind('/') + 1)};
    std::optional<Error>& unseen = facts.unseen;
    const auto flags = read_number(folder + "/flags");
    if (!flags) unseen = flags.error();
    facts.up = (flags.value_or(0) & flag_up) != 0;
    facts.master = read_link(folder + "/master", unseen);
    if (!facts.master.empty()) {
        facts.master_kind = exists(folder + "/master/bridge")    ? "bridge"
                            : exists(folder + "/master/bonding") ? "bond"
                                                                 : "master";
    }
    for (const std::string& entry : read_folder(folder, unseen)) {
        constexpr std::string_view prefix = "upper_";
        if (!entry.starts_with(prefix)) continue;
        if (std::string upper = entry.substr(prefix.size()); upper != facts.master) facts.uppers.push_back(upper);
    }
    auto state = own_interface(folder, facts.name);
    if (state) {
        facts.addresses = std::move(state->addresses);
        facts.routes = std::move(state->routes);
        facts.further_addresses = std::move(state->further_addresses);
        facts.promiscuous = state->promiscuous;
        facts.xdp = state->xdp;
        if (facts.up) facts.readers = packet_readers(tree, state->index, unseen);
    } else if (!unseen) {
        unseen = state.error();
    }
    return facts;
}

UsageFacts gather_usage(const KernelTree& tree, const std::string& address) {
    const std::string folder = tree.pci_folder(address);
    UsageFacts facts{.address = address, .identity = read_identity(folder), .driver = {}, .interfaces = {}};
    if (!facts.identity.is_network_card()) return facts;
    facts.driver = read_link(folder + "/driver", facts.unseen);
    for (const std::string& interface : interface_folders(folder, facts.unseen))
        facts.interfaces.push_back(gather_interface(tree, interface));
    const auto functions = read_number(folder + "/sriov_numvfs");  // absent if the card has no SR-IOV
    note(facts.unseen, functions);
    facts.virtual_functions = static_cast<unsigned>(functions.value_or(0));
    look_at_config(folder, tree, facts);
    if (is_passive_driver(facts.driver) && !facts.locked_by) look_for_user(folder, tree, facts);
    return facts;
}

std::string lock_holder(const KernelTree& tree, const std::string& file) {
    struct stat status{};
    const auto locks = read_text(tree.proc + "/locks");
    if (!locks || ::stat(file.c_str(), &status) != 0) return {};
    char wanted[64];
    std::snprintf(wanted, sizeof wanted, "%02x:%02x:%lu", major(status.st_dev), minor(status.st_dev),
                  static_cast<unsigned long>(status.st_ino));
    // 1: FLOCK  ADVISORY  WRITE 1234 00:15:4711 0 EOF
    std::istringstream lines(*locks);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string number, kind, strictness, mode, process, inode;
        if (!(words >> number >> kind >> strictness >> mode >> process >> inode)) continue;
        if (kind != "FLOCK" || inode != wanted) continue;
        const auto name = read_text(tree.proc + "/" + process + "/comm");
        return name ? "process " + process + " (" + *name + ")"
                    : "process " + process + ", which has ended (its guard is cleaning up)";
    }
    return {};
}

}  // namespace ixy
