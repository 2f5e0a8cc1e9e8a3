// The EEPROM's factory contents and its registers (manual 5.3, 5.6, 13.4.3, 13.4.4).
#include <ixy/sim/chips/e1000/eeprom.hpp>

#include <numeric>

#include <ixy/datasheet/e1000/chips.hpp>
#include <ixy/datasheet/e1000/phy.hpp>

namespace ixy::sim::e1000 {

using namespace datasheet::e1000;

namespace {

std::vector<std::uint16_t> contents(const datasheet::e1000::Chip& chip, const std::array<std::uint8_t, 6>& mac,
                                    std::uint16_t subsystem) {
    std::vector<std::uint16_t> words(chip.features.eeprom_words, 0xffff);
    const auto set = [&](const datasheet::RegisterInfo& info, std::uint32_t value, std::size_t index = 0) {
        words[info.address(index)] = static_cast<std::uint16_t>(value);
    };
    for (std::size_t i = 0; i < 3; ++i) set(EEPROM_MAC, std::uint32_t{mac[2 * i + 1]} << 8 | mac[2 * i], i);
    set(EEPROM_COMPATIBILITY, 0);
    set(EEPROM_CONTROL1,
        (EEPROM_CONTROL1.SIGNATURE(1) | EEPROM_CONTROL1.LOAD_VENDOR | EEPROM_CONTROL1.LOAD_SUBSYSTEM).bits);
    set(EEPROM_SUBSYSTEM, subsystem);
    set(EEPROM_SUBVENDOR, datasheet::INTEL);
    set(EEPROM_DEVICE, chip.ids[0].device);
    set(EEPROM_VENDOR, datasheet::INTEL);
    const bool express = chip.features.eeprom_kind == datasheet::e1000::EepromKind::spi;
    set(EEPROM_CONTROL2, express ? 0 : EEPROM_CONTROL2.PAUSE(3).bits);  // the 82574L uses these bits for management
    set(EEPROM_CONTROL3, 0);
    const auto sum = std::accumulate(words.begin(), words.begin() + EEPROM_CHECKSUM.offset, std::uint32_t{0});
    set(EEPROM_CHECKSUM, EEPROM_SUM - sum);
    return words;
}

}  // namespace

Eeprom::Eeprom(RegisterFile& registers, const std::array<std::uint8_t, 6>& mac, std::uint16_t subsystem)
    : registers_(registers), words_(contents(registers.chip(), mac, subsystem)), microwire_(words_) {
    registers.on_write(EECD, [this](auto...) { drive_pins(); });
    registers.on_write(EERD, [this](std::uint32_t written, auto...) { read_word(EERD, written); });
    registers.on_write(EECD_82574, [this](auto...) { grant_pins(); });
    registers.on_write(EEWR, [this](std::uint32_t written, auto...) { write_word(written); });
    registers.on_write(EERD_NARROW, [this](std::uint32_t written, auto...) { read_word(EERD_NARROW, written); });
}

void Eeprom::load() {
    registers_.set(RAL[0], std::uint32_t{word(1)} << 16 | word(0));
    registers_.set(RAH[0], RAH.ADDRESS(word(2)) | RAH.AV);
    if (EEPROM_CONTROL3.from(word(EEPROM_CONTROL3.offset)) & EEPROM_CONTROL3.APM_ENABLE)
        registers_.set(WUC, registers_.get(WUC) | WUC.APME);
}

/// 13.4.3: a request for direct access is granted at once, since nothing else reads the EEPROM meanwhile.
void Eeprom::drive_pins() {
    auto pins = registers_.get(EECD) & ~(EECD.EE_GNT | EECD.DO);
    const bool granted = !registers_.chip().features.eeprom_arbitrated || (pins & EECD.EE_REQ);
    const auto high = [&](datasheet::Value<Eecd> pin) { return granted && (pins & pin); };
    const bool data_out = microwire_.drive(high(EECD.CS), high(EECD.SK), high(EECD.DI));
    if (registers_.chip().features.eeprom_arbitrated && granted) pins |= EECD.EE_GNT;
    if (data_out) pins |= EECD.DO;
    registers_.set(EECD, pins);
}

/// The 82574L's EEPROM has an SPI bus, which is not modelled: words are read by EERD and written by EEWR.
void Eeprom::grant_pins() {
    const auto pins = registers_.get(EECD_82574);
    const auto granted = pins & EECD_82574.EE_REQ ? pins | EECD_82574.EE_GNT : pins & ~EECD_82574.EE_GNT;
    registers_.set(EECD_82574, granted);
}

void Eeprom::write_word(std::uint32_t written) {
    const auto request = EEWR.from(written);
    if (request & EEWR.START)
        words_[EEWR.ADDR.of(request) % words_.size()] = static_cast<std::uint16_t>(EEWR.DATA.of(request));
    registers_.set(EEWR, (request & ~EEWR.START) | EEWR.DONE);
}

/// 13.4.4.
template <class R>
void Eeprom::read_word(const R& eerd, std::uint32_t written) {
    const auto request = eerd.from(written);
    if (!(request & eerd.START)) return;
    const std::uint32_t address = eerd.ADDR.of(request);
    registers_.set(eerd, eerd.ADDR(address) | eerd.DATA(word(address)) | eerd.DONE);
}

}  // namespace ixy::sim::e1000
