// An 82540EM made of plain memory and played by the test: registers hold what was written, EEPROM and PHY answer
// correctly or as the test wants, and the test writes descriptors back, doing anything that a broken or hostile card
// could. Benchmarks use it too, with mapped registers: the cycles they count are the driver's alone.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <ixy/core/process_space.hpp>
#include <ixy/datasheet/e1000/descriptors.hpp>
#include <ixy/datasheet/e1000/registers.hpp>
#include <ixy/pci/function.hpp>

namespace ixy::test {

/// Hand it to Device::open and keep a pointer: it lives as long as the device.
class MemoryCard final : public PciFunction, private BarBackend {
public:
    enum class Registers : std::uint8_t {
        answering,  ///< each access comes here
        mapped,     ///< plain loads and stores, as with a real card; nothing answers
    };
    explicit MemoryCard(std::shared_ptr<DmaSpace> space = ProcessSpace::create().value(),
                        Registers registers = Registers::answering);

    // The card's faults
    bool ends_reset = true;
    bool eeprom_answers = true;
    bool phy_answers = true;
    bool link = true;
    bool gone = false;  ///< all registers read as ones
    std::array<std::uint16_t, 64> eeprom{};

    void set_identity(const PciIdentity& identity) { identity_ = identity; }
    std::uint32_t get(std::uint32_t offset) const { return registers_[offset / 4]; }
    void set(std::uint32_t offset, std::uint32_t value) { registers_[offset / 4] = value; }
    /// Number of register accesses; outlives the card.
    std::shared_ptr<const std::size_t> accesses() const { return accesses_; }
    /// Device time the driver has spent waiting.
    std::chrono::nanoseconds waited() const { return waited_; }

    std::span<datasheet::e1000::ReceiveDescriptor> rx_ring() const;
    std::span<datasheet::e1000::TransmitDescriptor> tx_ring() const;
    /// Writes back receive descriptor `slot` as a card would, with any length and status. The frame's bytes stay as is.
    void write_back(std::size_t slot, std::uint32_t length,
                    datasheet::Value<datasheet::e1000::RdescStatus> status) const;
    /// As if `count` frames of `length` bytes had arrived, as far as there are empty buffers.
    void deliver(std::size_t count, std::uint32_t length);
    /// As if everything up to the tail had been sent.
    void report_sent();

    std::string_view address() const override { return "memory"; }
    const PciIdentity& identity() const override { return identity_; }
    Expected<std::uint32_t> config_read(std::uint32_t, unsigned) override { return 0U; }
    Expected<> config_write(std::uint32_t, unsigned, std::uint32_t) override { return {}; }
    Expected<Bar> map_bar(unsigned, std::size_t) override {
        const std::size_t size = registers_.size() * sizeof(std::uint32_t);
        return mapped_ ? Bar(reinterpret_cast<std::byte*>(registers_.data()), size) : Bar(*this, size);
    }
    const std::shared_ptr<DmaSpace>& dma_space() const override { return space_; }
    void wait(std::chrono::nanoseconds duration) override { waited_ += duration; }

private:
    std::uint64_t read(std::uint64_t offset, unsigned width, const std::source_location& where) override;
    void write(std::uint64_t offset, unsigned width, std::uint64_t value, const std::source_location& where) override;

    PciIdentity identity_{.vendor = 0x8086, .device = 0x100e, .class_code = 0x020000};
    std::vector<std::uint32_t> registers_;
    bool mapped_;
    std::shared_ptr<DmaSpace> space_;
    std::shared_ptr<std::size_t> accesses_ = std::make_shared<std::size_t>(0);
    std::chrono::nanoseconds waited_{0};
    std::uint32_t rx_head_ = 0;
    std::uint32_t tx_head_ = 0;
};

}  // namespace ixy::test
