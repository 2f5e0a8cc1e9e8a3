// The list of drivers: a new one adds a line here.
#include <ixy/nic/drivers.hpp>

#include <algorithm>
#include <iterator>
#include <vector>

#include <ixy/core/schemes.hpp>
#include <ixy/nic/e1000/e1000.hpp>
#include <ixy/nic/e1000e/e1000e.hpp>

namespace ixy {

std::span<const DriverEntry> known_devices() {
    static const std::vector<DriverEntry> list = [] {
        std::vector<DriverEntry> cards = e1000::known_cards();
        std::ranges::copy(e1000e::known_cards(), std::back_inserter(cards));
        return cards;
    }();
    return list;
}

DeviceLimits widest_limits() {
    DeviceLimits widest = known_devices().front().limits;
    for (const DriverEntry& entry : known_devices()) {
        widest.rx_queues = std::max(widest.rx_queues, entry.limits.rx_queues);
        widest.tx_queues = std::max(widest.tx_queues, entry.limits.tx_queues);
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

Schemes<DeviceOpener>& schemes() {
    static Schemes<DeviceOpener> list;
    return list;
}

}  // namespace

void add_device_scheme(std::string_view scheme, DeviceOpener opener) { schemes().add(scheme, opener); }

DeviceOpener find_device_opener(std::string_view address) { return schemes().find(address); }

}  // namespace ixy
