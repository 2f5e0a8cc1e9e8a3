// Statistics: which frame counts where, and what a read does.
#include <gtest/gtest.h>

#include <ixy/datasheet/e1000/chips.hpp>
#include <ixy/sim/chips/e1000/statistics.hpp>

#include "tests/sim/e1000/test_host.hpp"

namespace ixy::sim::e1000 {
namespace {

using namespace datasheet::e1000;

class StatisticsTest : public testing::Test {
protected:
    std::uint32_t read(const datasheet::RegisterInfo& info) { return registers.read(info.offset); }
    /// A frame of `size` bytes including its check sequence, to an address that starts with `first`.
    static std::vector<std::byte> frame(std::size_t size, std::uint8_t first = 0x52, std::uint8_t rest = 0x11) {
        std::vector<std::byte> bytes(size - 4, std::byte{rest});
        bytes[0] = std::byte{first};
        return bytes;
    }

    TestHost host;
    RegisterFile registers{CHIP_82540EM, host};
    Statistics statistics{registers};
};

TEST_F(StatisticsTest, sizes_include_the_check_sequence) {
    const std::pair<std::size_t, const datasheet::Number*> bins[] = {
        {64, &PTC64},   {65, &PTC127},   {127, &PTC127},   {128, &PTC255},   {255, &PTC255},   {256, &PTC511},
        {511, &PTC511}, {512, &PTC1023}, {1023, &PTC1023}, {1024, &PTC1522}, {1518, &PTC1522}, {9000, &PTC1522}};
    for (const auto& [size, counter] : bins) {
        statistics.sent(frame(size));
        EXPECT_EQ(read(*counter), 1U) << size;
        EXPECT_EQ(read(GOTCL), size);
        EXPECT_EQ(read(GOTCH), 0U);
    }
}

TEST_F(StatisticsTest, an_undersize_frame_is_in_no_size_bin) {
    statistics.sent(frame(40));
    for (const auto* each : {&PTC64, &PTC127, &PTC255, &PTC511, &PTC1023, &PTC1522}) EXPECT_EQ(read(*each), 0U);
    EXPECT_EQ(read(TPT), 1U);
}

TEST_F(StatisticsTest, broadcast_accepted_by_another_filter_counts_only_as_a_good_packet) {
    registers.write(RCTL.offset, (RCTL.EN | RCTL.MPE).bits);
    statistics.accepted(frame(64, 0xff, 0xff));
    EXPECT_EQ(read(GPRC), 1U);
    EXPECT_EQ(read(BPRC), 0U) << "13.7.28: not while RCTL.BAM is off";
    EXPECT_EQ(read(MPRC), 0U);
}

TEST_F(StatisticsTest, broadcast_multicast_and_unicast_are_distinguished) {
    registers.write(RCTL.offset, (RCTL.EN | RCTL.BAM).bits);
    statistics.accepted(frame(64));
    statistics.accepted(frame(64, 0x01, 0x00));
    statistics.accepted(frame(64, 0xff, 0xff));
    EXPECT_EQ(read(GPRC), 3U);
    EXPECT_EQ(read(MPRC), 1U);
    EXPECT_EQ(read(BPRC), 1U);
    EXPECT_EQ(read(PRC64), 3U);
    EXPECT_EQ(read(GORCL), 192U);
}

TEST_F(StatisticsTest, rejected_frames_count_only_in_the_totals) {
    statistics.seen(frame(100));
    EXPECT_EQ(read(TPR), 1U);
    EXPECT_EQ(read(TORL), 100U);
    EXPECT_EQ(read(GPRC), 0U);
    EXPECT_EQ(read(PRC127), 0U);
}

TEST_F(StatisticsTest, a_read_clears) {
    statistics.sent(frame(64));
    EXPECT_EQ(read(GPTC), 1U);
    EXPECT_EQ(read(GPTC), 0U);
}

TEST_F(StatisticsTest, octets_are_cleared_by_reading_their_high_half) {
    statistics.sent(frame(64));
    EXPECT_EQ(read(TOTL), 64U);
    EXPECT_EQ(read(TOTL), 64U) << "reading the low half does not clear";
    EXPECT_EQ(read(TOTH), 0U);
    EXPECT_EQ(read(TOTL), 0U);
}

TEST_F(StatisticsTest, octets_carry_into_the_high_half) {
    registers.set(TOTL, 0xffff'ffff);
    statistics.sent(frame(64));
    EXPECT_EQ(read(TOTL), 63U);
    EXPECT_EQ(read(TOTH), 1U);
}

TEST_F(StatisticsTest, counters_saturate) {
    registers.set(GPTC, 0xffff'ffff);
    registers.set(GOTCL, 0xffff'fff0);
    registers.set(GOTCH, 0xffff'ffff);
    statistics.sent(frame(64));
    EXPECT_EQ(read(GPTC), 0xffff'ffffU);
    EXPECT_EQ(read(GOTCL), 0xffff'ffffU);
    EXPECT_EQ(read(GOTCH), 0xffff'ffffU);
    registers.set(MPC, 0xffff'fffe);
    for (int i = 0; i < 2; ++i) statistics.count(MPC);
    EXPECT_EQ(read(MPC), 0xffff'ffffU);
}

TEST_F(StatisticsTest, writes_do_not_reach_counters) {
    registers.write(GPTC.offset, 5);
    EXPECT_EQ(read(GPTC), 0U);
}

}  // namespace
}  // namespace ixy::sim::e1000
