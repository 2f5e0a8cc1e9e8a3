// Batches own packets; packets know their frame.
#include <gtest/gtest.h>
#include <ixy/core/batch.hpp>
#include <ixy/core/process_space.hpp>

#include <algorithm>

#include "pool_fixture.hpp"

namespace ixy {
namespace {

using test::make_pool;

TEST(batch, remaining_packets_go_back_when_it_is_destroyed) {
    const auto pool = make_pool(64);
    {
        Batch<32> batch;
        EXPECT_EQ(batch.allocate(*pool, 20), 20u);
        EXPECT_EQ(batch.size(), 20u);
        EXPECT_EQ(batch.room(), 12u);
        EXPECT_EQ(pool->available(), 44u);
    }
    EXPECT_EQ(pool->available(), 64u);
}

#ifdef NDEBUG  // otherwise pools are checked, and this ends the process
TEST(batch, outliving_its_pool_still_returns_packets) {
    Batch<8> batch;
    {
        const auto pool = make_pool(100, false);
        batch.allocate(*pool, 8);
    }
    batch[0].set_length(60);
    std::ranges::fill(batch[0].data(), std::byte{1});
    batch.clear();
}
#endif

TEST(batch, allocates_no_more_than_it_has_room_for_or_the_pool_has) {
    const auto pool = make_pool(40);
    Batch<32> first, second;
    EXPECT_EQ(first.allocate(*pool, 1000), 32u);
    EXPECT_TRUE(first.full());
    EXPECT_EQ(first.allocate(*pool, 1), 0u);
    EXPECT_EQ(second.allocate(*pool, 32), 8u);
    EXPECT_EQ(second.allocate(*pool, 32), 0u);
}

TEST(batch, packets_taken_out_are_no_longer_its_own) {
    const auto pool = make_pool(64);
    Batch<8> batch;
    batch.allocate(*pool, 5);
    const std::vector<Packet*> packets(batch.pointers().begin(), batch.pointers().end());
    batch.release_front(2);
    EXPECT_EQ(batch.size(), 3u);
    EXPECT_EQ(&batch[0], packets[2]);
    EXPECT_EQ(batch.pop(), packets[4]);
    batch.clear();
    EXPECT_EQ(pool->available(), 61u);
    free_packets({{packets[0], packets[1], packets[4]}});
    EXPECT_EQ(pool->available(), 64u);
}

TEST(batch, queues_fill_the_free_slots_and_programs_iterate) {
    const auto pool = make_pool(64);
    Batch<8> batch;
    batch.push(pool->allocate());
    ASSERT_EQ(batch.free_slots().size(), 7u);
    batch.grow(pool->allocate(batch.free_slots().first(3)));
    std::size_t seen = 0;
    for (Packet& packet : batch) EXPECT_EQ(&packet, &batch[seen++]);
    EXPECT_EQ(seen, 4u);
}

TEST(packet, frame_grows_into_the_headroom_and_shrinks_again) {
    const auto pool = make_pool(1);
    Batch<1> batch;
    batch.allocate(*pool, 1);
    Packet& packet = batch[0];
    EXPECT_EQ(packet.headroom(), 128u);
    EXPECT_EQ(packet.tailroom(), 2048u);
    packet.set_length(60);
    std::byte* frame = packet.start();
    packet.prepend(14);
    EXPECT_EQ(packet.start(), frame - 14);
    EXPECT_EQ(packet.io_address().value, reinterpret_cast<std::uintptr_t>(frame - 14));
    EXPECT_EQ(packet.length(), 74u);
    packet.trim_front(14);
    EXPECT_EQ(packet.data().data(), frame);
    EXPECT_EQ(packet.length() + packet.tailroom(), 2048u);
}

}  // namespace
}  // namespace ixy
