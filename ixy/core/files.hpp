// Small files of sysfs and proc, file descriptors that close themselves, and system calls that signals interrupt.
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

/// An open file, closed when this object is destroyed.
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

/// Repeats a system call (-1 and errno if it fails) as long as signals interrupt it.
template <class Call>
auto uninterrupted(Call call) {
    auto result = call();
    while (result < 0 && errno == EINTR) result = call();
    return result;
}

/// Whether to keep waiting for a reader that has read nothing for this long.
using KeepWaiting = std::function<bool(std::chrono::milliseconds)>;
/// Writes `bytes` and removes the written part from its front. Signals do not interrupt it. While a pipe or terminal
/// accepts nothing, it waits and calls `keep_waiting` about ten times a second; if that is empty, it waits forever.
/// Returns 0, or the errno that says why the rest was not written: ETIMEDOUT if `keep_waiting` returned false. SIGPIPE
/// must be ignored.
int write_all(int file, std::span<const std::byte>& bytes, const KeepWaiting& keep_waiting);
/// Describes an errno that write_all() returned; `what` names the file.
std::unexpected<Error> write_failure(const std::string& what, int error_number, std::string next);

bool exists(const std::string& path);
/// The contents of a small file, without trailing white space. Errors: not_found, permission, system; each names the
/// file.
Expected<std::string> read_text(const std::string& path);
/// The same for a file named by a user: refuses files that may never end (a device, a pipe) or exceed 1 MiB, with
/// invalid_argument.
Expected<std::string> read_script(const std::string& path);
/// The number in a small file: decimal, or hexadecimal after 0x. Errors: those of read_text; system (not a number).
Expected<std::int64_t> read_number(const std::string& path);
/// Writes `text` to an existing file of sysfs, in one system call.
Expected<> write_file(const std::string& path, std::string_view text);
/// Failure of a system call on a file of sysfs: as system_failure, and says how to get a missing privilege.
std::unexpected<Error> file_failure(const std::string& what, int error_number);
/// The last part of the target of the symbolic link at `path`: "e1000" for .../driver. Empty if there is no such link.
std::string link_target_name(const std::string& path);
/// The names in a folder, sorted, without "." and "..". Errors: not_found, permission, system.
Expected<std::vector<std::string>> list_folder(const std::string& path);
/// The same; empty if the folder is absent or cannot be read.
std::vector<std::string> folder_entries(const std::string& path);

}  // namespace ixy
