// ixy-fwd DEVICE DEVICE: forwards frames between two cards, both ways.
//
// The reading path begins here. Everything that happens to a packet is in Direction::forward(); from receive() and
// send() it is one step into the driver (ixy/nic/e1000/receive.cpp and transmit.cpp).
#include <algorithm>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include <fmt/core.h>

#include "common/command_line.hpp"
#include "common/copy.hpp"
#include "common/monitor.hpp"
#include "common/patient_sender.hpp"
#include "common/plain_words.hpp"
#include "common/sized_batch.hpp"

namespace {

using namespace ixy;
using namespace ixy::app;

constexpr auto program = "ixy-fwd";

struct Options : CommonOptions {
    std::string first;
    std::string second;
    bool touch = false;
};

constexpr std::size_t touched = 48;  // the byte that --touch changes: in the payload of the shortest UDP frame

/// One way: from a card's receive queue to the other card's transmit queue.
class Direction {
public:
    Direction(Device& from, Device& to, std::size_t queue, std::shared_ptr<Mempool> copies, const Options& options)
        : from_(from.rx_queue(queue)),
          to_(to, queue),
          copies_(std::move(copies)),
          batch_(options.batch),
          touch_(options.touch) {}

    /// Moves one batch, or the packets that the other card had no room for last time. Returns false when
    /// there is nothing to move.
    bool forward() {
        if (batch_.empty()) {
            if (from_.receive(batch_) == 0) return false;
            if (touch_) touch();
            if (copies_) replace_with_copies(batch_, *copies_);
        }
        return to_.send(batch_) != 0 || !to_.is_held_up();  // drops packets without room, unless the wire is just busy
    }

    /// What to sleep for: packets, or room for those that have found none.
    WaitFor packets() {
        return {&from_.arrivals(), [this] { return batch_.empty(); }};
    }
    WaitFor room() {
        return {&to_.room(), [this] { return !batch_.empty(); }};
    }
    std::uint64_t received() const { return from_.counters().packets.value(); }
    std::uint64_t forwarded() const { return to_.counters().packets.value(); }

private:
    /// Changes a byte of each packet, like a program that does real work: the data must come into the cache.
    void touch() {
        for (Packet& packet : batch_) {
            if (packet.length() > touched) packet.start()[touched] ^= std::byte{1};
        }
    }

    RxQueue& from_;
    PatientSender to_;
    std::shared_ptr<Mempool> copies_;  ///< null when both cards reach the same memory
    SizedBatch batch_;
    bool touch_;
};

/// Pools for copies; null when both cards reach the same memory.
struct Copies {
    std::shared_ptr<Mempool> to_second;
    std::shared_ptr<Mempool> to_first;
};

/// One thread's work: a queue of each card, both ways. No two threads write to the same cache line.
class alignas(cache_line) Forwarder {
public:
    Forwarder(Device& first, Device& second, std::size_t queue, const Copies& copies, const Options& options)
        : forth_(first, second, queue, copies.to_second, options),
          back_(second, first, queue, copies.to_first, options) {}

    void run(Pulse& pulse) {
        while (pulse.going()) {
            const bool went_forth = forth_.forward();
            const bool came_back = back_.forward();
            pulse.rest_unless(went_forth || came_back);
        }
    }
    std::vector<WaitFor> events() { return {forth_.packets(), forth_.room(), back_.packets(), back_.room()}; }
    std::uint64_t received() const { return forth_.received() + back_.received(); }
    std::uint64_t forwarded() const { return forth_.forwarded() + back_.forwarded(); }

private:
    Direction forth_;
    Direction back_;
};

Expected<> check_distinct(const Options& options) {
    if (options.first != options.second || options.first.starts_with("sim:")) return {};  // each of those is a new card
    return failure(ErrorKind::invalid_argument, options.second + ": the same device twice", "name two devices");
}

/// Pools for copies, each in memory that the card that sends them reaches, for all queues; none if both cards share one
/// DMA space.
Expected<Copies> pools_for_copies(Device& first, Device& second, std::size_t queues) {
    if (first.dma_space() == second.dma_space()) return {};
    say(fmt::format("{}: the cards do not share memory, so every packet is copied", program));
    const auto pool = [queues](Device& from, Device& to) {
        return to.create_pool({.packets = queues * from.pool()->size(), .data_room = from.pool()->data_room()});
    };
    auto to_second = pool(first, second);
    if (!to_second) return std::unexpected(to_second.error());
    auto to_first = pool(second, first);
    if (!to_first) return std::unexpected(to_first.error());
    return Copies{std::move(*to_second), std::move(*to_first)};
}

Totals totals(const std::deque<Forwarder>& queues) {
    std::uint64_t received = 0, forwarded = 0;
    for (const Forwarder& queue : queues) {
        forwarded += queue.forwarded();
        received += queue.received();
    }
    return {{"received", received}, {"forwarded", forwarded}, {"dropped", received - std::min(received, forwarded)}};
}

Expected<> run(const Options& options) {
    if (auto distinct = check_distinct(options); !distinct) return distinct;
    auto first = Device::open(options.first, options.device);
    if (!first) return std::unexpected(first.error());
    auto second = Device::open(options.second, options.device);
    if (!second) return std::unexpected(second.error());
    if (auto joined = check_wires({&*first, &*second}); !joined) return joined;
    auto copies = pools_for_copies(*first, *second, options.queues);
    if (!copies) return std::unexpected(copies.error());

    std::deque<Forwarder> queues;
    for (std::size_t i = 0; i < options.queues; ++i) queues.emplace_back(*first, *second, i, *copies, options);
    Monitor monitor(program, options, {&*first, &*second}, [&] { return totals(queues); });
    for (Forwarder& queue : queues) monitor.add(queue);
    if (auto ran = monitor.run(); !ran) return ran;
    return monitor.finish();
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    CLI::App app("Forwards frames between two cards, both ways.", program);
    app.add_option("DEVICE1", options.first, device_help)->required();
    app.add_option("DEVICE2", options.second, "the other card")->required();
    add_switch(app, "--touch", options.touch, "change a byte of each packet");
    add_common_options(app, options);
    if (const auto status = parse(app, argc, argv, options)) return *status;
    catch_signals();
    return exit_status(program, run(options));
}
