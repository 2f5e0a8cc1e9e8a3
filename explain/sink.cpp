// Explanations into a file or onto standard error: one write() for what belongs together, so that the lines of several
// processes do not mix either.
#include <ixy/explain/sink.hpp>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <mutex>
#include <utility>

#include <ixy/core/files.hpp>

namespace ixy::explain {
namespace {

std::atomic<std::uint64_t> lost = 0;

class FileSink final : public Sink {
public:
    FileSink(File file, std::string name) : file_(std::move(file)), name_(std::move(name)) {}

    void print(std::string_view lines) override {
        static std::mutex mutex;  // one for all: several sinks may be one file
        const std::lock_guard lock(mutex);
        const int file = file_.is_open() ? file_.get() : STDERR_FILENO;
        while (!lines.empty() && !broken_) {
            const ssize_t written = ::write(file, lines.data(), lines.size());
            if (written < 0 && errno == EINTR) continue;
            if (written < 0 && errno == EAGAIN) {  // a pipe or terminal that somebody else has set so
                pollfd room{.fd = file, .events = POLLOUT, .revents = 0};
                ::poll(&room, 1, -1);
                continue;
            }
            if (written <= 0) give_up(written == 0 ? ENOSPC : errno);
            if (written > 0) lines.remove_prefix(static_cast<std::size_t>(written));
        }
        lost.fetch_add(static_cast<std::uint64_t>(std::ranges::count(lines, '\n')), std::memory_order_relaxed);
    }

private:
    /// Says why nothing more is told, where that can be read.
    void give_up(int error_number) {
        broken_ = true;
        if (!file_.is_open()) return;
        const Error error = system_failure(name_, error_number, "the explanations end here").error();
        const std::string line = error.text() + "\n";
        (void)!::write(STDERR_FILENO, line.data(), line.size());
    }

    File file_;  // not open: standard error
    std::string name_;
    bool broken_ = false;
};

}  // namespace

std::uint64_t lost_lines() { return lost.load(std::memory_order_relaxed); }

Expected<std::shared_ptr<Sink>> open_sink(const std::string& file) {
    if (file.empty()) return std::make_shared<FileSink>(File(), "");
    File opened(::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
    if (!opened.is_open()) return system_failure("the file for explanations, " + file, errno, "name another file");
    return std::make_shared<FileSink>(std::move(opened), file);
}

}  // namespace ixy::explain
