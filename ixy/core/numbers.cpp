// A number is its digits, directly followed by its unit.
#include <ixy/core/numbers.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>

namespace ixy {

namespace {

constexpr std::string_view digits = "0123456789";

/// Removes the number at the front of `text` and returns it. A number consists of digits and at most one point.
std::optional<double> take_number(std::string_view& text) {
    const std::size_t end = std::min(text.find_first_not_of("0123456789."), text.size());
    double number = 0;
    const auto [last, error] = std::from_chars(text.data(), text.data() + end, number, std::chars_format::fixed);
    if (error != std::errc{} || last != text.data() + end) return std::nullopt;
    text.remove_prefix(end);
    return number;
}

/// Removes k, M or G from the front of `text` and returns its factor; 1 if there is none.
std::uint64_t take_prefix(std::string_view& text) {
    if (text.empty()) return 1;
    std::uint64_t factor = 1;
    switch (text.front()) {
        case 'k':
        case 'K':
            factor = 1'000;
            break;
        case 'M':
        case 'm':
            factor = 1'000'000;
            break;
        case 'G':
        case 'g':
            factor = 1'000'000'000;
            break;
        default:
            return 1;
    }
    text.remove_prefix(1);
    return factor;
}

/// The number at the front of `text` times its k, M or G; leaves the unit in `text`. 0 if there is no number.
double take_amount(std::string_view& text) {
    const double number = take_number(text).value_or(0);
    return number * static_cast<double>(take_prefix(text));
}

/// `whole` and the digits after its point, times `factor`; nothing if that is not a whole number below 2^64.
std::optional<std::uint64_t> scale(std::string_view whole, std::string_view fraction, std::uint64_t factor) {
    std::uint64_t number = 0;
    const auto [last, error] = std::from_chars(whole.data(), whole.data() + whole.size(), number);
    if (error != std::errc{} || last != whole.data() + whole.size()) return std::nullopt;
    std::uint64_t sum = 0;
    if (__builtin_mul_overflow(number, factor, &sum)) return std::nullopt;
    for (const char digit : fraction) {
        if (factor % 10 != 0 && digit != '0') return std::nullopt;
        factor /= 10;
        if (__builtin_add_overflow(sum, factor * static_cast<std::uint64_t>(digit - '0'), &sum)) return std::nullopt;
    }
    return sum;
}

std::optional<std::uint64_t> whole_number(std::string_view text) {
    const std::size_t end = std::min(text.find_first_not_of(digits), text.size());
    const std::string_view whole = text.substr(0, end);
    text.remove_prefix(end);
    std::string_view fraction;
    if (text.starts_with('.')) {
        text.remove_prefix(1);
        fraction = text.substr(0, std::min(text.find_first_not_of(digits), text.size()));
        text.remove_prefix(fraction.size());
        if (fraction.empty()) return std::nullopt;
    }
    const std::uint64_t factor = take_prefix(text);
    return text.empty() ? scale(whole, fraction, factor) : std::nullopt;
}

std::unexpected<Error> mistake(std::string_view text, const std::string& what, std::string next) {
    return failure(ErrorKind::invalid_argument, "\"" + std::string(text) + "\" is not " + what, std::move(next));
}

struct Unit {
    std::string_view name;
    double seconds;
};
constexpr Unit times[] = {{"ns", 1e-9}, {"us", 1e-6}, {"ms", 1e-3}, {"s", 1}};

Expected<std::chrono::nanoseconds> read_time(std::string_view text, std::string_view default_unit) {
    std::string_view unit = text;
    const auto number = take_number(unit);
    if (unit.empty()) unit = default_unit;
    for (const Unit& each : times) {
        if (!number || each.name != unit || *number * each.seconds > 1e6) continue;
        return std::chrono::nanoseconds(std::llround(*number * each.seconds * 1e9));
    }
    return mistake(text, "a time", "write it like 10us, 1.5ms or 2s; at most 1000000s");
}

}  // namespace

Expected<std::uint64_t> parse_whole(std::string_view text, std::uint64_t least, std::uint64_t most) {
    const auto number = whole_number(text);
    if (number && *number >= least && *number <= most) return *number;
    std::string range = "a whole number";
    if (most != std::numeric_limits<std::uint64_t>::max()) {
        range += " from " + std::to_string(least) + " to " + std::to_string(most);
    } else if (least != 0) {
        range += " from " + std::to_string(least) + " up";
    }
    return mistake(text, range, "write digits, with k, M or G for thousands, millions or billions");
}

std::optional<std::uint64_t> parse_decimal_or_hex(std::string_view text) {
    if (!text.starts_with("0x")) return whole_number(text);
    text.remove_prefix(2);
    std::uint64_t number = 0;
    const auto [last, error] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
    return error == std::errc{} && last == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

Expected<std::chrono::nanoseconds> parse_time(std::string_view text) { return read_time(text, ""); }
Expected<std::chrono::nanoseconds> parse_seconds(std::string_view text) { return read_time(text, "s"); }

Expected<double> parse_share(std::string_view text) {
    std::string_view unit = text;
    const auto number = take_number(unit);
    const double share = number.value_or(-1) * (unit == "%" ? 0.01 : 1);
    if ((unit.empty() || unit == "%") && share >= 0 && share <= 1) return share;
    return mistake(text, "a share", "write it like 0.01 or 1%");
}

Expected<TrafficRate> parse_rate(std::string_view text) {
    std::string_view unit = text;
    const double amount = take_amount(unit);
    const bool is_packets = unit == "pps";
    const double least = is_packets ? 1e-6 : 1;  // frames follow each other within years, which fit a clock
    if ((is_packets || unit == "bit" || unit == "bit/s") && amount >= least && amount <= 1e12) {
        return TrafficRate{.amount = amount, .unit = is_packets ? TrafficRate::Unit::packets : TrafficRate::Unit::bits};
    }
    return mistake(text, "a rate",
                   "write packets or bits per second like 1.5Mpps, 100kpps, 500Mbit; at least 0.000001pps or 1bit");
}

Expected<double> parse_bit_rate(std::string_view text) {
    std::string_view unit = text;
    const double amount = take_amount(unit);
    if ((unit.empty() || unit == "bit" || unit == "bit/s") && amount >= 1 && amount <= 1e15) return amount;
    return mistake(text, "a rate in bits per second", "write it like 1G, 2.5Gbit or 100Mbit/s; at least 1");
}

}  // namespace ixy
