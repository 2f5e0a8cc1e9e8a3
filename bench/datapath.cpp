// Cycles and instructions per packet of the 82540EM's driver: receive, transmit, forward, at several batch sizes; and
// what the ability to explain a device costs. The card is simulated in memory between the measurements.
//
//   bench_datapath                                  Google Benchmark: cycles of the time-stamp counter
//   valgrind --tool=callgrind --toggle-collect='measured_*' bench_datapath --count forward 32 1000
//                                                   instructions; `bench/report` divides them by the packets
#include <benchmark/benchmark.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <ixy/explain/explainer.hpp>
#include <ixy/faults/injector.hpp>
#include <ixy/nic/e1000/receive.hpp>
#include <ixy/nic/e1000/transmit.hpp>

#include "bench/cycles.hpp"
#include "tests/support/memory_card.hpp"

namespace {

using namespace ixy;
using namespace ixy::bench;

constexpr std::uint32_t frame_bytes = 60;

}  // namespace

// The measured work, in functions of its own so that callgrind can switch on inside them.
extern "C" {
[[gnu::noinline]] void measured_receive(RxQueue& rx, PacketBatch& batch) { rx.receive(batch); }
[[gnu::noinline]] void measured_transmit(TxQueue& tx, PacketBatch& batch) { tx.send(batch); }
[[gnu::noinline]] void measured_forward(RxQueue& rx, TxQueue& tx, PacketBatch& batch) {
    rx.receive(batch);
    tx.send(batch);
}
[[gnu::noinline]] std::uint32_t measured_access(const Bar& registers) {
    return registers.read(datasheet::e1000::STATUS).bits;
}
}

namespace {

/// How a device was opened: with nothing that could go between driver and card; or through the hooks of Device::open,
/// with explaining switched off, or on.
enum class Opened : std::uint8_t { plainly, unexplained, explained };

/// One card: its registers, through whatever wraps them, and the driver's two rings. Ends the process when there is no
/// memory: this is a benchmark.
class PlayedCard {
public:
    PlayedCard(const std::shared_ptr<DmaSpace>& space, Opened opened) {
        auto played = std::make_unique<test::MemoryCard>(space, test::MemoryCard::Registers::mapped);
        card_ = played.get();
        function_ = std::move(played);
        if (opened != Opened::plainly) {
            explain::request(explain::Settings{.on = opened == Opened::explained, .file = "/dev/null"});
            faults::inject_if_requested(function_).value();
            explain::explain_if_requested(function_).value();
        }
        registers_.emplace(function_->map_bar(0, 0).value());
        receive_ = e1000::ReceiveRing::create(*function_, *registers_, {}).value();
        transmit_ = e1000::TransmitRing::create(*function_, *registers_, {}).value();
        receive_->start();
        transmit_->start();
    }

    test::MemoryCard& hardware() { return *card_; }
    const Bar& registers() const { return *registers_; }
    e1000::ReceiveRing& receive_ring() { return *receive_; }
    e1000::TransmitRing& transmit_ring() { return *transmit_; }

private:
    std::unique_ptr<PciFunction> function_;
    test::MemoryCard* card_ = nullptr;
    std::optional<Bar> registers_;
    std::unique_ptr<e1000::ReceiveRing> receive_;
    std::unique_ptr<e1000::TransmitRing> transmit_;
};

/// Where the descriptors that a card has written back are when the driver reads them.
enum class Descriptors : std::uint8_t {
    hot,         ///< in this core's cache: the driver's work alone
    flushed,     ///< in memory: as after a card without access to the cache
    other_core,  ///< in another core's cache: as after a card that writes into a shared cache, or a software card
};

/// A thread on another core that does what it is told while the caller waits.
class OtherCore {
public:
    void run(std::function<void()> work) {
        work_ = std::move(work);
        turn_.store(1, std::memory_order_release);
        while (turn_.load(std::memory_order_acquire) != 0) std::this_thread::yield();
    }

private:
    std::function<void()> work_;
    std::atomic<int> turn_ = 0;
    std::jthread thread_{[this](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            if (turn_.load(std::memory_order_acquire) == 0) continue;
            work_();
            turn_.store(0, std::memory_order_release);
        }
    }};
};

/// Two cards, and one round of up to N packets at a time. Each round returns the cycles that it measured.
template <std::size_t N>
class Rounds {
public:
    explicit Rounds(Opened opened = Opened::plainly, Descriptors descriptors = Descriptors::hot)
        : opened_(opened), descriptors_(descriptors) {
        if (descriptors == Descriptors::other_core) other_core_.emplace();
    }

    std::uint64_t receive() {
        play(N);
        const std::uint64_t cycles = count_cycles([&] { measured_receive(rx_, batch_); });
        batch_.clear();
        return cycles;
    }
    std::uint64_t transmit() {
        play(0);
        batch_.allocate(*pool_, N);
        for (Packet& packet : batch_) packet.set_length(frame_bytes);
        return count_cycles([&] { measured_transmit(tx_, batch_); });
    }
    std::uint64_t forward_all() { return forward<N>(); }
    /// Forwards fewer packets than there is room for; with none, it polls an idle card.
    template <std::size_t Arrived>
    std::uint64_t forward() {
        play(Arrived);
        return count_cycles([&] { measured_forward(rx_, tx_, batch_); });
    }
    std::uint64_t access() {
        return count_cycles([&] { benchmark::DoNotOptimize(measured_access(first_.registers())); });
    }

private:
    /// The cards' part of a round: `arrived` frames come in at the first one, and the second one has sent all of its
    /// own.
    void play(std::size_t arrived) {
        const auto work = [this, arrived] {
            first_.hardware().deliver(arrived, frame_bytes);
            second_.hardware().report_sent();
        };
        if (other_core_) return other_core_->run(work);
        work();
        if (descriptors_ == Descriptors::flushed) {
            flush(std::as_bytes(first_.hardware().rx_ring()));
            flush(std::as_bytes(second_.hardware().tx_ring()));
        }
    }
    static void flush(std::span<const std::byte> memory) {
        for (std::size_t at = 0; at < memory.size(); at += 64) _mm_clflush(&memory[at]);
        _mm_mfence();
    }

    Opened opened_;
    Descriptors descriptors_;
    std::optional<OtherCore> other_core_;
    std::shared_ptr<ProcessSpace> space_ = ProcessSpace::create().value();
    std::shared_ptr<Mempool> pool_ = Mempool::create(space_).value();
    PlayedCard first_{space_, opened_};
    PlayedCard second_{space_, opened_};
    RxQueue rx_{first_.receive_ring()};
    TxQueue tx_{second_.transmit_ring()};
    Batch<N> batch_;
};

template <std::size_t N, auto Measure>
void measure(benchmark::State& state, Opened opened, Descriptors descriptors) {
    Rounds<N> rounds(opened, descriptors);
    std::vector<double> cycles;
    for (auto _ : state) {
        const std::uint64_t spent = (rounds.*Measure)();
        cycles.push_back(static_cast<double>(spent));
        state.SetIterationTime(static_cast<double>(spent) / cycles_per_second());
    }
    state.counters["cycles_per_packet"] = median(cycles) / N;
    state.counters["cycles_per_round"] = median(cycles);
}

/// For callgrind: `rounds` rounds of `name` ("forward", "forward:explained"), without Google Benchmark around them.
template <std::size_t N>
bool run_rounds(std::string_view name, std::size_t rounds) {
    const std::string_view how = name.substr(std::min(name.find(':'), name.size()));
    name.remove_suffix(how.size());
    Rounds<N> work(how == ":explained"     ? Opened::explained
                   : how == ":unexplained" ? Opened::unexplained
                                           : Opened::plainly);
    for (std::size_t i = 0; i < rounds; ++i) {
        if (name == "receive") {
            work.receive();
        } else if (name == "transmit") {
            work.transmit();
        } else if (name == "forward") {
            work.forward_all();
        } else if (name == "forward_one") {
            work.template forward<1>();
        } else if (name == "forward_none") {
            work.template forward<0>();
        } else if (name == "access") {
            work.access();
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

template <std::size_t N, auto Measure>
void add_benchmark(const std::string& name, Opened opened = Opened::plainly,
                   Descriptors descriptors = Descriptors::hot) {
    benchmark::RegisterBenchmark((name + "/batch:" + std::to_string(N)).c_str(), measure<N, Measure>, opened,
                                 descriptors)
        ->UseManualTime()
        ->Iterations(2000);
}

template <std::size_t N>
void add_benchmarks() {
    for (const auto& [name, descriptors] : {std::pair{"", Descriptors::hot},
                                            {":flushed", Descriptors::flushed},
                                            {":other_core", Descriptors::other_core}}) {
        add_benchmark<N, &Rounds<N>::receive>(std::string("receive") + name, Opened::plainly, descriptors);
        add_benchmark<N, &Rounds<N>::transmit>(std::string("transmit") + name, Opened::plainly, descriptors);
        add_benchmark<N, &Rounds<N>::forward_all>(std::string("forward") + name, Opened::plainly, descriptors);
    }
}

/// Rounds with fewer packets than room: how a program that is not overloaded spends its time.
void add_partial_benchmarks() {
    add_benchmark<32, &Rounds<32>::template forward<8>>("forward_eight");
    add_benchmark<32, &Rounds<32>::template forward<1>>("forward_one");
    add_benchmark<32, &Rounds<32>::template forward<0>>("forward_none");
}

/// What the ability to explain a device costs, and what explaining it costs.
void add_explained_benchmarks() {
    for (const auto& [name, opened] : {std::pair{"plainly", Opened::plainly},
                                       {"unexplained", Opened::unexplained},
                                       {"explained", Opened::explained}}) {
        add_benchmark<32, &Rounds<32>::forward_all>(std::string("forward:") + name, opened);
        add_benchmark<1, &Rounds<1>::access>(std::string("access:") + name, opened);
    }
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
    add_partial_benchmarks();
    add_explained_benchmarks();
    benchmark::Initialize(&argc, argv);
    benchmark::RunSpecifiedBenchmarks();
}
