// Which driver serves which device.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include <ixy/nic/driver.hpp>

namespace ixy {

/// One entry in the list of drivers: an id that a driver supports, and the function that opens it.
struct DriverEntry {
    std::uint16_t vendor;
    std::uint16_t device;
    std::string_view driver;
    std::string_view model;
    DeviceLimits limits;
    Expected<std::unique_ptr<Driver>> (*open)(std::unique_ptr<PciFunction>, const DeviceOptions&);
};
/// All ids that any driver supports.
std::span<const DriverEntry> known_devices();
/// The widest limits of the known cards, for programs that do not know yet which card they will get. Opening a card
/// that can do less fails with an error that names that card's own limits.
DeviceLimits widest_limits();
/// The driver for `identity`, or null.
const DriverEntry* find_driver(const PciIdentity& identity);

/// Opens devices that are not PCI functions: those whose addresses begin with a scheme of their own, as in
/// "vhost-user:/path".
using DeviceOpener = Expected<std::unique_ptr<Driver>> (*)(std::string_view address, const DeviceOptions& options);
/// Sends addresses "scheme:…" to `opener`. Thread rule: any thread.
void add_device_scheme(std::string_view scheme, DeviceOpener opener);
/// The opener for `address`, or null: then it names a PCI function.
DeviceOpener find_device_opener(std::string_view address);

}  // namespace ixy
