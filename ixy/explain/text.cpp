// Numbers and names as text.
#include <ixy/explain/text.hpp>

#include <cinttypes>
#include <cstdio>

namespace ixy::explain {

std::string hex(std::uint64_t number, unsigned digits) {
    char text[32];
    std::snprintf(text, sizeof text, "0x%0*" PRIx64, static_cast<int>(digits), number);
    return text;
}

std::string seconds(std::chrono::nanoseconds time) {
    char text[32];
    std::snprintf(text, sizeof text, "%10.6f", std::chrono::duration<double>(time).count());
    return text;
}

std::string number_of(std::uint32_t number, unsigned bits) { return bits < 8 ? std::to_string(number) : hex(number); }

std::string padded(std::string_view text, std::size_t width) {
    std::string result(text);
    if (result.size() < width) result.resize(width, ' ');
    return result;
}

std::string register_name(const datasheet::RegisterInfo& info, std::size_t index) {
    std::string name(info.name);
    if (info.count > 1) name += "[" + std::to_string(index) + "]";
    return name;
}

std::string_view source_name(std::string_view path) {
    constexpr std::string_view here = __FILE__;
    constexpr std::string_view own = "ixy/explain/text.cpp";
    constexpr std::string_view root = here.substr(0, here.size() - own.size());
    if (path.starts_with(root)) path.remove_prefix(root.size());
    return path;
}

std::string source_line(const std::source_location& where) {
    if (where.line() == 0) return {};
    return "  " + std::string(source_name(where.file_name())) + ":" + std::to_string(where.line());
}

}  // namespace ixy::explain
