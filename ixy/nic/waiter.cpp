// Sleeping, or letting others run.
#include <ixy/nic/waiter.hpp>

#include <sched.h>

namespace ixy {

Expected<Waiter> Waiter::create(WaitMode mode, std::initializer_list<WaitFor> events) {
    Waiter waiter(mode);
    if (mode == WaitMode::poll) return waiter;
    auto set = WaitSet::create();
    if (!set) return std::unexpected(set.error());
    for (const WaitFor& one : events) {
        if (auto added = set->add(*one.event, one.wanted); !added) return std::unexpected(added.error());
    }
    waiter.events_ = std::move(*set);
    return waiter;
}

Expected<> Waiter::add_file(int file) { return events_ ? events_->add_file(file) : Expected<>(); }

Expected<> Waiter::rest(std::chrono::nanoseconds timeout) {
    idle_rounds_ = 0;
    if (!events_) {
        ::sched_yield();
        return {};
    }
    if (auto woken = events_->wait(timeout); !woken) return std::unexpected(woken.error());
    return {};
}

}  // namespace ixy
