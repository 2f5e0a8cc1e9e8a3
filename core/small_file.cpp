#include "small_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace ixy::detail {

Expected<std::string> read_line(const std::string& path) {
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return system_failure(path, errno);
    std::string text(4096, '\0');
    const ssize_t got = read(file, text.data(), text.size());
    const int error_number = errno;
    close(file);
    if (got < 0) return system_failure(path, error_number);
    text.resize(static_cast<std::size_t>(got));
    text.resize(std::min(text.find('\n'), text.size()));
    return text;
}

Expected<> write_line(const std::string& path, std::string_view text) {
    const int file = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (file < 0) return system_failure(path, errno);
    const ssize_t put = write(file, text.data(), text.size());
    const int error_number = put < 0 ? errno : EIO;
    close(file);
    if (put != static_cast<ssize_t>(text.size())) return system_failure(path, error_number);
    return {};
}

}  // namespace ixy::detail
