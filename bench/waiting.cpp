// What waiting costs and how late it wakes: poll, interrupt and adaptive on two software cards on one cable.
//
//   build/bin/bench_waiting [SECONDS]        seconds per figure (default: 5)
//
// One thread sends at a steady rate and writes the time into each frame; another receives them through a Waiter. Its
// processor time over the time that passed is what waiting costs; the time from before send() to after receive() is the
// latency. The sender spins until the next frame is due, so both threads need a processor of their own. Prints a table
// in Markdown.
#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <string_view>
#include <thread>
#include <vector>

#include <ixy/core/batch.hpp>
#include <ixy/nic/device.hpp>
#include <ixy/nic/waiter.hpp>
#include <ixy/sim/function.hpp>

namespace {

using namespace ixy;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::size_t frame_length = 60, stamp_at = 16;

std::chrono::nanoseconds processor_time() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

/// Sends one frame each period until `end`. Sleeps through most of a long period, and spins for the rest.
void send_steadily(Device& device, Mempool& pool, std::chrono::nanoseconds period, Clock::time_point end) {
    Batch<1> batch;
    for (auto due = Clock::now() + period; due < end; due += period) {
        if (due - Clock::now() > 1ms) std::this_thread::sleep_until(due - 500us);
        while (Clock::now() < due) continue;
        if (batch.allocate(pool, 1) == 0 && batch.empty()) continue;
        batch[0].set_length(frame_length);
        std::memset(batch[0].start(), 0xff, stamp_at);
        const std::int64_t now = Clock::now().time_since_epoch().count();
        std::memcpy(batch[0].start() + stamp_at, &now, sizeof now);
        device.tx_queue(0).send(batch);
    }
}

struct Result {
    double processor = 0;  ///< of one, 0 to 1
    std::vector<std::int64_t> latencies;
};

Result receive_until(Device& device, Waiter& waiter, Clock::time_point end) {
    Result result;
    Batch<32> batch;
    const auto start = Clock::now();
    const auto used_before = processor_time();
    std::uint32_t rounds = 0;
    for (auto now = start; now < end;) {
        const bool received = device.rx_queue(0).receive(batch) != 0;
        if (received || ++rounds % 64 == 0) now = Clock::now();
        for (Packet& packet : batch) {
            std::int64_t sent = 0;
            std::memcpy(&sent, packet.start() + stamp_at, sizeof sent);
            result.latencies.push_back(now.time_since_epoch().count() - sent);
        }
        if (!waiter.should_rest(received)) continue;
        if (!waiter.rest(end - Clock::now())) std::abort();
        if (waiter.mode() != WaitMode::poll) now = Clock::now();
    }
    result.processor = std::chrono::duration<double>(processor_time() - used_before) / (Clock::now() - start);
    return result;
}

void measure(std::string_view name, WaitMode mode, int rate, std::chrono::seconds time) {
    Device from = Device::open("sim:82540em,wire=cable").value();
    Device to = Device::open("sim:82540em,wire=cable").value();
    const auto pool = from.create_pool().value();
    Waiter waiter = Waiter::create(mode, {{&to.rx_queue(0).arrivals()}}).value();
    const auto end = Clock::now() + time;
    std::jthread sender;
    if (rate != 0) sender = std::jthread([&] { send_steadily(from, *pool, 1'000'000'000ns / rate, end); });
    Result result = receive_until(to, waiter, end + 10ms);
    auto& latencies = result.latencies;
    std::ranges::sort(latencies);
    std::printf("| %s | %d | %.2f %% |", name.data(), rate, 100 * result.processor);
    if (latencies.empty()) return void(std::puts(" | | |"));
    const auto at = [&](double part) {
        return static_cast<double>(
                   latencies[static_cast<std::size_t>(part * static_cast<double>(latencies.size() - 1))]) /
               1000;
    };
    std::printf(" %.1f us | %.1f us | %zu |\n", at(0.5), at(0.99), latencies.size());
    std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
    int seconds = 5;
    if (argc > 1) std::from_chars(argv[1], argv[1] + std::strlen(argv[1]), seconds);
    sim::add_scheme();
    std::puts("| wait | packets a second | processor | latency, median | latency, 99th percentile | packets |");
    std::puts("|---|---|---|---|---|---|");
    for (const int rate : {0, 1, 1'000, 100'000}) {
        for (const auto& [name, mode] : {std::pair<std::string_view, WaitMode>{"poll", WaitMode::poll},
                                         {"interrupt", WaitMode::interrupt},
                                         {"adaptive", WaitMode::adaptive}}) {
            measure(name, mode, rate, std::chrono::seconds(std::max(seconds, 1)));
        }
    }
}
