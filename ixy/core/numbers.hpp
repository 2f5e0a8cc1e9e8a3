// Parses the numbers that people write: on command lines, in addresses, in fault scripts. There is one parser, so every
// place understands the same digits and the same units.
//
//   numbers are decimal: 010 is ten          k, M, G     thousands, millions, billions (also K, m, g)
//   1.5k is a whole number, 1.5 is not       ns, us, ms, s    times
//   no sign, no spaces, nothing after        pps, bit    packets and bits per second; also bit/s
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include <ixy/core/error.hpp>

namespace ixy {

/// A whole number, possibly with k, M or G, from `least` to `most`. Errors: invalid_argument, which names the range.
Expected<std::uint64_t> parse_whole(std::string_view text, std::uint64_t least = 0,
                                    std::uint64_t most = std::numeric_limits<std::uint64_t>::max());
/// The same, but hexadecimal digits after 0x are a number too, as in register values.
std::optional<std::uint64_t> parse_decimal_or_hex(std::string_view text);

/// A time: 10us, 1.5ms, 2s; at most 10^6 seconds. Errors: invalid_argument.
Expected<std::chrono::nanoseconds> parse_time(std::string_view text);
/// A time, in seconds if it has no unit.
Expected<std::chrono::nanoseconds> parse_seconds(std::string_view text);

/// A share: 0.01 or 1%; from 0 to 1. Errors: invalid_argument.
Expected<double> parse_share(std::string_view text);

/// A rate as written: packets or bits per second. Bits are those on the wire, with check sequence, preamble and gap.
struct TrafficRate {
    enum class Unit : std::uint8_t { packets, bits };
    double amount = 0;
    Unit unit = Unit::packets;
};
/// A rate: 1.5Mpps, 100kpps, 500Mbit, 1Gbit/s; from 10^-6 packets or 1 bit to 10^12. Errors: invalid_argument.
Expected<TrafficRate> parse_rate(std::string_view text);
/// Bits per second, with or without a unit: 1G, 2.5Gbit, 100Mbit/s; from 1 to 10^15. Errors: invalid_argument.
Expected<double> parse_bit_rate(std::string_view text);

}  // namespace ixy
