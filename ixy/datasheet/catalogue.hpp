// Every chip that has a table here, of all families: where tools look up a card's datasheet.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <ixy/datasheet/chip.hpp>

namespace ixy::datasheet {

std::span<const Chip* const> all_chips();

/// The chip with that PCI identity, or null.
const Chip* find_chip(std::uint16_t vendor, std::uint16_t device);

/// The chip with that name ("82540EM"), or null.
const Chip* find_chip(std::string_view name);

}  // namespace ixy::datasheet
