// How fast to send: what --rate means, and the pacing that keeps to it.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include <ixy/core/numbers.hpp>

namespace ixy::app {

/// How many packets of `frame_size` bytes (without check sequence) per second `rate` means.
double packets_per_second(const TrafficRate& rate, std::size_t frame_size);

/// Says how many packets are due. Packets delayed by a pause are all sent at once after it, but never more than
/// `burst`: beyond that the schedule starts over, since a long burst is not the requested rate.
class Pacer {
public:
    using Clock = std::chrono::steady_clock;

    /// `packets_per_second` > 0; `burst` >= 1. The first packet is due at `start`, the second after one period.
    Pacer(double packets_per_second, std::size_t burst, Clock::time_point start = Clock::now())
        : per_nanosecond_(packets_per_second / 1e9), burst_(burst), start_(start) {}

    /// Packets that may be sent at `now`. `now` never goes backwards.
    std::size_t due(Clock::time_point now) {
        if (now < start_) return 0;
        const double since_start = static_cast<double>(std::chrono::nanoseconds(now - start_).count());
        const auto scheduled = static_cast<std::uint64_t>(since_start * per_nanosecond_) + 1;
        if (scheduled <= taken_) return 0;
        const std::uint64_t late = scheduled - taken_;
        if (late > burst_) taken_ = scheduled - burst_;
        return static_cast<std::size_t>(std::min<std::uint64_t>(late, burst_));
    }
    /// When the next packet is due.
    Clock::time_point next() const {
        return start_ +
               std::chrono::nanoseconds(static_cast<std::int64_t>(static_cast<double>(taken_) / per_nanosecond_));
    }
    /// Records that `count` of them are on their way.
    void take(std::size_t count) { taken_ += count; }

private:
    double per_nanosecond_;
    std::uint64_t burst_;
    Clock::time_point start_;
    std::uint64_t taken_ = 0;  // including those that were given up
};

}  // namespace ixy::app
