// The EEPROM: its contents (manual chapter 5), and the two ways to read it: EERD, and pin by pin through EECD.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include <ixy/sim/chips/e1000/microwire.hpp>
#include <ixy/sim/chips/e1000/registers.hpp>

namespace ixy::sim::e1000 {

class Eeprom {
public:
    /// `subsystem` is the PCI subsystem's device number.
    Eeprom(RegisterFile& registers, const std::array<std::uint8_t, 6>& mac, std::uint16_t subsystem);

    std::uint16_t word(std::size_t index) const { return words_[index % words_.size()]; }
    /// Loads into the chip, as after a reset, the MAC address (RAL[0] and RAH[0]) and whether a magic packet wakes the
    /// machine. The contents survive every reset.
    void load();

private:
    /// EECD was written: grants access, and moves the pins.
    void drive_pins();
    void grant_pins();
    /// EEWR was written: writes a word at once.
    void write_word(std::uint32_t written);
    /// EERD was written: reads a word at once.
    template <class R>
    void read_word(const R& eerd, std::uint32_t written);

    RegisterFile& registers_;
    std::vector<std::uint16_t> words_;
    Microwire microwire_;
};

}  // namespace ixy::sim::e1000
