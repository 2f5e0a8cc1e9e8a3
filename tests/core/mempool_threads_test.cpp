// Pools, from many threads: nothing is lost or handed out twice, and caches end with their threads and with their
// pools.
#include <gtest/gtest.h>
#include <ixy/core/batch.hpp>
#include <ixy/core/mempool.hpp>
#include <ixy/core/ring.hpp>

#include <pthread.h>
#include <unistd.h>

#include <barrier>
#include <chrono>
#include <csignal>
#include <cstring>
#include <random>
#include <set>
#include <thread>

#include "pool_fixture.hpp"

namespace ixy {
namespace {

using test::make_pool;

/// Takes all packets and checks that each is there exactly once.
void expect_complete(Mempool& pool) {
    EXPECT_EQ(pool.available(), pool.size());
    std::vector<Packet*> packets(pool.size() + 1);
    packets.resize(pool.allocate(packets));
    EXPECT_EQ(packets.size(), pool.size());
    EXPECT_EQ(std::set(packets.begin(), packets.end()).size(), pool.size());
    pool.free(packets);
}

void write_owner(Packet& packet, std::uint64_t owner) { std::memcpy(packet.buffer(), &owner, sizeof owner); }
std::uint64_t owner_of(const Packet& packet) {
    std::uint64_t owner = 0;
    std::memcpy(&owner, packet.buffer(), sizeof owner);
    return owner;
}

TEST(mempool_threads, packets_may_be_freed_by_another_thread) {
    const auto pool = make_pool(2048);
    for (int round = 0; round < 10; ++round) {
        std::vector<Packet*> packets(2048);
        ASSERT_EQ(pool->allocate(packets), 2048u);
        std::jthread([&] {
            for (std::size_t i = 0; i < packets.size(); i += 32) free_packets(std::span(packets).subspan(i, 32));
        });
    }
    expect_complete(*pool);
}

TEST(mempool_threads, a_cache_is_returned_when_its_thread_ends) {
    const auto pool = make_pool(2048), other = make_pool(512);
    std::jthread([&] {
        Batch<64> batch;
        batch.allocate(*pool, 32);
        batch.allocate(*other, 32);
        batch.clear();
        EXPECT_EQ(pool->available(), 2048u);
    });
    expect_complete(*pool);
    expect_complete(*other);
}

TEST(mempool_threads, numbers_of_ended_threads_are_reused) {
    const auto pool = make_pool(2048);
    std::set<std::size_t> slots;
    for (int i = 0; i < 200; ++i)
        std::jthread([&] {
            Batch<1>().allocate(*pool, 1);
            slots.insert(detail::thread_slot);
        });
    EXPECT_LE(slots.size(), 2u);
    EXPECT_LT(*slots.rbegin(), detail::thread_slots);
}

TEST(mempool_threads, threads_beyond_the_maximum_work_without_a_cache) {
    const auto pool = make_pool(4096);
    constexpr int count = static_cast<int>(detail::thread_slots) + 20;
    std::barrier all_running(count);
    std::atomic<int> without = 0;
    std::vector<std::jthread> threads;
    for (int i = 0; i < count; ++i)
        threads.emplace_back([&] {
            Batch<16> batch;
            for (int round = 0; round < 20; ++round) {
                batch.allocate(*pool, 16);
                if (round == 0) all_running.arrive_and_wait();
                batch.clear();
            }
            if (detail::thread_slot == detail::thread_slots) ++without;
        });
    threads.clear();
    EXPECT_GE(without, 20);
    expect_complete(*pool);
}

TEST(mempool_threads, a_thread_local_batch_may_outlive_its_threads_cache) {
    const auto pool = make_pool(2048);
    std::jthread([&] {
        static thread_local Batch<32>
            batch;  // created before the thread first uses a pool, so destroyed after its cache
        batch.clear();
        batch.allocate(*pool, 10);
    });
    expect_complete(*pool);
}

TEST(mempool_threads, pools_may_end_together_with_threads_that_used_them) {
    for (int round = 0; round < 50; ++round) {
        auto pool = make_pool(1024);
        std::barrier used(5);
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i)
            threads.emplace_back([&pool, &used] {
                Batch<32>().allocate(*pool, 32);
                used.arrive_and_wait();
            });
        used.arrive_and_wait();
        pool.reset();  // its threads are just ending
    }
}

TEST(mempool_threads, eight_threads_passing_packets_on_return_each_once) {
    const auto pool = make_pool(2048);
    MpmcRing<Packet*> passed_on(256);
    const auto work = [&](std::uint64_t self) {
        std::mt19937 random(static_cast<unsigned>(self));
        Batch<64> batch;
        for (int round = 0; round < 2000; ++round) {
            const std::size_t before = batch.size();
            batch.allocate(*pool, random() % 64);
            for (std::size_t i = before; i < batch.size(); ++i) write_owner(batch[i], self << 32 | batch[i].index());
            for (Packet& packet : batch)
                if (owner_of(packet) != (self << 32 | packet.index())) ADD_FAILURE() << "two threads own one packet";
            batch.release_front(passed_on.push(batch.pointers().first(random() % (batch.size() + 1))));
            if (random() % 2 == 0) batch.clear();
            const std::size_t kept = batch.size();
            batch.grow(passed_on.pop(batch.free_slots().first(random() % (batch.room() + 1))));
            for (std::size_t i = kept; i < batch.size(); ++i) {
                EXPECT_EQ(owner_of(batch[i]) & 0xffffffff, batch[i].index());
                write_owner(batch[i], self << 32 | batch[i].index());
            }
        }
    };
    std::vector<std::jthread> threads;
    for (std::uint64_t self = 1; self <= 8; ++self) threads.emplace_back(work, self);
    threads.clear();
    Batch<256> rest;
    rest.grow(passed_on.pop(rest.free_slots()));
    rest.clear();
    expect_complete(*pool);
}

// A pool this small has no caches, so every call swaps the top of the shared stack, and the same packets keep returning
// to the top: the ABA problem for a stack without tags.
TEST(mempool_threads, reused_stack_top_does_not_confuse_a_pop) {
    const auto pool = make_pool(7);
    ASSERT_EQ(pool->cache_capacity(), 0u);
    std::array<std::atomic<int>, 7> owners{};
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    // Takes two and frees the upper one: it is on top again, and the one below it is still ours. A pop that started
    // earlier would put that one on top.
    const auto work = [&] {
        std::array<Packet*, 2> packets{};
        while (std::chrono::steady_clock::now() < deadline) {
            for (int round = 0; round < 100; ++round) {
                const std::size_t count = pool->allocate_raw(packets);
                for (std::size_t i = 0; i < count; ++i)
                    if (owners[packets[i]->index()].exchange(1) != 0) ADD_FAILURE() << "two threads own one packet";
                for (std::size_t i = 0; i < count; ++i) {
                    owners[packets[i]->index()] = 0;
                    pool->free({&packets[i], 1});
                }
            }
        }
    };
    std::signal(SIGUSR1, [](int) { usleep(20); });
    std::vector<std::jthread> threads;
    std::atomic<int> running = 4;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            work();
            --running;
        });
    for (std::size_t i = 0; running != 0; ++i) {
        pthread_kill(threads[i % threads.size()].native_handle(), SIGUSR1);
        usleep(10);
    }
    threads.clear();
    std::signal(SIGUSR1, SIG_DFL);
    expect_complete(*pool);
}

}  // namespace
}  // namespace ixy
