// Adding up a counter without knowing whether reading clears it, on simulated registers.
#include <gtest/gtest.h>

#include <random>

#include <ixy/nic/card_counters.hpp>

namespace ixy {
namespace {

/// A card's counter that reading clears or keeps, read as CardCounters does.
struct PlayedCounter {
    bool clears;
    std::uint64_t value = 0;
    std::uint64_t read() { return clears ? std::exchange(value, 0) : value; }

    void start(Accumulator& sum) {
        const std::uint64_t first = read();
        sum.start(first, read());
    }
    void refresh(Accumulator& sum) {
        const std::uint64_t reading = read();
        if (sum.undecided() && reading != 0) {
            sum.add(reading, read());
        } else {
            sum.add(reading);
        }
    }
};

class Counting : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Register, Counting, testing::Bool(),
                         [](const auto& kind) { return kind.param ? "that_clears" : "that_keeps"; });

TEST_P(Counting, starts_at_zero_whatever_the_register_held) {
    for (const std::uint64_t before : {0U, 1U, 5U, 1000U, 0xffff'ffffU}) {
        PlayedCounter counter{GetParam(), before};
        Accumulator sum;
        counter.start(sum);
        EXPECT_EQ(sum.total(), 0U);
        counter.refresh(sum);
        EXPECT_EQ(sum.total(), 0U) << before;
    }
}

TEST_P(Counting, adds_up_exactly) {
    for (const std::uint64_t before : {0U, 7U}) {
        for (const std::uint64_t step : {0U, 1U, 2U, 15U, 16U, 17U, 1000U}) {
            PlayedCounter counter{GetParam(), before};
            Accumulator sum;
            counter.start(sum);
            for (std::uint64_t round = 1; round <= 50; ++round) {
                counter.value += step;
                counter.refresh(sum);
                ASSERT_EQ(sum.total(), round * step) << before << " " << step;
                counter.refresh(sum);
                ASSERT_EQ(sum.total(), round * step) << before << " " << step;
            }
        }
    }
}

TEST_P(Counting, adds_up_exactly_in_random_steps) {
    std::mt19937 random(3);
    for (int times = 0; times < 200; ++times) {
        PlayedCounter counter{GetParam(), random() % 3 == 0 ? random() % 100 : 0};
        Accumulator sum;
        counter.start(sum);
        std::uint64_t total = 0;
        for (int round = 0; round < 100; ++round) {
            const std::uint64_t step = random() % 4 == 0 ? random() % 1000 : random() % 3;
            counter.value += step;
            total += step;
            if (random() % 2 == 0) counter.refresh(sum);
        }
        counter.refresh(sum);
        ASSERT_EQ(sum.total(), total);
    }
}

TEST(Accumulator, loses_little_when_both_readings_are_equal) {
    Accumulator sum;
    sum.start(0, 0);
    sum.add(5, 5);  // either a register that clears, and five more at once, or one that keeps its value
    EXPECT_TRUE(sum.undecided());
    EXPECT_EQ(sum.total(), 5U);
    sum.add(3, 0);
    EXPECT_FALSE(sum.undecided());
    EXPECT_EQ(sum.total(), 8U);
    sum.add(4);
    EXPECT_EQ(sum.total(), 12U);
}

TEST(Accumulator, counts_beyond_32_bits) {
    Accumulator sum;
    sum.start(9, 0);
    for (int i = 0; i < 10; ++i) sum.add(0xffff'ffff);
    EXPECT_EQ(sum.total(), 10 * std::uint64_t{0xffff'ffff});
}

TEST(Accumulator, accepts_64_bits_at_once) {
    Accumulator sum;
    sum.start(std::uint64_t{1} << 40, 0);
    sum.add(std::uint64_t{5} << 32);
    sum.add(std::uint64_t{6} << 32);
    EXPECT_EQ(sum.total(), std::uint64_t{11} << 32);
}

}  // namespace
}  // namespace ixy
