// The options that all programs share, and how numbers and other values are read from a command line.
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <CLI/CLI.hpp>
#include <ixy/core/error.hpp>
#include <ixy/core/numbers.hpp>

#include "options.hpp"

namespace ixy::app {

inline constexpr auto device_help = "the card: 0000:03:00.0, or sim:82540em,wire=… for a software NIC";

/// Adds the options that every program has to `app`, with --help and --version.
void add_common_options(CLI::App& app, CommonOptions& options);

/// Parses the command line. Returns the status to exit with (after --help, --version or a mistake, which has been
/// printed), or nothing: go on. Sets the queues of options.device, and pool_packets to what --batch and the rings need.
std::optional<int> parse(CLI::App& app, int argc, char** argv, CommonOptions& options);
/// The same for a program without the common options.
std::optional<int> parse(CLI::App& app, int argc, char** argv);

/// Adds --explain and --explain-file.
void add_explain_options(CLI::App& app, ExplainOptions& options);
/// The smallest and the largest value that a number may have.
struct NumberRange {
    std::uint64_t least = 0;
    std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
};
/// `help`, followed by the default and the range, where there are any.
std::string describe_number(std::string help, const NumberRange& range, std::optional<std::uint64_t> preset);

/// Adds an option or argument `name` for a whole number within `range`. The help shows `value`'s present value as the
/// default.
template <std::integral T>
CLI::Option* add_number(CLI::App& app, const std::string& name, T& value, const NumberRange& range,
                        const std::string& help) {
    const bool has_default = name.starts_with('-') && std::in_range<std::uint64_t>(value) &&
                             std::cmp_less_equal(value, range.most) && !std::cmp_equal(value, NumberRange{}.most);
    const auto preset = has_default ? std::optional(static_cast<std::uint64_t>(value)) : std::nullopt;
    return app
        .add_option_function<std::string>(
            name,
            [&value, name, range](const std::string& text) {
                const auto number = parse_whole(text, range.least, range.most);
                if (!number) throw CLI::ValidationError(name, number.error().text());
                value = static_cast<T>(*number);
            },
            describe_number(help, range, preset))
        ->type_name("N");
}

/// Adds option `name` whose text `read` turns into `value`; the text of its Error is what the user sees.
template <class T, class Parsed>
CLI::Option* add_parsed_option(CLI::App& app, const std::string& name, T& value,
                               Expected<Parsed> (*read)(std::string_view), const std::string& help) {
    return app.add_option_function<std::string>(
        name,
        [&value, name, read](const std::string& text) {
            auto parsed = read(text);
            if (!parsed) throw CLI::ValidationError(name, parsed.error().text());
            value = *parsed;
        },
        help);
}

}  // namespace ixy::app
