// The EEPROM: its contents (manual chapter 5), and the two ways to read it: EERD, and pin by pin through EECD
// (Microwire, or SPI in the 82574L).
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include <ixy/sim/e1000/registers.hpp>

namespace ixy::sim::e1000 {

class Eeprom {
public:
    Eeprom(RegisterFile& registers, const std::array<std::uint8_t, 6>& mac);

    std::uint16_t word(std::size_t index) const { return words_[index % words_.size()]; }
    /// What the chip loads from it after a reset: the MAC address into RAL[0], RAH[0]; CTRL's and STATUS' bits.
    void load();
    void reset();

private:
    RegisterFile& registers_;
    std::vector<std::uint16_t> words_;
};

}  // namespace ixy::sim::e1000
