// Windows of a growing file, and the thread that prepares them.
#include "growing_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "process.hpp"

namespace ixy::app {

namespace {

constexpr std::size_t smallest_window = std::size_t{64} << 10;  // pages may be this large
constexpr std::size_t buffer_size = std::size_t{256} << 10;

bool is_impossible(int error_number) {
    return error_number == EOPNOTSUPP || error_number == ENOSYS || error_number == ENODEV || error_number == EINVAL;
}

bool is_full(int error_number) { return error_number == ENOSPC || error_number == EFBIG || error_number == EDQUOT; }

/// Opens for writing only: a pipe opened to read and write never reports that its reader has gone. No reader: ENXIO.
int open_pipe(const std::string& path) {
    const auto open = [&] { return ::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC); };
    int file = uninterrupted(open);
    while (file < 0 && errno == ENXIO && stop_requests() == 0) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        file = uninterrupted(open);
    }
    return file;
}

bool is_pipe(const std::string& path) {
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 && S_ISFIFO(status.st_mode);
}

}  // namespace

FileWindow::~FileWindow() {
    if (!bytes_.empty()) munmap(bytes_.data(), bytes_.size());
}

Expected<std::unique_ptr<GrowingFile>> GrowingFile::open(const std::string& path, std::size_t window) {
    if (is_pipe(path)) {
        const int file = open_pipe(path);
        if (file >= 0) return std::unique_ptr<GrowingFile>(new GrowingFile(path, file, window, false));
        if (errno == ENXIO) return failure(ErrorKind::timeout, path + ": stopped before anybody read this pipe");
        return system_failure(path, errno, "choose a file that can be written");
    }
    const auto open = [&](int flags) {
        return uninterrupted([&] { return ::open(path.c_str(), O_RDWR | O_CLOEXEC | flags, 0666); });
    };
    bool created = false;
    int file = open(0);
    if (file < 0 && errno == ENOENT) {
        file = open(O_CREAT | O_EXCL);
        created = file >= 0;
    }
    if (file < 0) return system_failure(path, errno, "choose a file that can be written");
    return std::unique_ptr<GrowingFile>(new GrowingFile(path, file, window, created));
}

GrowingFile::GrowingFile(std::string path, int file, std::size_t window, bool created)
    : path_(std::move(path)), file_(file), window_size_(window), created_(created) {}

GrowingFile::~GrowingFile() {
    if (file_ < 0) return;
    if (begun_) {
        (void)finish(size());
    } else {
        if (created_) unlink(path_.c_str());
        close(file_);
    }
}

Expected<> GrowingFile::begin() {
    struct stat status{};
    regular_ = fstat(file_, &status) == 0 && S_ISREG(status.st_mode);
    if (regular_) {
        // Before giving up the file's contents: does nobody play or write it, has the disk room for a window?
        if (flock(file_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
            return failure(ErrorKind::busy, path_ + ": this file is being written or played", "name another one");
        }
        if (uninterrupted([&] { return fallocate(file_, 0, 0, smallest_window); }) != 0 && is_full(errno)) {
            const auto full = fail(errno);
            (void)!cut(status.st_size);
            return full;
        }
        if (!cut(0)) return fail(errno);
    }
    begun_ = true;
    auto first = regular_ ? map_window(0) : Expected<FileWindow>(FileWindow());
    if (!first) return std::unexpected(first.error());
    if (first->bytes().empty()) {
        buffer_.resize(buffer_size);
        space_ = buffer_;
        return {};
    }
    window_ = std::move(*first);
    space_ = window_.bytes();
    helper_ = std::jthread([this](const std::stop_token& stop) { prepare_windows(stop); });
    return {};
}

bool GrowingFile::append_across_windows(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        if (used_ == space_.size() && !next_space()) return false;
        const std::size_t part = std::min(bytes.size(), space_.size() - used_);
        std::memcpy(space_.data() + used_, bytes.data(), part);
        used_ += part;
        bytes = bytes.subspan(part);
    }
    return true;
}

/// The space is full: continues with an empty one.
bool GrowingFile::next_space() {
    if (!result_) return false;
    return buffer_.empty() ? next_window() : write_buffer(used_);
}

bool GrowingFile::next_window() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return prepared_.has_value(); });
    if (!*prepared_) {
        result_ = std::unexpected(prepared_->error());
        return false;
    }
    old_ = std::move(window_);
    window_ = std::move(**prepared_);
    prepared_.reset();
    changed_.notify_all();
    space_ = window_.bytes();
    offset_ = window_.offset();
    used_ = 0;
    return true;
}

bool GrowingFile::write_buffer(std::size_t bytes) {
    auto left = std::span<const std::byte>(buffer_).first(bytes);
    if (const int error_number = write_all(file_, left, keep_waiting_); error_number != 0) result_ = fail(error_number);
    const std::size_t done = bytes - left.size();
    std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(done), buffer_.begin() + static_cast<std::ptrdiff_t>(used_),
              buffer_.begin());
    offset_ += done;
    used_ -= done;
    return result_.has_value();
}

/// Gives the file blocks from `offset` on and maps them. A disk that is nearly full is filled with smaller windows.
/// Returns an empty window if the file system has no fallocate.
Expected<FileWindow> GrowingFile::map_window(std::uint64_t offset) const {
    for (std::size_t size = window_size_;; size /= 2) {
        const auto allocate = [&] { return fallocate(file_, 0, static_cast<off_t>(offset), static_cast<off_t>(size)); };
        const int error_number = uninterrupted(allocate) != 0 ? errno : 0;
        if (error_number == 0) {
            void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file_, static_cast<off_t>(offset));
            if (memory == MAP_FAILED) return fail(errno);
#ifdef MADV_POPULATE_WRITE
            madvise(memory, size,
                    MADV_POPULATE_WRITE);  // Linux 5.14; without it pages are brought in when they are written to
#endif
            return FileWindow({static_cast<std::byte*>(memory), size}, offset);
        }
        if (offset == 0 && is_impossible(error_number)) return FileWindow();
        if (!is_full(error_number) || size / 2 < smallest_window) return fail(error_number);
    }
}

/// The helper thread: keeps one window ready, and unmaps the previous one.
void GrowingFile::prepare_windows(const std::stop_token& stop) {
    std::uint64_t offset = window_.end();
    std::unique_lock lock(mutex_);
    while (changed_.wait(lock, stop, [this] { return !prepared_.has_value(); })) {
        {
            const FileWindow old = std::move(old_);
            lock.unlock();
        }
        auto window = map_window(offset);
        if (window) offset = window->end();
        lock.lock();
        prepared_ = std::move(window);
        changed_.notify_all();
    }
}

Expected<> GrowingFile::finish(std::uint64_t length) {
    helper_ = {};  // asks it to stop, and waits
    if (!buffer_.empty() && result_)
        write_buffer(static_cast<std::size_t>(std::min<std::uint64_t>(used_, length - offset_)));
    prepared_.reset();
    old_ = {};
    window_ = {};
    space_ = {};
    if (regular_ && !cut(static_cast<off_t>(length)) && result_) result_ = fail(errno);
    if (close(std::exchange(file_, -1)) != 0 && result_) result_ = fail(errno);
    return result_;
}

bool GrowingFile::cut(off_t length) const {
    return uninterrupted([&] { return ftruncate(file_, length); }) == 0;
}

std::unexpected<Error> GrowingFile::fail(int error_number) const {
    return write_failure(path_, error_number, is_full(error_number) ? "free some space or choose another file" : "");
}

}  // namespace ixy::app
