// The frame ring inside a cable, compared with a queue.
#include <ixy/sim/wires/frame_ring.hpp>

#include <deque>
#include <random>

#include "wires.hpp"

namespace ixy::sim::test {
namespace {

TEST(FrameRing, is_a_queue_for_frames_of_every_length) {
    FrameRing ring(64, 3 * longest_wire_frame);
    std::deque<Frame> expected;
    std::mt19937_64 chance(1);
    std::uint32_t refused = 0;
    for (std::uint32_t i = 0; i < 50'000; ++i) {
        const std::size_t size = chance() % 8 == 0 ? longest_wire_frame - chance() % 100 : 18 + chance() % 1500;
        if (chance() % 100 < 52) {
            const Frame frame = numbered(i, size);
            const bool damaged = i % 3 == 0;
            if (ring.push(frame, damaged, Time(i))) {
                expected.push_back(frame);
            } else {
                ++refused;
                ASSERT_GE(expected.size(), 1U) << "an empty ring has room for every frame";
            }
        } else if (expected.empty()) {
            ASSERT_TRUE(ring.empty());
        } else {
            const auto frame = ring.front();
            ASSERT_TRUE(frame);
            ASSERT_TRUE(std::ranges::equal(frame->bytes, expected.front())) << i;
            ASSERT_EQ(frame->damaged, frame->due.count() % 3 == 0);
            ring.pop();
            expected.pop_front();
        }
        ASSERT_EQ(ring.size(), expected.size());
    }
    EXPECT_GT(refused, 1000U) << "the ring was never full";
}

TEST(FrameRing, takes_as_many_short_frames_as_it_has_entries) {
    FrameRing ring(64, longest_wire_frame);
    for (int round = 0; round < 1000; ++round) {
        for (std::uint32_t i = 0; i < 64; ++i) ASSERT_TRUE(ring.push(numbered(i)));
        ASSERT_FALSE(ring.push(numbered(64)));
        for (std::uint32_t i = 0; i < 64; ++i, ring.pop()) ASSERT_EQ(number_of(ring.front()->bytes), i);
    }
}

TEST(FrameRing, takes_the_longest_frame_and_an_empty_one_but_nothing_longer) {
    FrameRing ring(64, 2 * longest_wire_frame);
    EXPECT_TRUE(ring.push({}));
    EXPECT_TRUE(ring.push(numbered(1, longest_wire_frame)));
    ring.clear();
    EXPECT_FALSE(ring.push(Frame(longest_wire_frame + 1)));
    EXPECT_TRUE(ring.empty());
}

}  // namespace
}  // namespace ixy::sim::test
