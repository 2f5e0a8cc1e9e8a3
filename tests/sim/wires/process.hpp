// Another process, for wires between two, and functions that wait for it.
#pragma once

#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>

#include "wires.hpp"

namespace ixy::sim::test {

/// Runs `work` in its own process; the result of `work` is the exit status.
class Process {
public:
    explicit Process(const std::function<int()>& work) : process_(::fork()) {
        if (process_ != 0) return;
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        int status = 99;
        try {
            status = work();
        } catch (const std::exception& error) {
            std::fprintf(stderr, "in the other process: %s\n", error.what());
        }
        ::_exit(status);
    }
    ~Process() { kill(); }
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    pid_t id() const { return process_; }
    /// Ends it as a crash would.
    void kill() {
        if (process_ > 0) ::kill(process_, SIGKILL);
        wait();
    }
    int wait() {
        if (process_ <= 0) return -1;
        int status = 0;
        ::waitpid(std::exchange(process_, -1), &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }

private:
    pid_t process_;
};

inline Time now() { return std::chrono::steady_clock::now().time_since_epoch(); }

inline bool readable(const Wire& wire, std::chrono::milliseconds limit) {
    pollfd file{.fd = wire.file(), .events = POLLIN, .revents = 0};
    return ::poll(&file, 1, static_cast<int>(limit.count())) == 1;
}

/// The next frame, within 20 seconds; empty if none came.
inline Frame await(Wire& wire) {
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (std::chrono::steady_clock::now() < end) {
        if (const auto frame = wire.receive(now())) return {frame->bytes.begin(), frame->bytes.end()};
        readable(wire, 10ms);
    }
    return {};
}

/// The number of frames that probe whether the other end exists. Some may still be in flight once it does.
inline constexpr std::uint32_t opening = 1'000'000;

/// The next frame other than those; empty if none came.
inline Frame await_after_opening(Wire& wire) {
    Frame frame = await(wire);
    while (!frame.empty() && number_of(frame) == opening) frame = await(wire);
    return frame;
}

/// Waits for `count` numbered frames.
inline std::vector<std::uint32_t> await_numbers(Wire& wire, std::size_t count) {
    std::vector<std::uint32_t> numbers;
    while (numbers.size() < count) {
        const Frame frame = await(wire);
        if (frame.empty()) break;
        numbers.push_back(number_of(frame));
    }
    return numbers;
}

}  // namespace ixy::sim::test
