// The EEPROM and the MAC address in it. 82574 datasheet, chapter 6, and 10.2.2.4 (EERD).
#include <ixy/nic/e1000e/e1000e.hpp>

#include <ixy/datasheet/e1000/phy.hpp>
#include <ixy/datasheet/e1000/registers.hpp>

namespace ixy::e1000e {

using namespace datasheet::e1000;
using namespace std::chrono_literals;

/// A word is requested by its address, and is there when DONE is set.
Expected<std::uint16_t> E1000e::read_eeprom(std::uint32_t word) {
    registers_.write(EERD_NARROW, EERD_NARROW.START | EERD_NARROW.ADDR(word));
    auto value = EERD_NARROW.from(0);
    const auto ready = [&] { return static_cast<bool>((value = registers_.read(EERD_NARROW)) & EERD_NARROW.DONE); };
    if (auto done = wait_until(ready, 10ms, "the EEPROM does not answer"); !done) return std::unexpected(done.error());
    return static_cast<std::uint16_t>(EERD_NARROW.DATA.of(value));
}

/// Words 0 to 2 hold the address, low byte first; words 0 to 0x3f add up to 0xBABA. If the EEPROM is empty or damaged,
/// the address already set in the card will do.
Expected<MacAddress> E1000e::read_mac_address() {
    MacAddress mac;
    std::uint16_t sum = 0;
    for (std::uint32_t word = 0; word < 64; ++word) {
        auto value = read_eeprom(word);
        if (!value) return std::unexpected(value.error());
        sum = static_cast<std::uint16_t>(sum + *value);
        if (word < 3) {
            mac.bytes[std::size_t{2} * word] = static_cast<std::uint8_t>(*value);
            mac.bytes[std::size_t{2} * word + 1] = static_cast<std::uint8_t>(*value >> 8);
        }
    }
    return sum == EEPROM_SUM && mac.is_station() ? mac : address_set_in_card();
}

/// What RAL and RAH hold already: a hypervisor or an earlier driver may have set it.
Expected<MacAddress> E1000e::address_set_in_card() {
    MacAddress mac;
    const std::uint32_t low = registers_.read(RAL).bits;
    const auto high = registers_.read(RAH);
    for (std::size_t i = 0; i < 4; ++i) mac.bytes[i] = static_cast<std::uint8_t>(low >> 8 * i);
    for (std::size_t i = 0; i < 2; ++i) mac.bytes[4 + i] = static_cast<std::uint8_t>(high.bits >> 8 * i);
    if (high & RAH.AV && mac.is_station()) return mac;
    return fail(ErrorKind::device_failed, "the EEPROM's checksum or address is wrong, and the card has no address set",
                "rewrite its EEPROM with the manufacturer's tool");
}

}  // namespace ixy::e1000e
