// What is told once although it happens often.
#include <gtest/gtest.h>

#include <algorithm>

#include <ixy/datasheet/e1000/chips.hpp>
#include <ixy/explain/folding.hpp>

namespace ixy::explain {
namespace {

using namespace datasheet::e1000;
using namespace std::chrono_literals;

class Fold : public testing::Test {
protected:
    std::string read(std::uint32_t offset, std::uint32_t value,
                     std::source_location where = std::source_location::current()) {
        return tell(false, offset, value, where);
    }
    std::string write(std::uint32_t offset, std::uint32_t value,
                      std::source_location where = std::source_location::current()) {
        return tell(true, offset, value, where);
    }
    /// Reads word `address` of the EEPROM as the drivers do, polling `polls` times in vain; says what is told.
    std::string read_eeprom(std::uint32_t address, int polls) {
        std::string text = write(EERD.offset, (EERD.START | EERD.ADDR(address)).bits, line_of_write_);
        for (int i = 0; i < polls; ++i) {
            text += read(EERD.offset, (EERD.START | EERD.ADDR(address)).bits, line_of_read_);
        }
        return text + read(EERD.offset, (EERD.DONE | EERD.ADDR(address) | EERD.DATA(address * 77)).bits, line_of_read_);
    }
    Folding folding{false};

private:
    std::source_location line_of_write_ = std::source_location::current();
    std::source_location line_of_read_ = std::source_location::current();

    std::string tell(bool is_write, std::uint32_t offset, std::uint32_t value, std::source_location where) {
        time_ += 1ms;
        Access access{.time = time_, .is_write = is_write, .offset = offset, .value = value, .where = where};
        memory_.look_up(access);
        return folding.tell(access);
    }
    std::chrono::nanoseconds time_{};
    RegisterMemory memory_{&CHIP_82540EM};
};

TEST_F(Fold, a_poll_is_told_once_and_counted) {
    EXPECT_NE(read(STATUS.offset, 0), "");
    for (int i = 0; i < 137; ++i) EXPECT_EQ(read(STATUS.offset, 0), "");
    const std::string change = read(STATUS.offset, STATUS.LU.mask());
    EXPECT_TRUE(
        change.starts_with("  0.138000  … STATUS read 137 times more in 136.0 ms, unchanged\n  0.139000  read  STATUS"))
        << change;
    EXPECT_NE(change.find("LU 0 -> 1"), std::string::npos) << change;
    EXPECT_EQ(folding.summary(), "") << "nothing is told twice";
}

TEST_F(Fold, two_registers_polled_in_turn_are_two_polls) {
    EXPECT_NE(read(TDH.offset, 5), "");
    EXPECT_NE(read(TDT.offset, 6), "");
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(read(TDH.offset, 5), "");
        EXPECT_EQ(read(TDT.offset, 6), "");
    }
    EXPECT_EQ(folding.summary(),
              "  0.021000  … TDH read 10 times more in 18.0 ms, unchanged\n  0.022000  … TDT read 10 times more in "
              "18.0 ms, unchanged\n");
}

TEST_F(Fold, a_poll_after_a_write_is_told_anew) {
    read(STATUS.offset, 0);
    EXPECT_EQ(read(STATUS.offset, 0), "");
    EXPECT_TRUE(write(CTRL.offset, 0).starts_with("  0.002000  … STATUS read once more, unchanged\n"));
    EXPECT_NE(read(STATUS.offset, 0), "");
}

TEST_F(Fold, an_array_filled_with_one_value_is_two_lines) {
    const auto where = std::source_location::current();
    EXPECT_NE(write(MTA[0].offset, 0, where), "");
    for (std::size_t i = 1; i < MTA.count; ++i) EXPECT_EQ(write(MTA[i].offset, 0, where), "") << i;
    EXPECT_EQ(folding.summary(), "  0.128000  … MTA[1] to MTA[127] likewise in 126.0 ms\n");
    EXPECT_NE(write(MTA[0].offset, 0, where), "") << "from the beginning: something else";
    EXPECT_NE(write(MTA[2].offset, 0, where), "");
    EXPECT_NE(write(MTA[3].offset, 1, where), "");
    EXPECT_EQ(write(MTA[4].offset, 1, where), "");
    EXPECT_NE(write(MTA[5].offset, 1), "") << "another line of the source";
}

TEST_F(Fold, counters_that_are_zero_are_one_line) {
    for (const auto* counter : {&CRCERRS, &MPC, &GPRC}) EXPECT_EQ(read(counter->offset, 0), "");
    const std::string other = read(GPTC.offset, 7);
    EXPECT_TRUE(other.starts_with("  0.003000  … counters read 3 times, CRCERRS to GPRC: all are 0")) << other;
    EXPECT_NE(read(GPTC.offset, 7), "") << "seven more";
    EXPECT_EQ(read(TPR.offset, 0), "");
    EXPECT_TRUE(folding.summary().starts_with("  0.006000  … TPR read: 0"));
}

TEST_F(Fold, a_line_of_the_source_explains_fields_once) {
    const auto where = std::source_location::current();
    EXPECT_NE(write(EERD.offset, EERD.START.mask(), where).find("START 1: start reading a word"), std::string::npos);
    const std::string again = write(EERD.offset, (EERD.START | EERD.ADDR(1)).bits, where);
    EXPECT_NE(again.find("13.4.4: ADDR 0x0 -> 0x1  tests/"), std::string::npos) << again;
    EXPECT_NE(write(EERD.offset, 0).find("START 1 -> 0: start reading a word"), std::string::npos);
}

TEST_F(Fold, a_loop_over_a_device_is_told_twice_and_then_counted) {
    const auto read_words = [this] {
        std::string text;
        for (std::uint32_t i = 0; i < 64; ++i) {
            text += write(EERD.offset, (EERD.START | EERD.ADDR(i)).bits);
            text += read(EERD.offset, (EERD.DONE | EERD.ADDR(i) | EERD.DATA(i)).bits);
        }
        return text;
    };
    const std::string text = read_words();
    EXPECT_NE(text.find("ADDR 0x0 -> 0x1"), std::string::npos) << text;
    EXPECT_EQ(text.find("ADDR 0x1 -> 0x2"), std::string::npos) << text;
    const std::string next = write(RCTL.offset, 0);
    EXPECT_TRUE(next.starts_with("  0.128000  … EERD written 62 times and read 62 times more")) << next;

    folding = Folding(true);
    EXPECT_NE(read_words().find("ADDR 0x3e -> 0x3f"), std::string::npos) << "every access, when that is asked for";
}

TEST_F(Fold, a_loop_is_its_first_pass_and_one_line_with_the_sum) {
    EXPECT_NE(read_eeprom(0, 1).find("START 1: start reading a word"), std::string::npos);
    for (std::uint32_t word = 1; word < 64; ++word) EXPECT_EQ(read_eeprom(word, word % 3), "") << word;
    const std::string next = write(CTRL.offset, 0);
    EXPECT_TRUE(
        next.starts_with("  0.192000  … and so on: EERD written 63 times (ADDR 0x1 to 0x3f), EERD read 126 times, "
                         "in 188.0 ms  tests/explain/folding_test.cpp:"))
        << next;
    EXPECT_NE(next.find("\n  0.193000  write CTRL"), std::string::npos) << next;
    EXPECT_EQ(folding.summary(), "");
    EXPECT_NE(read_eeprom(0, 0), "") << "after something else it is told again";
}

TEST_F(Fold, every_access_of_a_loop_is_told_on_demand) {
    folding = Folding(true);
    for (std::uint32_t word = 0; word < 64; ++word) {
        const std::string text = read_eeprom(word, 0);
        EXPECT_NE(text.find("write EERD"), std::string::npos) << text;
        EXPECT_NE(text.find("read  EERD"), std::string::npos) << text;
    }
}

TEST_F(Fold, a_pass_that_comes_only_once_more_is_told) {
    read_eeprom(0, 0);
    EXPECT_EQ(read_eeprom(1, 0), "") << "it may be a loop";
    const std::string text = folding.summary();
    EXPECT_EQ(std::ranges::count(text, '\n'), 2) << text;
    EXPECT_TRUE(text.starts_with("  0.003000  write EERD")) << text;
    EXPECT_NE(text.find("\n  0.004000  read  EERD"), std::string::npos) << text;
}

TEST_F(Fold, arrays_filled_in_turn_are_one_line) {
    const auto low = std::source_location::current();
    const auto high = std::source_location::current();
    for (std::uint32_t i = 0; i < 16; ++i) {
        write(RAL[i].offset, i + 1, low);
        write(RAH[i].offset, 0x100 + i, high);
    }
    EXPECT_TRUE(
        folding.summary().starts_with("  0.032000  … and so on: RAL[1] to RAL[15] written 15 times, RAH[1] to "
                                      "RAH[15] written 15 times, in 29.0 ms"));
}

TEST_F(Fold, a_loop_hides_nothing_that_is_news) {
    const auto write_line = std::source_location::current();
    const auto read_line = std::source_location::current();
    for (std::uint32_t i = 0; i < 10; ++i) {
        write(MDIC.offset, MDIC.REGADD(i).bits, write_line);
        read(STATUS.offset, 0, read_line);
    }
    const std::string link = read(STATUS.offset, STATUS.LU.mask(), read_line);
    EXPECT_NE(link.find("MDIC written 9 times"), std::string::npos) << link;
    EXPECT_NE(link.find("LU 0 -> 1"), std::string::npos) << link;
    const auto doorbell = std::source_location::current();
    for (std::uint32_t i = 1; i < 10; ++i) EXPECT_NE(write(TDT.offset, i, doorbell), "") << i;
    const auto mask = std::source_location::current();
    for (std::uint32_t i = 1; i < 10; ++i) EXPECT_NE(write(IMS.offset, i, mask), "") << i;
}

TEST_F(Fold, a_card_that_goes_away_in_a_loop_is_told) {
    for (std::uint32_t word = 0; word < 10; ++word) read_eeprom(word, 0);
    const std::string gone = read(EERD.offset, ~0U);
    EXPECT_NE(gone.find("all ones: is the card gone?"), std::string::npos) << gone;
}

TEST_F(Fold, what_has_no_name_is_always_told_whole) {
    const auto where = std::source_location::current();
    for (std::uint32_t i = 0; i < 3; ++i) EXPECT_NE(write(0x1234, i, where).find("no register"), std::string::npos);
}

}  // namespace
}  // namespace ixy::explain
