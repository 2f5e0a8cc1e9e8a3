// Sleeping, or letting others run.
#include <ixy/nic/waiter.hpp>

#include <sched.h>

namespace ixy {

Expected<Waiter> Waiter::create(WaitMode mode, std::initializer_list<WaitFor> events) {
    if (mode == WaitMode::poll) return polling();
    Waiter waiter(mode);
    auto set = WaitSet::create();
    if (!set) return std::unexpected(set.error());
    waiter.events_ = std::move(*set);
    for (const WaitFor& event : events) {
        if (auto added = waiter.add(event); !added) return std::unexpected(added.error());
    }
    return waiter;
}

Expected<> Waiter::add(const WaitFor& one) { return events_ ? events_->add(*one.event, one.wanted) : Expected<>(); }

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
