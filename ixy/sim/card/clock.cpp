// Real time passes by itself; stepped time jumps from one deadline to the next.
#include <ixy/sim/card/clock.hpp>

#include <algorithm>
#include <thread>

namespace ixy::sim {
namespace {

constexpr Time last = Time::max() / 2;  // of a stepped clock

}  // namespace

const std::shared_ptr<RealClock>& RealClock::shared() {
    static const auto clock = std::make_shared<RealClock>();
    return clock;
}

void RealClock::pass(Time duration) { std::this_thread::sleep_for(duration); }

const std::shared_ptr<SteppedClock>& SteppedClock::shared() {
    static const auto clock = std::make_shared<SteppedClock>();
    return clock;
}

void SteppedClock::attach(Timed& timed) {
    const std::lock_guard lock(mutex_);
    timed_.push_back(&timed);
}

void SteppedClock::detach(Timed& timed) {
    const std::lock_guard lock(mutex_);
    std::erase(timed_, &timed);
}

void SteppedClock::pass(Time duration) {
    const std::lock_guard lock(mutex_);
    const Time end = duration < last - now() ? now() + duration : last;
    for (;;) {
        for (Timed* const timed : timed_) timed->service();
        if (now() >= end) return;
        Time next = end;
        for (const Timed* const timed : timed_) {
            // What is still due after being served waits for something other than time.
            if (const auto due = timed->next_time(); due && *due > now()) next = std::min(next, *due);
        }
        now_ = next.count();
    }
}

}  // namespace ixy::sim
