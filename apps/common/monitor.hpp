// The heartbeat of a running program: when to end, what to print once a second, what to print at the end.
//
//   Monitor monitor("ixy-fwd", options, {&first, &second}, [&] { return Totals{{"forwarded", forwarded}}; });
//   while (monitor.going()) work();
//   return monitor.finish();
//
// Rates are those of the wire. Bits count for each frame its bytes, the 4 of its check sequence (FCS) and the 20 of
// preamble and gap between frames, so that a full gigabit link shows 1.00 Gbit/s at any frame size. Lines for people
// use the units that suit the amounts; JSON always uses millions.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <ixy/nic/device.hpp>
#include <ixy/nic/waiter.hpp>
#include <ixy/sim/card/card.hpp>
#include <ixy/sim/servers/window/window.hpp>

#include "options.hpp"
#include "process.hpp"

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

/// A card's counters, and what no card can count.
struct Figures : Statistics {
    std::uint64_t lost_on_wire = 0;  ///< software NICs: sent, but the other end of the wire was full or absent
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
    /// Starts the clock and prints which cards are used. Calls `totals` once a second. The devices and the options must
    /// outlive the monitor.
    Monitor(std::string program, const CommonOptions& options, std::vector<Device*> devices,
            std::function<Totals()> totals);

    /// False when it is time to end: a stop was requested, time is up, or a card has gone. Prints statistics once a
    /// second. Meant for the inner loop: only every 32nd call looks at the clock.
    bool going() {
        if (stop_requests() != 0) return false;
        return (++calls_ & 31) != 0 || look();
    }
    /// From now on rest_unless() sleeps for these events, if the options and the cards allow it. Errors: those of
    /// choose_waiter().
    Expected<> wait_for(std::initializer_list<WaitFor> events);
    /// Call it after each loop: whether it `worked`. After one or many that did nothing, as --wait says, sleeps until
    /// an event, a signal, the next statistics, the end or `until`; or yields the CPU to other threads.
    void rest_unless(bool worked, std::chrono::steady_clock::time_point until = Clock::time_point::max()) {
        if (waiter_.should_rest(worked)) rest(until);
    }

    /// Whether to go on waiting for a peer, such as a pipe's reader, that has done nothing for `standstill`.
    bool keeps_waiting(std::chrono::milliseconds standstill) const;

    /// Waits (bounded) until all sent frames have left the cards, and prints the summary. Fails when a card has gone,
    /// when frames did not leave or when standard output could not be written.
    Expected<> finish();
    /// Ends the program with this error: going() is false from now on, finish() returns it.
    void fail(Error error);

private:
    void introduce(Device& device) const;
    void open_window();
    bool look();
    void rest(Clock::time_point until);
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
    std::uint32_t calls_ = 0;
    Waiter waiter_ = Waiter::polling();
    Expected<> result_;
    std::unique_ptr<sim::Window> window_;  ///< lets other processes look at the software cards
};

}  // namespace ixy::app
