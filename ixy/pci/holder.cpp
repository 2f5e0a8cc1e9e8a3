// Searches /proc/PID/fd and /proc/PID/maps.
#include <ixy/pci/holder.hpp>

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include <ixy/core/files.hpp>

namespace ixy {
namespace {

namespace fs = std::filesystem;

enum class Look : std::uint8_t { nothing, found, hidden };

/// A process that ends while we look at it no longer holds anything.
Look unreadable(const std::string& process) { return exists(process) ? Look::hidden : Look::nothing; }

using Wanted = std::function<bool(std::string_view path)>;

Look look_at_open_files(const std::string& process, const Wanted& wanted) {
    const auto files = list_folder(process + "/fd");
    if (!files) return unreadable(process);
    for (const std::string& file : *files) {
        std::error_code error;
        const fs::path target = fs::read_symlink(process + "/fd/" + file, error);
        if (!error && wanted(target.native())) return Look::found;
    }
    return Look::nothing;
}

Look look_at_mappings(const std::string& process, const Wanted& wanted) {
    const auto maps = read_text(process + "/maps");
    if (!maps) return unreadable(process);
    // 7f0c…-7f0d… rw-s 00000000 00:15 4711   /sys/devices/pci0000:00/0000:00:03.0/resource0
    std::istringstream lines(*maps);
    for (std::string line; std::getline(lines, line);) {
        const std::size_t rights = line.find(' '), path = line.find('/');
        if (path == std::string::npos || path < rights + 3 || line[rights + 2] != 'w') continue;
        if (wanted(std::string_view(line).substr(path))) return Look::found;
    }
    return Look::nothing;
}

bool is_number(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char each) { return each >= '0' && each <= '9'; });
}

/// The first pid namespace is the one from which all processes can be seen. Its number is fixed
/// (include/linux/proc_ns.h).
bool is_first_pid_namespace(const std::string& proc) {
    std::error_code error;
    return fs::read_symlink(proc + "/self/ns/pid", error) == "pid:[4026531836]";
}

}  // namespace

Holder find_holder(const std::string& proc, const Wanted& wanted) {
    Holder holder{.process = {}, .saw_everyone = is_first_pid_namespace(proc)};
    const auto entries = folder_entries(proc);
    // Mounted with hidepid, proc hides even process 1.
    if (!std::ranges::binary_search(entries, "1")) holder.saw_everyone = false;
    for (const std::string& number : entries) {
        if (!is_number(number) || number == std::to_string(::getpid())) continue;
        const std::string process = proc + "/" + number;
        for (const auto look : {look_at_open_files, look_at_mappings}) {
            const Look seen = look(process, wanted);
            if (seen == Look::hidden) holder.saw_everyone = false;
            if (seen != Look::found) continue;
            holder.process = "process " + number + " (" + read_text(process + "/comm").value_or("?") + ")";
            return holder;
        }
    }
    return holder;
}

}  // namespace ixy
