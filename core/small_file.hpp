// The one-line files of sysfs.
#pragma once

#include <string>
#include <string_view>

#include <ixy/core/error.hpp>

namespace ixy::detail {

/// The file's first line. Errors: not_found, permission, system; each names the file.
Expected<std::string> read_line(const std::string& path);
/// Writes `text` into a file that exists, in one system call.
Expected<> write_line(const std::string& path, std::string_view text);

}  // namespace ixy::detail
