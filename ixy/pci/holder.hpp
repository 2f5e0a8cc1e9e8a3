// Which process has a file open or mapped, as /proc shows it, and whether /proc shows every process.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace ixy {

struct Holder {
    std::string process;        ///< "process 812 (testpmd)"; empty: none was found
    bool saw_everyone = false;  ///< every process of this machine was examined, so none found means none
};

/// Looks for a process other than this one that has a file open, or mapped for writing, whose path `wanted` accepts
/// (a socket's path is "socket:[4711]"). `proc` is where proc is mounted.
Holder find_holder(const std::string& proc, const std::function<bool(std::string_view path)>& wanted);

}  // namespace ixy
