// The common part of the command lines.
#include "options.hpp"

#include <algorithm>
#include <functional>
#include <memory>
#include <numeric>
#include <span>
#include <thread>
#include <vector>

#include <fmt/core.h>
#include <ixy/core/cpu.hpp>
#include <ixy/explain/settings.hpp>
#include <ixy/explain/sink.hpp>
#include <ixy/sim/function.hpp>

#include "process.hpp"

namespace ixy::app {

namespace {

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
    app.add_option_function<std::string>(name, read, help)->type_name("SECONDS");
}

/// Tries the CPU in a thread of its own, so that nothing has changed if it can be had.
std::string can_run_on(const std::string& text) {
    const auto cpu = parse_whole(text, 0, 65535);
    if (!cpu) return text + " is not the number of a CPU";
    Expected<> pinned;
    std::jthread([&] { pinned = pin_to_cpu(static_cast<int>(*cpu)); }).join();
    return pinned ? "" : pinned.error().text();
}

/// Help in plain words: the parser's own would show types, defaults in braces and "REQUIRED".
class PlainHelp final : public CLI::Formatter {
    std::string make_option_name(const CLI::Option* option, bool is_positional) const override {
        std::string name = CLI::Formatter::make_option_name(option, is_positional);
        const std::size_t brace = name.find('{');
        return brace == std::string::npos ? name : name.substr(0, brace);
    }
    std::string make_option_opts(const CLI::Option* option) const override {
        if (option->get_positional() || option->get_type_size() == 0) return "";
        const std::string type = option->get_type_name();
        return type == "TEXT" ? " VALUE" : " " + type;
    }
};

/// How many letters to change, add or leave out to come from one word to the other.
std::size_t letters_between(std::string_view from, std::string_view to) {
    std::vector<std::size_t> row(to.size() + 1);
    std::iota(row.begin(), row.end(), 0U);
    for (std::size_t i = 0; i < from.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i + 1);
        for (std::size_t j = 0; j < to.size(); ++j) {
            const std::size_t same = diagonal + (from[i] == to[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({same, row[j] + 1, diagonal + 1});
        }
    }
    return row.back();
}

std::string not_among(std::string_view kind, std::string_view word, const std::vector<std::string>& known) {
    std::string text = fmt::format("unknown {} \"{}\"", kind, word);
    const auto nearest =
        std::ranges::min_element(known, {}, [word](const std::string& each) { return letters_between(each, word); });
    if (nearest != known.end() && letters_between(*nearest, word) <= 2)
        text += fmt::format(": did you mean {}?", *nearest);
    return text;
}

/// Says which word names neither a command nor an option; empty when all do.
std::string unknown_word(const CLI::App& app, std::span<char* const> words) {
    const CLI::App* command = &app;
    for (const std::string_view word : words) {
        if (word == "--") break;
        if (word.starts_with("--")) {
            const std::string name(word.substr(0, word.find('=')));
            std::vector<std::string> known;
            for (const CLI::App* const each : {&app, command}) {
                for (const CLI::Option* const option : each->get_options()) {
                    for (const std::string& known_name : option->get_lnames()) known.push_back("--" + known_name);
                }
            }
            if (std::ranges::find(known, name) == known.end()) return not_among("option", name, known);
        } else if (command == &app && app.get_require_subcommand_min() != 0) {
            std::vector<std::string> known;
            for (const CLI::App* const each : app.get_subcommands(nullptr)) known.push_back(each->get_name());
            const auto found = std::ranges::find(known, word);
            if (found == known.end()) return not_among("command", word, known);
            command = app.get_subcommand(*found);
        }
    }
    return "";
}

}  // namespace

std::string describe_number(std::string help, const NumberRange& range, std::optional<std::uint64_t> preset) {
    if (preset) help += fmt::format(" (default: {})", *preset);
    if (range.most != NumberRange{}.most) help += fmt::format(" [{} to {}]", range.least, range.most);
    return help;
}

void add_common_options(CLI::App& app, CommonOptions& options) {
    add_number(app, "--batch", options.batch, {1, largest_batch}, "packets handled at a time");
    add_seconds(app, "--duration", 0.001, 1e6, "end after this time", [&options](std::chrono::nanoseconds time) {
        options.duration = std::chrono::duration<double>(time).count();
    });
    app.add_flag("--json", options.json, "statistics also as one JSON object a line on standard output");
    app.add_option("--cpu", options.cpu, "run on this CPU (default: those of the card's NUMA node)")
        ->check(can_run_on)
        ->type_name("N");

    DeviceOptions& device = options.device;
    const DeviceLimits limits = widest_limits();
    const NumberRange ring_size{limits.smallest_ring, limits.largest_ring};
    add_number(app, "--rx-ring", device.rx_ring_size, ring_size, "descriptors of the receive ring");
    add_number(app, "--tx-ring", device.tx_ring_size, ring_size, "descriptors of the transmit ring");
    add_number(app, "--max-frame", device.max_frame, {limits.least_max_frame, limits.most_max_frame},
               "longest frame to receive, bytes without check sequence");
    app.add_flag("!--no-promiscuous", device.promiscuous,
                 "receive only frames for the card's own address and broadcasts");
    add_seconds(app, "--link-timeout", 0, 3600, "time to wait for the link, 0 to start without one (default: 10)",
                [&device](std::chrono::nanoseconds time) {
                    device.link_timeout = std::chrono::duration_cast<std::chrono::milliseconds>(time);
                });
    app.add_flag("--force", device.force, "take the card although the kernel uses it");
    add_explain_options(app, options.explain);
    app.set_version_flag("--version", app.get_name() + " " IXY_VERSION);
}

void add_explain_options(CLI::App& app, ExplainOptions& options) {
    app.add_flag("--explain{on}", options.words,
                 "tell each register access on standard error, loops in short; =registers loops in full, =descriptors "
                 "with the descriptors, =json for machines")
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
    const auto plain_help = std::make_shared<PlainHelp>();
    app.formatter(plain_help);
    for (CLI::App* const command : app.get_subcommands([](CLI::App*) { return true; })) command->formatter(plain_help);
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
        // The parser looks for missing words first, and would not name the one that is wrong.
        if (const std::string wrong = unknown_word(app, {argv + 1, argv + argc}); !wrong.empty()) {
            app.exit(CLI::ValidationError(wrong));
        } else {
            app.exit(mistake);
        }
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
    if (const std::uint64_t lost = explain::lost_lines(); lost != 0) {
        say(fmt::format("{}: {} lines of explanations could not be written", program, lost));
        if (result) return exit_failed;
    }
    if (result) return exit_ok;
    say(fmt::format("{}: {}", program, result.error().text()));
    return result.error().kind == ErrorKind::invalid_argument ? exit_usage : exit_failed;
}

}  // namespace ixy::app
