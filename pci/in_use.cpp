// The decision whether a card is in use, and the facts that sysfs and /proc/locks have about it.
#include <ixy/pci/in_use.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <sstream>
#include <thread>

#include <ixy/pci/identity.hpp>
#include <ixy/pci/interface_addresses.hpp>

namespace ixy {

bool is_passive_driver(std::string_view driver) {
    constexpr std::array<std::string_view, 6> passive = {"vfio-pci", "uio_pci_generic", "igb_uio",
                                                         "pci-stub", "pciback",         ""};
    return std::ranges::find(passive, driver) != passive.end();
}

namespace {

std::optional<Error> reason_in_use(const UsageFacts& card, const InterfaceFacts& interface) {
    const std::string& name = interface.name;
    const auto busy = [&](std::string reason, std::string next) {
        return Error{ErrorKind::busy, card.address + " is in use: " + name + " " + std::move(reason), std::move(next)};
    };
    if (!interface.master.empty()) {
        return busy("is a port of the " + interface.master_kind + " " + interface.master,
                    "take it out first: ip link set " + name + " nomaster");
    }
    if (!interface.uppers.empty()) {
        const std::string& upper = interface.uppers.front();
        return busy("carries the interface " + upper, "delete that first: ip link delete " + upper);
    }
    if (interface.up && !interface.addresses.empty()) {
        return busy("is up and has the address " + interface.addresses.front(),
                    "take it down first: ip link set " + name + " down");
    }
    if (!interface.routes.empty()) {
        return busy("carries the route to " + interface.routes.front(),
                    "take it down first: ip link set " + name + " down");
    }
    return std::nullopt;
}

/// The names below `folder` of the interfaces: net/*, or one level deeper where a bus lies between (virtio0/net/*).
std::vector<std::string> interface_folders(const std::string& folder) {
    std::vector<std::string> found;
    for (const std::string& name : folder_entries(folder + "/net")) found.push_back(folder + "/net/" + name);
    for (const std::string& child : folder_entries(folder)) {
        if (!child.starts_with("virtio")) continue;
        const std::string net = folder + "/" + child + "/net";
        for (const std::string& name : folder_entries(net)) found.push_back(net + "/" + name);
    }
    return found;
}

}  // namespace

InterfaceFacts gather_interface(const std::string& folder) {
    constexpr std::int64_t flag_up = 1;  // IFF_UP
    InterfaceFacts facts;
    facts.name = folder.substr(folder.rfind('/') + 1);
    facts.up = (read_number(folder + "/flags").value_or(0) & flag_up) != 0;
    facts.addresses = interface_addresses(facts.name);
    facts.routes = interface_routes(facts.name);
    facts.master = link_target_name(folder + "/master");
    if (!facts.master.empty()) {
        facts.master_kind = exists(folder + "/master/bridge")    ? "bridge"
                            : exists(folder + "/master/bonding") ? "bond"
                                                                 : "master";
    }
    for (const std::string& entry : folder_entries(folder)) {
        constexpr std::string_view prefix = "upper_";
        if (!entry.starts_with(prefix)) continue;
        if (std::string upper = entry.substr(prefix.size()); upper != facts.master) facts.uppers.push_back(upper);
    }
    return facts;
}

UsageFacts gather_usage(const KernelTree& tree, const std::string& address) {
    const std::string folder = tree.pci_folder(address);
    UsageFacts facts{
        .address = address, .identity = read_identity(folder), .driver = link_target_name(folder + "/driver")};
    for (const std::string& interface : interface_folders(folder))
        facts.interfaces.push_back(gather_interface(interface));
    return facts;
}

std::optional<Error> reason_in_use(const UsageFacts& card) {
    if (!card.identity.is_network_card()) {
        return Error{ErrorKind::invalid_argument,
                     card.address + " is not a network card: its class is " + class_text(card.identity.class_code),
                     "choose one of those that ixy list shows"};
    }
    for (const InterfaceFacts& interface : card.interfaces) {
        if (auto reason = reason_in_use(card, interface)) return reason;
    }
    if (!is_passive_driver(card.driver) && card.interfaces.empty()) {
        return Error{
            ErrorKind::busy,
            card.address + " is in use: the driver " + card.driver +
                " has it, and its interface is not to be seen from here; it may be in another network namespace",
            "give the card back there, or run this in that namespace: ip netns exec NAME …"};
    }
    return std::nullopt;
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
                    : "process " + process + ", which has ended (its guard is at work)";
    }
    return {};
}

Expected<File> lock_function(const KernelTree& tree, const std::string& address) {
    const std::string path = tree.pci_folder(address) + "/config";
    File config(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    if (!config.is_open()) return file_failure("cannot open " + path, errno);
    // The guard of an owner that was killed a moment ago needs a few milliseconds to give the card back.
    constexpr int attempts = 50;
    for (int attempt = 0; ::flock(config.get(), LOCK_EX | LOCK_NB) != 0; ++attempt) {
        if (errno != EWOULDBLOCK) return file_failure("cannot lock " + path, errno);
        if (attempt == attempts) {
            const std::string holder = lock_holder(tree, path);
            return failure(ErrorKind::busy,
                           address + " is taken by another ixy" + (holder.empty() ? "" : ": " + holder),
                           "end that program first");
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return config;
}

}  // namespace ixy
