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
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <ixy/core/error.hpp>
#include <ixy/nic/driver.hpp>
#include <ixy/pci/function.hpp>

namespace ixy {

/// An open network card. Movable. Destroying it stops receive and transmit, waits for DMA to end, frees rings and
/// buffers and gives the card back to the kernel driver that it came from. Return its packets to their pools first
/// (else see Mempool), and do not use its queues afterwards. Thread rule: set-up and statistics belong to one thread at
/// a time, each queue to one; any thread may call link().
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

    std::string_view address() const { return driver_->address(); }
    std::string_view driver_name() const { return driver_->name(); }
    std::string_view model() const { return driver_->model(); }
    /// What the card can do: queues, ring sizes, frames, offloads, interrupts.
    DeviceLimits limits() const { return driver_->limits(); }
    int numa_node() const { return driver_->numa_node(); }
    const std::shared_ptr<DmaSpace>& dma_space() const { return driver_->dma_space(); }
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
    /// That the link goes up or down: an event to wait for, alone or together with queues (WaitSet). A change
    /// that nobody waited for ends the next wait, even if the link is back.
    EventSource& link_changes() { return driver_->link_changes(); }
    Statistics statistics() { return driver_->statistics(); }
    /// Every counter that the card keeps, under the datasheet's names.
    std::vector<NamedCounter> counters() { return driver_->counters(); }
    /// True if the card has disappeared (all registers read as ones): unplugged, powered off, its QEMU ended.
    bool gone() { return driver_->gone(); }

    /// The PCI function behind the device; null if it is none.
    PciFunction* pci_function() { return driver_->pci_function(); }
    Driver& driver() { return *driver_; }

private:
    static Expected<Device> from(Expected<std::unique_ptr<Driver>> driver);
    explicit Device(std::unique_ptr<Driver> driver);

    std::unique_ptr<Driver> driver_;
    std::vector<RxQueue> rx_queues_;
    std::vector<TxQueue> tx_queues_;
};

}  // namespace ixy
