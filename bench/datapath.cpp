// Cycles and instructions a packet of the 82540EM's driver: receive, transmit, forward, at several batch sizes.
//
//   bench_datapath                                  Google Benchmark: cycles of the time-stamp counter
//   valgrind --tool=callgrind --toggle-collect='measured_*' bench_datapath --count forward 32 1000
//                                                   instructions, which `bench/report` divides by the packets
#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "bench/cycles.hpp"
#include "bench/memory_card.hpp"

namespace {

using namespace ixy;
using namespace ixy::bench;

constexpr std::uint32_t frame_bytes = 60;

}  // namespace

// What is measured. Functions of their own, so that callgrind can switch on inside them.
extern "C" {
[[gnu::noinline]] void measured_receive(RxQueue& rx, PacketBatch& batch) { rx.receive(batch); }
[[gnu::noinline]] void measured_transmit(TxQueue& tx, PacketBatch& batch) { tx.send(batch); }
[[gnu::noinline]] void measured_forward(RxQueue& rx, TxQueue& tx, PacketBatch& batch) {
    rx.receive(batch);
    tx.send(batch);
    batch.clear();
}
}

namespace {

/// Two cards, and one round of N packets at a time. Each round returns the cycles of what it measures.
template <std::size_t N>
class Rounds {
public:
    std::uint64_t receive() {
        first_.deliver(N, frame_bytes);
        const std::uint64_t cycles = count_cycles([&] { measured_receive(rx_, batch_); });
        batch_.clear();
        return cycles;
    }
    std::uint64_t transmit() {
        second_.transmit();
        batch_.allocate(*pool_, N);
        for (Packet& packet : batch_) packet.set_length(frame_bytes);
        return count_cycles([&] { measured_transmit(tx_, batch_); });
    }
    std::uint64_t forward() {
        first_.deliver(N, frame_bytes);
        second_.transmit();
        return count_cycles([&] { measured_forward(rx_, tx_, batch_); });
    }

private:
    std::shared_ptr<ProcessSpace> space_ = ProcessSpace::create().value();
    std::shared_ptr<Mempool> pool_ = Mempool::create(space_).value();
    MemoryCard first_{space_};
    MemoryCard second_{space_};
    RxQueue rx_{first_.receive_ring()};
    TxQueue tx_{second_.transmit_ring()};
    Batch<N> batch_;
};

template <std::size_t N, auto Measure>
void measure(benchmark::State& state) {
    Rounds<N> rounds;
    std::uint64_t cycles = 0;
    for (auto _ : state) {
        const std::uint64_t spent = (rounds.*Measure)();
        cycles += spent;
        state.SetIterationTime(static_cast<double>(spent) / cycles_per_second());
    }
    state.counters["cycles_per_packet"] =
        static_cast<double>(cycles) / static_cast<double>(N * static_cast<std::size_t>(state.iterations()));
}

/// For callgrind: `rounds` rounds of what `name` says, with no benchmark around them.
template <std::size_t N>
bool run_rounds(std::string_view name, std::size_t rounds) {
    Rounds<N> work;
    for (std::size_t i = 0; i < rounds; ++i) {
        if (name == "receive") {
            work.receive();
        } else if (name == "transmit") {
            work.transmit();
        } else if (name == "forward") {
            work.forward();
        } else {
            return false;
        }
    }
    return true;
}

bool run_rounds(std::string_view name, std::size_t batch, std::size_t rounds) {
    switch (batch) {
        case 1:
            return run_rounds<1>(name, rounds);
        case 8:
            return run_rounds<8>(name, rounds);
        case 32:
            return run_rounds<32>(name, rounds);
        case 64:
            return run_rounds<64>(name, rounds);
        case 256:
            return run_rounds<256>(name, rounds);
        default:
            return false;
    }
}

template <std::size_t N>
void add_benchmarks() {
    const std::string batch = "/batch:" + std::to_string(N);
    benchmark::RegisterBenchmark(("receive" + batch).c_str(), measure<N, &Rounds<N>::receive>)->UseManualTime();
    benchmark::RegisterBenchmark(("transmit" + batch).c_str(), measure<N, &Rounds<N>::transmit>)->UseManualTime();
    benchmark::RegisterBenchmark(("forward" + batch).c_str(), measure<N, &Rounds<N>::forward>)->UseManualTime();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc == 5 && std::string_view(argv[1]) == "--count") {
        return run_rounds(argv[2], std::stoul(argv[3]), std::stoul(argv[4])) ? 0 : 2;
    }
    add_benchmarks<1>();
    add_benchmarks<8>();
    add_benchmarks<32>();
    add_benchmarks<64>();
    add_benchmarks<256>();
    benchmark::Initialize(&argc, argv);
    benchmark::RunSpecifiedBenchmarks();
}
