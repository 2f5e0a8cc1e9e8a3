// The heartbeat of a program's threads: each queue's loop asks its own pulse whether to go on, and rests by it.
//
//   void run(Pulse& pulse) {
//       while (pulse.going()) pulse.rest_unless(work());
//   }
//
// All threads end together: when one ends, or fails, Ending tells the others and wakes those that sleep.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <span>

#include <ixy/core/files.hpp>
#include <ixy/nic/waiter.hpp>

#include "options.hpp"
#include "process.hpp"

namespace ixy::app {

class Monitor;

/// That a program's threads are to end, and why. Thread rule: any thread.
class Ending {
public:
    /// Makes all threads end. Calling it again has no effect.
    void begin();
    /// The same, with the error that the program ends with; the first one counts.
    void fail(Error error);
    bool has_begun() const { return begun_.load(std::memory_order_relaxed); }
    bool has_failed() const { return failed_.load(std::memory_order_relaxed); }
    /// The first error, if there was any.
    Expected<> result() const;
    /// A file that can be read once the end has begun: it ends the sleep of every thread. Set-up. Errors: system.
    Expected<int> file();

private:
    std::atomic<bool> begun_ = false;
    std::atomic<bool> failed_ = false;
    File file_;
    mutable std::mutex mutex_;  ///< guards the result
    Expected<> result_;
};

/// One thread's pulse; on cache lines of its own, since its thread writes to it in every round. Thread rule: wait_for()
/// is set-up, all else is called by its own thread.
class alignas(cache_line) Pulse {
    using Clock = std::chrono::steady_clock;

public:
    /// `monitor`: for the main thread, which looks after it; null for the others. What is passed must outlive this.
    Pulse(Ending& ending, Monitor* monitor) : ending_(ending), monitor_(monitor) {}

    /// False when it is time to end. Meant for the inner loop: only every 32nd call looks further than for a signal.
    bool going() {
        if (stop_requests() != 0) return false;
        return (++calls_ & 31) != 0 || look();
    }
    /// Call it after each round: whether it `worked`. After one or many that did nothing, as --wait says, sleeps until
    /// an event, a signal, the program's end or `until`, but at most a second; or yields the CPU to other threads.
    void rest_unless(bool worked, Clock::time_point until = Clock::time_point::max()) {
        if (waiter_.should_rest(worked)) rest(until);
    }
    /// Ends the program: going() is false from now on, soon also for the other threads.
    void end();
    /// The same, with an error.
    void fail(Error error);

    /// From now on rest_unless() sleeps for these events, if the options and the cards allow it. Errors: those of
    /// choose_waiter() and Ending::file().
    Expected<> wait_for(const CommonOptions& options, std::span<const WaitFor> events);

private:
    bool look();
    void rest(Clock::time_point until);

    Ending& ending_;
    Monitor* monitor_;
    Waiter waiter_ = Waiter::polling();
    std::uint32_t calls_ = 0;
};

}  // namespace ixy::app
