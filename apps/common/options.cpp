// What the options mean for waiting and for explaining, and how a program ends.
#include "options.hpp"

#include <fmt/core.h>
#include <ixy/explain/settings.hpp>
#include <ixy/explain/sink.hpp>

#include "process.hpp"

namespace ixy::app {

void request_explanations(const ExplainOptions& options) {
    if (options.words.empty() && options.file.empty()) return;
    auto settings = options.words.empty() ? explain::requested() : explain::parse_settings(options.words);
    if (!settings) return;  // the environment's words are wrong: opening a device will report it
    if (options.words.empty()) settings->on = true;
    if (!options.file.empty()) settings->file = options.file;
    explain::request(*settings);
}

Expected<Waiter> choose_waiter(const CommonOptions& options, std::span<const WaitFor> events) {
    auto waiter = Waiter::create(options.wait.value_or(WaitMode::adaptive), {});
    for (const WaitFor& event : events) {
        if (!waiter) break;
        if (auto added = waiter->add(event); !added) waiter = std::unexpected(added.error());
    }
    const bool may_poll = !waiter && !options.wait && waiter.error().kind == ErrorKind::unsupported;
    if (may_poll) return Waiter::polling();
    if (!waiter && waiter.error().kind == ErrorKind::unsupported) {
        waiter.error().next = "use --wait=poll: software NICs have interrupts, cards reached through sysfs have none";
    }
    return waiter;
}

int exit_status(std::string_view program, const Expected<>& result) {
    if (const std::uint64_t lost = explain::lost_lines(); lost != 0) {
        say(fmt::format("{}: {} lines of explanation could not be written", program, lost));
        if (result) return exit_failed;
    }
    if (result) return exit_ok;
    say(fmt::format("{}: {}", program, result.error().text()));
    return result.error().kind == ErrorKind::invalid_argument ? exit_usage : exit_failed;
}

}  // namespace ixy::app
