// Configuration space as lspci, setpci and a kernel see it.
#include <gtest/gtest.h>

#include "tests/sim/card/test_model.hpp"

namespace ixy::sim::test {
namespace {

using namespace pci_config;

class ConfigSpaceTest : public testing::Test {
protected:
    ConfigSpace plain{plain_type};
    ConfigSpace express{express_type};
};

/// The ids on the capability list, in order; each capability must lie after the header and be aligned.
std::vector<unsigned> capability_list(const ConfigSpace& config) {
    std::vector<unsigned> ids;
    for (unsigned at = config.read(capabilities, 1); at != 0 && ids.size() < 48; at = config.read(at + 1, 1)) {
        EXPECT_GE(at, 0x40U);
        EXPECT_EQ(at % 4, 0U);
        EXPECT_EQ(config.capability(static_cast<std::uint8_t>(config.read(at, 1))), at);
        ids.push_back(config.read(at, 1));
    }
    return ids;
}

std::uint32_t size_bar(ConfigSpace& config, unsigned bar) {
    const std::uint32_t before = config.read(bar0 + 4 * bar, 4);
    config.write(bar0 + 4 * bar, 4, ~0U);
    const std::uint32_t kept = config.read(bar0 + 4 * bar, 4);
    config.write(bar0 + 4 * bar, 4, before);
    return kept;
}

TEST_F(ConfigSpaceTest, identity_comes_from_the_type) {
    EXPECT_EQ(plain.read(vendor_id, 4), 0x1234'8086U);
    EXPECT_EQ(plain.read(subsystem_vendor, 4), 0x1100'1af4U);
    EXPECT_EQ(plain.read(revision, 4), 0x0200'0003U);
    EXPECT_EQ(plain.read(header_type, 1), 0U);
    EXPECT_EQ(plain.read(0x3d, 1), 1U);
    for (unsigned offset = 0; offset < 0x40; offset += 4) {
        for (unsigned i = 0; i < 4; ++i)
            EXPECT_EQ(plain.read(offset + i, 1), plain.read(offset, 4) >> 8 * i & 0xff) << offset + i;
    }
}

TEST_F(ConfigSpaceTest, identity_is_read_only) {
    const auto before = [&] {
        std::vector<std::uint32_t> words;
        for (unsigned offset = 0; offset < 256; offset += 4) words.push_back(express.read(offset, 4));
        return words;
    }();
    for (unsigned offset = 0; offset < 256; offset += 4) express.write(offset, 4, ~0U);
    for (const unsigned offset : {vendor_id, revision, subsystem_vendor, capabilities, 0x30U, 0x38U})
        EXPECT_EQ(express.read(offset, 4), before[offset / 4]) << offset;
    EXPECT_EQ(express.read(header_type, 2), 0U);
    EXPECT_EQ(express.read(0x3c, 4), 0x01ffU);
}

TEST_F(ConfigSpaceTest, bars_report_their_size_and_kind) {
    EXPECT_EQ(size_bar(plain, 0), 0xffff'f000U);
    EXPECT_EQ(size_bar(plain, 1), 0U);
    EXPECT_EQ(size_bar(plain, 2), 0xffff'ffc1U);
    EXPECT_EQ(size_bar(express, 0), 0xffff'f004U);
    EXPECT_EQ(size_bar(express, 1), 0xffff'ffffU);
    EXPECT_EQ(size_bar(express, 2), 0xffff'ffe1U);
    EXPECT_EQ(size_bar(express, 3), 0xffff'c000U);
    EXPECT_EQ(size_bar(express, 4), 0U);
    EXPECT_EQ(size_bar(express, 5), 0U);
    express.write(0x30, 4, ~0U);
    EXPECT_EQ(express.read(0x30, 4), 0U) << "no expansion ROM";
}

TEST_F(ConfigSpaceTest, bars_keep_their_assigned_address) {
    express.write(bar0, 4, 0xfebc'0123);
    express.write(bar0 + 4, 4, 0x12);
    EXPECT_EQ(express.read(bar0, 4), 0xfebc'0004U);
    EXPECT_EQ(express.read(bar0 + 4, 4), 0x12U);
    plain.write(bar0 + 9, 1, 0xc0);  // byte by byte
    EXPECT_EQ(plain.read(bar0 + 8, 4), 0x0000'c001U);
}

TEST_F(ConfigSpaceTest, command_register_has_the_bits_of_its_bus) {
    plain.write(command, 2, 0xffff);
    EXPECT_EQ(plain.read(command, 2), 0x0557U);
    express.write(command, 2, 0xffff);
    EXPECT_EQ(express.read(command, 2), 0x0547U);
    EXPECT_TRUE(plain.memory_enabled() && plain.io_enabled() && plain.bus_master() && plain.intx_disabled());
    plain.write(command, 1, 0);
    EXPECT_FALSE(plain.memory_enabled() || plain.io_enabled() || plain.bus_master());
    EXPECT_TRUE(plain.intx_disabled()) << "this bit is in the other byte";
}

TEST_F(ConfigSpaceTest, status_bits_are_cleared_by_writing_ones) {
    EXPECT_EQ(plain.read(status, 2), 0x10U);
    plain.set_interrupt_status(true);
    plain.set_master_abort();
    EXPECT_EQ(plain.read(status, 2), 0x2018U);
    plain.write(command, 4, 0x0018'0006);  // the whole word, with status zero except for read-only bits
    EXPECT_EQ(plain.read(status, 2), 0x2018U);
    plain.write(status, 2, 0xffff);
    EXPECT_EQ(plain.read(status, 2), 0x18U);
    plain.set_interrupt_status(false);
    EXPECT_EQ(plain.read(status, 2), 0x10U);
}

TEST_F(ConfigSpaceTest, capabilities_are_chained) {
    EXPECT_EQ(capability_list(plain), (std::vector<unsigned>{capability_power_management, capability_msi}));
    EXPECT_EQ(capability_list(express), (std::vector<unsigned>{capability_power_management, capability_msi,
                                                               capability_pci_express, capability_msi_x}));
    EXPECT_EQ(plain.capability(capability_vendor), 0U);
    EXPECT_EQ(plain.capability(capability_msi_x), 0U);
}

TEST_F(ConfigSpaceTest, sleep_disables_memory_and_dma_and_waking_requests_a_reset) {
    const unsigned control = express.capability(capability_power_management) + 4;
    express.write(command, 2, 0x7);
    EXPECT_FALSE(express.write(control, 2, 3));  // D3hot
    EXPECT_EQ(express.read(control, 2), 3U) << "No_Soft_Reset is 0";
    EXPECT_FALSE(express.memory_enabled() || express.io_enabled() || express.bus_master());
    EXPECT_EQ(express.read(command, 2), 7U);
    EXPECT_FALSE(express.write(control, 2, 3)) << "it is already asleep";
    EXPECT_TRUE(express.write(control, 2, 0));
    EXPECT_FALSE(express.write(control, 2, 0)) << "it is already awake";
}

TEST_F(ConfigSpaceTest, unsupported_power_states_are_not_entered) {
    const unsigned control = plain.capability(capability_power_management) + 4;
    for (const unsigned from : {0U, 3U}) {
        plain.write(control, 2, from);
        for (const unsigned to : {1U, 2U}) {
            plain.write(control, 2, to);
            EXPECT_EQ(plain.read(control, 2) & 3, from);
        }
    }
    EXPECT_EQ(plain.read(control - 2, 2) & 0xfe00, 0U) << "no wake-up support from any state";
}

TEST_F(ConfigSpaceTest, msi_has_one_vector_with_a_64_bit_address) {
    const unsigned msi = plain.capability(capability_msi);
    EXPECT_EQ(plain.read(msi + 2, 2), 0x80U);
    for (unsigned offset = 2; offset < 14; offset += 2) plain.write(msi + offset, 2, 0xffff);
    EXPECT_EQ(plain.read(msi + 2, 2), 0x81U);
    EXPECT_EQ(plain.read(msi + 4, 4), 0xffff'fffcU);
    EXPECT_EQ(plain.read(msi + 8, 4), 0xffff'ffffU);
    EXPECT_EQ(plain.read(msi + 12, 2), 0xffffU);
    EXPECT_TRUE(plain.msi_enabled());
    EXPECT_FALSE(plain.msi_x_enabled());
}

TEST_F(ConfigSpaceTest, msi_x_locates_its_table_and_pending_bits) {
    const unsigned msi_x = express.capability(capability_msi_x);
    EXPECT_EQ(express.read(msi_x + 2, 2), 39U);
    EXPECT_EQ(express.read(msi_x + 4, 4), 3U);
    EXPECT_EQ(express.read(msi_x + 8, 4), 0x2003U);
    express.write(msi_x + 2, 2, 0xffff);
    EXPECT_EQ(express.read(msi_x + 2, 2), 0xc000U | 39U);
    EXPECT_TRUE(express.msi_x_enabled() && express.msi_x_masked());
    express.write(msi_x + 3, 1, 0x80);
    EXPECT_TRUE(express.msi_x_enabled());
    EXPECT_FALSE(express.msi_x_masked());
}

TEST_F(ConfigSpaceTest, express_endpoint_supports_function_level_reset) {
    const unsigned cap = express.capability(capability_pci_express);
    EXPECT_EQ(express.read(cap + 2, 2), 1U) << "an endpoint, first version";
    EXPECT_NE(express.read(cap + 4, 4) & 1U << 28, 0U);
    EXPECT_EQ(express.read(cap + 18, 2) & 0x3ff, 0x11U) << "2.5 GT/s, one lane";
    EXPECT_FALSE(express.write(cap + 8, 2, 0x2810));
    EXPECT_FALSE(express.write(cap + 8, 1, 0x80));
    EXPECT_TRUE(express.write(cap + 8, 2, 0xa810));
    EXPECT_EQ(express.read(cap + 8, 2), 0x2810U) << "the bit reads as zero";
    EXPECT_TRUE(express.write(cap + 9, 1, 0x80));
    EXPECT_TRUE(express.write(cap + 8, 4, 0x8000));
    EXPECT_FALSE(express.write(cap + 10, 2, 0x8000)) << "that is the status register";
}

TEST_F(ConfigSpaceTest, reset_discards_everything_written) {
    ConfigSpace fresh(express_type);
    for (unsigned offset = 0; offset < 256; offset += 4) express.write(offset, 4, 0x5a5a'5a5a);
    express.set_interrupt_status(true);
    express.reset();
    for (unsigned offset = 0; offset < 256; offset += 4) EXPECT_EQ(express.read(offset, 4), fresh.read(offset, 4));
    EXPECT_FALSE(express.memory_enabled() || express.bus_master());
}

TEST_F(ConfigSpaceTest, size_depends_on_the_bus) {
    EXPECT_EQ(express.read(0x100, 4), 0U) << "an empty list of extended capabilities";
    EXPECT_EQ(express.read(0xffc, 4), 0U);
    EXPECT_EQ(plain.read(0x100, 4), ~0U);
    EXPECT_EQ(plain.read(0x100, 2), 0xffffU);
    EXPECT_EQ(plain.read(~0U, 1), 0xffU);
    EXPECT_FALSE(plain.write(0x100, 4, 0));
    EXPECT_FALSE(express.write(0x1000, 4, ~0U));
}

}  // namespace
}  // namespace ixy::sim::test
