// `ixy doctor`: prints the findings.
#include <algorithm>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "checks.hpp"
#include "commands.hpp"

namespace ixy::app {

bool doctor(const KernelTree& tree, bool json) {
    const std::vector<Finding> findings = examine_machine(tree);
    const bool ready = std::ranges::none_of(findings, [](const Finding& each) { return each.needed && !each.good; });
    if (json) {
        nlohmann::json array = nlohmann::json::array();
        for (const Finding& each : findings) {
            array.push_back({{"subject", each.subject},
                             {"good", each.good},
                             {"needed", each.needed},
                             {"what", each.what},
                             {"next", each.next}});
        }
        fmt::print("{}\n", nlohmann::json{{"ready", ready}, {"findings", array}}.dump(2));
        return ready;
    }
    for (const Finding& each : findings) {
        const char* const mark = each.good ? "ok" : each.needed ? "MISSING" : "optional";
        fmt::print("{:<9} {:<14} {}\n", mark, each.subject, each.what);
        if (!each.good && !each.next.empty()) fmt::print("{:<24} -> {}\n", "", each.next);
    }
    fmt::print("\n{}\n", ready ? "Everything that a program needs is there."
                               : "Something that a program needs is missing; see MISSING above.");
    return ready;
}

}  // namespace ixy::app
