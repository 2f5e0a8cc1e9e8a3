// The meaning of a register's value, field by field, for programs that show it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include <ixy/datasheet/chip.hpp>

namespace ixy::datasheet {

/// One field of a value: its name, its number, the field's meaning and this number's meaning (may be empty).
struct DecodedField {
    std::string_view name;
    std::uint32_t number;
    std::string_view meaning;
    std::string_view value_meaning;
    std::uint8_t low;
    std::uint8_t width;
};

constexpr std::string_view value_meaning(const FieldInfo& field, std::uint32_t number) {
    for (const Meaning& each : field.values)
        if (each.value == number) return each.text;
    return {};
}

/// The fields of `bits` that `chip` has, or those of all chips if it is null. Lowest first; none for a register that is
/// one plain number.
constexpr std::vector<DecodedField> decode(const RegisterInfo& info, std::uint32_t bits, const Chip* chip = nullptr) {
    std::vector<DecodedField> decoded;
    for (const FieldInfo& field : info.fields()) {
        if (chip != nullptr && !chip->has(info, field)) continue;
        const std::uint32_t number = field.extract(bits);
        decoded.push_back({field.name, number, field.meaning, value_meaning(field, number), field.low, field.width});
    }
    return decoded;
}

/// Whether reading the register has a side effect: it clears it, or acquires a semaphore.
constexpr bool reading_changes(const RegisterInfo& info) {
    const auto changes = [](Access access) {
        return access == Access::RC || access == Access::RC1 || access == Access::RS;
    };
    return changes(info.access) ||
           std::ranges::any_of(info.fields(), [&](const FieldInfo& field) { return changes(field.access); });
}

/// The bits that no field describes: no field that `chip` has or, if it is null, no field at all. None for a register
/// that is one plain number.
constexpr std::uint32_t reserved_bits(const RegisterInfo& info, const Chip* chip = nullptr) {
    if (info.fields().empty()) return 0;
    std::uint32_t described = 0;
    for (const FieldInfo& field : info.fields())
        if (chip == nullptr || chip->has(info, field)) described |= field.mask();
    return ~described;
}

}  // namespace ixy::datasheet
