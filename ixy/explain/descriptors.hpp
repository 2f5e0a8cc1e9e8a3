// Descriptors in memory: where rings are, what is in their slots, and what that means. Manual 3.2.3 (receive) and 3.3
// (transmit: legacy, TCP/IP context, TCP/IP data).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include <ixy/core/dma.hpp>
#include <ixy/datasheet/chip.hpp>
#include <ixy/datasheet/e1000/descriptors.hpp>

namespace ixy::explain {

/// The registers of one ring.
struct RingRegisters {
    bool is_receive;
    unsigned queue;
    const datasheet::RegisterInfo* base_low;
    const datasheet::RegisterInfo* base_high;
    const datasheet::RegisterInfo* length;  ///< bytes
    const datasheet::RegisterInfo* head;
    const datasheet::RegisterInfo* tail;

    /// "receive ring", "transmit ring 1"
    std::string name() const;
};
/// The rings of all chips; a chip has those whose tail register it has.
std::span<const RingRegisters> all_rings();

inline constexpr std::size_t descriptor_bytes = 16;
using DescriptorWords = std::array<std::uint32_t, 4>;

/// One slot of a ring, as it was read.
struct Descriptor {
    std::uint32_t slot = 0;
    DescriptorWords words{};
    const datasheet::e1000::DescriptorInfo* info = nullptr;  ///< null: that memory cannot be reached from here

    /// Where its buffer is; empty for a context.
    std::optional<std::uint64_t> buffer() const;
    /// Bytes in its buffer; empty if no field says so.
    std::optional<std::uint32_t> length() const;
    /// DD: the card is done with it.
    bool is_done() const;
};

/// Where a ring is, and how to interpret its slots.
struct RingPlace {
    const RingRegisters* registers = nullptr;
    IoAddress base{};
    std::uint32_t size = 0;  ///< descriptors
    bool extended = false;   ///< 82574L, RFCTL.EXSTEN: receive descriptors are written back in the extended format
};
/// Reads slot `slot` of a ring, whatever its registers say: only memory of `space` is touched. Words are read one by
/// one, the last one first: if it has DD, the others are complete.
Descriptor read_descriptor(const DmaSpace& space, const RingPlace& ring, std::uint32_t slot);

/// "[ 31] legacy: 60 bytes at 0x0000000000105800, EOP IFCS RS"
std::string descriptor_text(const Descriptor& descriptor);

}  // namespace ixy::explain
