// How to give a function back, one step at a time.
//
// Before each change to a card, the step that undoes it is recorded. The list has three uses: when a later step of
// opening fails, when the function is closed, and, in the guard process, when the owner has died. So a step is plain
// data of fixed size, harmless if its change was never made, and runs with system calls alone.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace ixy {

struct UndoStep {
    enum class Kind : std::uint8_t {
        write_file,       ///< write `text` to `path`
        stop_bus_master,  ///< write `value` to the command register and wait for DMA in progress
    };
    Kind kind = Kind::write_file;
    std::uint16_t value = 0;
    std::array<char, 256> path{};
    std::array<char, 128> text{};

    /// Writes `content` to the file at `where`. Precondition: both fit.
    static UndoStep write(std::string_view where, std::string_view content);
    /// Sets the command register to `command` without bus mastering.
    static UndoStep command(std::uint16_t command);

    /// Whether `where` and `content` fit into a step.
    static bool fits(std::string_view where, std::string_view content);

    /// Takes the step; `config` is the function's configuration space. Failures are ignored. Async-signal-safe.
    void run(int config) const noexcept;
};

}  // namespace ixy
