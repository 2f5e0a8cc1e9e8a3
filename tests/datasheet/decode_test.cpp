// Decoding: a value in the manual's words.
#include <gtest/gtest.h>

#include <algorithm>

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

TEST(decode, names_fields_numbers_and_their_meanings) {
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

TEST(decode, assigns_every_described_bit_to_a_field) {
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

TEST(decode, fields_of_pci_express_chips_are_reserved_on_the_others) {
    const std::pair<const RegisterInfo*, std::uint32_t> express[] = {
        {&CTRL, CTRL.GIO_MASTER_DISABLE.mask()},
        {&STATUS, STATUS.GIO_MASTER_ENABLE.mask()},
        {&CTRL_EXT, (CTRL_EXT.DMA_GATING | CTRL_EXT.PHY_POWER_DOWN | CTRL_EXT.EIAME | CTRL_EXT.IAME |
                     CTRL_EXT.DRV_LOAD | CTRL_EXT.INT_TIMERS_CLEAR | CTRL_EXT.PBA_SUPPORT)
                        .bits},
        {&ICR, (ICR.ACK | ICR.MNG | ICR.RXQ0 | ICR.RXQ1 | ICR.TXQ0 | ICR.TXQ1 | ICR.OTHER | ICR.INT_ASSERTED).bits},
        {&IMS, (IMS.ACK | IMS.MNG | IMS.RXQ0 | IMS.RXQ1 | IMS.TXQ0 | IMS.TXQ1 | IMS.OTHER).bits},
        {&RCTL, RCTL.DTYP.mask()},
        {&TCTL, (TCTL.TXDSCMT | TCTL.MULR | TCTL.RRTHRESH).bits},
        {&TIDV, TIDV.FPD.mask()},
        {&TXDCTL, TXDCTL.COUNT_DESC.mask()},
        {&RXCSUM, (RXCSUM.IPPCSE | RXCSUM.PCSD).bits}};
    for (const Chip* chip : CHIPS) {
        const bool has_them = chip == &CHIP_82574L;
        for (const auto& [info, bits] : express) {
            EXPECT_EQ(reserved_bits(*info, chip) & bits, has_them ? 0 : bits) << chip->name << ' ' << info->name;
            std::uint32_t shown = 0;
            for (const DecodedField& field : decode(*info, ~0U, chip)) shown |= field.number << field.low;
            EXPECT_EQ(shown, ~reserved_bits(*info, chip)) << chip->name << ' ' << info->name;
        }
    }
}

/// A field's meaning names the chips that have it, unless all do.
TEST(decode, an_8254x_shows_no_field_of_the_82574L) {
    for (const Chip* chip : CHIPS) {
        if (chip == &CHIP_82574L) continue;
        for (const RegisterInfo* info : chip->registers)
            for (const DecodedField& field : decode(*info, ~0U, chip))
                EXPECT_FALSE(field.meaning.ends_with("(82574L)"))
                    << chip->name << ' ' << info->name << '.' << field.name;
    }
}

TEST(decode, an_82574L_shows_no_field_that_only_the_8254x_have) {
    const auto shows = [](const RegisterInfo& info, std::string_view name) {
        return std::ranges::any_of(decode(info, 0, &CHIP_82574L), [=](const auto& each) { return each.name == name; });
    };
    EXPECT_FALSE(shows(CTRL, "LRST"));
    EXPECT_FALSE(shows(STATUS, "PCIXSPD"));
    EXPECT_FALSE(shows(CTRL_EXT, "SDP6_DATA"));
    EXPECT_FALSE(shows(LEDCTL, "LED3_MODE"));
    EXPECT_TRUE(shows(STATUS, "GIO Master Enable Status"));
}

TEST(decode, works_for_descriptors_too) {
    const auto decoded = decode(*TRANSMIT_DESCRIPTOR.words[2], 0x0b00'003c);
    EXPECT_EQ(field_of(decoded, "Length").number, 60U);
    EXPECT_EQ(field_of(decoded, "RS").number, 1U);
    EXPECT_EQ(field_of(decoded, "DEXT").number, 0U);
}

}  // namespace
}  // namespace ixy::datasheet::e1000
