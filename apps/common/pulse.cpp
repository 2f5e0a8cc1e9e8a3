// Ending together, and sleeping.
#include "pulse.hpp"

#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "monitor.hpp"

namespace ixy::app {

void Ending::begin() {
    if (!begun_.exchange(true)) (void)::eventfd_write(file_.get(), 1);  // nobody reads it: it stays readable
}

void Ending::fail(Error error) {
    {
        const std::scoped_lock lock(mutex_);
        if (result_) result_ = std::unexpected(std::move(error));
    }
    failed_ = true;
    begin();
}

Expected<> Ending::result() const {
    const std::scoped_lock lock(mutex_);
    return result_;
}

Expected<int> Ending::file() {
    if (!file_.is_open()) file_ = File(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!file_.is_open()) return system_failure("a file that wakes threads (eventfd)", errno);
    return file_.get();
}

Expected<> Pulse::wait_for(const CommonOptions& options, std::span<const WaitFor> events) {
    auto waiter = choose_waiter(options, events);
    if (!waiter) return std::unexpected(waiter.error());
    waiter_ = std::move(*waiter);
    const auto ending = ending_.file();
    if (!ending) return std::unexpected(ending.error());
    if (auto added = waiter_.add_file(*ending); !added) return added;
    return monitor_ != nullptr && signal_file() >= 0 ? waiter_.add_file(signal_file()) : Expected<>();
}

void Pulse::end() {
    ending_.begin();
    calls_ = ~0U;  // the next call of going() looks
}

void Pulse::fail(Error error) {
    ending_.fail(std::move(error));
    calls_ = ~0U;
}

bool Pulse::look() {
    if (ending_.has_begun()) return false;
    return monitor_ == nullptr || monitor_->look();
}

/// A round now and then, so that the program's loop can notice that an event does not come.
void Pulse::rest(Clock::time_point until) {
    const Clock::time_point now = Clock::now();
    until = std::min(until, monitor_ != nullptr ? monitor_->next_look() : now + std::chrono::seconds(1));
    if (auto rested = waiter_.rest(until - now); !rested) fail(rested.error());
    if (waiter_.mode() == WaitMode::poll) return;
    if (monitor_ != nullptr) clear_signal_file();
    calls_ = ~0U;
}

}  // namespace ixy::app
