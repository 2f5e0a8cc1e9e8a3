// The EEPROM of the 82543GC and the 82544, read through its pins. Manual, 5.3.2 and 13.4.3 (EECD).
//
// These two have no EERD register. Software raises chip select, then shifts a start bit, the read command and the
// address in on DI, and 16 bits of data out on DO, with a clock that it drives itself on SK.
#include <ixy/nic/e1000/e1000.hpp>

#include <ixy/datasheet/e1000/registers.hpp>

namespace ixy::e1000 {

using namespace datasheet::e1000;
using namespace std::chrono_literals;

std::uint16_t E1000::read_eeprom_pins(std::uint32_t word) {
    const auto found = registers_.read(EECD);
    const auto idle = found & ~(EECD.SK | EECD.CS | EECD.DI);
    const auto set = [&](datasheet::Value<Eecd> pins) {
        registers_.write(EECD, idle | pins);
        function().wait(1us);
    };
    const auto clock = [&](datasheet::Value<Eecd> pins) {
        set(pins);
        set(pins | EECD.SK);
        const bool bit = static_cast<bool>(registers_.read(EECD) & EECD.DO);
        set(pins);
        return bit;
    };

    const unsigned address_bits = found & EECD.EE_SIZE ? 8 : 6;
    const std::uint32_t request = 0b110U << address_bits | word;  // start bit, read command 10, address
    set(EECD.CS);
    for (unsigned bit = address_bits + 3; bit-- != 0;) clock((request >> bit & 1) != 0 ? EECD.CS | EECD.DI : EECD.CS);
    std::uint16_t data = 0;
    for (int bit = 0; bit < 16; ++bit) data = static_cast<std::uint16_t>(data << 1 | (clock(EECD.CS) ? 1 : 0));
    registers_.write(EECD, idle);
    function().wait(1us);
    return data;
}

}  // namespace ixy::e1000
