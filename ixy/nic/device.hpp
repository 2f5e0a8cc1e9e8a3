// An open network card: what a program works with.
//
//   auto device = ixy::Device::open("0000:03:00.0");            // std::expected
//   if (!device) return report(device.error().text());          // what failed, and what to do about it
//   ixy::Batch<64> batch;
//   while (running) {
//       device->rx_queue(0).receive(batch);                      // only packets that have arrived
//       for (ixy::Packet& packet : batch) touch(packet.data());
//       device->tx_queue(0).send(batch);                         // the next receive() drops packets that did not fit
//   }
#pragma once

#include <cassert>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <ixy/core/error.hpp>
#include <ixy/core/mac_address.hpp>
#include <ixy/core/mempool.hpp>
#include <ixy/nic/queue.hpp>
#include <ixy/pci/function.hpp>

namespace ixy {

/// How to set up a device.
struct DeviceOptions {
    std::size_t rx_queues = 1;
    std::size_t tx_queues = 1;
    std::size_t rx_ring_size = 512;   ///< descriptors; e1000: a multiple of 8, 8 to 4096, enough for max_frame
    std::size_t tx_ring_size = 512;   ///< likewise
    std::size_t pool_packets = 2048;  ///< buffers of the pool behind each receive queue; at least rx_ring_size
    std::size_t max_frame = 1514;     ///< longest frame to receive, bytes without FCS and VLAN tag
    bool promiscuous = true;          ///< receive frames for any address
    bool rx_checksum = false;         ///< let the card check IPv4, TCP and UDP checksums
    bool tx_checksum = false;         ///< let the card write checksums where packets' flags ask for it
    bool vlan = false;  ///< let the card strip 802.1Q tags of received frames into Packet::vlan(), and insert them
    std::chrono::milliseconds link_timeout{10'000};  ///< how long open() waits for the link; 0: not at all
    bool force = false;                              ///< take the card even if the kernel uses it
    bool (*stop_waiting)() = nullptr;  ///< called while open() waits for the link; true: open() ends with an error
};

/// The range of options that a card can be opened with.
struct DeviceLimits {
    std::size_t smallest_ring;  ///< descriptors; the longest frame may need more
    std::size_t largest_ring;
    std::size_t least_max_frame;  ///< bytes, as DeviceOptions::max_frame
    std::size_t most_max_frame;
};

struct Link {
    bool up = false;
    bool full_duplex = false;
    std::uint32_t megabits = 0;
};

/// One of the device's own counters, under the datasheet's name.
struct NamedCounter {
    std::string_view name;   ///< "GPRC"
    std::string_view title;  ///< "good packets received"
    std::uint64_t value;
};

/// Counted since the device was opened. Bytes are those of frames without the frame check sequence (FCS).
struct Statistics {
    std::uint64_t rx_packets = 0;  ///< good frames that the card received and had a buffer for
    std::uint64_t rx_bytes = 0;
    std::uint64_t tx_packets = 0;  ///< good frames that the card sent
    std::uint64_t tx_bytes = 0;    ///< as counted by the card, or else by its queues
    std::uint64_t rx_missed = 0;   ///< frames that the card had no room or no descriptor for
    std::uint64_t rx_errors = 0;   ///< damaged frames
    std::uint64_t rx_dropped = 0;  ///< good frames that the driver gave up: oversized, no memory
    std::uint64_t tx_errors = 0;   ///< collisions, late or excessive, and packets that the driver refused
};

/// What each driver implements. Programs use Device.
class Driver {
public:
    virtual ~Driver() = default;
    virtual std::string_view name() const = 0;   ///< "e1000"
    virtual std::string_view model() const = 0;  ///< "82540EM"
    virtual PciFunction& function() = 0;
    virtual const DeviceOptions& options() const = 0;
    virtual RxRing& rx_ring(std::size_t index) = 0;
    virtual TxRing& tx_ring(std::size_t index) = 0;
    virtual const std::shared_ptr<Mempool>& pool(std::size_t rx_queue) = 0;
    virtual MacAddress mac_address() = 0;
    virtual Expected<> set_mac_address(const MacAddress& address) = 0;
    virtual Expected<> set_multicast(std::span<const MacAddress> groups) = 0;
    virtual Expected<> set_promiscuous(bool on) = 0;
    virtual Link link() = 0;
    virtual Statistics statistics() = 0;
    virtual std::vector<NamedCounter> counters() = 0;
    virtual bool gone() = 0;
};

/// An open network card. Movable. Destroying it stops receive and transmit, waits for DMA to end, frees rings and
/// buffers and gives the card back to the kernel driver that it came from. Return its packets to their pools first
/// (else see Mempool), and do not use its queues afterwards. Thread rule: set-up and statistics belong to one thread at
/// a time, each queue to one.
class Device {
public:
    /// Opens the card that `address` names ("0000:03:00.0", "qtest:/path"; sim: with the software NICs' library).
    /// Errors: those of open_pci_function; unsupported (no driver for its id); no_memory; timeout (no link);
    /// device_failed.
    [[nodiscard]] static Expected<Device> open(std::string_view address, const DeviceOptions& options = {});
    /// The same for a function that is already open.
    [[nodiscard]] static Expected<Device> open(std::unique_ptr<PciFunction> function,
                                               const DeviceOptions& options = {});

    /// Queue `index`, 0 to rx_queues - 1. It can be moved into the thread that will use it.
    RxQueue& rx_queue(std::size_t index) {
        assert(index < rx_queues_.size());
        return rx_queues_[index];
    }
    TxQueue& tx_queue(std::size_t index) {
        assert(index < tx_queues_.size());
        return tx_queues_[index];
    }

    std::string_view address() const { return driver_->function().address(); }
    std::string_view driver_name() const { return driver_->name(); }
    std::string_view model() const { return driver_->model(); }
    int numa_node() const { return driver_->function().numa_node(); }
    const std::shared_ptr<DmaSpace>& dma_space() const { return driver_->function().dma_space(); }
    /// The pool that receive queue `index` takes its buffers from.
    const std::shared_ptr<Mempool>& pool(std::size_t index = 0) { return driver_->pool(index); }
    /// Creates another pool in this device's DMA space and on its NUMA node.
    Expected<std::shared_ptr<Mempool>> create_pool(MempoolOptions options = {});

    MacAddress mac_address() { return driver_->mac_address(); }
    /// Sets the address for which unicast frames are accepted. Errors: invalid_argument (multicast or all zero).
    Expected<> set_mac_address(const MacAddress& address) { return driver_->set_mac_address(address); }
    /// Replaces the set of multicast groups that are accepted (by hash: a few others may get through).
    Expected<> set_multicast(std::span<const MacAddress> groups) { return driver_->set_multicast(groups); }
    Expected<> set_promiscuous(bool on) { return driver_->set_promiscuous(on); }
    Link link() { return driver_->link(); }
    Statistics statistics() { return driver_->statistics(); }
    /// Every counter that the card keeps, under the datasheet's names.
    std::vector<NamedCounter> counters() { return driver_->counters(); }
    /// True if the card has disappeared (all registers read as ones): unplugged, powered off, its QEMU ended.
    bool gone() { return driver_->gone(); }

    Driver& driver() { return *driver_; }

private:
    explicit Device(std::unique_ptr<Driver> driver);

    std::unique_ptr<Driver> driver_;
    std::vector<RxQueue> rx_queues_;
    std::vector<TxQueue> tx_queues_;
};

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

}  // namespace ixy
