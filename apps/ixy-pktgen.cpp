// ixy-pktgen DEVICE: sends numbered UDP frames as fast as the card takes them, or at a given rate.
#include <sys/prctl.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "common/command_line.hpp"
#include "common/monitor.hpp"
#include "common/patient_sender.hpp"
#include "common/sized_batch.hpp"
#include "pktgen/generator.hpp"
#include "pktgen/rate.hpp"

namespace {

using namespace ixy;
using namespace ixy::app;

constexpr auto program = "ixy-pktgen";

struct Options : CommonOptions {
    std::string address;
    FrameOptions frame;
    std::optional<MacAddress> source_mac;  ///< none: the card's own
    std::optional<TrafficRate> rate;       ///< none: as fast as the card can
    std::uint64_t count = std::numeric_limits<std::uint64_t>::max();
    std::uint32_t flows = 1;
};

/// Watches a card that takes no frames: while its link is down or its wire is slow, the program waits; otherwise the
/// card is broken.
class StallWatch {
public:
    /// Call it after each attempt. True when none has worked for five seconds.
    bool is_stuck(bool worked, Device& device) {
        if (worked) since_ = never;
        if (worked) return false;
        const auto now = Clock::now();
        if (since_ == never) since_ = now;
        if (now - since_ < std::chrono::seconds(5)) return false;
        since_ = now;
        return device.link().up && !waits_for_wire(device);
    }

private:
    using Clock = std::chrono::steady_clock;
    static constexpr Clock::time_point never{};
    Clock::time_point since_ = never;
};

/// What the threads share.
struct Shared {
    explicit Shared(const Options& options)
        : flows(build_flows(options.frame, options.flows)),
          unfinished(std::min<std::uint64_t>(options.queues, options.count)) {}

    const std::vector<Flow> flows;
    alignas(cache_line) std::atomic<std::size_t> unfinished;  ///< threads with frames left: the last ends the program
};

/// One thread's work: a share of the frames, sent through one queue. Thread i of N sends frames i, i + N, i + 2N, and
/// so on: together they send what one thread would. No two threads write to the same cache line.
class alignas(cache_line) Sender {
public:
    Sender(Device& device, std::size_t queue, std::shared_ptr<Mempool> pool, const Options& options, Shared& shared)
        : device_(device),
          queue_(queue),
          options_(options),
          rx_queue_(device.rx_queue(queue)),
          tx_queue_(device.tx_queue(queue)),
          pool_(std::move(pool)),
          batch_(options.batch),
          unwanted_(options.batch),
          left_(options.count > queue ? (options.count - queue - 1) / options.queues + 1 : 0),
          shared_(shared) {}

    void run(Pulse& pulse);
    /// Frames that arrive are to be discarded; room matters while frames wait for it, not while they are not due.
    std::vector<WaitFor> events() {
        const auto needs_room = [this] { return !batch_.empty() || (!options_.rate && left_ != 0); };
        return {{&rx_queue_.arrivals()}, {&tx_queue_.room(), needs_room}};
    }
    const TxQueueCounters& counters() const { return tx_queue_.counters(); }

private:
    Pacer start_pacer() const;

    Device& device_;
    const std::size_t queue_;
    const Options& options_;
    RxQueue& rx_queue_;
    TxQueue& tx_queue_;
    std::shared_ptr<Mempool> pool_;
    SizedBatch batch_;
    SizedBatch unwanted_;
    StallWatch stall_;
    std::uint64_t left_;
    Shared& shared_;
};

/// Of this thread's share of the rate. The threads' frames are due in turn.
Pacer Sender::start_pacer() const {
    const double all = options_.rate ? packets_per_second(*options_.rate, options_.frame.size) : 1;
    const double rate = all / static_cast<double>(options_.queues);
    const std::chrono::duration<double> turn(static_cast<double>(queue_) / all);
    const auto catch_up = static_cast<std::size_t>(rate / 50);  // of 20 ms in which this process did not run
    return {rate, std::max(2 * options_.batch, catch_up),
            Pacer::Clock::now() + std::chrono::duration_cast<Pacer::Clock::duration>(turn)};
}

/// Sends until all threads have sent their share or the pulse says that it is time to end.
void Sender::run(Pulse& pulse) {
    if (options_.rate) ::prctl(PR_SET_TIMERSLACK, 1UL);  // nanosecond: a sleep ends when the next frame is due
    Generator generator(pool_, options_.frame, shared_.flows, queue_, options_.queues);
    Pacer pacer = start_pacer();
    while (pulse.going()) {
        if (batch_.empty()) {
            std::size_t wanted = std::min<std::uint64_t>(batch_.capacity(), left_);
            if (options_.rate) wanted = std::min(wanted, pacer.due(Pacer::Clock::now()));
            generator.generate(batch_, wanted);
            pacer.take(batch_.size());
        }
        // Frames that the card has no room for stay at the front of the batch and are offered again: no number is
        // skipped.
        const std::size_t sent = tx_queue_.send(batch_);
        left_ -= sent;
        if (sent != 0 && left_ == 0 && shared_.unfinished.fetch_sub(1) == 1) pulse.end();
        const bool received = rx_queue_.receive(unwanted_) != 0;  // discarded, but a full ring would count it as missed
        const bool is_early = options_.rate && batch_.empty() && left_ != 0;
        pulse.rest_unless(sent != 0 || received, is_early ? pacer.next() : Pacer::Clock::time_point::max());
        if (stall_.is_stuck(sent != 0 || batch_.empty(), device_)) {
            pulse.fail({ErrorKind::timeout, fmt::format("{}: the card has stopped sending", device_.address()),
                        "its link is up, so it is broken; start again, which resets it"});
        }
    }
}

/// On a loop, receives the sent frames that have not come back yet; gives up when nothing comes for five seconds.
void take_back(Device& device, const Options& options) {
    const sim::Card* const card = sim::find_card(device.pci_function());
    if (card == nullptr || !card->loops_back()) return;
    SizedBatch unwanted(options.batch);
    StallWatch stall;
    while (stop_requests() < 2) {
        const bool all_arrived = card->frames_waiting_on_wire() == 0;
        bool received = false;
        for (std::size_t i = 0; i < options.queues; ++i) received |= device.rx_queue(i).receive(unwanted) != 0;
        if ((all_arrived && !received) || stall.is_stuck(received, device)) return;
        if (!received) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

/// Adds a sender for each queue, with a pool of its own.
Expected<> add_senders(std::deque<Sender>& senders, Device& device, const Options& options, Shared& shared) {
    const std::size_t frames = options.device.tx_ring_size + 2 * options.batch + 256;
    for (std::size_t i = 0; i < options.queues; ++i) {
        auto pool = create_frame_pool(device, frames, options.frame.size);
        if (!pool) return std::unexpected(pool.error());
        senders.emplace_back(device, i, std::move(*pool), options, shared);
    }
    return {};
}

Totals totals(const std::deque<Sender>& senders) {
    std::uint64_t sent = 0;
    for (const Sender& sender : senders) sent += sender.counters().packets.value();
    return {{"sent", sent}};
}

Expected<> run(Options& options) {
    auto device = Device::open(options.address, options.device);
    if (!device) return std::unexpected(device.error());
    if (auto joined = check_wires({&*device}); !joined) return joined;
    options.frame.source_mac = options.source_mac.value_or(device->mac_address());

    Shared shared(options);
    std::deque<Sender> senders;
    if (auto added = add_senders(senders, *device, options, shared); !added) return added;
    Monitor monitor(program, options, {&*device}, [&] { return totals(senders); });
    for (Sender& sender : senders) monitor.add(sender);
    if (auto ran = monitor.run(); !ran) return ran;
    take_back(*device, options);
    const auto was_refused = [](const Sender& sender) { return sender.counters().refused.value() != 0; };
    if (std::ranges::any_of(senders, was_refused)) {
        monitor.fail({ErrorKind::unsupported,
                      fmt::format("{}: the card cannot send frames of {} bytes", device->address(), options.frame.size),
                      "choose a smaller --size"});
    }
    return monitor.finish();
}

/// An address that a card may send from.
Expected<MacAddress> parse_station(std::string_view text) {
    auto address = MacAddress::parse(text);
    if (address && !address->is_station()) {
        return failure(ErrorKind::invalid_argument,
                       address->text() + " cannot be a card's own address: it is a multicast address, or zero",
                       "choose one whose first byte is even, like 02:00:00:00:00:01");
    }
    return address;
}

void add_options(CLI::App& app, Options& options) {
    app.add_option("DEVICE", options.address, device_help)->required();
    add_parsed_option(
        app, "--rate", options.rate, parse_rate,
        "packets, or bits on the wire, per second: 1.5Mpps, 100kpps, 500Mbit (default: as fast as the card can)")
        ->type_name("RATE");
    add_number(app, "--size", options.frame.size, {shortest_frame, longest_frame},
               "length of a frame in bytes, without check sequence");
    add_number(app, "--count", options.count, {.least = 1}, "end after N frames (default: never)");
    add_number(app, "--flows", options.flows, {1, most_flows}, "vary source port and address: N flows, in turn");
    add_parsed_option(app, "--src", options.frame.source, parse_endpoint,
                      "source address and UDP port (default: 10.0.0.1:1337)")
        ->type_name("IP[:PORT]");
    add_parsed_option(app, "--dst", options.frame.destination, parse_endpoint,
                      "destination address and UDP port (default: 10.0.0.2:1337)")
        ->type_name("IP[:PORT]");
    add_parsed_option(app, "--src-mac", options.source_mac, parse_station, "source MAC address (default: the card's)")
        ->type_name("MAC");
    add_parsed_option(app, "--dst-mac", options.frame.destination_mac, MacAddress::parse,
                      "destination MAC address (default: " + options.frame.destination_mac.text() + ")")
        ->type_name("MAC");
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    CLI::App app("Sends numbered UDP frames.", program);
    add_options(app, options);
    add_common_options(app, options);
    if (const auto status = parse(app, argc, argv, options)) return *status;
    catch_signals();
    return exit_status(program, run(options));
}
