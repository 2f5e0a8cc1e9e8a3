// Opening a card: the address leads to a PCI function, the function's id to a driver.
#include <ixy/nic/device.hpp>

#include <algorithm>
#include <array>

#include <ixy/datasheet/e1000/chips.hpp>
#include <ixy/explain/explainer.hpp>
#include <ixy/faults/injector.hpp>

#include <ixy/nic/e1000/e1000.hpp>
#include <ixy/nic/e1000/limits.hpp>

namespace ixy {

Device::Device(std::unique_ptr<Driver> driver) : driver_(std::move(driver)) {
    for (std::size_t i = 0; i < driver_->options().rx_queues; ++i) rx_queues_.emplace_back(driver_->rx_ring(i));
    for (std::size_t i = 0; i < driver_->options().tx_queues; ++i) tx_queues_.emplace_back(driver_->tx_ring(i));
}

namespace {

/// The e1000 driver's cards: those with a copper PHY that predate PCI Express.
bool served_by_e1000(const datasheet::Chip& chip, const datasheet::PciId& id) {
    return id.medium == datasheet::Medium::copper && &chip != &datasheet::e1000::CHIP_82574L;
}

std::vector<DriverEntry> list_known_devices() {
    std::vector<DriverEntry> list;
    for (const datasheet::Chip* chip : datasheet::e1000::CHIPS) {
        for (const datasheet::PciId& id : chip->ids) {
            if (served_by_e1000(*chip, id)) {
                list.push_back(
                    {datasheet::INTEL, id.device, "e1000", chip->name, e1000::limits(*chip), e1000::E1000::open});
            }
        }
    }
    return list;
}

}  // namespace

std::span<const DriverEntry> known_devices() {
    static const std::vector<DriverEntry> list = list_known_devices();
    return list;
}

DeviceLimits widest_limits() {
    DeviceLimits widest = known_devices().front().limits;
    for (const DriverEntry& entry : known_devices()) {
        widest.smallest_ring = std::min(widest.smallest_ring, entry.limits.smallest_ring);
        widest.largest_ring = std::max(widest.largest_ring, entry.limits.largest_ring);
        widest.least_max_frame = std::min(widest.least_max_frame, entry.limits.least_max_frame);
        widest.most_max_frame = std::max(widest.most_max_frame, entry.limits.most_max_frame);
    }
    return widest;
}

const DriverEntry* find_driver(const PciIdentity& identity) {
    for (const DriverEntry& entry : known_devices()) {
        if (entry.vendor == identity.vendor && entry.device == identity.device) return &entry;
    }
    return nullptr;
}

namespace {

Expected<> check_supported(std::string_view address, const PciIdentity& identity) {
    if (find_driver(identity) != nullptr) return {};
    constexpr std::string_view digits = "0123456789abcdef";
    const auto hex = [&](unsigned number) {
        std::string text;
        for (int shift = 12; shift >= 0; shift -= 4) text += digits[number >> shift & 0xf];
        return text;
    };
    return failure(
        ErrorKind::unsupported,
        std::string(address) + ": no driver for the card " + hex(identity.vendor) + ":" + hex(identity.device),
        address.starts_with("sim:")
            ? "use sim:82540em or sim:82545em, or give it to a guest: ixy sim 82574l --listen PATH"
            : "`ixy list` shows the cards of this machine and which of them have a driver");
}

/// Puts the layers that the environment or the program requested between driver and card; the explainer shows the
/// faults.
Expected<> wrap_if_requested(std::unique_ptr<PciFunction>& function) {
    const auto faulty = faults::inject_if_requested(function);
    return faulty ? explain::explain_if_requested(function) : faulty;
}

}  // namespace

Expected<Device> Device::open(std::string_view address, const DeviceOptions& options) {
    auto function = open_pci_function(address, {.force = options.force, .accept = check_supported});
    if (!function) return std::unexpected(function.error());
    return open(std::move(*function), options);
}

Expected<Device> Device::open(std::unique_ptr<PciFunction> function, const DeviceOptions& options) {
    if (auto supported = check_supported(function->address(), function->identity()); !supported) {
        return std::unexpected(supported.error());
    }
    if (auto wrapped = wrap_if_requested(function); !wrapped) return std::unexpected(wrapped.error());
    auto driver = find_driver(function->identity())->open(std::move(function), options);
    if (!driver) return std::unexpected(driver.error());
    return Device(std::move(*driver));
}

Expected<std::shared_ptr<Mempool>> Device::create_pool(MempoolOptions options) {
    if (options.node == any_node) options.node = numa_node();
    return Mempool::create(dma_space(), options);
}

}  // namespace ixy
