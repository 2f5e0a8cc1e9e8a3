// What has to be done to give a function back, one step at a time.
//
// Each change to a card is written down as its undoing before it is made. The list serves three times: when a later
// step of opening fails, when the function is closed, and, in the guard process, when the owner has died. So a step is
// plain data of fixed size, harmless when its change was never made, and runs with system calls alone.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace ixy {

struct UndoStep {
    enum class Kind : std::uint8_t {
        write_file,       ///< write `text` to `path`
        stop_bus_master,  ///< write `value` to the command register and wait for DMA under way
    };
    Kind kind = Kind::write_file;
    std::uint16_t value = 0;
    std::array<char, 256> path{};
    std::array<char, 128> text{};

    /// Writes `content` to the file at `where`. Precondition: both fit.
    static UndoStep write(std::string_view where, std::string_view content);
    /// Sets the command register to `command` less bus mastering.
    static UndoStep command(std::uint16_t command);

    /// Whether `where` and `content` fit into a step.
    static bool fits(std::string_view where, std::string_view content);

    /// Takes the step; `config` is the function's configuration space. What fails is left as it is. Async-signal-safe.
    void run(int config) const noexcept;
};

}  // namespace ixy
