// The small files of sysfs and proc, file descriptors that close themselves, and system calls that signals interrupt.
#pragma once

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ixy/core/error.hpp>

namespace ixy {

/// An open file, closed with its owner.
class File {
public:
    File() = default;
    explicit File(int descriptor) : descriptor_(descriptor) {}
    File(File&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    File& operator=(File&& other) noexcept {
        std::swap(descriptor_, other.descriptor_);
        return *this;
    }
    ~File() { close(); }

    int get() const { return descriptor_; }
    bool is_open() const { return descriptor_ >= 0; }
    void close() noexcept;

private:
    int descriptor_ = -1;
};

/// Repeats a system call (-1 and errno when it fails) for as long as signals interrupt it.
template <class Call>
auto uninterrupted(Call call) {
    auto result = call();
    while (result < 0 && errno == EINTR) result = call();
    return result;
}

/// Whether to go on waiting for a reader who has taken nothing for so long.
using KeepWaiting = std::function<bool(std::chrono::milliseconds)>;
/// Writes `bytes` and shortens it by what was written. Signals do not end it. While a pipe or terminal takes nothing it
/// waits, and asks `keep_waiting` about ten times a second; an empty one waits for ever. Returns 0, or the errno that
/// says why the rest was not written: ETIMEDOUT when `keep_waiting` was false. SIGPIPE must be ignored.
int write_all(int file, std::span<const std::byte>& bytes, const KeepWaiting& keep_waiting);
/// What write_all() returned, in words; `what` names the file.
std::unexpected<Error> write_failure(const std::string& what, int error_number, std::string next);

bool exists(const std::string& path);
/// The whole of a small file without the white space at its end. Errors: not_found, permission, system; each names the
/// file.
Expected<std::string> read_text(const std::string& path);
/// The same for a file that a user names: refuses what may never end (a device, a pipe) or has more than 1 MiB, with
/// invalid_argument.
Expected<std::string> read_script(const std::string& path);
/// The number in a small file: decimal, or hexadecimal after 0x. Errors: those of read_text; system (no number).
Expected<std::int64_t> read_number(const std::string& path);
/// Writes `text` into a file of sysfs that exists, in one system call.
Expected<> write_file(const std::string& path, std::string_view text);
/// A system call on a file of sysfs has failed: as system_failure, and a missing privilege names what gives it.
std::unexpected<Error> file_failure(const std::string& what, int error_number);
/// The last part of what the symbolic link at `path` points to: "e1000" for .../driver. Empty: no such link.
std::string link_target_name(const std::string& path);
/// The names in a folder, sorted, those of the dots left out. Errors: not_found, permission, system.
Expected<std::vector<std::string>> list_folder(const std::string& path);
/// The same; empty where the folder is absent or cannot be read.
std::vector<std::string> folder_entries(const std::string& path);

}  // namespace ixy
