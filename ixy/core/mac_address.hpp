// An Ethernet address and its text form.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include <ixy/core/error.hpp>

namespace ixy {

/// An Ethernet address, in wire order.
struct MacAddress {
    std::array<std::uint8_t, 6> bytes{};

    bool is_multicast() const { return (bytes[0] & 1) != 0; }
    /// True if a card may have it as its own: not multicast, not zero.
    bool is_station() const { return !is_multicast() && *this != MacAddress{}; }
    /// "52:54:00:12:34:56"
    std::string text() const;
    /// Parses six hexadecimal pairs separated by colons or by dashes. Errors: invalid_argument.
    static Expected<MacAddress> parse(std::string_view text);
    friend bool operator==(const MacAddress&, const MacAddress&) = default;
};

}  // namespace ixy
