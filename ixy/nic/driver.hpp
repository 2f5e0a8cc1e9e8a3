// What a driver implements. Programs use Device (device.hpp).
//
//   Driver                      any device: queues, addresses, statistics
//     └─ PciDriver              one that is a PCI function: the function gives it address, node and DMA space
//          └─ E1000, …
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <ixy/core/error.hpp>
#include <ixy/core/mac_address.hpp>
#include <ixy/core/mempool.hpp>
#include <ixy/nic/options.hpp>
#include <ixy/nic/queue.hpp>
#include <ixy/pci/function.hpp>

namespace ixy {

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
    virtual std::string_view name() const = 0;     ///< "e1000"
    virtual std::string_view model() const = 0;    ///< "82540EM"
    virtual std::string_view address() const = 0;  ///< "0000:03:00.0"
    virtual int numa_node() const = 0;
    virtual const std::shared_ptr<DmaSpace>& dma_space() const = 0;
    /// The PCI function behind the device; null if it is none.
    virtual PciFunction* pci_function() { return nullptr; }
    virtual const DeviceOptions& options() const = 0;
    virtual DeviceLimits limits() const = 0;
    virtual RxRing& rx_ring(std::size_t index) = 0;
    virtual TxRing& tx_ring(std::size_t index) = 0;
    virtual const std::shared_ptr<Mempool>& pool(std::size_t rx_queue) = 0;
    /// What can be waited for; refused by a driver without interrupts. See RxQueue::arrivals, TxQueue::room, Device.
    virtual EventSource& arrivals(std::size_t /*rx_queue*/) { return EventSource::none(); }
    virtual EventSource& room(std::size_t /*tx_queue*/) { return EventSource::none(); }
    virtual EventSource& link_changes() { return EventSource::none(); }
    virtual MacAddress mac_address() = 0;
    virtual Expected<> set_mac_address(const MacAddress& address) = 0;
    virtual Expected<> set_multicast(std::span<const MacAddress> groups) = 0;
    virtual Expected<> set_promiscuous(bool on) = 0;
    virtual Link link() = 0;
    virtual Statistics statistics() = 0;
    virtual std::vector<NamedCounter> counters() = 0;
    virtual bool gone() = 0;
};

/// A driver whose device is a PCI function.
class PciDriver : public Driver {
public:
    std::string_view address() const override { return function_->address(); }
    int numa_node() const override { return function_->numa_node(); }
    const std::shared_ptr<DmaSpace>& dma_space() const override { return function_->dma_space(); }
    PciFunction* pci_function() override { return function_.get(); }

protected:
    explicit PciDriver(std::unique_ptr<PciFunction> function) : function_(std::move(function)) {}
    PciFunction& function() const { return *function_; }

private:
    std::unique_ptr<PciFunction> function_;
};

}  // namespace ixy
