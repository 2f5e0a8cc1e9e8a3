// All rows of the datasheet, for tests that check each of them.
#pragma once

#include <ixy/datasheet/e1000/chips.hpp>
#include <ixy/datasheet/e1000/descriptors.hpp>
#include <ixy/datasheet/e1000/phy.hpp>
#include <set>
#include <string>
#include <vector>

namespace ixy::datasheet::e1000 {

inline std::vector<const RegisterInfo*> all_registers() {
    std::set<const RegisterInfo*> rows{&CTRL_DUP, &CTRL_82543};
    for (const Chip* chip : CHIPS) rows.insert(chip->registers.begin(), chip->registers.end());
    return {rows.begin(), rows.end()};
}

inline constexpr std::array DESCRIPTORS{&RECEIVE_DESCRIPTOR, &TRANSMIT_DESCRIPTOR, &CONTEXT_DESCRIPTOR,
                                        &DATA_DESCRIPTOR, &EXTENDED_RECEIVE_DESCRIPTOR};

inline std::vector<const RegisterInfo*> all_rows() {
    std::vector<const RegisterInfo*> rows = all_registers();
    rows.insert(rows.end(), PHY_REGISTERS.begin(), PHY_REGISTERS.end());
    rows.insert(rows.end(), EEPROM_WORDS.begin(), EEPROM_WORDS.end());
    for (const DescriptorKind* descriptor : DESCRIPTORS)
        rows.insert(rows.end(), descriptor->words.begin(), descriptor->words.end());
    return rows;
}

}  // namespace ixy::datasheet::e1000
