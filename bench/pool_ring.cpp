// Cycles and instructions per buffer of a pool and per object in a ring, in one thread at several bulk sizes: the work
// alone, before any cache line moves between processors.
//
//   bench_pool_ring                                 Google Benchmark: cycles of the time-stamp counter
//   valgrind --tool=callgrind --toggle-collect='*::measured_*' bench_pool_ring --count pool 32 1000
//                                                   instructions; `bench/report` divides them by the objects
#include <benchmark/benchmark.h>
#include <ixy/core/mempool.hpp>
#include <ixy/core/process_space.hpp>
#include <ixy/core/ring.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "bench/cycles.hpp"

namespace {

using namespace ixy;
using namespace ixy::bench;

std::shared_ptr<Mempool> make_pool() { return Mempool::create(ProcessSpace::create().value()).value(); }

// Ways to use a pool or a ring. Each is made for one bulk size and handles one bulk per call.

/// Takes a bulk and gives it back: the thread's cache serves both.
struct UsePool {
    static constexpr const char* name = "pool";
    explicit UsePool(std::size_t bulk) : packets(bulk) {}
    void operator()() {
        benchmark::DoNotOptimize(pool->allocate(packets));
        benchmark::DoNotOptimize(packets.data());
        benchmark::ClobberMemory();
        pool->free(packets);
    }
    std::shared_ptr<Mempool> pool = make_pool();
    std::vector<Packet*> packets;
};

/// The same, the way a receive queue and a batch do it: without resetting the packets, and back through each packet's
/// pool.
struct UsePoolRaw {
    static constexpr const char* name = "pool_raw";
    explicit UsePoolRaw(std::size_t bulk) : packets(bulk) {
        pool->allocate(packets);
        free_packets(packets);
    }
    void operator()() {
        benchmark::DoNotOptimize(pool->allocate_raw(packets));
        benchmark::DoNotOptimize(packets.data());
        benchmark::ClobberMemory();
        free_packets(packets);
    }
    std::shared_ptr<Mempool> pool = make_pool();
    std::vector<Packet*> packets;
};

/// Takes bulks until half of the pool is out, then gives all back, so that the cache refills and spills over and over.
struct UsePoolBeyondCache {
    static constexpr const char* name = "pool_beyond_cache";
    explicit UsePoolBeyondCache(std::size_t size) : bulk(size) {}
    ~UsePoolBeyondCache() { pool->free(std::span(packets).first(out)); }
    void operator()() {
        // Each call does half of the work for a bulk, twice: packets.size() are taken, then packets.size() given back.
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
    }
    std::size_t bulk;
    std::shared_ptr<Mempool> pool = make_pool();
    std::vector<Packet*> packets = std::vector<Packet*>(pool->size() / 2);
    std::size_t out = 0;
    bool taking = true;
};

/// Puts a bulk into a ring and takes it out.
template <class Ring>
struct UseRing {
    static constexpr const char* name = std::is_same_v<Ring, SpscRing<Packet*>> ? "ring_spsc" : "ring_mpmc";
    explicit UseRing(std::size_t bulk) : packets(bulk) {}
    void operator()() {
        benchmark::DoNotOptimize(ring.push(packets));
        benchmark::ClobberMemory();
        benchmark::DoNotOptimize(ring.pop(packets));
    }
    Ring ring{1024};
    std::vector<Packet*> packets;
};

/// Reports cycles per object, the median of all iterations.
template <class Use>
void report_cycles(benchmark::State& state) {
    constexpr std::size_t objects_per_iteration = 4096;
    const auto bulk = static_cast<std::size_t>(state.range(0));
    Use use(bulk);
    std::vector<double> cycles;
    for (auto _ : state) {
        const std::uint64_t spent = count_cycles([&] {
            for (std::size_t i = 0; i < objects_per_iteration / bulk; ++i) use();
        });
        cycles.push_back(static_cast<double>(spent));
    }
    state.counters["cycles_per_object"] = median(cycles) / objects_per_iteration;
}

/// A function of its own, so that callgrind can switch on inside it.
template <class Use>
[[gnu::noinline]] void measured_bulk(Use& use) {
    use();
}

template <class Use>
bool run_rounds(std::string_view name, std::size_t bulk, std::size_t rounds) {
    if (name != Use::name) return false;
    Use use(bulk);
    for (std::size_t i = 0; i < rounds; ++i) measured_bulk(use);
    return true;
}

template <class... Uses>
int run(int argc, char** argv) {
    if (argc == 5 && std::string_view(argv[1]) == "--count") {
        return (run_rounds<Uses>(argv[2], std::stoul(argv[3]), std::stoul(argv[4])) || ...) ? 0 : 2;
    }
    const auto add = [](benchmark::internal::Benchmark* benchmark) {
        for (const int bulk : {1, 8, 32, 64, 256}) benchmark->ArgName("bulk")->Arg(bulk);
    };
    (add(benchmark::RegisterBenchmark(Uses::name, report_cycles<Uses>)), ...);
    benchmark::Initialize(&argc, argv);
    benchmark::RunSpecifiedBenchmarks();
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    return run<UsePool, UsePoolRaw, UsePoolBeyondCache, UseRing<SpscRing<Packet*>>, UseRing<MpmcRing<Packet*>>>(argc,
                                                                                                                argv);
}
