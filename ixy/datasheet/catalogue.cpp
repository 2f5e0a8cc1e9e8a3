// The list of families: a new one adds a line here.
#include <ixy/datasheet/catalogue.hpp>

#include <algorithm>
#include <vector>

#include <ixy/datasheet/e1000/chips.hpp>

namespace ixy::datasheet {

std::span<const Chip* const> all_chips() {
    static const std::vector<const Chip*> chips = [] {
        std::vector<const Chip*> list;
        for (const e1000::Chip* chip : e1000::CHIPS) list.push_back(chip);
        return list;
    }();
    return chips;
}

const Chip* find_chip(std::uint16_t vendor, std::uint16_t device) {
    const auto found = std::ranges::find_if(
        all_chips(), [=](const Chip* chip) { return chip->family->vendor == vendor && chip->serves(device); });
    return found == all_chips().end() ? nullptr : *found;
}

const Chip* find_chip(std::string_view name) {
    const auto found = std::ranges::find(all_chips(), name, &Chip::name);
    return found == all_chips().end() ? nullptr : *found;
}

}  // namespace ixy::datasheet
