// What `ixy doctor` looks at: one finding for each thing that a program needs, or could use.
#pragma once

#include <string>
#include <vector>

#include <ixy/pci/files.hpp>

namespace ixy::app {

struct Finding {
    enum class State : std::uint8_t {
        good,
        missing,
        unseen,  ///< it could not be looked at, so it is neither
    };

    std::string subject;  ///< "huge pages"
    State state = State::missing;
    bool needed = true;  ///< no program works on a real card without it
    std::string what;    ///< "512 of 2 MiB, 500 free"
    std::string next{};  ///< the command that fixes it
};

std::vector<Finding> examine_machine(const KernelTree& tree);

}  // namespace ixy::app
