// Descriptors in memory: where rings are, what is in their slots, and what that means. What a slot may hold, and where
// a chip's rings are, is in its family's table (datasheet/family.hpp).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <ixy/core/dma.hpp>
#include <ixy/datasheet/chip.hpp>
#include <ixy/datasheet/family.hpp>

namespace ixy::explain {

using datasheet::descriptor_bytes;
using datasheet::DescriptorWords;

/// The registers of one ring: those of a queue in a bank.
struct RingRegisters {
    const datasheet::RingBank* bank = nullptr;
    std::size_t index = 0;  ///< in the bank

    bool is_receive() const { return bank->is_receive; }
    std::size_t queue() const { return bank->first_queue + index; }
    /// Where this queue's element of `info` is; a register that is no array serves all queues.
    std::uint32_t address(const datasheet::RegisterInfo& info) const {
        return info.address(info.count > 1 ? index : 0);
    }
    /// "receive ring", "transmit ring 1"
    std::string name() const;
};
/// The rings that `chip` has.
std::vector<RingRegisters> rings_of(const datasheet::Chip& chip);

/// One slot of a ring, as it was read.
struct Descriptor {
    std::uint32_t slot = 0;
    DescriptorWords words{};
    const datasheet::Chip* chip = nullptr;
    const datasheet::DescriptorKind* kind = nullptr;  ///< null: that memory cannot be reached from here

    /// Where its buffer is; empty if it has none.
    std::optional<std::uint64_t> buffer() const;
    /// Bytes in its buffer; empty if no field says so.
    std::optional<std::uint32_t> length() const;
    /// The card is done with it.
    bool is_done() const;
};

/// Where a ring is, and how to interpret its slots.
struct RingPlace {
    const datasheet::Chip* chip = nullptr;
    RingRegisters registers{};
    IoAddress base{};
    std::uint32_t size = 0;                                 ///< descriptors
    std::vector<const datasheet::DescriptorKind*> kinds{};  ///< what its slots can hold as the card is set up
};
/// The value of the register at an offset.
using ReadRegister = std::function<std::uint32_t(std::uint32_t offset)>;
/// Where `ring` of `chip` is, from the registers. Of a ring that is not set up, the size is 0 and the rest is empty.
RingPlace find_ring(const datasheet::Chip& chip, const RingRegisters& ring, const ReadRegister& read);
/// True if all of `chip`'s registers that `ring` needs to be in use are set so.
bool is_enabled(const datasheet::Chip& chip, const RingRegisters& ring, const ReadRegister& read);

/// Reads slot `slot` of a ring, whatever its registers say: only memory of `space` is touched. Words are read one by
/// one, the last one first: if it has DD, the others are complete.
Descriptor read_descriptor(const DmaSpace& space, const RingPlace& ring, std::uint32_t slot);

/// "[ 31] legacy: 60 bytes at 0x0000000000105800, EOP IFCS RS". Fields that `chip` does not have are left out.
std::string descriptor_text(const Descriptor& descriptor);

}  // namespace ixy::explain
