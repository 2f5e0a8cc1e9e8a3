// Waiting for one event.
#include <ixy/nic/event_source.hpp>

#include <poll.h>

#include <algorithm>
#include <cerrno>

namespace ixy {

namespace {

std::unexpected<Error> no_interrupts() {
    return failure(ErrorKind::unsupported, "the card has no interrupts that can be waited for", "poll it");
}

}  // namespace

Expected<int> EventSource::event_file() { return no_interrupts(); }
Expected<> EventSource::arm() { return no_interrupts(); }
bool EventSource::is_ready() { return true; }  // never asleep
bool EventSource::acknowledge() { return false; }

EventSource& EventSource::none() {
    static EventSource source;
    return source;
}

Expected<bool> EventSource::wait(std::chrono::nanoseconds timeout) {
    using Clock = std::chrono::steady_clock;
    const auto file = event_file();
    if (!file) return std::unexpected(file.error());
    const auto start = Clock::now();
    for (auto left = timeout;; left = timeout - (Clock::now() - start)) {
        if (auto armed = arm(); !armed) return std::unexpected(armed.error());
        bool happened = is_ready();
        const auto woken = happened ? Expected<bool>(true) : sleep_until_readable(*file, left);
        happened = happened || is_ready();
        happened = acknowledge() || happened;
        if (happened || !woken || !*woken) return woken ? Expected<bool>(happened) : woken;
    }
}

Expected<bool> sleep_until_readable(int file, std::chrono::nanoseconds timeout) {
    timeout = std::max(timeout, std::chrono::nanoseconds(0));
    const auto seconds = std::chrono::floor<std::chrono::seconds>(timeout);
    const timespec limit{.tv_sec = seconds.count(), .tv_nsec = (timeout - seconds).count()};
    pollfd entry{.fd = file, .events = POLLIN, .revents = 0};
    const int ready = ::ppoll(&entry, 1, timeout == forever ? nullptr : &limit, nullptr);
    if (ready < 0 && errno != EINTR) return system_failure("ppoll for an event", errno);
    return ready > 0;
}

}  // namespace ixy
