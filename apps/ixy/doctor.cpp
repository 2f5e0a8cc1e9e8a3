// `ixy doctor`: prints the findings.
#include <algorithm>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "checks.hpp"
#include "commands.hpp"

namespace ixy::app {
namespace {

bool is_in_the_way(const Finding& finding) { return finding.needed && finding.state != Finding::State::good; }

const char* mark(const Finding& finding) {
    switch (finding.state) {
        case Finding::State::good:
            return "ok";
        case Finding::State::unseen:
            return "UNKNOWN";
        case Finding::State::missing:
            break;
    }
    return finding.needed ? "MISSING" : "optional";
}

void print_json(const std::vector<Finding>& findings, bool ready) {
    for (const Finding& each : findings) {
        const nlohmann::json object = {{"subject", each.subject},
                                       {"good", each.state == Finding::State::good},
                                       {"seen", each.state != Finding::State::unseen},
                                       {"needed", each.needed},
                                       {"what", each.what},
                                       {"next", each.next}};
        fmt::print("{}\n", object.dump());
    }
    fmt::print("{}\n", nlohmann::json{{"summary", true}, {"ready", ready}}.dump());
}

}  // namespace

bool doctor(const KernelTree& tree, bool json) {
    const std::vector<Finding> findings = examine_machine(tree);
    const bool ready = std::ranges::none_of(findings, is_in_the_way);
    if (json) {
        print_json(findings, ready);
        return ready;
    }
    for (const Finding& each : findings) {
        fmt::print("{:<9} {:<14} {}\n", mark(each), each.subject, each.what);
        if (each.state != Finding::State::good && !each.next.empty()) fmt::print("{:<24} -> {}\n", "", each.next);
    }
    fmt::print("\n{}\n", ready ? "Everything that a program needs is available."
                               : "Something that a program needs is missing or could not be seen: see MISSING and "
                                 "UNKNOWN above.");
    return ready;
}

}  // namespace ixy::app
