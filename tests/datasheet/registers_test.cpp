// Invariants of every row of the tables, and the arithmetic of typed access.
#include <gtest/gtest.h>

#include <cctype>
#include <ixy/datasheet/decode.hpp>

#include "tests/datasheet/rows.hpp"

namespace ixy::datasheet::e1000 {
namespace {

// --- every row -----------------------------------------------------------------------------------------------------

TEST(rows, have_a_name_title_and_section) {
    for (const RegisterInfo* row : all_rows()) {
        EXPECT_FALSE(row->name.empty()) << std::hex << row->offset;
        EXPECT_FALSE(row->title.empty()) << row->name;
        EXPECT_TRUE(row->section.starts_with("82574L 7.") || row->section.starts_with("82574L 10.") ||
                    (!row->section.empty() && std::isdigit(row->section[0]) != 0 && row->section.find('.') > 0))
            << row->name;
    }
}

TEST(rows, fields_do_not_overlap_and_fit_the_register) {
    for (const RegisterInfo* row : all_rows()) {
        std::uint32_t taken = 0;
        for (const FieldInfo& field : row->fields()) {
            EXPECT_GT(field.width, 0) << row->name << '.' << field.name;
            EXPECT_LE(field.low + field.width, 32) << row->name << '.' << field.name;
            EXPECT_EQ(taken & field.mask(), 0U) << row->name << '.' << field.name;
            taken |= field.mask();
        }
    }
}

TEST(rows, fields_are_in_bit_order) {
    for (const RegisterInfo* row : all_rows())
        for (std::size_t i = 1; i < row->fields().size(); ++i)
            EXPECT_LT(row->fields()[i - 1].low, row->fields()[i].low) << row->name << '.' << row->fields()[i].name;
}

TEST(rows, field_names_are_unique_and_have_meanings) {
    for (const RegisterInfo* row : all_rows()) {
        std::set<std::string_view> names;
        for (const FieldInfo& field : row->fields()) {
            EXPECT_TRUE(names.insert(field.name).second) << row->name << '.' << field.name;
            EXPECT_FALSE(field.meaning.empty()) << row->name << '.' << field.name;
        }
    }
}

TEST(rows, values_with_meanings_fit_their_field_and_are_unique) {
    for (const RegisterInfo* row : all_rows())
        for (const FieldInfo& field : row->fields()) {
            std::set<std::uint32_t> seen;
            for (const Meaning& value : field.values) {
                EXPECT_EQ(value.value >> field.width, 0U) << row->name << '.' << field.name;
                EXPECT_TRUE(seen.insert(value.value).second) << row->name << '.' << field.name;
            }
        }
}

TEST(rows, sixteen_bit_rows_have_sixteen_bits) {
    for (const RegisterInfo* row : PHY_REGISTERS) {
        EXPECT_LT(row->offset, 32U);
        EXPECT_EQ(row->reset >> 16, 0U) << row->name;
        for (const FieldInfo& field : row->fields()) EXPECT_LE(field.low + field.width, 16) << row->name;
    }
}

// --- registers -----------------------------------------------------------------------------------------------------

TEST(registers, writable_bits_belong_to_fields) {
    for (const Chip* chip : CHIPS)
        for (const RegisterInfo* row : chip->registers) {
            // the 82543's MDIO pins have names in CTRL_82543
            const std::uint32_t named_elsewhere = row == &CTRL && chip == &CHIP_82543GC ? 0x0300'0000U : 0U;
            EXPECT_EQ(chip->writable(*row) & reserved_bits(*row, chip) & ~named_elsewhere, 0U)
                << chip->name << ' ' << row->name;
        }
}

TEST(registers, reset_bits_belong_to_fields) {
    for (const Chip* chip : CHIPS)
        for (const RegisterInfo* row : chip->registers)
            EXPECT_EQ(chip->reset(*row) & reserved_bits(*row, chip), 0U) << chip->name << ' ' << row->name;
}

TEST(registers, only_read_only_ones_have_no_writable_bit) {
    for (const Chip* chip : CHIPS)
        for (const RegisterInfo* row : chip->registers) {
            const bool read_only = row->access == Access::RO || row->access == Access::RC;
            EXPECT_EQ(chip->writable(*row) == 0, read_only) << chip->name << ' ' << row->name;
        }
}

TEST(registers, read_only_fields_are_not_writable) {
    for (const Chip* chip : CHIPS)
        for (const RegisterInfo* row : chip->registers)
            for (const FieldInfo& field : row->fields()) {
                const std::uint32_t reached = chip->writable(*row) & field.mask();
                EXPECT_TRUE(field.access != Access::RO || reached == 0) << row->name << '.' << field.name;
            }
}

TEST(registers, self_clearing_fields_are_zero_after_reset) {
    for (const Chip* chip : CHIPS)
        for (const RegisterInfo* row : chip->registers)
            for (const FieldInfo& field : row->fields()) {
                const std::uint32_t set = chip->reset(*row) & field.mask();
                EXPECT_TRUE(field.access != Access::SC || set == 0) << row->name << '.' << field.name;
            }
}

TEST(registers, write_only_and_write_one_registers_start_at_zero) {
    for (const RegisterInfo* row : all_registers())
        EXPECT_TRUE(row->access == Access::RW || row->access == Access::RO || row->reset == 0) << row->name;
}

TEST(registers, all_statistics_are_cleared_by_a_read) {
    int counters = 0;
    for (const RegisterInfo* row : CHIP_82540EM.registers)
        if (row->offset >= 0x4000 && row->offset < 0x4100) {
            EXPECT_EQ(row->access, Access::RC) << row->name;
            EXPECT_TRUE(row->section.starts_with("13.7.")) << row->name;
            ++counters;
        }
    EXPECT_EQ(counters, 58);
}

TEST(registers, causes_have_the_same_bits_in_all_four_registers) {
    const RegisterInfo* causes[] = {&ICR, &ICS, &IMS, &IMC};
    for (const RegisterInfo* other : causes) {
        ASSERT_EQ(other->fields().size(), ICR.fields().size());
        for (std::size_t i = 0; i < ICR.fields().size(); ++i) EXPECT_EQ(other->fields()[i].name, ICR.fields()[i].name);
    }
}

TEST(registers, VET_is_8100h_after_a_reset) {
    for (const Chip* chip : CHIPS) EXPECT_EQ(chip->reset(VET), 0x8100U) << chip->name;
}

/// The masks that the register self-test of Linux's driver checks on real cards.
TEST(registers, writable_bits_are_those_found_on_hardware) {
    const std::pair<const RegisterInfo*, std::uint32_t> found[] = {
        {&FCAL, 0xffff'ffff}, {&FCAH, 0xffff},       {&FCT, 0xffff},     {&VET, 0xffff},       {&RDBAH, 0xffff'ffff},
        {&RDLEN, 0xf'ff80},   {&RDH, 0xffff},        {&RDT, 0xffff},     {&FCRTH, 0xfff8},     {&FCTTV, 0xffff},
        {&TIPG, 0x3fff'ffff}, {&TDBAH, 0xffff'ffff}, {&TDLEN, 0xf'ff80}, {&RCTL, 0x06df'b3fe}, {&RDBAL, 0xffff'fff0},
        {&TXCW, 0xc000'ffff}, {&TDBAL, 0xffff'fff0}, {&TIDV, 0xffff},    {&RAL, 0xffff'ffff},  {&RAH, 0x8003'ffff},
        {&MTA, 0xffff'ffff}};
    for (const auto& [row, mask] : found) EXPECT_EQ(CHIP_82540EM.writable(*row), mask) << row->name;
}

// --- typed access --------------------------------------------------------------------------------------------------

TEST(typed_access, combines_fields_and_takes_them_apart) {
    const auto value = RCTL.EN | RCTL.BAM | RCTL.BSIZE(2);
    EXPECT_EQ(value.bits, 0x0002'8002U);
    EXPECT_EQ(RCTL.BSIZE.of(value), 2U);
    EXPECT_TRUE(value & RCTL.EN);
    EXPECT_FALSE(value & RCTL.UPE);
    EXPECT_EQ((value & ~RCTL.EN).bits, 0x0002'8000U);
}

TEST(typed_access, an_overwide_number_does_not_spill_out_of_its_field) { EXPECT_EQ(RCTL.BSIZE(7).bits, 0x0003'0000U); }

TEST(typed_access, reaches_array_elements) {
    EXPECT_EQ(Location<Number>(MTA[127]).offset, 0x53fcU);
    EXPECT_EQ(Location<Number>(RAL[15]).offset, 0x5478U);
    EXPECT_EQ(Location<Rah>(RAH[15]).offset, 0x547cU);
}

template <class A, class B>
concept mixes = requires(A a, B b) { a | b; };

TEST(typed_access, does_not_mix_registers) {
    EXPECT_TRUE((mixes<Value<Rctl>, decltype(RCTL.EN)>));
    EXPECT_FALSE((mixes<Value<Rctl>, Value<Tctl>>));
    EXPECT_FALSE((mixes<Value<Rctl>, decltype(TCTL.EN)>));
}

}  // namespace
}  // namespace ixy::datasheet::e1000
