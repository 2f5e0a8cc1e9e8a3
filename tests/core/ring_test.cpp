// Rings: order, completeness, every slot usable; from one thread and from several.
#include <gtest/gtest.h>
#include <ixy/core/ring.hpp>

#include <algorithm>
#include <numeric>
#include <random>
#include <thread>
#include <vector>

namespace ixy {
namespace {

template <class Ring>
class any_ring : public testing::Test {};
struct RingNames {
    template <class Ring>
    static std::string GetName(int index) {
        return index == 0 ? "spsc" : "mpmc";
    }
};
using Rings = testing::Types<SpscRing<std::uint64_t>, MpmcRing<std::uint64_t>>;
TYPED_TEST_SUITE(any_ring, Rings, RingNames);

std::vector<std::uint64_t> numbers(std::uint64_t first, std::size_t count) {
    std::vector<std::uint64_t> numbers(count);
    std::iota(numbers.begin(), numbers.end(), first);
    return numbers;
}

TYPED_TEST(any_ring, capacity_is_the_next_power_of_two_and_every_slot_is_usable) {
    for (const auto& [asked, capacity] :
         {std::pair<std::size_t, std::size_t>{0, 1}, {1, 1}, {2, 2}, {3, 4}, {64, 64}, {65, 128}}) {
        TypeParam ring(asked);
        EXPECT_EQ(ring.capacity(), capacity);
        EXPECT_EQ(ring.push(numbers(0, capacity + 1)), capacity);
        EXPECT_EQ(ring.size(), capacity);
        EXPECT_FALSE(ring.push(std::uint64_t{7}));
        std::vector<std::uint64_t> got(capacity + 1);
        EXPECT_EQ(ring.pop(got), capacity);
        got.pop_back();
        EXPECT_EQ(got, numbers(0, capacity));
        EXPECT_EQ(ring.size(), 0u);
        EXPECT_FALSE(ring.pop(got[0]));
    }
}

TYPED_TEST(any_ring, order_is_kept_across_many_laps_with_every_bulk_size) {
    TypeParam ring(16);
    std::uint64_t written = 0, read = 0;
    for (std::size_t step = 0; step < 5000; ++step) {
        written += ring.push(numbers(written, step * 7 % 23));
        std::vector<std::uint64_t> got(step * 5 % 19);
        got.resize(ring.pop(got));
        ASSERT_EQ(got, numbers(read, got.size()));
        read += got.size();
        ASSERT_EQ(ring.size(), written - read);
    }
    EXPECT_GT(read, 16 * 100u);
}

TYPED_TEST(any_ring, empty_bulks_do_nothing) {
    TypeParam ring(4);
    EXPECT_EQ(ring.push(std::span<const std::uint64_t>()), 0u);
    EXPECT_EQ(ring.pop(std::span<std::uint64_t>()), 0u);
    EXPECT_EQ(ring.size(), 0u);
}

/// Holds its sender and sequence number twice, so that a torn object shows.
struct Parcel {
    std::uint64_t sender, number, check;
    static Parcel make(std::uint64_t sender, std::uint64_t number) { return {sender, number, ~(sender ^ number)}; }
    bool whole() const { return check == ~(sender ^ number); }
};

template <class Ring>
void send(Ring& ring, std::uint64_t sender, std::uint64_t count) {
    std::mt19937 random(static_cast<unsigned>(sender));
    for (std::uint64_t number = 0; number < count;) {
        std::vector<Parcel> parcels;
        for (std::uint64_t i = 0; i < random() % 40 && number + i < count; ++i)
            parcels.push_back(Parcel::make(sender, number + i));
        const std::size_t pushed = ring.push(parcels);
        if (pushed == 0) std::this_thread::yield();
        number += pushed;
    }
}

/// Takes parcels until all receivers together have taken `left`; each receiver sees each sender's parcels in order.
template <class Ring>
void receive(Ring& ring, std::atomic<std::int64_t>& left, std::vector<std::uint64_t>& sums) {
    std::mt19937 random(99);
    std::vector<std::int64_t> last(sums.size(), -1);
    std::array<Parcel, 40> parcels;
    while (left.load() > 0) {
        const std::size_t count = ring.pop(std::span(parcels).first(random() % parcels.size()));
        if (count == 0) std::this_thread::yield();
        for (const Parcel& parcel : std::span(parcels).first(count)) {
            if (!parcel.whole() || parcel.sender >= sums.size()) {
                ADD_FAILURE() << "a torn parcel";
                continue;
            }
            if (static_cast<std::int64_t>(parcel.number) <= last[parcel.sender]) ADD_FAILURE() << "out of order";
            last[parcel.sender] = static_cast<std::int64_t>(parcel.number);
            sums[parcel.sender] += parcel.number + 1;
        }
        left -= static_cast<std::int64_t>(count);
    }
}

TEST(spsc_ring, between_two_threads_everything_arrives_once_and_in_order) {
    for (const std::size_t capacity : std::initializer_list<std::size_t>{1, 8, 256}) {
        SpscRing<Parcel> ring(capacity);
        const std::uint64_t sent =
            std::min<std::uint64_t>(200'000, 500 * capacity);  // a full ring makes a thread yield
        std::atomic<std::int64_t> left = static_cast<std::int64_t>(sent);
        std::vector<std::uint64_t> sums(1);
        {
            const std::jthread sender([&] { send(ring, 0, sent); });
            receive(ring, left, sums);
        }
        EXPECT_EQ(sums[0], sent * (sent + 1) / 2);
        EXPECT_EQ(ring.size(), 0u);
    }
}

TEST(mpmc_ring, between_six_threads_everything_arrives_once_in_its_senders_order) {
    constexpr std::uint64_t senders = 3, receivers = 3;
    for (const std::size_t capacity : std::initializer_list<std::size_t>{2, 64, 1024}) {
        const std::uint64_t count = std::min<std::uint64_t>(30'000, 200 * capacity);
        MpmcRing<Parcel> ring(capacity);
        std::atomic<std::int64_t> left = static_cast<std::int64_t>(count * senders);
        std::vector sums(receivers, std::vector<std::uint64_t>(senders));
        {
            std::vector<std::jthread> threads;
            for (std::uint64_t i = 0; i < senders; ++i)
                threads.emplace_back([&ring, i, count] { send(ring, i, count); });
            for (std::uint64_t i = 0; i < receivers; ++i)
                threads.emplace_back([&ring, &left, &sums, i] { receive(ring, left, sums[i]); });
        }
        EXPECT_EQ(left, 0);
        EXPECT_EQ(ring.size(), 0u);
        for (std::uint64_t i = 0; i < senders; ++i)
            EXPECT_EQ(sums[0][i] + sums[1][i] + sums[2][i], count * (count + 1) / 2);
    }
}

}  // namespace
}  // namespace ixy
