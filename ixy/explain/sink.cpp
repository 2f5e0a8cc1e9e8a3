// Writes explanations to a file or to standard error: one write() for what belongs together, so that the lines of
// several processes do not mix either.
#include <ixy/explain/sink.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <mutex>
#include <thread>
#include <utility>

#include <ixy/core/files.hpp>

namespace ixy::explain {
namespace {

using namespace std::chrono_literals;

std::atomic<std::uint64_t> lost = 0;
std::atomic<bool (*)()> asked_to_end = nullptr;

bool is_asked_to_end() {
    bool (*const asked)() = asked_to_end.load(std::memory_order_relaxed);
    return asked != nullptr && asked();
}

bool keeps_waiting(std::chrono::milliseconds standstill) { return !is_asked_to_end() || standstill < 1s; }

class FileSink final : public Sink {
public:
    FileSink(File file, std::string name) : file_(std::move(file)), name_(std::move(name)) {}

    void print(std::string_view lines) override {
        static std::mutex mutex;  // one for all: several sinks may share one file
        const std::lock_guard lock(mutex);
        auto left = std::as_bytes(std::span(lines));
        if (!broken_) {
            const int file = file_.is_open() ? file_.get() : STDERR_FILENO;
            if (const int error_number = write_all(file, left, keeps_waiting); error_number != 0) give_up(error_number);
        }
        const auto unwritten = lines.substr(lines.size() - left.size());
        lost.fetch_add(static_cast<std::uint64_t>(std::ranges::count(unwritten, '\n')), std::memory_order_relaxed);
    }

private:
    /// Reports why the explanations end, where that can be read.
    void give_up(int error_number) {
        broken_ = true;
        if (!file_.is_open()) return;
        const Error error = write_failure(name_, error_number, "the explanations end here").error();
        const std::string line = error.text() + "\n";
        auto left = std::as_bytes(std::span(line));
        (void)write_all(STDERR_FILENO, left, keeps_waiting);
    }

    File file_;  // not open: standard error
    std::string name_;
    bool broken_ = false;
};

bool is_pipe(const std::string& path) {
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 && S_ISFIFO(status.st_mode);
}

}  // namespace

std::uint64_t lost_lines() { return lost.load(std::memory_order_relaxed); }

void end_waiting_when(bool (*asked)()) { asked_to_end.store(asked, std::memory_order_relaxed); }

Expected<std::shared_ptr<Sink>> open_sink(const std::string& file) {
    if (file.empty()) return std::make_shared<FileSink>(File(), "");
    const std::string what = "the file for explanations, " + file;
    const auto open = [&] {
        return ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0644);
    };
    for (;;) {
        File opened(uninterrupted(open));
        if (opened.is_open()) return std::make_shared<FileSink>(std::move(opened), file);
        if (errno != ENXIO || !is_pipe(file)) return system_failure(what, errno, "name another file");
        if (is_asked_to_end()) return failure(ErrorKind::timeout, what + ": stopped before anybody read this pipe");
        std::this_thread::sleep_for(10ms);
    }
}

}  // namespace ixy::explain
