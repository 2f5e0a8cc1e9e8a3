// When a loop that finds nothing to do should sleep: two lines for a program of one's own.
//
//   auto waiter = ixy::Waiter::create(ixy::WaitMode::adaptive, {{&queue.arrivals()}});
//   while (running) {
//       const bool worked = queue.receive(batch) != 0;
//       …
//       waiter->rest_unless(worked);
//   }
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>

#include <ixy/nic/wait_set.hpp>

namespace ixy {

enum class WaitMode : std::uint8_t {
    poll,       ///< never sleeps; now and then it lets other threads run
    interrupt,  ///< sleeps as soon as there is nothing to do
    adaptive,   ///< sleeps when there was nothing to do many times in a row
};

/// An event to sleep for, and when; see WaitSet::add.
struct WaitFor {
    EventSource* event;
    std::function<bool()> wanted = {};
};

/// Decides from the work alone, not from time: a loop that finds packets polls, one that finds none sleeps until an
/// event happens. Thread rule: that of its WaitSet.
class Waiter {
public:
    /// Rounds without work, one after the other, before an adaptive loop sleeps. They take about as long as going to
    /// sleep and being woken, so that neither costs more than twice what the better choice would have cost.
    static constexpr std::uint32_t patience = 4096;
    /// The same before a polling loop lets other threads run.
    static constexpr std::uint32_t rounds_before_yield = 256;

    /// A waiter for the events, which must outlive it; with poll they are not looked at. Errors: unsupported (a card
    /// without interrupts, unless poll is asked for); system.
    static Expected<Waiter> create(WaitMode mode, std::initializer_list<WaitFor> events);
    /// A waiter that polls.
    static Waiter polling() { return Waiter(WaitMode::poll); }
    /// Adds another event. Errors: as create().
    Expected<> add(const WaitFor& one);
    /// Adds a file that ends a sleep when it can be read; see WaitSet::add_file.
    Expected<> add_file(int file);

    WaitMode mode() const { return mode_; }
    /// Call it after each round of the loop. Returns at once if the round `worked` or another should follow; otherwise
    /// sleeps until an event, a file or a signal comes or `timeout` is over. Errors: those of WaitSet::wait.
    Expected<> rest_unless(bool worked, std::chrono::nanoseconds timeout = forever) {
        return should_rest(worked) ? rest(timeout) : Expected<>();
    }
    /// The two halves of rest_unless(), for a program that must find out how long it may sleep.
    bool should_rest(bool worked) {
        idle_rounds_ = worked ? 0 : idle_rounds_ + 1;
        return idle_rounds_ >= rounds_;
    }
    Expected<> rest(std::chrono::nanoseconds timeout = forever);

private:
    explicit Waiter(WaitMode mode) : mode_(mode), rounds_(rounds_of(mode)) {}
    static constexpr std::uint32_t rounds_of(WaitMode mode) {
        return mode == WaitMode::interrupt ? 1 : mode == WaitMode::adaptive ? patience : rounds_before_yield;
    }

    WaitMode mode_;
    std::uint32_t rounds_;
    std::uint32_t idle_rounds_ = 0;
    std::optional<WaitSet> events_;  ///< none: poll
};

}  // namespace ixy
