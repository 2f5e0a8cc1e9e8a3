// The EEPROM: its contents, EERD, and the pins as driven by a driver.
#include <gtest/gtest.h>

#include <ixy/datasheet/e1000/chips.hpp>
#include <ixy/datasheet/e1000/phy.hpp>
#include <ixy/sim/chips/e1000/e1000.hpp>

#include "tests/sim/e1000/test_host.hpp"

namespace ixy::sim::e1000 {
namespace {

using namespace datasheet::e1000;

class EepromTest : public testing::TestWithParam<const CardType*> {
protected:
    std::uint32_t read(std::uint32_t offset) { return static_cast<std::uint32_t>(card->read(0, offset, 4)); }
    void write(std::uint32_t offset, std::uint32_t value) { card->write(0, offset, 4, value); }
    std::uint16_t word(std::uint32_t address) {
        write(EERD.offset, (EERD.START | EERD.ADDR(address)).bits);
        const auto answer = EERD.from(read(EERD.offset));
        EXPECT_TRUE(answer & EERD.DONE);
        EXPECT_FALSE(answer & EERD.START);
        return static_cast<std::uint16_t>(EERD.DATA.of(answer));
    }

    // The pins, as Linux's e1000 driver drives them.
    void set_pins(datasheet::Value<Eecd> pins) { write(EECD.offset, (EECD.from(read(EECD.offset) & ~7U) | pins).bits); }
    bool acquire() {
        write(EECD.offset, read(EECD.offset) | EECD.EE_REQ.mask());
        set_pins(EECD.CS);
        return static_cast<bool>(EECD.from(read(EECD.offset)) & EECD.EE_GNT);
    }
    void standby() {
        set_pins({});
        set_pins(EECD.SK);
        set_pins(EECD.CS | EECD.SK);
        set_pins(EECD.CS);
    }
    void release() {
        set_pins({});
        set_pins(EECD.SK);
        set_pins({});
        write(EECD.offset, read(EECD.offset) & ~EECD.EE_REQ.mask());
    }
    bool data_out() { return static_cast<bool>(EECD.from(read(EECD.offset)) & EECD.DO); }
    void shift_out(std::uint32_t bits, unsigned count) {
        while (count-- != 0) {
            const auto data = (bits >> count & 1) != 0 ? EECD.CS | EECD.DI : EECD.CS | EECD.DI(0);
            set_pins(data);
            set_pins(data | EECD.SK);
            set_pins(data);
        }
    }
    std::uint16_t shift_in() {
        unsigned bits = 0;
        for (int i = 0; i < 16; ++i) {
            set_pins(EECD.CS | EECD.SK);
            bits = bits << 1 | (data_out() ? 1U : 0U);
            set_pins(EECD.CS);
        }
        return static_cast<std::uint16_t>(bits);
    }
    std::uint16_t word_by_pins(std::uint32_t address) {
        standby();
        shift_out(0b110, 3);
        shift_out(address, 6);
        return shift_in();
    }
    void write_by_pins(std::uint32_t address, std::uint16_t value) {
        standby();
        shift_out(0b101, 3);
        shift_out(address, 6);
        shift_out(value, 16);
        standby();
    }
    void enable_writing() {
        standby();
        shift_out(0b10011, 5);
        shift_out(0, 4);
    }

    TestHost host;
    std::unique_ptr<Model> card = GetParam()->make(host, {.mac = {1, 2, 3, 4, 5, 6}});
};

TEST_P(EepromTest, words_sum_to_baba) {
    std::uint16_t sum = 0;
    for (std::uint32_t i = 0; i < 64; ++i) sum = static_cast<std::uint16_t>(sum + word(i));
    EXPECT_EQ(sum, EEPROM_SUM);
}

TEST_P(EepromTest, holds_the_address_and_the_pci_numbers) {
    EXPECT_EQ(word(0), 0x0201U);
    EXPECT_EQ(word(1), 0x0403U);
    EXPECT_EQ(word(2), 0x0605U);
    EXPECT_EQ(word(EEPROM_DEVICE.offset), GetParam()->identity.device);
    EXPECT_EQ(word(EEPROM_VENDOR.offset), GetParam()->identity.vendor);
    EXPECT_EQ(word(EEPROM_SUBSYSTEM.offset), GetParam()->identity.subsystem_device);
    EXPECT_EQ(word(EEPROM_SUBVENDOR.offset), GetParam()->identity.subsystem_vendor);
    EXPECT_EQ(EEPROM_CONTROL1.SIGNATURE.of(EEPROM_CONTROL1.from(word(EEPROM_CONTROL1.offset))), 1U);
}

TEST_P(EepromTest, nothing_is_read_without_start) {
    write(EERD.offset, EERD.ADDR(1).bits);
    EXPECT_FALSE(EERD.from(read(EERD.offset)) & EERD.DONE);
}

TEST_P(EepromTest, is_present_and_small) {
    const auto pins = EECD.from(read(EECD.offset));
    EXPECT_TRUE(pins & EECD.EE_PRES);
    EXPECT_FALSE(pins & EECD.EE_SIZE);
}

TEST_P(EepromTest, pins_and_eerd_read_the_same_words) {
    ASSERT_TRUE(acquire());
    std::vector<std::uint16_t> words;
    for (std::uint32_t i = 0; i < 64; ++i) words.push_back(word_by_pins(i));
    release();
    EXPECT_FALSE(EECD.from(read(EECD.offset)) & EECD.EE_GNT);
    for (std::uint32_t i = 0; i < 64; ++i) EXPECT_EQ(words[i], word(i)) << i;
    EXPECT_TRUE(host.reports.empty()) << host.said();
}

TEST_P(EepromTest, a_read_continues_with_the_next_word) {
    acquire();
    EXPECT_EQ(word_by_pins(0), 0x0201U);
    EXPECT_EQ(shift_in(), 0x0403U);
    EXPECT_EQ(shift_in(), 0x0605U);
    release();
}

TEST_P(EepromTest, pins_have_no_effect_before_access_is_granted) {
    set_pins(EECD.CS);
    shift_out(0b110, 3);
    shift_out(0, 6);
    EXPECT_EQ(shift_in(), 0xffffU) << "data out is pulled up";
}

TEST_P(EepromTest, words_are_written_only_after_write_enable) {
    acquire();
    write_by_pins(0x20, 0x1234);
    EXPECT_EQ(word_by_pins(0x20), 0xffffU);
    enable_writing();
    write_by_pins(0x20, 0x1234);
    EXPECT_TRUE(data_out()) << "ready";
    EXPECT_EQ(word_by_pins(0x20), 0x1234U);
    standby();
    shift_out(0b10000, 5);  // writing disabled
    shift_out(0, 4);
    write_by_pins(0x20, 0x5678);
    EXPECT_EQ(word_by_pins(0x20), 0x1234U);
    release();
    EXPECT_EQ(word(0x20), 0x1234U);
}

TEST_P(EepromTest, words_are_erased_singly_or_all_at_once) {
    acquire();
    enable_writing();
    standby();
    shift_out(0b111, 3);
    shift_out(1, 6);
    EXPECT_EQ(word_by_pins(1), 0xffffU);
    EXPECT_EQ(word_by_pins(2), 0x0605U);
    standby();
    shift_out(0b10001, 5);  // write all
    shift_out(0, 4);
    shift_out(0x4321, 16);
    EXPECT_EQ(word_by_pins(63), 0x4321U);
    standby();
    shift_out(0b10010, 5);  // erase all
    shift_out(0, 4);
    EXPECT_EQ(word_by_pins(2), 0xffffU);
}

TEST_P(EepromTest, a_write_cut_short_changes_nothing) {
    acquire();
    enable_writing();
    standby();
    shift_out(0b101, 3);
    shift_out(1, 6);
    shift_out(0x7f, 15);
    EXPECT_EQ(word_by_pins(1), 0x0403U);
}

TEST_P(EepromTest, a_new_address_is_loaded_by_the_next_reset_and_persists) {
    acquire();
    enable_writing();
    write_by_pins(0, 0xbbaa);
    release();
    EXPECT_EQ(read(RAL.offset), 0x0403'0201U);
    write(CTRL_EXT.offset, CTRL_EXT.EE_RST.mask());
    EXPECT_EQ(read(RAL.offset), 0x0403'bbaaU);
    card->reset(ResetKind::power_on);
    EXPECT_EQ(read(RAL.offset), 0x0403'bbaaU);
    EXPECT_EQ(word(0), 0xbbaaU);
}

TEST_P(EepromTest, it_stores_whether_a_magic_packet_wakes) {
    EXPECT_FALSE(WUC.from(read(WUC.offset)) & WUC.APME);
    acquire();
    enable_writing();
    write_by_pins(EEPROM_CONTROL3.offset, static_cast<std::uint16_t>(EEPROM_CONTROL3.APM_ENABLE.mask()));
    release();
    write(CTRL.offset, CTRL.RST.mask());
    EXPECT_TRUE(WUC.from(read(WUC.offset)) & WUC.APME);
}

INSTANTIATE_TEST_SUITE_P(cards, EepromTest, testing::Values(&card_82540em, &card_82545em),
                         [](const auto& each) { return std::string(each.param->name); });

}  // namespace
}  // namespace ixy::sim::e1000
