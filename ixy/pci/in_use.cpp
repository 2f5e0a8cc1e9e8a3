// The decision whether a card is in use, and the lock that keeps a second ixy away.
#include <ixy/pci/in_use.hpp>

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <thread>

#include <ixy/pci/identity.hpp>

namespace ixy {

bool is_passive_driver(std::string_view driver) {
    constexpr std::array<std::string_view, 6> passive = {"vfio-pci", "uio_pci_generic", "igb_uio",
                                                         "pci-stub", "pciback",         ""};
    return std::ranges::find(passive, driver) != passive.end();
}

namespace {

std::optional<Error> reason_in_use(const UsageFacts& card, const InterfaceFacts& interface) {
    const std::string& name = interface.name;
    const std::string take_down = "take it down first: ip link set " + name + " down";
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
        return busy("is up and has the address " + interface.addresses.front(), take_down);
    }
    if (!interface.routes.empty()) return busy("carries the route to " + interface.routes.front(), take_down);
    if (interface.xdp) {
        return busy("has an XDP program attached", "detach it first: ip link set " + name + " xdp off");
    }
    if (interface.up && !interface.further_addresses.empty()) {
        return busy("also receives for " + interface.further_addresses.front() +
                        ", the address of another interface (a macvlan in a container has one)",
                    "delete that first, or take it down: ip link set " + name + " down");
    }
    if (interface.up && !interface.readers.empty()) {
        return busy("is read by " + interface.readers.front(), "end that program first");
    }
    if (interface.up && interface.promiscuous) {
        return busy("is promiscuous: something captures all its frames", take_down);
    }
    return std::nullopt;
}

/// What could not be seen, and would matter.
std::optional<Error> reason_not_seen(const UsageFacts& card) {
    const auto unsure = [&card](const std::string& reason, const Error& unseen) {
        const std::string next = (unseen.next.empty() ? "" : unseen.next + "; or, ") + "if nobody uses it: --force";
        return Error{unseen.kind == ErrorKind::permission ? unseen.kind : ErrorKind::busy,
                     card.address + " may be in use: " + reason + unseen.what, next};
    };
    if (card.unseen) return unsure("not everything can be seen: ", *card.unseen);
    for (const InterfaceFacts& interface : card.interfaces) {
        if (interface.unseen) return unsure("what " + interface.name + " does cannot be seen: ", *interface.unseen);
    }
    if (!is_passive_driver(card.driver) && card.interfaces.empty()) {
        return unsure("the driver " + card.driver + " has it, and its interface cannot be seen: ",
                      {ErrorKind::busy, "it may be in another network namespace",
                       "run this in that namespace: ip netns exec NAME …"});
    }
    // Without bus mastering no card moves packets, whoever has it.
    if (is_passive_driver(card.driver) && card.bus_master && !card.saw_everyone) {
        return unsure("its bus mastering is on, as when a program drives it, ",
                      {ErrorKind::busy, "and not all processes can be seen from here",
                       "run this as root, outside of containers"});
    }
    return std::nullopt;
}

}  // namespace

std::optional<Error> reason_in_use(const UsageFacts& card) {
    if (!card.identity.is_network_card()) {
        return Error{ErrorKind::invalid_argument,
                     card.address + " is not a network card: its class is " + class_text(card.identity.class_code),
                     "choose one of those that ixy list shows"};
    }
    if (card.virtual_functions > 0) {
        return Error{
            ErrorKind::busy,
            card.address + " is in use: " + std::to_string(card.virtual_functions) + " virtual functions depend on it",
            "remove them first: echo 0 > /sys/bus/pci/devices/" + card.address + "/sriov_numvfs"};
    }
    for (const InterfaceFacts& interface : card.interfaces) {
        if (auto reason = reason_in_use(card, interface)) return reason;
    }
    if (!card.user.empty()) {
        return Error{ErrorKind::busy, card.address + " is in use: " + card.user + " has it open",
                     "end that program first"};
    }
    if (card.locked_by) return std::nullopt;  // that the lock's holder uses the card is no news
    return reason_not_seen(card);
}

Error taken_by_another_ixy(const std::string& address, const std::string& holder) {
    return {ErrorKind::busy,
            address + " is taken by another ixy: " +
                (holder.empty() ? "a process that cannot be seen from here, in another container or outside" : holder),
            "end that program first"};
}

Expected<File> lock_function(const KernelTree& tree, const std::string& address) {
    const std::string path = tree.pci_folder(address) + "/config";
    File config(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    if (!config.is_open()) return file_failure("cannot open " + path, errno);
    // The guard of an owner that was killed a moment ago needs a few milliseconds to give the card back.
    constexpr int attempts = 50;
    for (int attempt = 0; ::flock(config.get(), LOCK_EX | LOCK_NB) != 0; ++attempt) {
        if (errno == EINTR) continue;
        if (errno != EWOULDBLOCK) return file_failure("cannot lock " + path, errno);
        if (attempt == attempts) return std::unexpected(taken_by_another_ixy(address, lock_holder(tree, path)));
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return config;
}

}  // namespace ixy
