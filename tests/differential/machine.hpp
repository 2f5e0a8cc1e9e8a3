// The two machines that run a script: each has a card with the same chip, memory at the same addresses, and a cable.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "tests/support/qemu.hpp"

#include <ixy/datasheet/e1000/chip.hpp>

namespace ixy::test {

/// The address of the machines' memory, as seen by their cards, and its size.
inline constexpr std::uint64_t arena_begin = 0x20'0000;
inline constexpr std::size_t arena_size = std::size_t{4} << 20;
/// MSI-X vectors of the 82574L.
inline constexpr unsigned message_vectors = 5;

/// Every call lets all pending timers of the card run out: each machine has its own clock, which advances automatically
/// until nothing waits for it.
class Machine {
public:
    virtual ~Machine() = default;
    virtual std::uint32_t read(std::uint32_t offset) = 0;
    virtual void write(std::uint32_t offset, std::uint32_t value) = 0;
    /// The arena.
    virtual std::span<std::byte> memory() = 0;
    /// Delivers a frame to the card.
    virtual void put(const Frame& frame) = 0;
    /// The next frame the card sent; empty if there is none.
    virtual Frame take() = 0;
    /// The level of the interrupt line.
    virtual bool interrupt() = 0;
    /// Switches MSI-X on or off, for a chip that has it.
    virtual void set_messages(bool on) = 0;
    /// The vectors whose messages have arrived since the last call: bit 0 is vector 0.
    virtual std::uint32_t messages() = 0;
    virtual void set_cable(bool plugged) = 0;
    /// Its reports of misuse; empty if it makes none.
    virtual std::string reports() { return {}; }
};

/// QEMU's model of the chip, e1000 or e1000e, under qtest.
std::unique_ptr<Machine> make_qemu_machine(const datasheet::e1000::Chip& chip);
/// Our model.
std::unique_ptr<Machine> make_sim_machine(const datasheet::e1000::Chip& chip);

}  // namespace ixy::test
