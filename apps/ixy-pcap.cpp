// ixy-pcap DEVICE FILE [COUNT]: writes the frames that a card receives to a capture file.
#include <chrono>
#include <cstdint>
#include <limits>
#include <string>

#include "common/capture_filter.hpp"
#include "common/monitor.hpp"
#include "common/options.hpp"
#include "common/pcap_file.hpp"
#include "common/plain_words.hpp"
#include "common/sized_batch.hpp"

namespace {

using namespace ixy;
using namespace ixy::app;

constexpr auto program = "ixy-pcap";

struct Options : CommonOptions {
    std::string address;
    std::string file;
    std::string filter;
    std::uint64_t count = std::numeric_limits<std::uint64_t>::max();
    PcapOptions pcap;
};

/// Writes the frames of `batch` that pass the filter, up to `count` in all. False when the disk is full; the rest of
/// the batch is then counted as lost.
bool store(const PacketBatch& batch, CaptureFilter& filter, PcapFile& file, std::uint64_t count) {
    const std::chrono::nanoseconds now = std::chrono::system_clock::now().time_since_epoch();
    bool stored = true;
    for (const Packet& frame : batch) {
        if (file.packets() == count) break;
        if (filter.matches(frame)) stored = file.write(now, frame) && stored;
    }
    return stored;
}

/// Receives until the count is reached, the disk is full or the monitor says that it is time to end.
void capture(RxQueue& queue, CaptureFilter& filter, PcapFile& file, const Options& options, Monitor& monitor) {
    SizedBatch batch(options.batch);
    while (file.packets() < options.count && monitor.going()) {
        const std::size_t received = queue.receive(batch);
        if (received != 0 && !store(batch, filter, file, options.count)) break;
        monitor.rest_unless(received != 0);
    }
}

Expected<> run(const Options& options) {
    // Check the whole command line before taking the card. Until the filter is compiled, a signal ends the program at
    // once: there is nothing to give back yet.
    auto filter = CaptureFilter::compile(options.filter);
    if (!filter) return std::unexpected(filter.error());
    catch_signals();
    if (options.file == "-") {
        return failure(ErrorKind::invalid_argument, "FILE \"-\" would name a file, not standard output",
                       "for standard output, write /dev/stdout; for the file, write ./-");
    }
    auto opened = PcapFile::open(options.file, options.pcap);
    if (!opened) return std::unexpected(opened.error());
    PcapFile& file = **opened;

    auto device = Device::open(options.address, options.device);
    if (!device) return std::unexpected(device.error());
    if (auto joined = check_wires({&*device}); !joined) return joined;
    if (auto begun = file.begin(); !begun) return begun;  // before pinning: its helper thread must not share our CPU
    if (auto pinned = choose_cpu(options, device->numa_node()); !pinned) return pinned;

    RxQueue& queue = device->rx_queue(0);
    Monitor monitor(program, options, {&*device}, [&] {
        return Totals{{"received", queue.counters().packets.value()}, {"captured", file.packets()}};
    });
    if (auto ready = monitor.wait_for({{&queue.arrivals()}}); !ready) return ready;
    file.wait_while([&monitor](auto standstill) { return monitor.keeps_waiting(standstill); });
    capture(queue, *filter, file, options, monitor);
    const Expected<> written = file.finish();
    if (!written) monitor.fail(written.error());
    return monitor.finish();
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    CLI::App app("Writes the frames that a card receives to a capture file for tcpdump, tshark and Wireshark.",
                 program);
    app.add_option("DEVICE", options.address, device_help)->required();
    app.add_option("FILE", options.file, "the capture file")->required();
    add_number(app, "COUNT", options.count, {.least = 1}, "end after N frames (default: never)");
    add_number(app, "--snaplen", options.pcap.snaplen, {1, largest_snaplen}, "keep at most N bytes of a frame");
    add_switch(app, "--nanosecond", options.pcap.nanosecond, "timestamps in nanoseconds");
    app.add_option("--filter", options.filter, "keep only frames that match this libpcap filter expression")
        ->type_name("EXPRESSION");
    app.footer(
        "If ixy-pcap is killed (kill -9), zeros follow the frames in FILE. This makes a copy without them:\n"
        "  tcpdump -r FILE -w FIXED greater 1");
    add_common_options(app, options);
    if (const auto status = parse(app, argc, argv, options)) return *status;
    return exit_status(program, run(options));
}
