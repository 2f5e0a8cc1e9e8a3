// Opening a device: the scheme of its address leads to a driver, or the address to a PCI function, whose id does.
#include <ixy/nic/device.hpp>

#include <ixy/explain/explainer.hpp>
#include <ixy/faults/injector.hpp>
#include <ixy/nic/drivers.hpp>

namespace ixy {

Device::Device(std::unique_ptr<Driver> driver) : driver_(std::move(driver)) {
    for (std::size_t i = 0; i < driver_->options().rx_queues; ++i)
        rx_queues_.emplace_back(driver_->rx_ring(i), driver_->arrivals(i));
    for (std::size_t i = 0; i < driver_->options().tx_queues; ++i)
        tx_queues_.emplace_back(driver_->tx_ring(i), driver_->room(i));
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
        "`ixy list` shows the cards of this machine and which of them have a driver");
}

/// Puts the layers that the environment or the program requested between driver and card; the explainer shows the
/// faults.
Expected<> wrap_if_requested(std::unique_ptr<PciFunction>& function) {
    const auto faulty = faults::inject_if_requested(function);
    return faulty ? explain::explain_if_requested(function) : faulty;
}

}  // namespace

Expected<Device> Device::open(std::string_view address, const DeviceOptions& options) {
    if (const DeviceOpener opener = find_device_opener(address)) return from(opener(address, options));
    auto function = open_pci_function(address, {.force = options.force, .accept = check_supported});
    if (!function) return std::unexpected(function.error());
    return open(std::move(*function), options);
}

Expected<Device> Device::open(std::unique_ptr<PciFunction> function, const DeviceOptions& options) {
    if (auto supported = check_supported(function->address(), function->identity()); !supported) {
        return std::unexpected(supported.error());
    }
    if (auto wrapped = wrap_if_requested(function); !wrapped) return std::unexpected(wrapped.error());
    const DriverEntry* driver = find_driver(function->identity());
    return from(driver->open(std::move(function), options));
}

Expected<Device> Device::from(Expected<std::unique_ptr<Driver>> driver) {
    if (!driver) return std::unexpected(std::move(driver.error()));
    return Device(std::move(*driver));
}

Expected<std::shared_ptr<Mempool>> Device::create_pool(MempoolOptions options) {
    if (options.node == any_node) options.node = numa_node();
    return Mempool::create(dma_space(), options);
}

}  // namespace ixy
