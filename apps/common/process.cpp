// Signals and standard error.
#include "process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <span>
#include <string>

#include <ixy/core/files.hpp>
#include <ixy/explain/sink.hpp>

namespace ixy::app {

namespace {

std::atomic<int> signals{-1};  // an eventfd, open until the process ends

void announce_signal() {
    const int error_number = errno;
    (void)::eventfd_write(signals.load(std::memory_order_relaxed), 1);
    errno = error_number;
}

extern "C" void count_stop_request(int) {
    detail::stop_requests.fetch_add(1, std::memory_order_relaxed);
    announce_signal();
}
extern "C" void want_rings(int) {
    detail::rings_wanted.store(true, std::memory_order_relaxed);
    announce_signal();
}

}  // namespace

void catch_signals() {
    if (signals < 0) signals = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct sigaction action{};
    action.sa_handler = count_stop_request;  // without SA_RESTART: a wait ends, and its loop sees the request
    for (const int signal : {SIGINT, SIGTERM}) sigaction(signal, &action, nullptr);
    struct sigaction hangup{};
    sigaction(SIGHUP, nullptr, &hangup);
    if (hangup.sa_handler != SIG_IGN) sigaction(SIGHUP, &action, nullptr);  // nohup stays in force

    action.sa_handler = want_rings;
    sigaction(SIGUSR1, &action, nullptr);
    action.sa_handler = SIG_IGN;
    for (const int signal : {SIGPIPE, SIGXFSZ}) sigaction(signal, &action, nullptr);
    explain::end_waiting_when([] { return stop_requests() != 0; });
}

int signal_file() { return signals; }

void clear_signal_file() {
    eventfd_t ignored = 0;
    (void)::eventfd_read(signals, &ignored);
}

void fill_standard_files() {
    int file = 0;
    do file = ::open("/dev/null", O_RDWR);  // the lowest number that is free
    while (file >= 0 && file <= STDERR_FILENO);
    if (file >= 0) ::close(file);
}

bool keeps_waiting(bool going, std::chrono::milliseconds standstill) {
    if (stop_requests() == 0 && going) return true;
    return stop_requests() < 2 && standstill < longest_standstill;
}

bool takes_output(int file) {
    pollfd entry{.fd = file, .events = POLLOUT, .revents = 0};
    return ::poll(&entry, 1, 0) > 0;  // also when writing will fail
}

Expected<> print(std::string_view text, const KeepWaiting& keep_waiting) {
    auto left = std::as_bytes(std::span(text));
    const int error_number = write_all(STDOUT_FILENO, left, keep_waiting);
    if (error_number != 0) return write_failure("standard output", error_number, {});
    return {};
}

void say(std::string_view line) {
    const std::string text = std::string(line) + '\n';
    auto left = std::as_bytes(std::span(text));
    (void)write_all(STDERR_FILENO, left, [](auto standstill) { return keeps_waiting(true, standstill); });
}

}  // namespace ixy::app
