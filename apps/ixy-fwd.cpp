// ixy-fwd DEVICE DEVICE: forwards frames between two cards, both ways.
//
// The reading path begins here. Everything that happens to a packet is in Direction::forward(); from receive() and
// send() it is one step into the driver (ixy/nic/e1000/receive.cpp and transmit.cpp).
#include <cstdint>
#include <string>

#include <fmt/core.h>

#include "common/copy.hpp"
#include "common/monitor.hpp"
#include "common/options.hpp"
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
    Direction(Device& from, Device& to, std::shared_ptr<Mempool> copies, const Options& options)
        : from_(from.rx_queue(0)), to_(to), copies_(std::move(copies)), batch_(options.batch), touch_(options.touch) {}

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

Expected<> check_distinct(const Options& options) {
    if (options.first != options.second || options.first.starts_with("sim:")) return {};  // each of those is a new card
    return failure(ErrorKind::invalid_argument, options.second + ": the same device twice", "name two devices");
}

struct Copies {
    std::shared_ptr<Mempool> to_second;
    std::shared_ptr<Mempool> to_first;
};

/// Pools for copies, each in memory that the card that sends them reaches; none if both cards share one DMA space.
Expected<Copies> pools_for_copies(Device& first, Device& second) {
    if (first.dma_space() == second.dma_space()) return {};
    say(fmt::format("{}: the cards do not share memory, so every packet is copied", program));
    const auto pool = [](Device& from, Device& to) {
        return to.create_pool({.packets = from.pool()->size(), .data_room = from.pool()->data_room()});
    };
    auto to_second = pool(first, second);
    if (!to_second) return std::unexpected(to_second.error());
    auto to_first = pool(second, first);
    if (!to_first) return std::unexpected(to_first.error());
    return Copies{std::move(*to_second), std::move(*to_first)};
}

Totals totals(const Direction& forth, const Direction& back) {
    const std::uint64_t received = forth.received() + back.received();
    const std::uint64_t forwarded = forth.forwarded() + back.forwarded();
    return {{"received", received}, {"forwarded", forwarded}, {"dropped", received - forwarded}};
}

Expected<> run(const Options& options) {
    if (auto distinct = check_distinct(options); !distinct) return distinct;
    auto first = Device::open(options.first, options.device);
    if (!first) return std::unexpected(first.error());
    auto second = Device::open(options.second, options.device);
    if (!second) return std::unexpected(second.error());
    if (auto joined = check_wires({&*first, &*second}); !joined) return joined;
    if (auto pinned = choose_cpu(options, first->numa_node()); !pinned) return pinned;

    auto copies = pools_for_copies(*first, *second);
    if (!copies) return std::unexpected(copies.error());

    Direction forth(*first, *second, copies->to_second, options);
    Direction back(*second, *first, copies->to_first, options);
    Monitor monitor(program, options, {&*first, &*second}, [&] { return totals(forth, back); });
    if (auto set = monitor.wait_for({forth.packets(), forth.room(), back.packets(), back.room()}); !set) return set;
    while (monitor.going()) {
        const bool went_forth = forth.forward();
        const bool came_back = back.forward();
        monitor.rest_unless(went_forth || came_back);
    }
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
