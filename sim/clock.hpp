// The time that a software card lives by: the machine's, or one that tests step.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace ixy::sim {

/// Time since the clock began.
using Time = std::chrono::nanoseconds;

/// Something that has to be called when its time has come: a card.
class Timed {
public:
    /// When service() is due; empty: not before something else happens. A moment that has passed: now.
    virtual std::optional<Time> next_time() const = 0;
    virtual void service() = 0;

protected:
    ~Timed() = default;
};

/// Thread rule: any thread. The two ends of a wire live by one clock.
class Clock {
public:
    virtual ~Clock() = default;
    virtual Time now() const = 0;
    /// Lets `duration` pass: sleeps, or steps.
    virtual void pass(Time duration) = 0;
    /// True when time passes only by pass().
    virtual bool is_stepped() const = 0;
    /// A stepped clock serves `timed` whenever its time comes, until it is detached.
    virtual void attach(Timed& timed) { (void)timed; }
    virtual void detach(Timed& timed) { (void)timed; }
};

/// The machine's monotonic clock.
class RealClock final : public Clock {
public:
    /// The one that the cards of this process share.
    static const std::shared_ptr<RealClock>& shared();

    Time now() const override { return std::chrono::steady_clock::now() - start_; }
    void pass(Time duration) override;
    bool is_stepped() const override { return false; }

private:
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// A clock that stands still until it is told to go on: what happens when is the same in every run.
class SteppedClock final : public Clock {
public:
    /// The one of those cards of this process whose address says clock=stepped.
    static const std::shared_ptr<SteppedClock>& shared();

    Time now() const override { return Time(now_.load()); }
    /// Goes from one moment at which something is due to the next, and serves what is attached at each. This clock's
    /// time ends after 146 years, half of what Time holds, so that whoever adds to it finds room.
    void pass(Time duration) override;
    bool is_stepped() const override { return true; }
    void attach(Timed& timed) override;
    void detach(Timed& timed) override;

private:
    std::atomic<Time::rep> now_ = 0;
    std::mutex mutex_;  ///< guards timed_, and lets one at a time step
    std::vector<Timed*> timed_;
};

}  // namespace ixy::sim
