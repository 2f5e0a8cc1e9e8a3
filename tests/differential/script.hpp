// The steps applied to two cards in parallel, and their text form, so that a run can be repeated:
//
//   write RCTL 0x4008002          a register; elements of arrays are RAL[1]
//   set CTRL 0x40000000           sets these bits in addition to those our register holds
//   read ICR                      reads and compares
//   drop ICR                      reads and ignores the value
//   put 0x200000 00112233         bytes into the cards' memory
//   fill 0x210000 1500 17         1500 bytes generated from seed 17
//   frame 60 17 ffffffffffff      an incoming frame: 60 bytes, first those given, the rest generated from seed 17
//   cable out                     unplugs it; "cable in"
//   messages on                   MSI-X instead of the interrupt line; "messages off"
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <ixy/datasheet/e1000/chip.hpp>

namespace ixy::test {

struct Step {
    enum class Kind : std::uint8_t { write, set, read, drop, put, fill, frame, cable, messages };
    Kind kind = Kind::read;
    datasheet::Found reg{};          ///< of write, set, read, drop
    std::uint64_t address = 0;       ///< of put, fill
    std::uint32_t value = 0;         ///< of write, set; of cable: 1 in, 0 out; of messages: 1 on
    std::size_t size = 0;            ///< of fill, frame
    std::uint32_t seed = 0;          ///< of fill, frame
    std::vector<std::byte> bytes{};  ///< of put, frame

    std::uint32_t offset() const { return reg.info->address(reg.index); }
    /// Its line, without the newline.
    std::string text() const;
};

/// The step on a line; nothing for empty lines and comments (#). Throws std::runtime_error.
std::optional<Step> parse_step(std::string_view line, const datasheet::e1000::Chip& chip);
/// The steps of all lines of a text.
std::vector<Step> parse_script(std::string_view text, const datasheet::e1000::Chip& chip);
std::string text(const std::vector<Step>& script);

/// `size` bytes that start with `first`; the rest depends only on the seed.
std::vector<std::byte> make_bytes(std::size_t size, std::uint32_t seed, const std::vector<std::byte>& first = {});

}  // namespace ixy::test
