// A function's configuration space: identity, command and status, base address registers, capabilities. PCI Local Bus
// Specification 3.0, chapter 6 and 6.8; PCI Bus Power Management 1.2, 3.2; PCI Express Base 3.0, 7.8.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <ixy/sim/model.hpp>

namespace ixy::sim {

/// Thread rule: one at a time (a card's lock).
class ConfigSpace {
public:
    explicit ConfigSpace(const CardType& type);

    std::uint32_t read(std::uint32_t offset, unsigned width) const;
    /// Writes what is writable. True when the write asks for a function-level reset, which the caller carries out.
    bool write(std::uint32_t offset, unsigned width, std::uint32_t value);
    void reset();

    bool memory_enabled() const;  ///< command register, bit 1, and the function is awake (D0)
    bool io_enabled() const;      ///< bit 0, likewise
    bool bus_master() const;      ///< bit 2, likewise
    bool intx_disabled() const;   ///< bit 10
    bool msi_enabled() const;
    bool msi_x_enabled() const;
    bool msi_x_masked() const;                 ///< the whole function
    void set_interrupt_status(bool asserted);  ///< status register, bit 3
    /// Where the capability with that id begins, or 0.
    std::uint32_t capability(std::uint8_t id) const;

private:
    const CardType& type_;
    std::vector<std::uint8_t> bytes_;
    std::vector<std::uint8_t> writable_;  ///< bits, byte by byte
    std::uint32_t next_capability_ = 0x40;
    std::uint32_t power_ = 0, msi_ = 0, msi_x_ = 0, express_ = 0;  ///< where each begins
};

}  // namespace ixy::sim
