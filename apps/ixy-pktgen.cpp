// ixy-pktgen DEVICE: sends numbered UDP frames as fast as the card takes them, or at a given rate.
#include <sys/prctl.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <thread>

#include <fmt/core.h>

#include "common/monitor.hpp"
#include "common/options.hpp"
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

/// Sends until the count is reached or the monitor says that it is time to end. Errors: those of Monitor::wait_for.
Expected<> send_frames(Device& device, Generator& generator, const Options& options, Monitor& monitor) {
    RxQueue& rx_queue = device.rx_queue(0);
    TxQueue& tx_queue = device.tx_queue(0);
    SizedBatch batch(options.batch);
    SizedBatch unwanted(options.batch);
    std::uint64_t left = options.count;
    const double rate = options.rate ? packets_per_second(*options.rate, options.frame.size) : 1;
    const auto catch_up = static_cast<std::size_t>(rate / 50);  // of 20 ms in which this process did not run
    if (options.rate) ::prctl(PR_SET_TIMERSLACK, 1UL);          // nanosecond: a sleep ends when the next frame is due
    Pacer pacer(rate, std::max(2 * options.batch, catch_up));
    StallWatch stall;

    // Frames that arrive are to be discarded; room matters while frames wait for it, not while they are not due.
    const auto needs_room = [&] { return !options.rate || !batch.empty(); };
    if (auto set = monitor.wait_for({{&rx_queue.arrivals()}, {&tx_queue.room(), needs_room}}); !set) return set;
    while (left != 0 && monitor.going()) {
        if (batch.empty()) {
            std::size_t wanted = std::min<std::uint64_t>(batch.capacity(), left);
            if (options.rate) wanted = std::min(wanted, pacer.due(Pacer::Clock::now()));
            generator.generate(batch, wanted);
            pacer.take(batch.size());
        }
        // Frames that the card has no room for stay at the front of the batch and are offered again: no number is
        // skipped.
        const std::size_t sent = tx_queue.send(batch);
        left -= sent;
        const bool received = rx_queue.receive(unwanted) != 0;  // discarded, but a full ring would count it as missed
        const bool is_early = options.rate && batch.empty();
        monitor.rest_unless(sent != 0 || received, is_early ? pacer.next() : Pacer::Clock::time_point::max());
        if (stall.is_stuck(sent != 0 || batch.empty(), device)) {
            monitor.fail({ErrorKind::timeout, fmt::format("{}: the card has stopped sending", device.address()),
                          "its link is up, so it is broken; start again, which resets it"});
        }
    }
    return {};
}

/// On a loop, receives the sent frames that have not come back yet; gives up when nothing comes for five seconds.
void take_back(Device& device, const Options& options) {
    const sim::Card* const card = sim::find_card(device.pci_function());
    if (card == nullptr || !card->loops_back()) return;
    SizedBatch unwanted(options.batch);
    StallWatch stall;
    while (stop_requests() < 2) {
        const bool all_arrived = card->frames_waiting_on_wire() == 0;
        const bool received = device.rx_queue(0).receive(unwanted) != 0;
        if ((all_arrived && !received) || stall.is_stuck(received, device)) return;
        if (!received) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

Expected<> run(Options& options) {
    auto device = Device::open(options.address, options.device);
    if (!device) return std::unexpected(device.error());
    if (auto joined = check_wires({&*device}); !joined) return joined;
    if (auto pinned = choose_cpu(options, device->numa_node()); !pinned) return pinned;
    options.frame.source_mac = options.source_mac.value_or(device->mac_address());

    auto pool = create_frame_pool(*device, options.device.tx_ring_size + 2 * options.batch + 256, options.frame.size);
    if (!pool) return std::unexpected(pool.error());
    Generator generator(*pool, options.frame, options.flows);
    const TxQueueCounters& counters = device->tx_queue(0).counters();
    Monitor monitor(program, options, {&*device}, [&] { return Totals{{"sent", counters.packets.value()}}; });
    if (auto sent = send_frames(*device, generator, options, monitor); !sent) return sent;
    take_back(*device, options);
    if (counters.refused.value() != 0) {
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
