// A Microwire EEPROM (93C46 and its larger kin), as seen from its four pins: chip select, clock, data in, data out.
// Manual 5.3.2; the commands are those of any 93Cxx data sheet.
#pragma once

#include <cstdint>
#include <span>

namespace ixy::sim::e1000 {

class Microwire {
public:
    /// `words` are the contents: 64 or 256 words.
    explicit Microwire(std::span<std::uint16_t> words);

    /// Sets the pins' new levels; returns the level of data out.
    bool drive(bool select, bool clock, bool data_in);

private:
    enum class Phase : std::uint8_t { start, command, read, write, erase, write_all, erase_all, done };

    void clock_in(bool bit);
    void decode();
    void deselect();

    std::span<std::uint16_t> words_;
    unsigned address_bits_;
    Phase phase_ = Phase::start;
    bool clock_ = false;
    bool data_out_ = true;  ///< high: ready
    bool write_enabled_ = false;
    std::size_t address_ = 0;
    std::uint32_t shift_ = 0;  ///< bits that have come in, or have still to go out
    unsigned bits_ = 0;        ///< how many
};

}  // namespace ixy::sim::e1000
