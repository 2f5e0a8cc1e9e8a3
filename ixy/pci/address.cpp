// Reads addresses of PCI functions.
#include <ixy/pci/address.hpp>

#include <charconv>
#include <cstdio>

namespace ixy {
namespace {

/// Removes `least` to `most` hexadecimal digits from the front of `text` and returns their value; -1: not as many.
long take_hexadecimal(std::string_view& text, std::size_t least, std::size_t most) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789abcdefABCDEF"), text.size());
    if (digits < least || digits > most) return -1;
    long number = -1;
    std::from_chars(text.data(), text.data() + digits, number, 16);
    text.remove_prefix(digits);
    return number;
}

bool take(std::string_view& text, char expected) {
    if (text.empty() || text.front() != expected) return false;
    text.remove_prefix(1);
    return true;
}

}  // namespace

Expected<std::string> parse_pci_address(std::string_view text) {
    const auto malformed = [text] {
        return failure(ErrorKind::invalid_argument, "\"" + std::string(text) + "\" is not the address of a device",
                       "write domain:bus:device.function as in 0000:03:00.0 (ixy list shows them)");
    };
    std::string_view rest = text;
    const bool has_domain = text.find(':') != text.rfind(':');
    const long domain = has_domain ? take_hexadecimal(rest, 4, 8) : 0;
    if (domain < 0 || (has_domain && !take(rest, ':'))) return malformed();
    const long bus = take_hexadecimal(rest, 1, 2);
    if (bus < 0 || !take(rest, ':')) return malformed();
    const long device = take_hexadecimal(rest, 1, 2);
    if (device < 0 || device > 0x1f || !take(rest, '.')) return malformed();
    const long function = take_hexadecimal(rest, 1, 1);
    if (function < 0 || function > 7 || !rest.empty()) return malformed();

    char canonical[48];
    std::snprintf(canonical, sizeof canonical, "%04lx:%02lx:%02lx.%lx", domain, bus, device, function);
    return canonical;
}

}  // namespace ixy
