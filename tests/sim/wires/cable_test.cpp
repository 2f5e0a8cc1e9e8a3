// Cables within the process: both ends, one end alone, and frames in flight when an end closes.
#include <atomic>

#include "wires.hpp"

namespace ixy::sim::test {
namespace {

TEST(Cable, carries_frames_intact_and_in_order_both_ways) {
    const auto one = open("a");
    const auto other = open("a");
    for (std::uint32_t i = 0; i < 500; ++i) {
        one->send(numbered(i, 18 + i * 32), {});
        other->send(numbered(1000 + i), {});
        const auto there = other->receive({});
        ASSERT_TRUE(there && std::ranges::equal(there->bytes, numbered(i, 18 + i * 32))) << i;
        EXPECT_FALSE(there->damaged);
        const auto back = one->receive({});
        ASSERT_TRUE(back && std::ranges::equal(back->bytes, numbered(1000 + i))) << i;
    }
    EXPECT_FALSE(one->receive({}));
    EXPECT_FALSE(other->receive({}));
    EXPECT_EQ(one->lost() + other->lost(), 0U);
}

TEST(Cable, each_name_is_a_separate_cable_and_ends_are_numbered) {
    const auto a0 = open("a");
    const auto b0 = open("b");
    const auto a1 = open("a");
    const auto b1 = open("b");
    send_numbers(*a0, 0, 3);
    EXPECT_TRUE(numbers_at(*b1).empty());
    EXPECT_EQ(numbers_at(*a1), count_up(0, 3));
    EXPECT_EQ(a0->end(), 0U);
    EXPECT_EQ(a1->end(), 1U);
}

TEST(Cable, third_user_is_refused_until_an_end_is_free) {
    const auto one = open("a");
    auto other = open("a");
    EXPECT_EQ(kind_of_failure("a"), ErrorKind::busy);
    other.reset();
    other = open("a");
    EXPECT_EQ(other->end(), 1U);
    EXPECT_EQ(kind_of_failure("a"), ErrorKind::busy);
}

TEST(Cable, frame_stays_valid_until_the_next_receive) {
    const auto one = open("a");
    const auto other = open("a");
    one->send(numbered(1), {});
    const auto frame = other->receive({});
    send_numbers(*one, 2, 5000);  // more than fit
    EXPECT_TRUE(std::ranges::equal(frame->bytes, numbered(1)));
}

TEST(Cable, holds_1024_frames_and_counts_the_excess_as_lost) {
    const auto one = open("a");
    const auto other = open("a");
    send_numbers(*one, 0, 1500);
    EXPECT_EQ(one->lost(), 1500U - 1024U);
    EXPECT_EQ(numbers_at(*other), count_up(0, 1024));
    send_numbers(*one, 0, 10);
    EXPECT_EQ(numbers_at(*other), count_up(0, 10));
    one->send(Frame(longest_wire_frame + 1), {});
    EXPECT_EQ(one->lost(), 1500U - 1024U + 1);
    EXPECT_FALSE(other->receive({}));
}

TEST(Cable, frames_sent_to_an_absent_peer_are_lost) {
    const auto one = open("a");
    send_numbers(*one, 0, 7);
    EXPECT_EQ(one->lost(), 7U);
    const auto other = open("a");
    EXPECT_FALSE(other->receive({}));
}

TEST(Cable, sent_frames_arrive_even_if_the_sender_has_gone) {
    auto one = open("a");
    const auto other = open("a");
    send_numbers(*one, 0, 5);
    one.reset();
    EXPECT_EQ(numbers_at(*other), count_up(0, 5));
    other->send(numbered(0), {});
    EXPECT_EQ(other->lost(), 1U);
}

TEST(Cable, new_owner_of_an_end_gets_no_frames_meant_for_the_old_one) {
    const auto one = open("a");
    auto other = open("a");
    send_numbers(*one, 0, 5);
    EXPECT_TRUE(other->receive({}));
    other.reset();
    other = open("a");
    EXPECT_FALSE(other->receive({}));
    send_numbers(*one, 5, 8);
    EXPECT_EQ(numbers_at(*other), count_up(5, 8));
    EXPECT_EQ(one->lost(), 0U);
}

TEST(Cable, ends_close_in_any_order_and_free_the_name) {
    for (const bool first_closes_first : {true, false}) {
        auto one = open("a");
        auto other = open("a");
        send_numbers(*one, 0, 3);
        (first_closes_first ? one : other).reset();
        (first_closes_first ? other : one).reset();
        one = open("a");
        EXPECT_EQ(one->end(), 0U);
        EXPECT_FALSE(one->receive({}));
    }
}

TEST(Cable, other_end_is_notified_once_if_frames_were_sent) {
    const auto one = open("a");
    const auto other = open("a");
    int heard = 0;
    other->on_arrival([&] { ++heard; });
    one->settle();
    EXPECT_EQ(heard, 0);
    send_numbers(*one, 0, 10);
    one->settle();
    EXPECT_EQ(heard, 1);
    other->on_arrival(nullptr);
    send_numbers(*one, 0, 10);
    EXPECT_EQ(heard, 1);
}

TEST(Cable, notified_end_may_send_back_at_once) {
    const auto one = open("a");
    const auto other = open("a");
    std::vector<std::uint32_t> back;
    one->on_arrival([&] { back = numbers_at(*one); });
    other->on_arrival([&] {
        while (const auto frame = other->receive({})) other->send(Frame(frame->bytes.begin(), frame->bytes.end()), {});
        other->settle();
    });
    send_numbers(*one, 0, 10);
    EXPECT_EQ(back, count_up(0, 10));
    one->on_arrival(nullptr);
    other->on_arrival(nullptr);
}

TEST(Cable, two_threads_neither_lose_nor_reorder_frames) {
    constexpr std::uint32_t frames = 200'000;
    const auto one = open("a");
    const auto other = open("a");
    std::atomic<std::uint32_t> taken = 0;
    std::jthread sender([&] {
        for (std::uint32_t i = 0; i < frames; ++i) {
            while (i - taken.load(std::memory_order_relaxed) >= 1000) std::this_thread::yield();
            one->send(numbered(i, 60 + i % 100), {});
        }
    });
    for (std::uint32_t i = 0; i < frames;) {
        const auto frame = other->receive({});
        if (!frame) {
            std::this_thread::yield();
            continue;
        }
        ASSERT_TRUE(std::ranges::equal(frame->bytes, numbered(i, 60 + i % 100))) << i;
        taken.store(++i, std::memory_order_relaxed);
    }
    sender.join();
    EXPECT_EQ(one->lost(), 0U);
}

TEST(Cable, end_may_close_while_the_other_end_notifies_it) {
    const auto one = open("a");
    std::atomic<bool> going = true;
    std::jthread sender([&] {
        for (std::uint32_t i = 0; going; ++i) send_numbers(*one, i, i + 3);
    });
    for (int round = 0; round < 300; ++round) {
        auto other = open("a");
        auto alive = std::make_unique<int>(0);
        other->on_arrival([&] { *alive += static_cast<int>(numbers_at(*other).size()); });
        std::this_thread::sleep_for(20us);
        other->on_arrival(nullptr);
        alive.reset();
    }
    going = false;
}

TEST(Loop, sent_frames_come_back) {
    const auto loop = open("loop");
    int heard = 0;
    loop->on_arrival([&] { ++heard; });
    send_numbers(*loop, 0, 2000);
    EXPECT_EQ(heard, 1);
    EXPECT_EQ(numbers_at(*loop), count_up(0, 1024));
    EXPECT_EQ(loop->lost(), 2000U - 1024U);
    const auto another = open("loop");
    EXPECT_FALSE(another->receive({}));
    loop->on_arrival(nullptr);
}

TEST(OpenEnd, loses_everything_and_receives_nothing) {
    const auto end = open("");
    send_numbers(*end, 0, 5);
    EXPECT_EQ(end->lost(), 5U);
    EXPECT_FALSE(end->receive({}));
    EXPECT_EQ(end->file(), -1);
    EXPECT_FALSE(end->next_time());
}

}  // namespace
}  // namespace ixy::sim::test
