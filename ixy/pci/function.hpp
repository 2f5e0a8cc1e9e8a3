// A PCI function as userspace sees it: its identity, configuration space, BARs, DMA memory and interrupts.
//
// Behind this interface are sysfs, VFIO, a QEMU under qtest and software NICs. Drivers are written against it and
// cannot tell which of them they are using.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <ixy/core/dma.hpp>
#include <ixy/core/error.hpp>
#include <ixy/pci/bar.hpp>

namespace ixy {

/// What the first bytes of configuration space say. PCI Local Bus Specification 3.0, 6.2.1.
struct PciIdentity {
    std::uint16_t vendor = 0;
    std::uint16_t device = 0;
    std::uint16_t subsystem_vendor = 0;
    std::uint16_t subsystem_device = 0;
    std::uint32_t class_code = 0;  ///< 24 bits: base class, sub-class, programming interface; 0x020000 is Ethernet
    std::uint8_t revision = 0;

    bool is_network_card() const { return class_code >> 16 == 0x02; }
};

/// One interrupt vector: a file descriptor (eventfd, not blocking) that becomes readable when the device interrupts.
struct Interrupt {
    int event_file = -1;
};

enum class InterruptKind : std::uint8_t { legacy, msi, msi_x };

/// A PCI function that this process owns. Destroying it gives the function back: bus mastering off, mappings gone,
/// kernel driver bound again. Everything derived from it (Bars, rings in its DMA memory) must be gone by then.
/// Thread rule: set-up and configuration space belong to one thread; Bars may be used from any.
class PciFunction {
public:
    virtual ~PciFunction() = default;
    PciFunction(const PciFunction&) = delete;
    PciFunction& operator=(const PciFunction&) = delete;

    /// The name it has everywhere: "0000:03:00.0", "qtest:/tmp/sock".
    virtual std::string_view address() const = 0;
    virtual const PciIdentity& identity() const = 0;
    /// The NUMA node it is attached to, or any_node.
    virtual int numa_node() const { return any_node; }

    /// Reads `width` bytes (1, 2 or 4) of configuration space at `offset`, which is a multiple of `width`. Errors:
    /// device_failed (it is gone), permission (beyond byte 64 without root).
    virtual Expected<std::uint32_t> config_read(std::uint32_t offset, unsigned width) = 0;
    /// Writes the low `width` bytes of `value`; otherwise as config_read.
    virtual Expected<> config_write(std::uint32_t offset, unsigned width, std::uint32_t value) = 0;
    /// Lets the device read and write memory on its own, or stops it (command register, bit 2). Once it is stopped,
    /// everything it wrote before has arrived. Errors: those of config_read.
    virtual Expected<> set_bus_master(bool on);

    /// Opens BAR `index` (0 to 5), which must have at least `least` bytes. The window lives as long as the function;
    /// later calls return the same one. Errors: unsupported (absent, or of a kind that cannot be reached this way),
    /// device_failed (too small), permission.
    virtual Expected<Bar> map_bar(unsigned index, std::size_t least) = 0;

    /// Where this device's rings and pools live.
    virtual const std::shared_ptr<DmaSpace>& dma_space() const = 0;

    /// Enables `count` vectors of `kind`; the function owns their event files. Errors: unsupported if the function is
    /// reached in a way that offers no interrupts (sysfs).
    virtual Expected<std::vector<Interrupt>> enable_interrupts(InterruptKind kind, std::size_t count);
    /// A legacy interrupt is masked when it fires; this lets the next one through. `vector` counts from 0. Errors:
    /// unsupported.
    virtual Expected<> unmask_interrupt(std::size_t vector);

    /// Resets only this function (function-level reset), where that exists. Errors: unsupported.
    virtual Expected<> reset();

    /// Waits in the device's time: real time, except where a test drives the clock (qtest).
    virtual void wait(std::chrono::nanoseconds duration);

protected:
    PciFunction() = default;
};

/// Offsets and bits of configuration space. PCI Local Bus Specification 3.0, 6.1 and 6.2.
namespace pci_config {
inline constexpr std::uint32_t vendor_id = 0x00, device_id = 0x02, command = 0x04, status = 0x06, revision = 0x08,
                               class_code = 0x09, header_type = 0x0e, bar0 = 0x10, subsystem_vendor = 0x2c,
                               subsystem_id = 0x2e, capabilities = 0x34;
inline constexpr std::uint32_t command_io = 1 << 0, command_memory = 1 << 1, command_bus_master = 1 << 2,
                               command_no_intx = 1 << 10;
inline constexpr std::uint32_t status_capabilities = 1 << 4;
inline constexpr std::uint8_t capability_power_management = 0x01, capability_msi = 0x05, capability_vendor = 0x09,
                              capability_pci_express = 0x10, capability_msi_x = 0x11;
// Of message capabilities: 6.8.1.3 and 6.8.2.3.
inline constexpr std::uint32_t message_control = 2, msi_enable = 1 << 0, msi_x_enable = 1 << 15;
}  // namespace pci_config

/// Options for taking a function from the kernel.
struct PciOpenOptions {
    bool force = false;  ///< take it even if it is in use; another ixy's lock is still respected
    /// Called before anything is taken from the kernel; if it returns an error, opening fails. Device::open refuses
    /// cards without a driver here.
    Expected<> (*accept)(std::string_view address, const PciIdentity& identity) = nullptr;
};

/// Takes the function that `address` names: "0000:03:00.0" (through sysfs), "qtest:/path[,device=02.0]", or a scheme
/// that was added. Errors: invalid_argument, not_found, busy, permission, unsupported.
Expected<std::unique_ptr<PciFunction>> open_pci_function(std::string_view address, const PciOpenOptions& options = {});

/// Adds a way to reach devices: addresses "scheme:…" go to `opener`. For software NICs, which this library does not
/// know about.
using PciOpener = Expected<std::unique_ptr<PciFunction>> (*)(std::string_view address, const PciOpenOptions& options);
void add_pci_scheme(std::string_view scheme, PciOpener opener);

}  // namespace ixy
