// A file that is written faster than a disk: it grows in windows of memory.
//
// While one window is being filled, a helper thread allocates the next one's blocks (fallocate), maps it and brings its
// pages in, so that appending is a copy in memory that never waits. A full disk shows when blocks are allocated and
// never when they are written to: no access can fail (SIGBUS). A file that cannot be mapped this way (a pipe, a file
// system without fallocate) is written with write() from a buffer.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <ixy/core/error.hpp>
#include <ixy/core/files.hpp>

namespace ixy::app {

/// Bytes [offset, offset + size()) of a file in memory. Unmapped when destroyed.
class FileWindow {
public:
    FileWindow() = default;
    FileWindow(std::span<std::byte> mapped, std::uint64_t offset) : bytes_(mapped), offset_(offset) {}
    FileWindow(FileWindow&& other) noexcept { *this = std::move(other); }
    FileWindow& operator=(FileWindow&& other) noexcept {
        std::swap(bytes_, other.bytes_);
        std::swap(offset_, other.offset_);
        return *this;
    }
    ~FileWindow();

    std::span<std::byte> bytes() const { return bytes_; }
    std::uint64_t offset() const { return offset_; }
    std::uint64_t end() const { return offset_ + bytes_.size(); }

private:
    std::span<std::byte> bytes_;
    std::uint64_t offset_ = 0;
};

/// Thread rule: one thread at a time appends. SIGXFSZ must be ignored by the process, and SIGPIPE for pipes.
class GrowingFile {
public:
    static constexpr std::size_t default_window = std::size_t{16} << 20;

    /// Opens `path` without changing a file that exists, and waits for a reader if it is a pipe. `window` is a multiple
    /// of 64 KiB. Errors: system; timeout (asked to end before the pipe had a reader).
    static Expected<std::unique_ptr<GrowingFile>> open(const std::string& path, std::size_t window = default_window);
    /// Finishes the file at its present size. One that open() created is removed when begin() was never called.
    ~GrowingFile();
    GrowingFile(const GrowingFile&) = delete;
    GrowingFile& operator=(const GrowingFile&) = delete;

    /// Empties the file (but not when the disk has no room for a new one, or the file is being played or written as a
    /// capture) and starts the helper thread, which runs on the CPUs that this thread may use now. Errors: system.
    Expected<> begin();
    /// Waits for a full pipe or terminal as long as `keep_waiting` says: forever, if this is never called.
    void wait_while(KeepWaiting keep_waiting) { keep_waiting_ = std::move(keep_waiting); }
    /// Appends `bytes`. False when the disk is full or broken: then some of them may have been appended, and finish()
    /// reports what happened.
    [[nodiscard]] bool append(std::span<const std::byte> bytes) {
        if (bytes.size() > space_.size() - used_) [[unlikely]]
            return append_across_windows(bytes);
        std::memcpy(space_.data() + used_, bytes.data(), bytes.size());
        used_ += bytes.size();
        return true;
    }
    std::uint64_t size() const { return offset_ + used_; }
    /// True for a file that cannot be mapped.
    bool is_buffered() const { return !buffer_.empty(); }
    /// The bytes of a buffered file that have left the buffer.
    std::uint64_t written() const { return offset_; }
    /// Cuts the file at `length` bytes, at most size(), and closes it. Errors: why append() failed; system.
    Expected<> finish(std::uint64_t length);

private:
    GrowingFile(std::string path, int file, std::size_t window, bool created);

    bool append_across_windows(std::span<const std::byte> bytes);
    bool next_space();
    bool next_window();
    bool write_buffer(std::size_t bytes);
    bool cut(off_t length) const;
    std::unexpected<Error> fail(int error_number) const;
    Expected<FileWindow> map_window(std::uint64_t offset) const;
    void prepare_windows(const std::stop_token& stop);

    std::string path_;
    int file_;
    std::size_t window_size_;
    bool created_;
    bool regular_ = true;
    bool begun_ = false;
    KeepWaiting keep_waiting_;

    std::span<std::byte> space_;  ///< the window or the buffer that is being filled
    std::size_t used_ = 0;        ///< filled bytes of it
    std::uint64_t offset_ = 0;    ///< position of its first byte in the file
    FileWindow window_;
    std::vector<std::byte> buffer_;
    Expected<> result_;

    std::mutex mutex_;  ///< guards what the helper thread shares; taken once per window
    std::condition_variable_any changed_;
    std::optional<Expected<FileWindow>> prepared_;
    FileWindow old_;
    std::jthread helper_;
};

}  // namespace ixy::app
