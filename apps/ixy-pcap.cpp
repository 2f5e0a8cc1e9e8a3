// ixy-pcap DEVICE FILE [COUNT]: writes the frames that a card receives to a capture file.
#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <limits>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "common/capture_filter.hpp"
#include "common/command_line.hpp"
#include "common/monitor.hpp"
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

/// The file that all threads write to. A thread that has to wait, for the reader of a pipe, holds up the others.
class Capture {
public:
    Capture(PcapFile& file, std::uint64_t count) : file_(file), count_(count) {}

    /// Writes `frames`, up to the count in all. False when there is nothing more to do: the count is reached, or the
    /// disk is full; the rest of the frames is then counted as lost.
    bool store(std::span<const Packet* const> frames) {
        const std::scoped_lock lock(mutex_);
        const std::chrono::nanoseconds now =
            std::chrono::system_clock::now().time_since_epoch();  // in the file's order
        bool stored = true;
        for (const Packet* frame : frames) {
            if (file_.packets() == count_) break;
            stored = file_.write(now, *frame) && stored;
        }
        return stored && file_.packets() < count_;
    }

private:
    std::mutex mutex_;
    PcapFile& file_;
    const std::uint64_t count_;
};

/// One thread's work: a receive queue and a filter. No two threads write to the same cache line.
class alignas(cache_line) Receiver {
public:
    Receiver(RxQueue& queue, CaptureFilter filter, Capture& capture, std::size_t batch)
        : queue_(queue), filter_(std::move(filter)), capture_(capture), batch_(batch) {}

    void run(Pulse& pulse) {
        while (pulse.going()) {
            const std::size_t received = queue_.receive(batch_);
            if (received != 0 && !store()) return;
            pulse.rest_unless(received != 0);
        }
    }
    std::vector<WaitFor> events() { return {{&queue_.arrivals()}}; }
    std::uint64_t received() const { return queue_.counters().packets.value(); }

private:
    /// Whether to go on.
    bool store() {
        std::size_t count = 0;
        for (const Packet& frame : batch_) {
            if (filter_.matches(frame)) matching_[count++] = &frame;
        }
        return count == 0 || capture_.store(std::span(matching_).first(count));
    }

    RxQueue& queue_;
    CaptureFilter filter_;
    Capture& capture_;
    SizedBatch batch_;
    std::array<const Packet*, largest_batch> matching_;
};

/// A filter for each queue: a filter belongs to one thread.
Expected<std::vector<CaptureFilter>> compile_filters(const Options& options) {
    std::vector<CaptureFilter> filters;
    for (std::size_t i = 0; i < options.queues; ++i) {
        auto filter = CaptureFilter::compile(options.filter);
        if (!filter) return std::unexpected(filter.error());
        filters.push_back(std::move(*filter));
    }
    return filters;
}

Totals totals(const std::deque<Receiver>& queues, const PcapFile& file) {
    std::uint64_t received = 0;
    for (const Receiver& queue : queues) received += queue.received();
    return {{"received", received}, {"captured", file.packets()}};
}

Expected<> run(const Options& options) {
    // Check the whole command line before taking the card. Until the filters are compiled, a signal ends the program at
    // once: there is nothing to give back yet.
    auto filters = compile_filters(options);
    if (!filters) return std::unexpected(filters.error());
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
    if (auto begun = file.begin(); !begun)
        return begun;  // before threads are pinned: its helper must not share our CPU

    Capture capture(file, options.count);
    std::deque<Receiver> queues;
    for (CaptureFilter& filter : *filters) {
        queues.emplace_back(device->rx_queue(queues.size()), std::move(filter), capture, options.batch);
    }
    Monitor monitor(program, options, {&*device}, [&] { return totals(queues, file); });
    for (Receiver& queue : queues) monitor.add(queue);
    file.wait_while([&monitor](auto standstill) { return monitor.keeps_waiting(standstill); });
    if (auto ran = monitor.run(); !ran) return ran;
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
