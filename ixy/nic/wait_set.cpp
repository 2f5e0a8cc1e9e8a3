// One epoll file for all events: each is armed, then all are looked at, and only then the thread sleeps.
#include <ixy/nic/wait_set.hpp>

#include <sys/epoll.h>

#include <cerrno>

namespace ixy {

Expected<WaitSet> WaitSet::create() {
    File epoll(::epoll_create1(EPOLL_CLOEXEC));
    if (!epoll.is_open()) return system_failure("an epoll file", errno);
    return WaitSet(std::move(epoll));
}

Expected<> WaitSet::add(EventSource& event, std::function<bool()> wanted) {
    const auto file = event.event_file();
    if (!file) return std::unexpected(file.error());
    if (auto added = add_file(*file); !added) return added;
    entries_.push_back({&event, std::move(wanted)});
    return {};
}

Expected<> WaitSet::add_file(int file) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = file}};
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, file, &event) != 0) {
        return system_failure("adding file " + std::to_string(file) + " to those that are waited for", errno);
    }
    return {};
}

Expected<bool> WaitSet::wait(std::chrono::nanoseconds timeout) {
    Expected<bool> happened = arm_and_look();
    if (happened && !*happened) happened = sleep_until_readable(epoll_.get(), timeout);
    for (Entry& entry : entries_) {
        if (std::exchange(entry.is_armed, false)) entry.event->acknowledge();
    }
    return happened;
}

/// Returns whether any event is there already. All are armed by then.
Expected<bool> WaitSet::arm_and_look() {
    for (Entry& entry : entries_) {
        entry.is_armed = !entry.wanted || entry.wanted();
        if (!entry.is_armed) continue;
        if (auto armed = entry.event->arm(); !armed) return std::unexpected(armed.error());
    }
    for (const Entry& entry : entries_) {
        if (entry.is_armed && entry.event->is_ready()) return true;
    }
    return false;
}

}  // namespace ixy
