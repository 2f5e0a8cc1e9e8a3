// Where explanations go.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <ixy/core/error.hpp>

namespace ixy::explain {

/// Accepts finished lines. Thread rule: any thread; the lines of one call stay together.
class Sink {
public:
    virtual ~Sink() = default;
    /// One line or several, each ending with a newline.
    virtual void print(std::string_view lines) = 0;
};

/// Appends to `file` (created if it does not exist), or writes to standard error if `file` is empty. Several processes
/// may share a file. Once something cannot be written (a full disk), standard error gets one line that says so, the
/// rest is lost, and the device goes on (with a pipe that nobody reads any more: if the program ignores SIGPIPE). A
/// pipe is waited for: until somebody opens it for reading, and whenever it is full. Errors: those of opening the file;
/// timeout (asked to end before anybody opened the pipe).
Expected<std::shared_ptr<Sink>> open_sink(const std::string& file);

/// For programs that catch signals: `asked` says whether the program was asked to end. From then on, a pipe gets one
/// more second; lines that it has not accepted by then are lost. Thread rule: any thread.
void end_waiting_when(bool (*asked)());

/// How many lines the sinks of this process could not write: a full disk, a pipe that nobody reads. Thread rule: any
/// thread.
std::uint64_t lost_lines();

}  // namespace ixy::explain
