// What goes wrong with a device, and when: a script, one fault a line.
//
//   never STATUS.LU                            the field reads as 0
//   stuck CTRL.RST 1                           the field reads as this number
//   flip ICR after 100 accesses                all bits read inverted; "flip STATUS.FD": one field
//   random GPRC MPC for 20 accesses            reads return random numbers
//   ignore TDT after 30 accesses               writes do not arrive
//   flap 3 times every 100 accesses            the link (STATUS.LU) is down for 100 accesses, up for 100, ...
//   gone after 500 accesses                    all ones from then on, configuration space too; writes do nothing
//   seed 7                                     for the random numbers
//   lose write-back after 10 write-backs       software cards only: the descriptor is not written,
//   double write-back for 1 write-back         written again later, when its slot is already somebody else's,
//   garble write-back after 7 write-backs      written with wrong bits in its status,
//   length 65535 after 5 write-backs           or written with this length
//   fail DMA after 50 transfers                software cards only: memory is neither read nor written
//
// Each may end with "after N accesses" and "for N accesses", counted over all registers of the device from 1. A
// register is named as in the datasheet, where RAL[3] is one of an array and RAL all of it, or by its offset, 0x00008.
// "#" begins a comment, and a semicolon also ends a line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <ixy/core/error.hpp>
#include <ixy/datasheet/chip.hpp>

namespace ixy::faults {

enum class Kind : std::uint8_t {
    stuck,
    flip,
    random,
    ignore,
    flap,
    gone,
    // In what a card writes to memory
    lose_write_back,
    double_write_back,
    garble_write_back,
    length,
    fail_dma,
};

/// A register or a field, by name. It is looked up on a card when the faults are injected.
struct Target {
    std::string name;                    ///< "STATUS"; "0x00008"
    std::optional<std::size_t> index{};  ///< of an array; none: all of it
    std::string field{};                 ///< empty: the whole register
};

struct Fault {
    static constexpr std::uint64_t forever = std::numeric_limits<std::uint64_t>::max();

    Kind kind{};
    Target target{};          ///< of stuck, flip, random, ignore
    std::uint32_t value = 0;  ///< stuck: what is read; length: bytes; flap: how often
    std::uint32_t every = 0;  ///< flap: accesses down, and as many up
    std::uint64_t after = 0;  ///< accesses (memory: write-backs or transfers) that go well first
    std::uint64_t lasts = forever;
    unsigned line = 0;  ///< of the script

    /// True if it is in force at access (or write-back) number `count`; the first is 1.
    bool is_active(std::uint64_t count) const { return count > after && count - after <= lasts; }
    bool is_of_memory() const { return kind >= Kind::lose_write_back; }
};

struct Plan {
    std::uint64_t seed = 1;
    std::vector<Fault> faults;
};

/// Reads a script. Errors: invalid_argument, naming the line.
Expected<Plan> parse_plan(std::string_view script);
/// The script for `plan`.
std::string script_of(const Plan& plan);
/// One or two faults of registers that `chip` has: the same for the same seed, everywhere.
Plan random_plan(std::uint64_t seed, const datasheet::Chip& chip);

}  // namespace ixy::faults
