// Reads rates.
#include "rate.hpp"

#include <charconv>
#include <optional>
#include <string>

#include "../common/monitor.hpp"

namespace ixy::app {

namespace {

/// "" or k, M, G in front of a unit, in either case.
std::optional<double> prefix_factor(std::string_view prefix) {
    if (prefix.empty()) return 1;
    if (prefix == "k" || prefix == "K") return 1e3;
    if (prefix == "M" || prefix == "m") return 1e6;
    if (prefix == "G" || prefix == "g") return 1e9;
    return std::nullopt;
}

}  // namespace

double SendRate::packets_per_second(std::size_t frame_size) const {
    return unit == Unit::packets ? amount : amount / (static_cast<double>(frame_size + wire_overhead) * 8);
}

Expected<SendRate> parse_rate(std::string_view text) {
    const auto mistake = failure(ErrorKind::invalid_argument, "\"" + std::string(text) + "\" is not a rate",
                                 "write packets or bits a second like 1.5Mpps, 100kpps, 500Mbit");
    SendRate rate;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), rate.amount, std::chars_format::fixed);
    if (error != std::errc{}) return mistake;
    std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
    if (unit.ends_with("/s")) unit.remove_suffix(2);
    if (unit.ends_with("pps")) {
        unit.remove_suffix(3);
    } else if (unit.ends_with("bit")) {
        unit.remove_suffix(3);
        rate.unit = SendRate::Unit::bits;
    } else {
        return mistake;
    }
    const std::optional<double> factor = prefix_factor(unit);
    if (!factor) return mistake;
    rate.amount *= *factor;
    if (!(rate.amount > 0 && rate.amount <= 1e12)) return mistake;
    return rate;
}

}  // namespace ixy::app
