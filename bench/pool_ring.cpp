// Cycles a buffer of a pool, and an object of a ring, in one thread at several bulk sizes: what they cost before any
// cache line moves between processors, which is the part that a program can do something about.
#include <benchmark/benchmark.h>
#include <ixy/core/mempool.hpp>
#include <ixy/core/process_space.hpp>
#include <ixy/core/ring.hpp>

#include <algorithm>
#include <limits>
#include <vector>

#include "bench/cycles.hpp"

namespace {

using namespace ixy;
using namespace ixy::bench;

constexpr std::size_t objects_per_iteration = 4096;

/// Runs `bulk_work`, which treats bulks of state.range(0) objects, and reports cycles an object: the least of all
/// iterations, since whatever else the machine does can only add to them.
template <class Work>
void report_cycles(benchmark::State& state, Work bulk_work) {
    const std::size_t bulks = objects_per_iteration / static_cast<std::size_t>(state.range(0));
    std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
    for (auto _ : state)
        least = std::min(least, count_cycles([&] {
                             for (std::size_t i = 0; i < bulks; ++i) bulk_work();
                         }));
    state.counters["cycles_per_object"] = static_cast<double>(least) / objects_per_iteration;
}

std::shared_ptr<Mempool> make_pool() { return Mempool::create(ProcessSpace::create().value()).value(); }

/// Takes a bulk and gives it back: the cache serves both.
void pool(benchmark::State& state) {
    const auto pool = make_pool();
    std::vector<Packet*> packets(static_cast<std::size_t>(state.range(0)));
    report_cycles(state, [&] {
        benchmark::DoNotOptimize(pool->allocate(packets));
        benchmark::DoNotOptimize(packets.data());
        benchmark::ClobberMemory();
        pool->free(packets);
    });
}

/// The same as a receive queue and a batch do it: without resetting the packets, and back by way of each packet's pool.
void pool_raw(benchmark::State& state) {
    const auto pool = make_pool();
    std::vector<Packet*> packets(static_cast<std::size_t>(state.range(0)));
    pool->allocate(packets);
    free_packets(packets);
    report_cycles(state, [&] {
        benchmark::DoNotOptimize(pool->allocate_raw(packets));
        benchmark::DoNotOptimize(packets.data());
        benchmark::ClobberMemory();
        free_packets(packets);
    });
}

/// Takes bulks until half of the pool is out, then gives all back, so that the cache is refilled and spilled over and
/// over.
void pool_beyond_cache(benchmark::State& state) {
    const auto pool = make_pool();
    const auto bulk = static_cast<std::size_t>(state.range(0));
    std::vector<Packet*> packets(pool->size() / 2);
    std::size_t out = 0;
    bool taking = true;
    report_cycles(state, [&] {
        // Each call does half of the work on a bulk, twice over: packets.size() are taken, then packets.size() given
        // back.
        for (int half = 0; half < 2; ++half) {
            if (taking) {
                out += pool->allocate(std::span(packets).subspan(out, bulk));
            } else {
                out -= bulk;
                pool->free(std::span(packets).subspan(out, bulk));
            }
            if (out == 0 || out == packets.size()) taking = out == 0;
        }
        benchmark::ClobberMemory();
    });
    pool->free(std::span(packets).first(out));
}

template <class Ring>
void ring(benchmark::State& state) {
    Ring ring(1024);
    std::vector<Packet*> packets(static_cast<std::size_t>(state.range(0)));
    report_cycles(state, [&] {
        benchmark::DoNotOptimize(ring.push(packets));
        benchmark::ClobberMemory();
        benchmark::DoNotOptimize(ring.pop(packets));
    });
}

void bulk_sizes(benchmark::internal::Benchmark* benchmark) {
    benchmark->ArgName("bulk");
    for (const int bulk : {1, 8, 32, 64, 256}) benchmark->Arg(bulk);
}

BENCHMARK(pool)->Apply(bulk_sizes);
BENCHMARK(pool_raw)->Apply(bulk_sizes);
BENCHMARK(pool_beyond_cache)->Apply(bulk_sizes);
BENCHMARK(ring<SpscRing<Packet*>>)->Name("ring_spsc")->Apply(bulk_sizes);
BENCHMARK(ring<MpmcRing<Packet*>>)->Name("ring_mpmc")->Apply(bulk_sizes);

}  // namespace

BENCHMARK_MAIN();
