// A function's configuration space: identity, command and status, base address registers, capabilities. PCI Local Bus
// Specification 3.0, chapter 6 and 6.8; PCI Bus Power Management 1.2, 3.2; PCI Express Base 3.0, 7.8.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <ixy/sim/chips/model.hpp>

namespace ixy::sim {

/// Thread rule: one at a time (a card's lanes).
class ConfigSpace {
public:
    explicit ConfigSpace(const CardType& type);

    /// `width` is 1, 2 or 4. All ones beyond the end.
    std::uint32_t read(std::uint32_t offset, unsigned width) const;
    /// Writes the writable bits. Returns true when the write asks for a reset, which the caller carries out: a
    /// function-level reset, or the one on waking up from D3hot.
    bool write(std::uint32_t offset, unsigned width, std::uint32_t value);
    void reset();

    bool memory_enabled() const { return (active_ & pci_config::command_memory) != 0; }  ///< and the function is awake
    bool io_enabled() const { return (active_ & pci_config::command_io) != 0; }          ///< likewise
    bool bus_master() const { return (active_ & pci_config::command_bus_master) != 0; }  ///< likewise
    bool intx_disabled() const;                                                          ///< command register, bit 10
    bool msi_enabled() const;
    bool msi_x_enabled() const;
    bool msi_x_masked() const;                 ///< the whole function
    void set_interrupt_status(bool asserted);  ///< status register, bit 3
    /// Notes that the card addressed memory that does not exist: "received master abort", status register, bit 13.
    void set_master_abort();
    /// Offset of the capability with that id, or 0.
    std::uint32_t capability(std::uint8_t id) const;

private:
    /// What a write does to the bits of a byte: bits in neither mask keep their values.
    struct Rules {
        std::uint8_t writable = 0;
        std::uint8_t cleared_by_one = 0;
    };
    void place(std::uint32_t offset, unsigned width, std::uint32_t value, std::uint32_t writable = 0);
    void make_header();
    void make_bars();
    std::uint32_t add_capability(std::uint8_t id, std::uint32_t bytes);
    void add_power_management();
    void add_msi();
    void add_express();
    void add_msi_x();
    void update_active();

    const CardType& type_;
    std::vector<std::uint8_t> bytes_;
    std::vector<std::uint8_t> after_reset_;
    std::vector<Rules> rules_;
    std::uint32_t active_ = 0;  ///< the command register, or 0 while the function sleeps
    std::uint32_t next_capability_ = 0x40;
    std::uint32_t link_to_capability_ = pci_config::capabilities;
    std::uint32_t power_ = 0, msi_ = 0, msi_x_ = 0, express_ = 0;  ///< offset of each; 0: absent
};

}  // namespace ixy::sim
