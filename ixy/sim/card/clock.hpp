// A software card's time: the machine's, or one that tests step.
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

/// Something that must be called when its time has come: a card.
class Timed {
public:
    /// When service() is due; empty: only after something else happens. A moment in the past means now.
    virtual std::optional<Time> next_time() const = 0;
    virtual void service() = 0;

protected:
    ~Timed() = default;
};

/// Thread rule: any thread. The two ends of a wire share one clock.
class Clock {
public:
    virtual ~Clock() = default;
    virtual Time now() const = 0;
    /// Lets `duration` pass: sleeps or steps.
    virtual void pass(Time duration) = 0;
    /// True when time passes only through pass().
    virtual bool is_stepped() const = 0;
    /// A stepped clock serves `timed` whenever its time comes, until it is detached.
    virtual void attach(Timed& timed) { (void)timed; }
    virtual void detach(Timed& timed) { (void)timed; }
};

/// The machine's monotonic clock.
class RealClock final : public Clock {
public:
    /// The clock that the cards of this process share.
    static const std::shared_ptr<RealClock>& shared();

    Time now() const override { return std::chrono::steady_clock::now() - start_; }
    void pass(Time duration) override;
    bool is_stepped() const override { return false; }

private:
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// A clock that stands still until it is stepped, so that every run has the same timing.
class SteppedClock final : public Clock {
public:
    /// The clock of this process's cards whose address says clock=stepped.
    static const std::shared_ptr<SteppedClock>& shared();

    Time now() const override { return Time(now_.load()); }
    /// Jumps from one deadline to the next and serves what is attached at each. This clock's time ends after 146 years,
    /// half of what Time holds, so that adding to it does not overflow.
    void pass(Time duration) override;
    bool is_stepped() const override { return true; }
    void attach(Timed& timed) override;
    void detach(Timed& timed) override;

private:
    std::atomic<Time::rep> now_ = 0;
    std::mutex mutex_;  ///< guards timed_, and lets one thread at a time step
    std::vector<Timed*> timed_;
};

}  // namespace ixy::sim
