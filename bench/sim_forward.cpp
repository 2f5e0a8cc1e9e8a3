// Packets per second through two software 82540EMs and their driver, all in one thread: an endless wire feeds the first
// card, the driver forwards to the second card, and that card's wire counts.
//
//   bench_sim_forward                               Google Benchmark: items are packets
//   valgrind --tool=callgrind --toggle-collect='measured_*' bench_sim_forward --count 32 1000
//                                                   instructions of 1000 rounds of 32 packets, models included
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <ixy/nic/device.hpp>
#include <ixy/sim/function.hpp>

namespace {

using namespace ixy;

constexpr std::size_t frame_bytes = 60;

/// A wire that delivers as many frames as it is asked for.
class Feed final : public sim::Wire {
public:
    void send(std::span<const std::byte>, sim::Time) override {}
    std::optional<sim::WireFrame> receive(sim::Time) override {
        if (waiting == 0) return std::nullopt;
        --waiting;
        return sim::WireFrame{.bytes = frame_};
    }

    std::size_t waiting = 0;

private:
    std::array<std::byte, frame_bytes> frame_{std::byte{0x02}};
};

/// A wire that counts sent frames.
class Sink final : public sim::Wire {
public:
    void send(std::span<const std::byte> frame, sim::Time) override {
        ++frames;
        bytes += frame.size();
    }
    std::optional<sim::WireFrame> receive(sim::Time) override { return std::nullopt; }

    std::uint64_t frames = 0;
    std::uint64_t bytes = 0;
};

std::unique_ptr<PciFunction> in_front_of(const std::shared_ptr<sim::Card>& card) {
    return sim::make_function(card, "sim:82540em", sim::Running::manual);
}

/// Two cards in a row. Ends the process when something is missing: this is a benchmark.
class Path {
public:
    explicit Path(std::size_t batch) : batch_(batch) {}

    /// One batch from wire to wire.
    void forward(PacketBatch& packets) {
        feed_->waiting = batch_;
        from_->service();
        first_.rx_queue(0).receive(packets);
        second_.tx_queue(0).send(packets);
        packets.clear();
    }
    std::uint64_t forwarded() const { return sink_->frames; }

private:
    std::size_t batch_;
    Feed* feed_ = new Feed;
    Sink* sink_ = new Sink;
    std::shared_ptr<sim::Card> from_ =
        std::make_shared<sim::Card>(*sim::find_card_type("82540em"), std::unique_ptr<sim::Wire>(feed_));
    std::shared_ptr<sim::Card> to_ =
        std::make_shared<sim::Card>(*sim::find_card_type("82540em"), std::unique_ptr<sim::Wire>(sink_));
    Device first_ = Device::open(in_front_of(from_)).value();
    Device second_ = Device::open(in_front_of(to_)).value();
};

}  // namespace

extern "C" [[gnu::noinline]] void measured_forward(void* path, PacketBatch& packets) {
    static_cast<Path*>(path)->forward(packets);
}

namespace {

template <std::size_t N>
void forward(benchmark::State& state) {
    Path path(N);
    Batch<N> packets;
    for (auto _ : state) measured_forward(&path, packets);
    state.SetItemsProcessed(static_cast<std::int64_t>(path.forwarded()));
    if (path.forwarded() != N * static_cast<std::size_t>(state.iterations()))
        state.SkipWithError("packets are missing");
}
BENCHMARK(forward<8>)->Name("sim_forward/batch:8");
BENCHMARK(forward<32>)->Name("sim_forward/batch:32");
BENCHMARK(forward<128>)->Name("sim_forward/batch:128");

/// For callgrind: `rounds` batches, without Google Benchmark around them.
bool run_rounds(std::size_t batch, std::size_t rounds) {
    Path path(batch);
    Batch<256> packets;
    for (std::size_t i = 0; i < rounds; ++i) measured_forward(&path, packets);
    return path.forwarded() == batch * rounds;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc == 4 && std::string_view(argv[1]) == "--count") {
        return run_rounds(std::min(std::stoul(argv[2]), 256UL), std::stoul(argv[3])) ? 0 : 2;
    }
    benchmark::Initialize(&argc, argv);
    benchmark::RunSpecifiedBenchmarks();
}
