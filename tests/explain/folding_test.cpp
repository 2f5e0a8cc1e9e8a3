// Repeated accesses that are shown once.
#include <gtest/gtest.h>

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
    Folding folding;

private:
    std::string tell(bool is_write, std::uint32_t offset, std::uint32_t value, std::source_location where) {
        time_ += 1ms;
        Access access{.time = time_, .is_write = is_write, .offset = offset, .value = value, .where = where};
        memory_.look_up(access);
        return folding.tell(access);
    }
    std::chrono::nanoseconds time_{};
    RegisterMemory memory_{&CHIP_82540EM};
};

TEST_F(Fold, a_poll_is_shown_once_and_counted) {
    EXPECT_NE(read(STATUS.offset, 0), "");
    for (int i = 0; i < 137; ++i) EXPECT_EQ(read(STATUS.offset, 0), "");
    const std::string change = read(STATUS.offset, STATUS.LU.mask());
    EXPECT_TRUE(change.starts_with("  0.138000  … STATUS read 137 times more, unchanged\n  0.139000  read  STATUS"))
        << change;
    EXPECT_NE(change.find("LU 0 -> 1"), std::string::npos) << change;
    EXPECT_EQ(folding.summary(), "") << "nothing is shown twice";
}

TEST_F(Fold, two_registers_polled_in_turn_are_two_polls) {
    EXPECT_NE(read(TDH.offset, 5), "");
    EXPECT_NE(read(TDT.offset, 6), "");
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(read(TDH.offset, 5), "");
        EXPECT_EQ(read(TDT.offset, 6), "");
    }
    EXPECT_EQ(folding.summary(),
              "  0.021000  … TDH read 10 times more, unchanged\n  0.022000  … TDT read 10 times more, unchanged\n");
}

TEST_F(Fold, a_poll_after_a_write_is_shown_again) {
    read(STATUS.offset, 0);
    EXPECT_EQ(read(STATUS.offset, 0), "");
    EXPECT_TRUE(write(CTRL.offset, 0).starts_with("  0.002000  … STATUS read once more, unchanged\n"));
    EXPECT_NE(read(STATUS.offset, 0), "");
}

TEST_F(Fold, an_array_filled_with_one_value_takes_two_lines) {
    const auto where = std::source_location::current();
    EXPECT_NE(write(MTA[0].offset, 0, where), "");
    for (std::size_t i = 1; i < MTA.count; ++i) EXPECT_EQ(write(MTA[i].offset, 0, where), "") << i;
    EXPECT_EQ(folding.summary(), "  0.128000  … MTA[1] to MTA[127] likewise\n");
    EXPECT_NE(write(MTA[0].offset, 0, where), "") << "a restart from element 0 is something else";
    EXPECT_NE(write(MTA[2].offset, 0, where), "");
    EXPECT_NE(write(MTA[3].offset, 1, where), "");
    EXPECT_EQ(write(MTA[4].offset, 1, where), "");
    EXPECT_NE(write(MTA[5].offset, 1), "") << "another line of the source";
}

TEST_F(Fold, zero_counters_take_one_line) {
    for (const auto* counter : {&CRCERRS, &MPC, &GPRC}) EXPECT_EQ(read(counter->offset, 0), "");
    const std::string other = read(GPTC.offset, 7);
    EXPECT_TRUE(other.starts_with("  0.003000  … counters read 3 times, CRCERRS to GPRC: all are 0")) << other;
    EXPECT_NE(read(GPTC.offset, 7), "") << "seven more";
    EXPECT_EQ(read(TPR.offset, 0), "");
    EXPECT_TRUE(folding.summary().starts_with("  0.006000  … TPR read: 0"));
}

TEST_F(Fold, each_source_line_explains_a_field_once) {
    const auto where = std::source_location::current();
    EXPECT_NE(write(EERD.offset, EERD.START.mask(), where).find("START 1: start reading a word"), std::string::npos);
    const std::string again = write(EERD.offset, (EERD.START | EERD.ADDR(1)).bits, where);
    EXPECT_NE(again.find("13.4.4: ADDR 0x0 -> 0x1  tests/"), std::string::npos) << again;
    EXPECT_NE(write(EERD.offset, 0).find("START 1 -> 0: start reading a word"), std::string::npos);
}

TEST_F(Fold, a_loop_over_a_device_is_shown_twice_then_counted) {
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

    read_words();
    EXPECT_NE(read(EERD.offset, ~0U), "") << "a removed card is not part of a loop";

    folding = Folding(true);
    EXPECT_NE(read_words().find("ADDR 0x3e -> 0x3f"), std::string::npos) << "every access, on request";
}

TEST_F(Fold, accesses_without_a_name_are_always_shown_in_full) {
    const auto where = std::source_location::current();
    for (std::uint32_t i = 0; i < 3; ++i) EXPECT_NE(write(0x1234, i, where).find("no register"), std::string::npos);
}

}  // namespace
}  // namespace ixy::explain
