// Explanations for machines: one JSON object a line. docs/explain.md lists the keys.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <ixy/explain/access.hpp>
#include <ixy/explain/ring_watch.hpp>
#include <ixy/pci/function.hpp>

namespace ixy::explain {

/// An object or an array under construction; text() closes it.
class JsonText {
public:
    enum class Kind : std::uint8_t { object, array };
    explicit JsonText(Kind kind = Kind::object) : kind_(kind), text_(kind == Kind::object ? "{" : "[") {}

    JsonText& add(std::string_view key, std::string_view text) { return add_raw(key, quoted(text)); }
    JsonText& add(std::string_view key, const char* text) { return add(key, std::string_view(text)); }
    JsonText& add(std::string_view key, std::uint64_t number) { return add_raw(key, std::to_string(number)); }
    JsonText& add_null(std::string_view key) { return add_raw(key, "null"); }
    /// `value` is already JSON. In an array, `key` is left out.
    JsonText& add_raw(std::string_view key, std::string_view value);
    std::string text() const { return text_ + (kind_ == Kind::object ? "}" : "]"); }

    static std::string quoted(std::string_view text);

private:
    Kind kind_;
    std::string text_;
};

/// The first line for a device, which says what it is; like the others, without a newline. `chip` may be null.
std::string json_opened(std::string_view device, const PciIdentity& identity, const datasheet::Chip* chip);
/// The line for a register access.
std::string json_line(std::string_view device, const Access& access);
/// The line for descriptors that changed hands.
std::string json_line(std::string_view device, const Handover& handover);

}  // namespace ixy::explain
