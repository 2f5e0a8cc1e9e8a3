// Six pairs of hexadecimal digits.
#include <ixy/core/mac_address.hpp>

namespace ixy {

std::string MacAddress::text() const {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const std::uint8_t byte : bytes) {
        if (!text.empty()) text += ':';
        text += digits[byte >> 4];
        text += digits[byte & 0xf];
    }
    return text;
}

Expected<MacAddress> MacAddress::parse(std::string_view text) {
    constexpr std::string_view form = "a MAC address looks like 52:54:00:12:34:56";
    const auto digit = [](char c) {
        return c >= '0' && c <= '9'   ? c - '0'
               : c >= 'a' && c <= 'f' ? c - 'a' + 10
               : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                      : -1;
    };
    MacAddress address;
    bool good = text.size() == 17 && (text[2] == ':' || text[2] == '-');
    const char separator = good ? text[2] : ':';
    for (std::size_t i = 0; good && i < 6; ++i) {
        const int high = digit(text[3 * i]);
        const int low = digit(text[3 * i + 1]);
        good = high >= 0 && low >= 0 && (i == 5 || text[3 * i + 2] == separator);
        address.bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
    }
    if (!good)
        return failure(ErrorKind::invalid_argument, "'" + std::string(text) + "' is not a MAC address",
                       std::string(form));
    return address;
}

}  // namespace ixy
