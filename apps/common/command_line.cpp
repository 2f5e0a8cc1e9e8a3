// The common part of the command lines.
#include "command_line.hpp"

#include <algorithm>
#include <functional>
#include <iostream>
#include <map>
#include <thread>
#include <vector>

#include <fmt/core.h>
#include <ixy/core/cpu.hpp>
#include <ixy/explain/settings.hpp>
#include <ixy/nic/drivers.hpp>
#include <ixy/sim/function.hpp>

#include "plain_words.hpp"
#include "process.hpp"

namespace ixy::app {

namespace {

const std::map<std::string, WaitMode, std::less<>> wait_modes{
    {"poll", WaitMode::poll}, {"interrupt", WaitMode::interrupt}, {"adaptive", WaitMode::adaptive}};

/// Adds an option for a time from `least` to `most` seconds.
void add_seconds(CLI::App& app, const std::string& name, double least, double most, const std::string& help,
                 const std::function<void(std::chrono::nanoseconds)>& set) {
    const auto read = [=](const std::string& text) {
        const auto time = parse_seconds(text);
        const double seconds = time ? std::chrono::duration<double>(*time).count() : -1;
        if (!(seconds >= least && seconds <= most)) {
            throw CLI::ValidationError(
                name, fmt::format("\"{}\" is not a time from {} to {} seconds: write it like 1.5 or 200ms", text, least,
                                  most));
        }
        set(*time);
    };
    app.add_option_function<std::string>(name, read, fmt::format("{} [{} to {}]", help, least, most))
        ->type_name("SECONDS");
}

/// The CPUs in a list such as 2,4-6. Tries each with a thread of its own, so that the check changes nothing.
Expected<std::vector<int>> parse_usable_cpus(std::string_view text) {
    auto cpus = parse_cpu_list(text);
    if (!cpus) return cpus;
    if (cpus->empty()) return failure(ErrorKind::invalid_argument, "no CPU is named", "write a list such as 2,4-6");
    Expected<> usable;
    std::jthread([&] {
        for (const int cpu : *cpus)
            if (usable) usable = pin_to_cpu(cpu);
    }).join();
    if (!usable) return std::unexpected(usable.error());
    return cpus;
}

}  // namespace

std::string describe_number(std::string help, const NumberRange& range, std::optional<std::uint64_t> preset) {
    if (preset) help += fmt::format(" (default: {})", *preset);
    if (range.most != NumberRange{}.most) {
        help += fmt::format(" [{} to {}]", range.least, range.most);
    } else if (range.least != 0) {
        help += fmt::format(" [{} or more]", range.least);
    }
    return help;
}

void add_common_options(CLI::App& app, CommonOptions& options) {
    add_number(app, "--batch", options.batch, {1, largest_batch}, "packets handled at a time");
    add_seconds(
        app, "--duration", 0.001, 1e6, "end after this time, like 1.5 or 200ms",
        [&options](std::chrono::nanoseconds time) { options.duration = std::chrono::duration<double>(time).count(); });
    add_switch(app, "--json", options.json, "print statistics on standard output too, as one JSON object per line");
    add_parsed_option(app, "--cpu", options.cpus, parse_usable_cpus,
                      "run on these CPUs, such as 2,4-6: the first queue's thread on the first, and so on (default: "
                      "those of the card's NUMA node)")
        ->type_name("LIST");

    app.add_option_function<std::string>(
           "--wait", [&options](const std::string& mode) { options.wait = wait_modes.at(mode); },
           "while nothing arrives: poll, sleep until an interrupt, or adaptive: sleep only after many polls in vain "
           "(default: adaptive; poll if a card has no interrupts)")
        ->check([](const std::string& mode) {
            return wait_modes.contains(mode) ? "" : mode + " is not one of poll, interrupt and adaptive";
        })
        ->type_name("MODE");

    DeviceOptions& device = options.device;
    const DeviceLimits limits = widest_limits();
    add_number(app, "--queues", options.queues, {1, std::min(limits.rx_queues, limits.tx_queues)},
               "receive and transmit queues of each card, a thread for each");
    const NumberRange ring_size{limits.smallest_ring, limits.largest_ring};
    add_number(app, "--rx-ring", device.rx_ring_size, ring_size, "descriptors of the receive ring");
    add_number(app, "--tx-ring", device.tx_ring_size, ring_size, "descriptors of the transmit ring");
    add_number(app, "--max-frame", device.max_frame, {limits.least_max_frame, limits.most_max_frame},
               "longest frame to receive, in bytes without check sequence");
    add_switch(app, "!--no-promiscuous", device.promiscuous,
               "receive only frames for the card's own address and broadcasts");
    add_seconds(app, "--link-timeout", 0, 3600,
                "time to wait for the link, like 1.5 or 200ms; 0: start without one (default: 10)",
                [&device](std::chrono::nanoseconds time) {
                    device.link_timeout = std::chrono::ceil<std::chrono::milliseconds>(time);
                });
    add_switch(app, "--force", device.force, "take the card even if the kernel uses it");
    add_explain_options(app, options.explain);
    app.set_version_flag("--version", app.get_name() + " " IXY_VERSION);
}

void add_explain_options(CLI::App& app, ExplainOptions& options) {
    app.add_flag("--explain{on}", options.words,
                 "explain each register access on standard error, loops shortened; =registers: loops in full, "
                 "=descriptors: with the descriptors, =json: for machines")
        ->check([](const std::string& words) {
            const auto settings = explain::parse_settings(words);
            return settings ? std::string() : settings.error().text();
        });
    app.add_option("--explain-file", options.file, "append the explanations to this file")->type_name("FILE");
}

std::optional<int> parse(CLI::App& app, int argc, char** argv) {
    fill_standard_files();
    use_plain_help(app);
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
        const int status = app.exit(help);
        if (std::cout.flush()) return status;
        say(app.get_name() + ": standard output: not everything could be written");
        return exit_failed;
    } catch (const CLI::ParseError& mistake) {
        app.exit(CLI::ValidationError(describe_mistake(app, mistake, {argv + 1, argv + argc})));
        return exit_usage;
    }
    return std::nullopt;
}

std::optional<int> parse(CLI::App& app, int argc, char** argv, CommonOptions& options) {
    if (const auto status = parse(app, argc, argv)) return status;
    request_explanations(options.explain);
    options.device.rx_queues = options.queues;
    options.device.tx_queues = options.queues;
    options.device.stop_waiting = [] { return stop_requests() != 0; };
    // Enough buffers to fill both rings while the program holds a batch and another waits in a thread's pool cache.
    // The main thread's cache keeps some of the buffers that it did not need to fill the other threads' rings.
    constexpr std::size_t cached = 512;
    const std::size_t in_use = options.device.rx_ring_size + options.device.tx_ring_size + 2 * options.batch;
    options.device.pool_packets = std::max(options.device.pool_packets, in_use + (options.queues > 1 ? 2 : 1) * cached);
    return std::nullopt;
}

}  // namespace ixy::app
