// Reading and writing the small files of sysfs and proc.
#include <ixy/core/files.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <filesystem>

#include <ixy/core/privileges.hpp>

namespace ixy {

namespace fs = std::filesystem;

void File::close() noexcept {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

int write_all(int file, std::span<const std::byte>& bytes, const KeepWaiting& keep_waiting) {
    using Clock = std::chrono::steady_clock;
    struct stat status{};
    if (::fstat(file, &status) != 0) return errno;
    // A file that poll() calls writable accepts PIPE_BUF bytes at once. A longer write() could block with no way out.
    const bool never_blocks = S_ISREG(status.st_mode) || (::fcntl(file, F_GETFL) & O_NONBLOCK) != 0;
    const std::size_t most = never_blocks ? bytes.size() : PIPE_BUF;
    for (Clock::time_point moved = Clock::now(); !bytes.empty();) {
        pollfd room{.fd = file, .events = POLLOUT, .revents = 0};
        ssize_t written = -1;
        errno = EAGAIN;
        if (::poll(&room, 1, 100) > 0) written = ::write(file, bytes.data(), std::min(most, bytes.size()));
        if (written > 0) {
            bytes = bytes.subspan(static_cast<std::size_t>(written));
            moved = Clock::now();
            continue;
        }
        if (written == 0) return ENOSPC;
        if (errno != EAGAIN && errno != EINTR) return errno;
        const auto standstill = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - moved);
        if (keep_waiting && !keep_waiting(standstill)) return ETIMEDOUT;
    }
    return 0;
}

std::unexpected<Error> write_failure(const std::string& what, int error_number, std::string next) {
    if (error_number != ETIMEDOUT) return system_failure(what, error_number, std::move(next));
    return failure(ErrorKind::timeout, what + ": its reader has stopped reading", std::move(next));
}

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

Expected<std::string> read_text(const std::string& path) {
    const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.is_open()) return system_failure(path, errno);
    std::string text;
    std::array<char, 4096> part;
    for (;;) {
        const ssize_t got = ::read(file.get(), part.data(), part.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_failure(path, errno);
        if (got == 0) break;
        text.append(part.data(), static_cast<std::size_t>(got));
    }
    text.erase(text.find_last_not_of(" \t\r\n") + 1);
    return text;
}

Expected<std::string> read_script(const std::string& path) {
    constexpr off_t longest = 1 << 20;
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) return system_failure(path, errno);
    if (S_ISREG(status.st_mode) && status.st_size <= longest) return read_text(path);
    return failure(ErrorKind::invalid_argument, path + ": not a script: a script is a regular file of at most 1 MiB");
}

Expected<std::int64_t> read_number(const std::string& path) {
    const auto text = read_text(path);
    if (!text) return std::unexpected(text.error());
    const bool hexadecimal = text->starts_with("0x");
    std::int64_t number = 0;
    const char* const end = text->data() + text->size();
    const auto parsed = std::from_chars(text->data() + (hexadecimal ? 2 : 0), end, number, hexadecimal ? 16 : 10);
    if (parsed.ec != std::errc{} || parsed.ptr != end)
        return failure(ErrorKind::system, path + ": not a number: \"" + *text + "\"");
    return number;
}

std::unexpected<Error> file_failure(const std::string& what, int error_number) {
    std::string next;
    if (error_number == EACCES || error_number == EPERM) {
        next =
            how_to_get(error_number == EACCES ? Capability::dac_override : Capability::sys_admin, current_privileges());
        if (next.empty())
            next = "a security module (AppArmor, SELinux) or the container forbids it: use a privileged container";
    }
    if (error_number == EROFS) next = "sysfs is read-only here: run this outside the container, or in a privileged one";
    return system_failure(what, error_number, std::move(next));
}

Expected<> write_file(const std::string& path, std::string_view text) {
    const File file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!file.is_open()) return file_failure("cannot open " + path, errno);
    if (uninterrupted([&] { return ::write(file.get(), text.data(), text.size()); }) < 0) {
        return file_failure("the kernel rejects \"" + std::string(text) + "\" in " + path, errno);
    }
    return {};
}

std::string link_target_name(const std::string& path) {
    std::error_code error;
    const fs::path target = fs::read_symlink(path, error);
    return error ? std::string() : target.filename().string();
}

Expected<std::vector<std::string>> list_folder(const std::string& path) {
    std::vector<std::string> names;
    std::error_code error;
    for (auto entry = fs::directory_iterator(path, error); !error && entry != fs::directory_iterator();
         entry.increment(error)) {
        names.push_back(entry->path().filename().string());
    }
    if (error) return system_failure(path, error.value());
    std::ranges::sort(names);
    return names;
}

std::vector<std::string> folder_entries(const std::string& path) {
    return list_folder(path).value_or(std::vector<std::string>{});
}

}  // namespace ixy
