// Rates: parsing, keeping and showing them.
#include <gtest/gtest.h>

#include "apps/common/monitor.hpp"
#include "apps/pktgen/rate.hpp"

namespace ixy::app {
namespace {

using namespace std::chrono_literals;
using Clock = Pacer::Clock;

TEST(Rate, parses_packets_and_bits_with_prefixes) {
    EXPECT_DOUBLE_EQ(packets_per_second(parse_rate("1.5Mpps").value(), 60), 1.5e6);
    EXPECT_DOUBLE_EQ(packets_per_second(parse_rate("100kpps").value(), 60), 1e5);
    EXPECT_DOUBLE_EQ(packets_per_second(parse_rate("100Kpps").value(), 60), 1e5);
    EXPECT_DOUBLE_EQ(packets_per_second(parse_rate("7pps").value(), 1514), 7);
    EXPECT_DOUBLE_EQ(packets_per_second(parse_rate("0.5pps").value(), 60), 0.5);
}

TEST(Rate, a_gigabit_is_1488095_minimum_size_frames_a_second) {
    for (const char* text : {"1Gbit", "1000Mbit", "1000000kbit", "1Gbit/s", "1000000000bit"}) {
        ASSERT_TRUE(parse_rate(text)) << text;
        EXPECT_NEAR(packets_per_second(parse_rate(text).value(), 60), 1'488'095.2, 0.1) << text;
        EXPECT_NEAR(packets_per_second(parse_rate(text).value(), 1514), 81'274.4, 0.1) << text;
    }
}

TEST(Rate, refuses_anything_else_and_says_how_to_write_a_rate) {
    for (const char* text : {"", "pps", "5", "0pps", "-1pps", "1.2.3pps", "1 Mpps", "1Mpps ", "1Xpps", "1kkpps",
                             "1Mbps", "infpps", "nanpps", "0x10pps", "1e3pps", "2000Gpps", "1Mpps/", "1/s"}) {
        const auto rate = parse_rate(text);
        ASSERT_FALSE(rate) << text;
        EXPECT_EQ(rate.error().kind, ErrorKind::invalid_argument);
        EXPECT_NE(rate.error().text().find("1.5Mpps"), std::string::npos);
    }
}

TEST(Pacer, nothing_is_due_before_the_start) {
    const Clock::time_point start = Clock::time_point{} + 10s;
    Pacer pacer(100, 32, start);
    EXPECT_EQ(pacer.due(start - 5s), 0U);
    EXPECT_EQ(pacer.next(), start);
    EXPECT_EQ(pacer.due(start), 1U);
}

/// Packets released by a pacer in `duration`, on a clock that advances by `step`.
std::size_t paced_packets(double rate, std::size_t burst, std::chrono::nanoseconds step,
                          std::chrono::nanoseconds duration) {
    const Clock::time_point start{};
    Pacer pacer(rate, burst, start);
    std::size_t sent = 0;
    for (std::chrono::nanoseconds now{0}; now < duration; now += step) {
        const std::size_t due = pacer.due(start + now);
        EXPECT_LE(due, burst);
        pacer.take(due);
        sent += due;
    }
    return sent;
}

TEST(Pacer, keeps_the_rate_within_one_percent_for_any_loop_duration) {
    EXPECT_NEAR(static_cast<double>(paced_packets(1e6, 64, 100ns, 1s)), 1e6, 1);
    EXPECT_NEAR(static_cast<double>(paced_packets(1e6, 64, 13us, 1s)), 1e6, 64);
    EXPECT_NEAR(static_cast<double>(paced_packets(1'488'095.2, 64, 777ns, 2s)), 2 * 1'488'095.2, 64);
    EXPECT_EQ(paced_packets(10, 64, 1ms, 10s), 100U);
    EXPECT_EQ(paced_packets(0.5, 64, 1ms, 10s), 5U);
}

TEST(Pacer, does_not_drift_over_a_day) {
    const Clock::time_point start{};
    Pacer pacer(1e6, 64, start);
    const auto day = std::chrono::hours(24);
    (void)pacer.due(start + day);
    std::size_t sent = 0;
    for (std::chrono::nanoseconds now{0}; now < 1s; now += 10us) {
        const std::size_t due = pacer.due(start + day + now);
        pacer.take(due);
        sent += due;
    }
    EXPECT_NEAR(static_cast<double>(sent), 1e6, 65);
}

TEST(Pacer, never_catches_up_with_more_than_the_burst) {
    const Clock::time_point start{};
    Pacer pacer(1e6, 64, start);
    EXPECT_EQ(pacer.due(start + 5s), 64U);
    pacer.take(64);
    EXPECT_EQ(pacer.due(start + 5s), 0U);
    EXPECT_EQ(pacer.due(start + 5s + 10us), 10U);
}

TEST(Pacer, packets_due_but_not_sent_stay_due) {
    const Clock::time_point start{};
    Pacer pacer(1e6, 64, start);
    EXPECT_EQ(pacer.due(start), 1U);
    EXPECT_EQ(pacer.due(start + 9us), 10U);
    pacer.take(4);
    EXPECT_EQ(pacer.due(start + 9us), 6U);
}

TEST(Pacer, keeps_the_rate_within_one_percent_in_real_time) {
    constexpr double rate = 20'000;
    const Clock::time_point start = Clock::now();
    Pacer pacer(rate, 20'000, start);  // other tests on this machine may take the CPU away for a while
    std::size_t sent = 0;
    Clock::time_point now = start;
    while (now < start + 1s) {
        now = Clock::now();
        const std::size_t due = pacer.due(now);
        pacer.take(due);
        sent += due;
    }
    const double seconds = std::chrono::duration<double>(now - start).count();
    EXPECT_NEAR(static_cast<double>(sent) / seconds, rate, rate / 100);
}

TEST(ShownRate, a_full_gigabit_shows_1000_megabits_at_any_frame_size) {
    const Rate shortest = rate_of(1'488'095, 1'488'095 * 60, 1);
    EXPECT_NEAR(shortest.mpps, 1.488, 0.001);
    EXPECT_NEAR(shortest.megabits, 1000, 0.001);
    EXPECT_NEAR(rate_of(81'274, 81'274 * 1514, 1).megabits, 1000, 0.01);
}

TEST(ShownRate, has_a_suitable_unit) {
    EXPECT_EQ(text_of(rate_of(0, 0, 1)), "0 pps 0 bit/s");
    EXPECT_EQ(text_of(rate_of(1, 60, 2)), "0.50 pps 336 bit/s");
    EXPECT_EQ(text_of(rate_of(7, 7 * 60, 1)), "7 pps 4.70 kbit/s");
    EXPECT_EQ(text_of(rate_of(55'000, 55'000 * 60, 1)), "55.0 kpps 37.0 Mbit/s");
    EXPECT_EQ(text_of(rate_of(1'488'095, 1'488'095 * 60, 1)), "1.49 Mpps 1.00 Gbit/s");
    EXPECT_EQ(text_of({.mpps = 0.9994e-3, .megabits = 0.9996}), "999 pps 1.00 Mbit/s");
    EXPECT_EQ(text_of({.mpps = 1e5, .megabits = 1e7}), "100 Gpps 10000 Gbit/s");
}

TEST(ShownRate, is_per_second_for_longer_and_shorter_intervals) {
    EXPECT_DOUBLE_EQ(rate_of(1000, 60'000, 0.5).mpps, 0.002);
    EXPECT_DOUBLE_EQ(rate_of(1000, 60'000, 10).megabits, 1000.0 * 84 * 8 / 10 / 1e6);
    EXPECT_EQ(rate_of(1000, 60'000, 0).mpps, 0);
}

}  // namespace
}  // namespace ixy::app
