// A running program: its threads, when to end, what to print once a second, what to print at the end.
//
//   Monitor monitor("ixy-fwd", options, {&first, &second}, [&] { return Totals{{"forwarded", forwarded}}; });
//   for (Work& queue : queues) monitor.add(queue);
//   if (auto ran = monitor.run(); !ran) return ran;
//   return monitor.finish();
//
// Rates are those of the wire. Bits count for each frame its bytes, the 4 of its check sequence (FCS) and the 20 of
// preamble and gap between frames, so that a full gigabit link shows 1.00 Gbit/s at any frame size. Lines for people
// use the units that suit the amounts; JSON always uses millions.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ixy/nic/device.hpp>
#include <ixy/sim/card/card.hpp>
#include <ixy/sim/servers/window/window.hpp>

#include "options.hpp"
#include "process.hpp"
#include "pulse.hpp"
#include "thread_cpus.hpp"

namespace ixy::app {

/// Bytes that a frame takes on the wire in addition to its own: FCS, preamble with start delimiter, gap.
inline constexpr std::size_t wire_overhead = 4 + 8 + 12;

struct Rate {
    double mpps = 0;      ///< millions of packets a second
    double megabits = 0;  ///< millions of bits a second on the wire
};
/// The rate of `packets` frames with `bytes` bytes in all (without FCS) in `seconds`; zero for no time.
Rate rate_of(std::uint64_t packets, std::uint64_t bytes, double seconds);
/// "1.49 Mpps 1.00 Gbit/s", "83 pps 55.8 kbit/s": the units suit the amounts.
std::string text_of(const Rate& rate);

/// What one receive queue and one transmit queue of a card have carried.
struct QueueFigures {
    std::uint64_t rx_packets = 0;
    std::uint64_t tx_packets = 0;  ///< handed over to the card
};

/// A card's counters, and what no card can count.
struct Figures : Statistics {
    std::uint64_t lost_on_wire = 0;  ///< software NICs: sent, but the other end of the wire was full or absent
    std::vector<QueueFigures> queues;
};

/// A program's own figure, with its name in text and in JSON.
struct Total {
    std::string_view name;
    std::uint64_t value;
};
using Totals = std::vector<Total>;

/// Once all devices are open: checks that each software NIC's wire has, or can still get, another end. Errors:
/// invalid_argument.
Expected<> check_wires(std::initializer_list<Device*> devices);
/// The same for one software card.
Expected<> check_wire(const sim::Card& card);

class Monitor {
    using Clock = std::chrono::steady_clock;

public:
    /// Starts the clock and prints which cards are used. Calls `totals` once a second, in the main thread while the
    /// others run. The devices and the options must outlive the monitor.
    Monitor(std::string program, const CommonOptions& options, std::vector<Device*> devices,
            std::function<Totals()> totals);
    Monitor(const Monitor&) = delete;
    Monitor& operator=(const Monitor&) = delete;

    /// Adds a thread: run() will call `work.run(Pulse&)` in it, and its pulse sleeps for `work.events()`, which are
    /// WaitFors. One for each queue; the first has the main thread. The program ends when one of them returns. `work`
    /// must outlive this.
    template <class Work>
    void add(Work& work) {
        threads_.push_back({work.events(), [&work](Pulse& pulse) { work.run(pulse); }});
    }
    /// Runs them, each on the CPU that the options give it, until all have ended. Errors: those of ThreadCpus::pin and
    /// Pulse::wait_for; what ends a running program is finish()'s to tell.
    Expected<> run();

    /// Whether to go on waiting for a peer, such as a pipe's reader, that has done nothing for `standstill`. Any
    /// thread.
    bool keeps_waiting(std::chrono::milliseconds standstill) const;

    /// Waits (bounded) until all sent frames have left the cards, and prints the summary. Fails when a card has gone,
    /// when frames did not leave or when standard output could not be written.
    Expected<> finish();
    /// Ends the program with this error: finish() returns it. Any thread.
    void fail(Error error) { ending_.fail(std::move(error)); }

    /// What the main thread's pulse asks for now and then: false when time is up or a card has gone. Prints statistics
    /// once a second.
    bool look();
    /// When there will be something to see.
    Clock::time_point next_look() const { return std::min(next_, end_); }

private:
    struct Thread {
        std::vector<WaitFor> events;
        std::function<void(Pulse&)> run;
    };

    void introduce(Device& device) const;
    void open_window();
    void run_threads(std::deque<Pulse>& pulses, const ThreadCpus& cpus);
    void check_devices();
    void wait_until_sent();
    void print(const std::vector<Figures>& since, const std::vector<Figures>& now, double seconds, bool summary);
    void print_json(const std::vector<Figures>& since, const std::vector<Figures>& now, double seconds, bool summary);
    std::vector<Figures> read_figures();

    std::string program_;
    const CommonOptions& options_;
    std::vector<Device*> devices_;
    std::function<Totals()> totals_;
    Clock::time_point start_;
    Clock::time_point end_;
    Clock::time_point last_;
    Clock::time_point next_;
    std::vector<Figures> at_last_;
    std::uint64_t left_out_ = 0;  ///< seconds' lines that nobody would have read
    std::vector<Thread> threads_;
    Ending ending_;
    std::unique_ptr<sim::Window> window_;  ///< lets other processes look at the software cards
};

}  // namespace ixy::app
