// Pools, from one thread: their shape, that nothing is lost or handed out twice, and that misuse of a checked pool ends
// the process.
#include <gtest/gtest.h>
#include <ixy/core/batch.hpp>
#include <ixy/core/mempool.hpp>
#include <ixy/core/process_space.hpp>

#include <functional>
#include <set>

#include "pool_fixture.hpp"

namespace ixy {
namespace {

using test::make_pool;

std::vector<Packet*> allocate(Mempool& pool, std::size_t count) {
    std::vector<Packet*> packets(count);
    packets.resize(pool.allocate(packets));
    return packets;
}

TEST(mempool, each_packet_is_handed_out_once_until_none_are_left) {
    for (const std::size_t size : std::initializer_list<std::size_t>{1, 2, 31, 32, 100, 257, 2048, 5000}) {
        const auto pool = make_pool(size);
        EXPECT_EQ(pool->size(), size);
        EXPECT_EQ(pool->available(), size);
        const auto packets = allocate(*pool, size + 10);
        EXPECT_EQ(packets.size(), size);
        EXPECT_EQ(std::set(packets.begin(), packets.end()).size(), size);
        EXPECT_EQ(pool->allocate(), nullptr);
        EXPECT_EQ(pool->available(), 0u);
        pool->free(packets);
        EXPECT_EQ(pool->available(), size);
        const auto again = allocate(*pool, size);
        EXPECT_EQ(again.size(), size);
        free_packets(again);
    }
}

TEST(mempool, every_mix_of_bulk_sizes_loses_no_packet) {
    const auto pool = make_pool(1000);
    std::vector<Packet*> held;
    for (std::size_t step = 1; step < 3000; ++step) {
        const std::size_t bulk = step * 7919 % 300;
        if (step % 2 != 0) {
            const auto packets = allocate(*pool, bulk);
            EXPECT_EQ(packets.size(), std::min(bulk, 1000 - held.size()));
            held.insert(held.end(), packets.begin(), packets.end());
        } else {
            const std::size_t count = std::min(bulk, held.size());
            pool->free(std::span(held).last(count));
            held.resize(held.size() - count);
        }
        ASSERT_EQ(pool->available(), 1000 - held.size());
    }
    EXPECT_EQ(std::set(held.begin(), held.end()).size(), held.size());
    pool->free(held);
    held = allocate(*pool, 1000);
    EXPECT_EQ(held.size(), 1000u);
    pool->free(held);
}

TEST(mempool, empty_bulks_do_nothing) {
    const auto pool = make_pool(10);
    EXPECT_EQ(pool->allocate(std::span<Packet*>()), 0u);
    pool->free({});
    free_packets({});
    EXPECT_EQ(pool->available(), 10u);
}

TEST(mempool, a_new_packet_is_empty_and_a_raw_one_is_unchanged) {
    const auto pool = make_pool(1);
    Packet* packet = pool->allocate();
    packet->received(77, 99, PacketFlags::vlan_stripped, 5);
    packet->set_next(packet);
    pool->free({&packet, 1});
    ASSERT_EQ(pool->allocate_raw({&packet, 1}), 1u);
    EXPECT_EQ(packet->length(), 99u);
    pool->free({&packet, 1});
    packet = pool->allocate();
    EXPECT_EQ(packet->headroom(), 128u);
    EXPECT_EQ(packet->length(), 0u);
    EXPECT_EQ(packet->flags(), PacketFlags::none);
    EXPECT_EQ(packet->next(), nullptr);
    EXPECT_EQ(&packet->pool(), pool.get());
    free_packets({&packet, 1});
}

TEST(mempool, buffers_are_disjoint_inside_the_space_and_spread_over_cache_sets) {
    const auto space = *ProcessSpace::create(2 << 20);
    const auto pool = *Mempool::create(space, {.packets = 1500, .data_room = 4096});
    auto packets = allocate(*pool, 1500);
    std::ranges::sort(packets);
    std::set<std::uintptr_t> sets;
    for (std::size_t i = 0; i < packets.size(); ++i) {
        const auto begin = reinterpret_cast<std::uintptr_t>(packets[i]->buffer());
        EXPECT_EQ(packets[i]->capacity(), 128u + 4096u);
        EXPECT_EQ(packets[i]->buffer_address().value, begin);
        EXPECT_EQ(begin % 64, 0u);
        if (i + 1 < packets.size()) {
            EXPECT_LE(packets[i]->buffer() + packets[i]->capacity(), reinterpret_cast<std::byte*>(packets[i + 1]));
        }
        sets.insert(begin / 64 % 64);
    }
    EXPECT_EQ(sets.size(), 64u);
    free_packets(packets);
}

TEST(mempool, indices_are_those_of_a_single_array) {
    const auto pool = make_pool(300);
    std::set<std::uint32_t> indices;
    const auto packets = allocate(*pool, 300);
    for (const Packet* packet : packets) indices.insert(packet->index());
    EXPECT_EQ(indices.size(), 300u);
    EXPECT_EQ(*indices.rbegin(), 299u);
    free_packets(packets);
}

TEST(mempool, a_default_pool_and_the_rings_of_a_queue_pair_fit_into_3_huge_pages) {
    for (const bool rings_first : {false, true}) {
        const auto space = *ProcessSpace::create(2 << 20);
        std::vector<DmaMemory> rings;
        const auto make_rings = [&] {
            for (int i = 0; i < 2; ++i)
                rings.push_back(*space->allocate(4096 * 16, 4096));  // the longest an e1000 can have
        };
        if (rings_first) make_rings();
        const auto pool = *Mempool::create(space);
        if (!rings_first) make_rings();
        EXPECT_LE(space->region_count(), 3u);
    }
}

TEST(mempool, its_memory_returns_to_the_space) {
    const auto space = *ProcessSpace::create(2 << 20);
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(Mempool::create(space).has_value());
    EXPECT_LE(space->region_count(), 3u);
}

TEST(mempool, shapes_out_of_range_are_errors) {
    const auto space = *ProcessSpace::create();
    for (const MempoolOptions& options : {MempoolOptions{.packets = 0},
                                          {.packets = (1 << 24) + 1},
                                          {.packets = SIZE_MAX},
                                          {.data_room = 0},
                                          {.data_room = 100},
                                          {.data_room = 16448},
                                          {.data_room = SIZE_MAX & ~std::size_t{63}},
                                          {.headroom = 1},
                                          {.headroom = 1088},
                                          {.headroom = SIZE_MAX & ~std::size_t{63}}}) {
        const auto pool = Mempool::create(space, options);
        ASSERT_FALSE(pool.has_value());
        EXPECT_EQ(pool.error().kind, ErrorKind::invalid_argument);
        EXPECT_NE(pool.error().next, "");
    }
    EXPECT_TRUE(Mempool::create(space, {.packets = 3, .data_room = 16384, .headroom = 1024}).has_value());
    EXPECT_TRUE(Mempool::create(space, {.packets = 3, .data_room = 64, .headroom = 0}).has_value());
}

TEST(mempool, a_space_whose_pieces_are_too_small_is_an_error) {
    const auto space = *ProcessSpace::create(4096);
    EXPECT_TRUE(Mempool::create(space, {.packets = 10}).has_value());
    EXPECT_EQ(Mempool::create(space, {.packets = 10, .data_room = 8192}).error().kind, ErrorKind::invalid_argument);
}

TEST(free_packets, returns_each_packet_to_its_own_pool) {
    const auto a = make_pool(50), b = make_pool(60);
    std::vector<Packet*> packets;
    for (int i = 0; i < 50; ++i) packets.push_back(i % 3 == 0 || i > 40 ? a->allocate() : b->allocate());
    free_packets(packets);
    EXPECT_EQ(a->available(), 50u);
    EXPECT_EQ(b->available(), 60u);
}

TEST(free_packets, returns_every_piece_of_a_chain_to_its_pool) {
    const auto a = make_pool(300), b = make_pool(300);
    std::vector<Packet*> packets = allocate(*a, 3);
    Packet* last = packets[1];
    for (int i = 0; i < 400; ++i) {
        Packet* piece = i % 5 < 2 ? a->allocate() : b->allocate();
        last->set_next(piece);
        last = piece;
    }
    free_packets(packets);
    EXPECT_EQ(a->available(), 300u);
    EXPECT_EQ(b->available(), 300u);
}

void check_death(const std::function<void()>& mistake, const char* message) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(mistake(), message);
}

TEST(mempool_death, a_packet_freed_twice) {
    const auto pool = make_pool(100);
    Packet* packet = pool->allocate();
    check_death([&] { free_packets({{packet, packet}}); }, "given back twice");
    pool->free({&packet, 1});
    check_death([&] { free_packets({&packet, 1}); }, "given back twice");
}

TEST(mempool_death, a_packet_freed_into_another_pool) {
    const auto a = make_pool(100), b = make_pool(100), small = make_pool(1);
    std::vector<Packet*> packets = allocate(*a, 100);
    check_death([&] { b->free({&packets[0], 1}); }, "not from");
    check_death([&] { small->free({&packets[99], 1}); }, "not from");
    check_death([&] { small->free({&packets[0], 1}); }, "not from");
    free_packets(packets);
}

TEST(mempool_death, null_freed) {
    const auto pool = make_pool(100);
    Packet* nothing = nullptr;
    check_death([&] { pool->free({&nothing, 1}); }, "null");
}

TEST(mempool_death, a_pool_destroyed_while_packets_are_out) {
    auto pool = make_pool(100);
    Packet* packet = pool->allocate();
    check_death([&] { pool.reset(); }, "in use");
    pool->free({&packet, 1});
}

#ifndef NDEBUG
TEST(mempool_death, debug_builds_always_check) {
    const auto pool = make_pool(100, false);
    Packet* packet = pool->allocate();
    check_death([&] { free_packets({{packet, packet}}); }, "given back twice");
    pool->free({&packet, 1});
}
#endif

}  // namespace
}  // namespace ixy
