// The common part of the command lines.
#include "options.hpp"

#include <algorithm>
#include <charconv>
#include <thread>

#include <fmt/core.h>
#include <ixy/core/cpu.hpp>
#include <ixy/explain/settings.hpp>
#include <ixy/sim/function.hpp>

#include "process.hpp"

namespace ixy::app {

namespace {

/// A number of seconds within these limits; not a number (nan) is none.
CLI::Validator seconds_between(double least, double most) {
    const auto check = [=](const std::string& text) {
        double seconds = 0;
        const bool good = CLI::detail::lexical_cast(text, seconds) && seconds >= least && seconds <= most;
        return good ? std::string() : fmt::format("{} is not a number of seconds from {} to {}", text, least, most);
    };
    return {check, "SECONDS"};
}

/// Tries the CPU in a thread of its own, so that nothing has changed if it can be had.
std::string can_run_on(const std::string& text) {
    int cpu = 0;
    const char* const end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, cpu);
    if (parsed.ec != std::errc{} || parsed.ptr != end || text != std::to_string(cpu))
        return text + " is not the number of a CPU";
    Expected<> pinned;
    std::jthread([&] { pinned = pin_to_cpu(cpu); }).join();
    return pinned ? "" : pinned.error().text();
}

}  // namespace

void add_common_options(CLI::App& app, CommonOptions& options) {
    constexpr double longest = 1e9;
    app.add_option("--batch", options.batch, "packets handled at a time")
        ->check(CLI::Range(std::size_t{1}, largest_batch))
        ->capture_default_str();
    app.add_option("--duration", options.duration, "end after so many seconds")->check(seconds_between(0.001, longest));
    app.add_flag("--json", options.json, "statistics also as one JSON object a line on standard output");
    app.add_option("--cpu", options.cpu, "run on this CPU (default: those of the card's NUMA node)")->check(can_run_on);

    DeviceOptions& device = options.device;
    const DeviceLimits limits = widest_limits();
    const auto ring_size = CLI::Range(limits.smallest_ring, limits.largest_ring);
    app.add_option("--rx-ring", device.rx_ring_size, "descriptors of the receive ring")
        ->check(ring_size)
        ->capture_default_str();
    app.add_option("--tx-ring", device.tx_ring_size, "descriptors of the transmit ring")
        ->check(ring_size)
        ->capture_default_str();
    app.add_option("--max-frame", device.max_frame, "longest frame to receive, bytes without check sequence")
        ->check(CLI::Range(limits.least_max_frame, limits.most_max_frame))
        ->capture_default_str();
    app.add_flag("!--no-promiscuous", device.promiscuous,
                 "receive only frames for the card's own address and broadcasts");
    app.add_option_function<double>(
           "--link-timeout",
           [&device](double seconds) {
               device.link_timeout = std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
           },
           "seconds to wait for the link, 0 to start without one (default: 10)")
        ->check(seconds_between(0, 3600));
    app.add_flag("--force", device.force, "take the card although the kernel uses it");
    add_explain_options(app, options.explain);
    app.set_version_flag("--version", app.get_name() + " " IXY_VERSION);
}

void add_explain_options(CLI::App& app, ExplainOptions& options) {
    app.add_flag("--explain{registers}", options.words,
                 "tell each register access on standard error; =descriptors with the descriptors, =json for machines")
        ->check([](const std::string& words) {
            const auto settings = explain::parse_settings(words);
            return settings ? std::string() : settings.error().text();
        });
    app.add_option("--explain-file", options.file, "add what is told to this file");
}

void request_explanations(const ExplainOptions& options) {
    if (options.words.empty() && options.file.empty()) return;
    auto settings = options.words.empty() ? explain::requested() : explain::parse_settings(options.words);
    if (!settings) return;  // the environment's words are wrong: whoever opens a device will say so
    if (options.words.empty()) settings->on = true;
    if (!options.file.empty()) settings->file = options.file;
    explain::request(*settings);
}

std::optional<int> parse(CLI::App& app, int argc, char** argv) {
    fill_standard_files();
    app.failure_message([](const CLI::App* failed, const CLI::Error& mistake) {
        std::string command = failed->get_name();
        for (const CLI::App* const given : failed->get_subcommands()) command += " " + given->get_name();
        return fmt::format("{}: {}\nRun {} --help for more information.\n", failed->get_name(), mistake.what(),
                           command);
    });
    sim::add_scheme();  // every program drives software NICs too
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& help) {
        return app.exit(help);
    } catch (const CLI::ParseError& mistake) {
        app.exit(mistake);
        return exit_usage;
    }
    return std::nullopt;
}

std::optional<int> parse(CLI::App& app, int argc, char** argv, CommonOptions& options) {
    if (const auto status = parse(app, argc, argv)) return status;
    request_explanations(options.explain);
    options.device.stop_waiting = [] { return stop_requests() != 0; };
    // Enough buffers for both rings to be full while a batch is held and another one waits in a thread's pool cache.
    const std::size_t in_use = options.device.rx_ring_size + options.device.tx_ring_size + 2 * options.batch;
    options.device.pool_packets = std::max(options.device.pool_packets, in_use + 512);
    return std::nullopt;
}

Expected<> choose_cpu(const CommonOptions& options, int node) {
    if (options.cpu) return pin_to_cpu(*options.cpu);
    (void)pin_to_node(node);  // a wish: where it cannot be had, the program still works
    return {};
}

int exit_status(std::string_view program, const Expected<>& result) {
    if (result) return exit_ok;
    say(fmt::format("{}: {}", program, result.error().text()));
    return result.error().kind == ErrorKind::invalid_argument ? exit_usage : exit_failed;
}

}  // namespace ixy::app
