// An 82540EM that is played by the benchmark: registers are plain memory, and what the card would do to the descriptors
// is done by calls between the measurements. So the cycles that are counted are the driver's alone.
#pragma once

#include <memory>
#include <vector>

#include <ixy/core/process_space.hpp>
#include <ixy/datasheet/e1000/chips.hpp>
#include <ixy/datasheet/e1000/descriptors.hpp>
#include <ixy/nic/e1000/receive.hpp>
#include <ixy/nic/e1000/transmit.hpp>

namespace ixy::bench {

/// A PCI function with a BAR of plain memory.
class MemoryFunction final : public PciFunction {
public:
    explicit MemoryFunction(std::shared_ptr<DmaSpace> space) : registers_(32 * 1024), space_(std::move(space)) {}

    std::string_view address() const override { return "memory"; }
    const PciIdentity& identity() const override { return identity_; }
    Expected<std::uint32_t> config_read(std::uint32_t, unsigned) override { return 0; }
    Expected<> config_write(std::uint32_t, unsigned, std::uint32_t) override { return {}; }
    const std::shared_ptr<DmaSpace>& dma_space() const override { return space_; }
    Expected<Bar> map_bar(unsigned, std::size_t) override { return bar(); }
    Bar bar() { return {reinterpret_cast<std::byte*>(registers_.data()), registers_.size() * sizeof(std::uint32_t)}; }

private:
    std::vector<std::uint32_t> registers_;
    std::shared_ptr<DmaSpace> space_;
    PciIdentity identity_{.vendor = 0x8086, .device = 0x100e, .class_code = 0x020000};
};

/// One card: the driver's two rings, and the hardware's side of them.
class MemoryCard {
public:
    /// A card in `space`. Ends the process when there is no memory: this is a benchmark.
    explicit MemoryCard(std::shared_ptr<DmaSpace> space, const DeviceOptions& options = {})
        : function_(std::move(space)),
          receive_(e1000::ReceiveRing::create(function_, function_.bar(), options).value()),
          transmit_(e1000::TransmitRing::create(function_, function_.bar(), options).value()),
          rx_size_(static_cast<std::uint32_t>(options.rx_ring_size)),
          tx_size_(static_cast<std::uint32_t>(options.tx_ring_size)) {
        receive_->start();
        transmit_->start();
    }

    e1000::ReceiveRing& receive_ring() { return *receive_; }
    e1000::TransmitRing& transmit_ring() { return *transmit_; }

    /// As if `count` frames of `bytes` bytes had arrived: writes back as many receive descriptors.
    void deliver(std::size_t count, std::uint32_t bytes) {
        using namespace datasheet::e1000;
        auto* ring = reinterpret_cast<ReceiveDescriptor*>(address(RDBAL, RDBAH));
        const std::uint32_t tail = function_.bar().read(RDT).bits;
        for (; count != 0 && rx_head_ != tail; --count) {
            ring[rx_head_].length = RDESC_LENGTH.LENGTH(bytes);
            ring[rx_head_].status = RDESC_STATUS.DD | RDESC_STATUS.EOP | RDESC_STATUS.IXSM;
            rx_head_ = rx_head_ + 1 == rx_size_ ? 0 : rx_head_ + 1;
        }
    }

    /// As if everything up to the tail had been sent: reports where a report was asked for.
    void transmit() {
        using namespace datasheet::e1000;
        auto* ring = reinterpret_cast<TransmitDescriptor*>(address(TDBAL, TDBAH));
        const std::uint32_t tail = function_.bar().read(TDT).bits;
        while (tx_head_ != tail) {
            if (ring[tx_head_].command & TDESC_CMD.RS) ring[tx_head_].status = TDESC_STATUS.DD;
            tx_head_ = tx_head_ + 1 == tx_size_ ? 0 : tx_head_ + 1;
        }
    }

private:
    std::uint64_t address(const datasheet::Number& low, const datasheet::Number& high) {
        return function_.bar().read(low).bits | std::uint64_t{function_.bar().read(high).bits} << 32;
    }

    MemoryFunction function_;
    std::unique_ptr<e1000::ReceiveRing> receive_;
    std::unique_ptr<e1000::TransmitRing> transmit_;
    std::uint32_t rx_size_;
    std::uint32_t tx_size_;
    std::uint32_t rx_head_ = 0;
    std::uint32_t tx_head_ = 0;
};

}  // namespace ixy::bench
