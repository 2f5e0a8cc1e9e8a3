// What rate, delay, loss, reordering and corruption do, on a clock that stands still between steps.
#include <algorithm>
#include <bit>
#include <cmath>
#include <map>

#include "wires.hpp"

namespace ixy::sim::test {
namespace {

struct Cable {
    explicit Cable(const Impairments& impairments)
        : sender(open("impaired", impairments)), receiver(open("impaired")) {}

    /// The arriving frames and their arrival times, when the sender's card is serviced exactly as often as it asks.
    std::vector<std::pair<std::uint32_t, Time>> arrivals(Time until = Time::max()) {
        std::vector<std::pair<std::uint32_t, Time>> all;
        for (Time at = now; at <= until;) {
            sender->advance(at);
            for (const std::uint32_t number : numbers_at(*receiver, at)) all.emplace_back(number, at);
            const auto next = sender->next_time();
            if (!next) break;
            EXPECT_GT(*next, at) << "it asks for the current time";
            at = *next;
        }
        return all;
    }

    std::unique_ptr<Wire> sender;
    std::unique_ptr<Wire> receiver;
    Time now{};
};

/// Sends `count` frames, one per microsecond, and returns those that arrive, in order.
std::vector<std::uint32_t> survivors(const Impairments& impairments, std::uint32_t count) {
    Cable cable(impairments);
    std::vector<std::uint32_t> all;
    for (std::uint32_t i = 0; i < count; ++i) {
        cable.sender->send(numbered(i), std::chrono::microseconds(i));
        std::ranges::copy(numbers_at(*cable.receiver), std::back_inserter(all));
    }
    cable.now = std::chrono::microseconds(count);
    for (const auto& [number, time] : cable.arrivals()) all.push_back(number);
    EXPECT_EQ(cable.sender->lost(), 0U) << "random loss does not count as lack of room";
    return all;
}

/// Whether `got` of `count` frames is so close to `share` that only one run in a million would differ more (5 sigma).
::testing::AssertionResult is_about(std::size_t got, std::size_t count, double share) {
    const double mean = static_cast<double>(count) * share;
    const double sigma = std::sqrt(mean * (1 - share));
    if (std::abs(static_cast<double>(got) - mean) <= 5 * sigma + 1) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << got << " of " << count << ", expected about " << mean;
}

TEST(Impairments, busy_line_frees_up_on_time) {
    Cable cable({.bits_per_second = 1e9});
    std::uint32_t sent = 0;
    for (; cable.sender->has_room(0ns) && sent < 5000; ++sent) cable.sender->send(numbered(sent), 0ns);
    EXPECT_GT(sent, 1000U);
    EXPECT_LT(sent, 4000U) << "there is hardly any room left";
    EXPECT_EQ(cable.arrivals(10us).size(), 14U);  // 672 ns each
    EXPECT_TRUE(cable.sender->has_room(10us));
    EXPECT_EQ(cable.sender->lost(), 0U);
}

TEST(Impairments, delay_is_exact_for_every_frame) {
    Cable cable({.delay = 1500ns});
    cable.sender->send(numbered(0), 0ns);
    cable.sender->send(numbered(1), 700ns);
    cable.sender->send(numbered(2), 700ns);
    EXPECT_EQ(cable.sender->next_time(), 1500ns);
    cable.sender->advance(1499ns);
    EXPECT_FALSE(cable.receiver->receive({}));
    cable.now = 700ns;
    const std::vector<std::pair<std::uint32_t, Time>> expected = {{0, 1500ns}, {1, 2200ns}, {2, 2200ns}};
    EXPECT_EQ(cable.arrivals(), expected);
    EXPECT_FALSE(cable.sender->next_time());
}

TEST(Impairments, rate_is_the_line_rate_including_preamble_check_sequence_and_gap) {
    // 60 + 24 bytes take 672 ns at 1 Gbit/s and 67.2 ns at 10 Gbit/s, where rounding errors must not add up.
    for (const auto& [rate, thousand] : std::map<double, Time>{{1e9, 672us}, {1e10, 67'200ns}, {1e8, 6720us}}) {
        Cable cable({.bits_per_second = rate});
        send_numbers(*cable.sender, 0, 1000, 5us);
        cable.now = 5us;
        const auto all = cable.arrivals();
        ASSERT_EQ(all.size(), 1000U);
        for (std::uint32_t i = 0; i < 1000; ++i) {
            ASSERT_EQ(all[i].first, i);
            ASSERT_NEAR(static_cast<double>((all[i].second - 5us).count()),
                        static_cast<double>(thousand.count()) / 1000 * (i + 1), 2);
        }
    }
}

TEST(Impairments, rate_of_frames_of_mixed_lengths_is_within_one_percent) {
    Cable cable({.bits_per_second = 2.5e9, .delay = 10us});
    double bits = 0;
    for (std::uint32_t i = 0; i < 1000; ++i) {
        const std::size_t size = 60 + i * 37 % 1455;
        bits += 8.0 * static_cast<double>(size + 24);
        cable.sender->send(numbered(i, size), {});
    }
    const auto all = cable.arrivals();
    ASSERT_EQ(all.size(), 1000U);
    const double seconds = std::chrono::duration<double>(all.back().second - 10us).count();
    EXPECT_NEAR(bits / seconds, 2.5e9, 2.5e7);
}

TEST(Impairments, line_that_was_idle_does_not_catch_up) {
    Cable cable({.bits_per_second = 1e9});
    cable.sender->send(numbered(0), 0ns);
    cable.sender->send(numbered(1), 1s);
    EXPECT_EQ(cable.sender->next_time(), 1s + 672ns);
}

TEST(Impairments, frames_beyond_4096_in_flight_are_lost_and_counted) {
    Cable cable({.delay = 1ms});
    send_numbers(*cable.sender, 0, 5000);
    EXPECT_EQ(cable.sender->lost(), 5000U - 4096U);
    EXPECT_EQ(cable.sender->next_time(), 1ms);
}

TEST(Impairments, loss_drops_its_share) {
    for (const double share : {0.001, 0.1, 0.5}) {
        const auto left = survivors({.seed = 7, .loss = share}, 100'000);
        EXPECT_TRUE(is_about(100'000 - left.size(), 100'000, share)) << share;
        EXPECT_TRUE(std::ranges::is_sorted(left));
    }
    EXPECT_TRUE(survivors({.loss = 1}, 1000).empty());
}

TEST(Impairments, reordering_lets_the_next_frame_overtake_a_share) {
    for (const double share : {0.01, 0.2, 0.5, 1.0}) {
        const auto all = survivors({.seed = 3, .reorder = share}, 100'000);
        ASSERT_EQ(all.size(), 100'000U);
        std::size_t overtaken = 0;
        for (std::uint32_t i = 0; i < all.size(); ++i) {
            if (all[i] == i) continue;
            ASSERT_EQ(all[i], i + 1);
            ASSERT_EQ(all[i + 1], i);
            ++overtaken;
            ++i;
        }
        EXPECT_TRUE(is_about(overtaken, all.size(), std::min(share, 0.5))) << share;
    }
}

TEST(Impairments, frame_not_overtaken_is_delivered_after_10_ms) {
    Cable cable({.reorder = 1});
    cable.sender->send(numbered(0), 1ms);
    EXPECT_EQ(cable.sender->next_time(), 11ms);
    cable.now = 1ms;
    const std::vector<std::pair<std::uint32_t, Time>> expected = {{0, 11ms}};
    EXPECT_EQ(cable.arrivals(), expected);
}

TEST(Impairments, corruption_flips_one_bit_and_marks_the_check_sequence_wrong) {
    Cable cable({.seed = 5, .corruption = 0.25});
    std::size_t damaged = 0;
    for (std::uint32_t i = 0; i < 20'000; ++i) {
        const Frame sent = numbered(i, 60 + i % 200);
        cable.sender->send(sent, {});
        const auto got = cable.receiver->receive({});
        ASSERT_TRUE(got);
        ASSERT_EQ(got->bytes.size(), sent.size());
        int flipped = 0;
        for (std::size_t b = 0; b < sent.size(); ++b)
            flipped += std::popcount(std::to_integer<unsigned>(sent[b] ^ got->bytes[b]));
        ASSERT_EQ(flipped, got->damaged ? 1 : 0);
        damaged += got->damaged ? 1 : 0;
    }
    EXPECT_TRUE(is_about(damaged, 20'000, 0.25));
}

TEST(Impairments, damage_survives_delay_and_reordering) {
    Cable cable({.delay = 1us, .reorder = 0.5, .corruption = 1});
    send_numbers(*cable.sender, 0, 100);
    cable.sender->advance(1s);
    std::size_t count = 0;
    for (; const auto frame = cable.receiver->receive({}); ++count) EXPECT_TRUE(frame->damaged);
    EXPECT_EQ(count, 100U);
}

TEST(Impairments, corrupted_frames_do_not_cross_a_wire_that_cannot_mark_them) {
    const Folder folder;
    const auto sender = open(folder.path("wire"), {.seed = 2, .corruption = 0.5});
    const auto receiver = open(folder.path("wire"));
    std::size_t arrived = 0;
    for (std::uint32_t i = 0; i < 1000; ++i) {
        sender->send(numbered(i), {});
        const auto frame = receiver->receive({});
        if (!frame) continue;
        ++arrived;
        ASSERT_TRUE(std::ranges::equal(frame->bytes, numbered(i)));
    }
    EXPECT_TRUE(is_about(arrived, 1000, 0.5));
    EXPECT_EQ(sender->lost(), 1000 - arrived);
}

TEST(Impairments, same_seed_gives_the_same_fate_and_another_differs) {
    const Impairments all{
        .seed = 11, .bits_per_second = 1e9, .delay = 20us, .loss = 0.1, .reorder = 0.1, .corruption = 0.1};
    const auto first = survivors(all, 3000);
    EXPECT_EQ(survivors(all, 3000), first);
    Impairments other = all;
    other.seed = 12;
    EXPECT_NE(survivors(other, 3000), first);
    EXPECT_TRUE(is_about(3000 - first.size(), 3000, 0.1));
}

TEST(Impairments, only_sent_frames_are_impaired) {
    Cable cable({.delay = 1s, .loss = 1});
    send_numbers(*cable.receiver, 0, 100);
    EXPECT_EQ(numbers_at(*cable.sender), count_up(0, 100));
}

TEST(Impairments, frames_in_flight_arrive_when_the_sender_closes) {
    Cable cable({.delay = 1s, .reorder = 1});
    int heard = 0;
    cable.receiver->on_arrival([&] { ++heard; });
    send_numbers(*cable.sender, 0, 3);
    cable.sender.reset();
    EXPECT_EQ(heard, 1);
    EXPECT_EQ(numbers_at(*cable.receiver), (std::vector<std::uint32_t>{1, 0, 2}));
    cable.receiver->on_arrival(nullptr);
}

TEST(Impairments, calling_receive_alone_keeps_it_running) {
    Cable cable({.delay = 5us});
    send_numbers(*cable.sender, 0, 3);
    EXPECT_FALSE(cable.sender->receive(5us));
    EXPECT_EQ(numbers_at(*cable.receiver), count_up(0, 3));
}

TEST(Impairments, everything_else_is_delegated_to_the_inner_wire) {
    const auto loop = open("loop", {.delay = 1us});
    int heard = 0;
    loop->on_arrival([&] { ++heard; });
    send_numbers(*loop, 0, 3, 0us);
    EXPECT_EQ(heard, 0);
    loop->advance(1us);
    loop->settle();
    EXPECT_EQ(heard, 1);
    EXPECT_FALSE(loop->can_wait());
    loop->on_arrival(nullptr);
    const Folder folder;
    const auto one = open(folder.path("wire"), {.delay = 1us});
    const auto other = open(folder.path("wire"), {.delay = 1us});
    EXPECT_GE(one->file(), 0);
    EXPECT_TRUE(one->can_wait());
    EXPECT_EQ(other->end(), 1U);
    const auto nobody = open("", {.delay = 1us});
    send_numbers(*nobody, 0, 3, 0us);
    nobody->advance(1us);
    EXPECT_EQ(nobody->lost(), 3U);
}

}  // namespace
}  // namespace ixy::sim::test
