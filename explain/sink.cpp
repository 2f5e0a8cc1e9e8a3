// Explanations into a file or onto standard error: one write() for what belongs together, so that the lines of several
// processes do not mix either.
#include <ixy/explain/sink.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>
#include <utility>

#include <ixy/core/files.hpp>

namespace ixy::explain {
namespace {

class FileSink final : public Sink {
public:
    explicit FileSink(File file) : file_(std::move(file)) {}

    void print(std::string_view lines) override {
        static std::mutex mutex;  // one for all: several sinks may be one file
        const std::lock_guard lock(mutex);
        const int file = file_.is_open() ? file_.get() : STDERR_FILENO;
        while (!lines.empty()) {
            const ssize_t written = ::write(file, lines.data(), lines.size());
            if (written < 0 && errno == EINTR) continue;
            if (written <= 0) return;
            lines.remove_prefix(static_cast<std::size_t>(written));
        }
    }

private:
    File file_;  // not open: standard error
};

}  // namespace

Expected<std::shared_ptr<Sink>> open_sink(const std::string& file) {
    if (file.empty()) return std::make_shared<FileSink>(File());
    File opened(::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
    if (!opened.is_open()) return system_failure("the file for explanations, " + file, errno, "name another file");
    return std::make_shared<FileSink>(std::move(opened));
}

}  // namespace ixy::explain
