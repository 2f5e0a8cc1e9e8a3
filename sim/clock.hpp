// The time that a software card lives by: the machine's, or one that tests step.
#pragma once

#include <atomic>
#include <chrono>

namespace ixy::sim {

/// Time since the clock began.
using Time = std::chrono::nanoseconds;

/// Thread rule: any thread.
class Clock {
public:
    virtual ~Clock() = default;
    virtual Time now() const = 0;
    /// Lets `duration` pass: sleeps, or steps.
    virtual void pass(Time duration) = 0;
    /// True when time passes only by pass().
    virtual bool is_stepped() const = 0;
};

/// The machine's monotonic clock.
class RealClock final : public Clock {
public:
    Time now() const override { return std::chrono::steady_clock::now() - start_; }
    void pass(Time duration) override;
    bool is_stepped() const override { return false; }

private:
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// A clock that stands still until it is told to go on: what happens when is the same in every run.
class SteppedClock final : public Clock {
public:
    Time now() const override { return Time(now_.load()); }
    void pass(Time duration) override { now_ += duration.count(); }
    bool is_stepped() const override { return true; }

private:
    std::atomic<Time::rep> now_ = 0;
};

}  // namespace ixy::sim
