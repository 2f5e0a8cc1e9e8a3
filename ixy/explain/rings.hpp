// Rings as a picture: where head and tail are, who owns which descriptors, and what is in those that matter.
//
//   receive ring at 0x562000: 512 descriptors, the receiver is on
//   RDH 12, RDT 500: the card has 488, the driver 24
//          H                                                           T
//     0 |..#############################################################..| 511      # the card's   . the driver's
//
// In gdb, in one of a driver's functions: call ixy::explain::print_rings(*(ixy::PciFunction*)&this->function())
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <ixy/core/dma.hpp>
#include <ixy/datasheet/chip.hpp>
#include <ixy/explain/descriptors.hpp>
#include <ixy/pci/function.hpp>

namespace ixy::explain {

/// A ring as its registers describe it. The card owns the slots from head on up to the one before the tail.
struct RingState {
    RingPlace place;
    std::uint32_t head = 0;
    std::uint32_t tail = 0;
    bool enabled = false;  ///< it is in use, and so is what it belongs to

    /// Head and tail are slots of the ring.
    bool is_sound() const { return head < place.size && tail < place.size; }
    /// Slots that the card owns. Precondition: the ring is sound.
    std::uint32_t held() const { return (tail + place.size - head) % place.size; }
};

/// The rings of a card of kind `chip`, from their registers. Reading these has no side effects.
std::vector<RingState> read_rings(const Bar& registers, const datasheet::Chip& chip);

/// At most 20 lines. `space` is where the ring lies, null if this process cannot reach it; descriptors that cannot be
/// reached are left out.
std::string draw(const RingState& ring, const DmaSpace* space);

/// All rings of a function that this process owns; a short message if its chip is unknown. Thread rule: any thread;
/// what moves in the meantime may be drawn half moved.
std::string draw_rings(PciFunction& function);
/// The same on standard error.
void print_rings(PciFunction& function);

}  // namespace ixy::explain
