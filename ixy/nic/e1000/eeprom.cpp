// The EEPROM and the MAC address in it. Manual, chapter 5, and 13.4.3, 13.4.4.
#include <ixy/nic/e1000/e1000.hpp>

#include <ixy/datasheet/e1000/phy.hpp>
#include <ixy/datasheet/e1000/registers.hpp>

namespace ixy::e1000 {

using namespace datasheet::e1000;
using namespace std::chrono_literals;

/// 5.3.1: a word is requested by its address, and is there when DONE is set.
Expected<std::uint16_t> E1000::read_eeprom(std::uint32_t word) {
    if (chip_.features.eeprom_read == datasheet::e1000::EepromRead::bits) return read_eeprom_pins(word);
    registers_.write(EERD, EERD.START | EERD.ADDR(word));
    auto value = EERD.from(0);
    const auto ready = [&] { return static_cast<bool>((value = registers_.read(EERD)) & EERD.DONE); };
    if (auto done = wait_until(ready, 10ms, "the EEPROM does not answer"); !done) return std::unexpected(done.error());
    return static_cast<std::uint16_t>(EERD.DATA.of(value));
}

/// 5.6: words 0 to 2 hold the address, low byte first; words 0 to 0x3f add up to 0xBABA. If the EEPROM is empty or
/// damaged, the address already set in the card will do.
Expected<MacAddress> E1000::read_mac_address() {
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
    // The second port of a dual-port chip has the address that follows.
    if (chip_.features.ports == 2 && STATUS.FUNCTION_ID.of(registers_.read(STATUS)) == 1) mac.bytes[5] ^= 1;
    return sum == EEPROM_SUM && mac.is_station() ? mac : address_set_in_card();
}

/// What RAL and RAH hold already: a hypervisor or an earlier driver may have set it.
Expected<MacAddress> E1000::address_set_in_card() {
    MacAddress mac;
    const std::uint32_t low = registers_.read(RAL).bits;
    const auto high = registers_.read(RAH);
    for (std::size_t i = 0; i < 4; ++i) mac.bytes[i] = static_cast<std::uint8_t>(low >> 8 * i);
    for (std::size_t i = 0; i < 2; ++i) mac.bytes[4 + i] = static_cast<std::uint8_t>(high.bits >> 8 * i);
    if (high & RAH.AV && mac.is_station()) return mac;
    return fail(ErrorKind::device_failed, "the EEPROM's checksum or address is wrong, and the card has no address set",
                "rewrite its EEPROM with the manufacturer's tool");
}

}  // namespace ixy::e1000
