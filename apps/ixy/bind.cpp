// `ixy bind`, `ixy unbind`, `ixy restore`: which kernel driver has a card.
#include <chrono>
#include <thread>

#include <fmt/core.h>
#include <ixy/pci/address.hpp>
#include <ixy/pci/in_use.hpp>

#include "commands.hpp"

namespace ixy::app {
namespace {

/// A card that nobody uses, locked so that no other ixy takes it meanwhile.
struct Claimed {
    std::string address;
    std::string folder;
    std::string driver;  ///< the kernel driver that it is bound to now
    File lock;
};

/// Which users may not stop us from claiming a card.
enum class Claim : std::uint8_t {
    idle,      ///< nobody may use it
    kernels,   ///< the kernel may use it, but no program
    whatever,  ///< --force; another ixy's lock is respected all the same
};

Expected<Claimed> claim(const KernelTree& tree, const std::string& device, Claim may) {
    const auto address = parse_pci_address(device);
    if (!address) return std::unexpected(address.error());
    const std::string folder = tree.pci_folder(*address);
    if (!exists(folder)) return failure(ErrorKind::not_found, "there is no PCI device " + *address, "see: ixy list");
    const UsageFacts usage = gather_usage(tree, *address);
    const auto reason = reason_in_use(usage);
    const bool fine = may == Claim::whatever || (may == Claim::kernels && !is_passive_driver(usage.driver));
    if (reason && (!fine || reason->kind == ErrorKind::invalid_argument)) return std::unexpected(*reason);
    auto lock = lock_function(tree, *address);
    if (!lock) return std::unexpected(lock.error());
    return Claimed{*address, folder, usage.driver, std::move(*lock)};
}

Expected<> release(const Claimed& card) {
    if (card.driver.empty()) return {};
    return write_file(card.folder + "/driver/unbind", card.address);
}

/// Lets the kernel look for a driver. Returns the driver that has the card as soon as there is one (`wanted`, if
/// given), or after a second.
Expected<std::string> probe(const KernelTree& tree, const Claimed& card, const std::string& wanted = {}) {
    if (auto done = write_file(tree.sys + "/bus/pci/drivers_probe", card.address); !done)
        return std::unexpected(done.error());
    std::string driver;
    for (int attempt = 0; attempt < 100; ++attempt) {
        driver = link_target_name(card.folder + "/driver");
        if (wanted.empty() ? !is_passive_driver(driver) : driver == wanted) break;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return driver;
}

}  // namespace

Expected<> bind(const KernelTree& tree, const std::string& device, const std::string& driver, bool force) {
    const auto card = claim(tree, device, force ? Claim::whatever : Claim::idle);
    if (!card) return std::unexpected(card.error());
    if (card->driver == driver) {
        fmt::print("{} is already bound to {}\n", card->address, driver);
        return {};
    }
    if (!exists(tree.sys + "/bus/pci/drivers/" + driver)) {
        return failure(ErrorKind::not_found, "the kernel has no driver " + driver, "load it: modprobe " + driver);
    }
    const std::string override_file = card->folder + "/driver_override";
    if (auto done = write_file(override_file, driver); !done) return done;
    if (auto done = release(*card); !done) return done;
    const auto bound = probe(tree, *card, driver);
    if (bound && *bound == driver) {
        fmt::print("{} is bound to {}\n", card->address, driver);
        return {};
    }
    (void)write_file(override_file, "\n");
    (void)probe(tree, *card);
    if (!bound) return std::unexpected(bound.error());
    return failure(ErrorKind::unsupported, card->address + " was refused by the kernel driver " + driver, "see: dmesg");
}

Expected<> unbind(const KernelTree& tree, const std::string& device, bool force) {
    const auto card = claim(tree, device, force ? Claim::whatever : Claim::idle);
    if (!card) return std::unexpected(card.error());
    if (auto done = release(*card); !done) return done;
    if (card->driver.empty()) fmt::print("{} already has no driver\n", card->address);
    if (!card->driver.empty()) fmt::print("{} is no longer bound to {}\n", card->address, card->driver);
    return {};
}

Expected<> restore(const KernelTree& tree, const std::string& device, bool force) {
    const auto card = claim(tree, device, force ? Claim::whatever : Claim::kernels);
    if (!card) return std::unexpected(card.error());
    if (auto done = write_file(card->folder + "/driver_override", "\n"); !done) return done;
    if (!is_passive_driver(card->driver)) {
        fmt::print("{} is bound to {}\n", card->address, card->driver);
        return {};
    }
    if (auto done = release(*card); !done) return done;
    const auto driver = probe(tree, *card);
    if (!driver) return std::unexpected(driver.error());
    if (driver->empty()) {
        return failure(ErrorKind::not_found, "the kernel has no driver for " + card->address,
                       "load one: modprobe $(cat " + card->folder + "/modalias)");
    }
    fmt::print("{} is bound to {}\n", card->address, *driver);
    return {};
}

}  // namespace ixy::app
