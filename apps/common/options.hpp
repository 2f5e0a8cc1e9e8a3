// What the command lines of all programs ask for, and the exit status.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <ixy/core/error.hpp>
#include <ixy/nic/device.hpp>
#include <ixy/nic/waiter.hpp>

namespace ixy::app {

/// The meanings of a program's exit status.
enum ExitStatus : int { exit_ok = 0, exit_failed = 1, exit_usage = 2 };

inline constexpr std::size_t largest_batch = 1024;

/// How register accesses are explained; see docs/explain.md. The environment can request this too.
struct ExplainOptions {
    std::string words;  ///< of --explain; empty: it was not given
    std::string file;   ///< of --explain-file
};

struct CommonOptions {
    DeviceOptions device;
    std::size_t batch = 32;          ///< packets handled at a time, 1 to largest_batch
    std::size_t queues = 1;          ///< receive and transmit queues of each card, each with a thread
    std::vector<int> cpus;           ///< the CPUs to run on, one for each thread; none: those of the card's NUMA node
    std::optional<double> duration;  ///< seconds after which to end
    std::optional<WaitMode> wait;    ///< none: adaptive if all cards have interrupts, else poll
    bool json = false;               ///< statistics also as JSON lines on standard output
    ExplainOptions explain;
};

/// What a thread does while there is nothing to do, as the options say. Errors: unsupported (a card without
/// interrupts, and the options ask for them); system.
Expected<Waiter> choose_waiter(const CommonOptions& options, std::span<const WaitFor> events);

/// Prints what went wrong, if anything did, and returns the matching exit status: exit_usage for an invalid argument.
int exit_status(std::string_view program, const Expected<>& result);

/// After parsing: devices opened from now on are explained as the options say.
void request_explanations(const ExplainOptions& options);

}  // namespace ixy::app
