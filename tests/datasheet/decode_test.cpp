// Decoding: a value in the manual's words.
#include <gtest/gtest.h>

#include <ixy/datasheet/decode.hpp>

#include "tests/datasheet/rows.hpp"

namespace ixy::datasheet::e1000 {
namespace {

const DecodedField& field_of(const std::vector<DecodedField>& decoded, std::string_view name) {
    static const DecodedField none{};
    for (const DecodedField& field : decoded)
        if (field.name == name) return field;
    return none;
}

TEST(decode, names_fields_numbers_and_what_they_stand_for) {
    const auto decoded = decode(STATUS, 0x0000'0083);
    EXPECT_EQ(decoded.size(), STATUS.fields().size());
    EXPECT_EQ(field_of(decoded, "LU").number, 1U);
    EXPECT_EQ(field_of(decoded, "LU").meaning, "link up");
    EXPECT_EQ(field_of(decoded, "SPEED").number, 2U);
    EXPECT_EQ(field_of(decoded, "SPEED").value_meaning, "1000 Mb/s");
    EXPECT_EQ(field_of(decoded, "TXOFF").number, 0U);
}

TEST(decode, a_value_without_a_meaning_stays_a_number) {
    const auto decoded = decode(RCTL, RCTL.LBM(2).bits);
    EXPECT_EQ(field_of(decoded, "LBM").number, 2U);
    EXPECT_TRUE(field_of(decoded, "LBM").value_meaning.empty());
}

TEST(decode, puts_every_described_bit_into_a_field) {
    for (const RegisterInfo* row : all_rows()) {
        if (row->fields().empty()) continue;
        std::uint32_t rebuilt = 0;
        for (const DecodedField& field : decode(*row, 0xdead'beef)) rebuilt |= field.number << field.low;
        EXPECT_EQ(rebuilt, 0xdead'beefU & ~reserved_bits(*row)) << row->name;
    }
}

TEST(decode, a_plain_number_has_no_fields_and_no_reserved_bits) {
    EXPECT_TRUE(decode(RDBAH, 5).empty());
    EXPECT_EQ(reserved_bits(RDBAH), 0U);
}

TEST(decode, reserved_bits_are_those_without_a_name) { EXPECT_EQ(reserved_bits(RCTL), ~0x06df'bffeU); }

TEST(decode, works_for_descriptors_too) {
    const auto decoded = decode(*TRANSMIT_DESCRIPTOR.words[2], 0x0b00'003c);
    EXPECT_EQ(field_of(decoded, "Length").number, 60U);
    EXPECT_EQ(field_of(decoded, "RS").number, 1U);
    EXPECT_EQ(field_of(decoded, "DEXT").number, 0U);
}

}  // namespace
}  // namespace ixy::datasheet::e1000
