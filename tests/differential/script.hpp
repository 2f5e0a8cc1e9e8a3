// What is done to two cards at once, step by step, and how it is written down so that a run can be repeated:
//
//   write RCTL 0x4008002          a register; elements of arrays are RAL[1]
//   set CTRL 0x40000000           these bits, besides what our register holds
//   read ICR                      and compared
//   drop ICR                      read, whatever it says
//   put 0x200000 00112233         bytes into the cards' memory
//   fill 0x210000 1500 17         1500 bytes that seed 17 makes
//   frame 60 17 ffffffffffff      a frame comes in: 60 bytes, first those given, then what seed 17 makes
//   cable out                     is pulled out; "cable in"
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
    /// Its line, without the end.
    std::string text() const;
};

/// The step that a line says; nothing for empty lines and comments (#). Throws std::runtime_error.
std::optional<Step> parse_step(std::string_view line, const datasheet::e1000::Chip& chip);
/// All lines of a text.
std::vector<Step> parse_script(std::string_view text, const datasheet::e1000::Chip& chip);
std::string text(const std::vector<Step>& script);

/// `size` bytes that are the same for the same seed, beginning with `first`.
std::vector<std::byte> make_bytes(std::size_t size, std::uint32_t seed, const std::vector<std::byte>& first = {});

}  // namespace ixy::test
