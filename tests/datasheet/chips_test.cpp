// Chips: their identities, which registers they have, and register lookup.
#include <gtest/gtest.h>

#include <map>

#include "tests/datasheet/rows.hpp"

namespace ixy::datasheet::e1000 {
namespace {

// --- every chip ----------------------------------------------------------------------------------------------------

TEST(chips, no_two_registers_overlap) {
    for (const Chip* chip : CHIPS) {
        std::map<std::uint32_t, std::string_view> owner;
        for (const RegisterInfo* row : chip->registers)
            for (std::size_t i = 0; i < row->count; ++i) {
                const auto [place, free] = owner.emplace(row->address(i), row->name);
                EXPECT_TRUE(free) << chip->name << ' ' << row->name << " overlaps " << place->second;
            }
    }
}

TEST(chips, registers_are_aligned_sorted_and_inside_the_bar) {
    for (const Chip* chip : CHIPS) {
        EXPECT_TRUE(std::ranges::is_sorted(chip->registers, {}, &RegisterInfo::offset)) << chip->name;
        for (const RegisterInfo* row : chip->registers) {
            EXPECT_EQ(row->offset % 4, 0U) << row->name;
            EXPECT_EQ(row->stride % 4, 0U) << row->name;
            EXPECT_LE(row->address(row->count - 1U) + 4, 0x2'0000U) << row->name;
        }
    }
}

TEST(chips, register_names_are_unique) {
    for (const Chip* chip : CHIPS) {
        std::set<std::string_view> names;
        for (const RegisterInfo* row : chip->registers)
            EXPECT_TRUE(names.insert(row->name).second) << chip->name << ' ' << row->name;
    }
}

TEST(chips, aliases_hide_no_register_and_no_other_alias) {
    for (const Chip* chip : CHIPS) {
        std::set<std::uint32_t> taken;
        for (const Alias& alias : chip->aliases)
            for (std::size_t i = 0; i < alias.info->count; ++i) {
                const auto where = static_cast<std::uint32_t>(alias.offset + i * alias.info->stride);
                EXPECT_TRUE(alias.covers(where));
                EXPECT_TRUE(taken.insert(where).second) << std::hex << where;
                for (const RegisterInfo* row : chip->registers) EXPECT_FALSE(row->covers(where)) << row->name;
            }
    }
}

TEST(chips, variations_apply_to_what_the_chip_has) {
    std::set<const RegisterInfo*> words;
    for (const DescriptorKind* kind : DESCRIPTORS) words.insert(kind->words.begin(), kind->words.end());
    for (const Chip* chip : CHIPS)
        for (const Variation& variation : chip->variations)
            EXPECT_TRUE(chip->has(*variation.info) || words.contains(variation.info))
                << chip->name << ' ' << variation.info->name;
}

TEST(chips, pci_ids_and_names_are_unique) {
    std::set<std::uint16_t> devices;
    std::set<std::string_view> names;
    for (const Chip* chip : CHIPS) {
        EXPECT_TRUE(names.insert(chip->name).second);
        for (const PciId& id : chip->ids) EXPECT_TRUE(devices.insert(id.device).second) << std::hex << id.device;
    }
}

TEST(chips, eeprom_access_fits_the_registers) {
    for (const Chip* chip : CHIPS) {
        const EepromRead read = chip->features.eeprom_read;
        EXPECT_EQ(chip->has(EERD), read == EepromRead::eerd) << chip->name;
        EXPECT_EQ(chip->has(EERD_NARROW), read == EepromRead::eerd_narrow) << chip->name;
        EXPECT_EQ(chip->has(MDIC), chip->features.mdic) << chip->name;
    }
}

TEST(chips, packet_buffer_shares_add_up) {
    for (const Chip* chip : CHIPS) {
        const auto shares = PBA.from(chip->reset(PBA));
        EXPECT_EQ(PBA.RXA.of(shares) + PBA.TXA.of(shares), chip->features.packet_buffer) << chip->name;
    }
}

// --- single chips --------------------------------------------------------------------------------------------------

TEST(chips, are_found_by_pci_id) {
    const std::pair<std::uint16_t, std::string_view> ids[] = {
        {0x100e, "82540EM"}, {0x1015, "82540EM"}, {0x100f, "82545EM"}, {0x1011, "82545EM"}, {0x1008, "82544EI"},
        {0x1009, "82544EI"}, {0x100c, "82544GC"}, {0x100d, "82544GC"}, {0x1010, "82546EB"}, {0x1012, "82546EB"},
        {0x101d, "82546EB"}, {0x1079, "82546GB"}, {0x107a, "82546GB"}, {0x107b, "82546GB"}, {0x1004, "82543GC"},
        {0x1001, "82543GC"}, {0x10d3, "82574L"}};
    for (const auto& [device, name] : ids) {
        ASSERT_NE(find_chip(INTEL, device), nullptr) << std::hex << device;
        EXPECT_EQ(find_chip(INTEL, device)->name, name);
    }
    EXPECT_EQ(find_chip(INTEL, 0x10fb), nullptr);
    EXPECT_EQ(find_chip(0x1af4, 0x100e), nullptr);
    EXPECT_EQ(CHIP_82545EM.id(0x1011)->medium, Medium::fiber);
    EXPECT_EQ(CHIP_82545EM.id(0x100e), nullptr);
}

TEST(chips, are_found_by_name) {
    EXPECT_EQ(find_chip("82540EM"), &CHIP_82540EM);
    EXPECT_EQ(find_chip("82599"), nullptr);
}

TEST(chips, older_ones_lack_features_introduced_by_the_82540) {
    for (const Chip* chip : {&CHIP_82543GC, &CHIP_82544EI, &CHIP_82544GC})
        for (const RegisterInfo* row : SINCE_82540) EXPECT_FALSE(chip->has(*row)) << chip->name << ' ' << row->name;
    EXPECT_TRUE(CHIP_82544GC.has(TXDMAC));
    EXPECT_FALSE(CHIP_82540EM.has(TXDMAC));
    EXPECT_FALSE(CHIP_82543GC.has(MDIC));
}

TEST(chips, only_the_82574_has_msix_and_rss) {
    for (const Chip* chip : CHIPS)
        for (const RegisterInfo* row : ONLY_82574) EXPECT_EQ(chip->has(*row), chip == &CHIP_82574L) << row->name;
}

TEST(chips, the_82540em_has_all_registers_of_the_manual) {
    // Wake-up, filters and diagnostics: optional for a driver, required for a model.
    for (const char* name :
         {"WUC",  "WUFC", "WUS",   "IPAV",  "IP4AT", "IP6AT", "WUPL", "WUPM",  "FFLT",  "FFMT",  "FFVT",
          "RDFH", "RDFT", "RDFHS", "RDFTS", "RDFPC", "TDFH",  "TDFT", "TDFHS", "TDFTS", "TDFPC", "PBM",
          "MTA",  "VFTA", "RAL",   "RAH",   "TXCW",  "RXCW",  "AIFS", "TSPMT", "RSRPD"})
        EXPECT_NE(CHIP_82540EM.find(std::string_view(name)), nullptr) << name;
    EXPECT_EQ(MTA.count, 128);
    EXPECT_EQ(VFTA.count, 128);
    EXPECT_EQ(RAL.count, CHIP_82540EM.features.receive_addresses);
    EXPECT_EQ(PBM.count * 4, CHIP_82540EM.features.packet_buffer * 1024);
}

TEST(chips, variations_override_the_shared_row) {
    EXPECT_EQ(CHIP_82540EM.reset(PBA), 0x0010'0030U);
    EXPECT_EQ(CHIP_82574L.reset(PBA), 0x0014'0014U);
    EXPECT_EQ(CHIP_82574L.reset(LEDCTL), 0x0006'8302U);
    EXPECT_EQ(CHIP_82574L.writable(LEDCTL) >> 24, 0U) << "there is no LED 3";
    EXPECT_EQ(CHIP_82574L.find("PBS"), &PBS);
    EXPECT_EQ(CHIP_82574L.find("FACTPS"), &FACTPS);
    EXPECT_EQ(CHIP_82540EM.writable(FCRTL), 0x0000'fff8U);
    EXPECT_EQ(CHIP_82544GC.writable(FCRTL), 0x8000'fff8U);
}

// --- lookup --------------------------------------------------------------------------------------------------------

TEST(lookup, every_element_of_every_register_is_found) {
    for (const Chip* chip : CHIPS)
        for (const RegisterInfo* row : chip->registers)
            for (std::size_t i = 0; i < row->count; i += (row->count > 200 ? 101 : 1)) {
                const auto found = chip->find(row->address(i));
                ASSERT_TRUE(found) << row->name << ' ' << i;
                EXPECT_EQ(found->info, row);
                EXPECT_EQ(found->index, i);
            }
}

TEST(lookup, interleaved_arrays_are_kept_apart) {
    EXPECT_EQ(CHIP_82540EM.find(0x5408)->info, &RAL);
    EXPECT_EQ(CHIP_82540EM.find(0x540c)->info, &RAH);
    EXPECT_EQ(CHIP_82540EM.find(0x540c)->index, 1U);
}

TEST(lookup, old_offsets_map_to_the_same_register) {
    EXPECT_EQ(CHIP_82540EM.find(0x0128)->info, &RDT);
    EXPECT_EQ(CHIP_82540EM.find(0x0004)->info, &CTRL);
    EXPECT_EQ(CHIP_82540EM.find(0x004c)->info, &RAH);
    EXPECT_EQ(CHIP_82540EM.find(0x004c)->index, 1U);
    EXPECT_EQ(CHIP_82540EM.find(0x0604)->index, 1U);
}

TEST(lookup, gaps_and_unaligned_offsets_hold_nothing) {
    EXPECT_FALSE(CHIP_82540EM.find(0x000c));
    EXPECT_FALSE(CHIP_82540EM.find(0x0101));
    EXPECT_FALSE(CHIP_82540EM.find(0x5844));  // between two elements of IP4AT
    EXPECT_FALSE(CHIP_82540EM.find(0x2'0000));
    EXPECT_FALSE(CHIP_82540EM.find(0xffff'fffc));
}

TEST(lookup, by_name_finds_only_registers_of_the_chip) {
    EXPECT_EQ(CHIP_82540EM.find("RCTL"), &RCTL);
    EXPECT_EQ(CHIP_82540EM.find("EERD"), &EERD);
    EXPECT_EQ(CHIP_82574L.find("EERD"), &EERD_NARROW);
    EXPECT_EQ(CHIP_82540EM.find("MRQC"), nullptr);
}

static_assert(find_chip(INTEL, 0x100e)->find(0x0100)->info->name == "RCTL", "lookups work at compile time");

}  // namespace
}  // namespace ixy::datasheet::e1000
