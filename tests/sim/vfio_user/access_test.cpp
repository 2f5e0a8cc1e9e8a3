// Reads and writes of regions: the card sees exactly what the client sends.
#include <cerrno>

#include "bed.hpp"

namespace ixy::sim::vfio_user {
namespace {

using Accesses = std::vector<std::string>;

class VfioUserAccess : public VfioUser {
protected:
    VfioUserAccess() {
        connect();
        enable_card();
    }
    /// The offset of the capability with that id, found by the client itself; or 0.
    std::uint32_t find_capability(std::uint8_t id) {
        auto at = static_cast<std::uint32_t>(read(region_config, pci_config::capabilities, 1));
        while (at != 0 && read(region_config, at, 1) != id)
            at = static_cast<std::uint32_t>(read(region_config, at + 1, 1));
        return at;
    }
};

TEST_F(VfioUserAccess, each_natural_width_is_one_access_to_the_card) {
    write_bar(0x10, 0x12, 1);
    write_bar(0x12, 0x3456, 2);
    write_bar(0x14, 0x789abcde, 4);
    write_bar(0x18, 0x1122334455667788, 8);
    EXPECT_EQ(read_bar(0x18, 8), 0x1122334455667788U);
    EXPECT_EQ(read_bar(0x14, 4), 0x789abcdeU);
    EXPECT_EQ(read_bar(0x12, 2), 0x3456U);
    EXPECT_EQ(read_bar(0x10, 1), 0x12U);
    EXPECT_EQ(probe->accesses, (Accesses{"write 0:0x10/1=0x12", "write 0:0x12/2=0x3456", "write 0:0x14/4=0x789abcde",
                                         "write 0:0x18/8=0x1122334455667788", "read 0:0x18/8", "read 0:0x14/4",
                                         "read 0:0x12/2", "read 0:0x10/1"}));
}

TEST_F(VfioUserAccess, other_accesses_are_split) {
    const RegionAccess access{.offset = 0x11, .region = 0, .count = 8};
    const Bytes data = bytes_of(std::uint64_t{0x8877665544332211});
    ASSERT_EQ(error_of(Command::region_write, join(access, data)), 0);
    EXPECT_EQ(probe->accesses, (Accesses{"write 0:0x11/1=0x11", "write 0:0x12/2=0x3322", "write 0:0x14/4=0x77665544",
                                         "write 0:0x18/1=0x88"}));
    EXPECT_EQ(read_bar(0x11, 8), 0x8877665544332211U);
}

TEST_F(VfioUserAccess, configuration_space_can_be_read_in_one_piece) {
    const Answer got =
        ask(Command::region_read, join(RegionAccess{.offset = 0, .region = region_config, .count = 256}));
    ASSERT_EQ(got.payload.size(), sizeof(RegionAccess) + 256);
    EXPECT_EQ(take<std::uint32_t>(std::span(got.payload).subspan(sizeof(RegionAccess))), 0x56781234U);
    EXPECT_EQ(read(region_config, pci_config::vendor_id, 2), 0x1234U);
    EXPECT_EQ(read(region_config, pci_config::device_id, 2), 0x5678U);
    EXPECT_EQ(read(region_config, 4095, 1), 0U);
}

TEST_F(VfioUserAccess, bars_are_sized_as_pci_specifies) {
    write(region_config, pci_config::bar0, 4, 0xffffffff);
    EXPECT_EQ(read(region_config, pci_config::bar0, 4), 0xfffff000U);
    write(region_config, pci_config::bar0 + 8, 4, 0xffffffff);
    EXPECT_EQ(read(region_config, pci_config::bar0 + 8, 4), 0xffffffc1U);
    write(region_config, pci_config::bar0, 4, 0xfebc0000);
    EXPECT_EQ(read(region_config, pci_config::bar0, 4), 0xfebc0000U);
}

TEST_F(VfioUserAccess, read_only_configuration_bits_do_not_change) {
    for (const std::uint32_t offset : {0x00U, 0x08U, 0x2cU, 0x34U}) {
        const auto before = read(region_config, offset, 4);
        write(region_config, offset, 4, ~before);
        EXPECT_EQ(read(region_config, offset, 4), before) << offset;
    }
    // the headers of capabilities too
    for (auto at = read(region_config, pci_config::capabilities, 1); at != 0;) {
        const auto header = static_cast<std::uint32_t>(read(region_config, at, 2));
        write(region_config, at, 2, 0xffff);
        ASSERT_EQ(read(region_config, at, 2), header) << at;
        at = header >> 8;
    }
}

TEST_F(VfioUserAccess, a_card_with_memory_decoding_off_reads_as_all_ones) {
    write(region_config, pci_config::command, 2, 0);
    EXPECT_EQ(read_bar(0x10), 0xffffffffU);
    write_bar(0x10, 1);
    EXPECT_TRUE(probe->accesses.empty());
}

TEST_F(VfioUserAccess, accesses_beyond_a_region_are_refused) {
    for (const RegionAccess& bad :
         {RegionAccess{.offset = 4096, .region = 0, .count = 4}, RegionAccess{.offset = 4094, .region = 0, .count = 4},
          RegionAccess{.offset = ~0ULL - 1, .region = 0, .count = 4},
          RegionAccess{.offset = 0, .region = 1, .count = 4}, RegionAccess{.offset = 0, .region = 6, .count = 4},
          RegionAccess{.offset = 0, .region = 9, .count = 4}, RegionAccess{.offset = 0, .region = ~0U, .count = 4},
          RegionAccess{.offset = 0, .region = 0, .count = 0}, RegionAccess{.offset = 0, .region = 0, .count = 4097},
          RegionAccess{.offset = 0, .region = 0, .count = ~0U}}) {
        EXPECT_EQ(error_of(Command::region_read, join(bad)), EINVAL) << bad.offset << ' ' << bad.region;
        EXPECT_EQ(error_of(Command::region_write, join(bad, Bytes(std::min(bad.count, 8192U)))), EINVAL);
    }
    EXPECT_TRUE(probe->accesses.empty());
}

TEST_F(VfioUserAccess, a_payload_that_does_not_fit_its_count_is_refused) {
    const RegionAccess access{.offset = 0, .region = 0, .count = 4};
    EXPECT_EQ(error_of(Command::region_write, join(access, Bytes(3))), EINVAL);
    EXPECT_EQ(error_of(Command::region_write, join(access, Bytes(5))), EINVAL);
    EXPECT_EQ(error_of(Command::region_write, join(access)), EINVAL);
    EXPECT_EQ(error_of(Command::region_write, Bytes(7)), EINVAL);
    EXPECT_EQ(error_of(Command::region_read, Bytes(15)), EINVAL);
    EXPECT_EQ(error_of(Command::region_read, join(access, Bytes(4))), EINVAL);
    EXPECT_TRUE(probe->accesses.empty());
}

TEST_F(VfioUserAccess, posted_writes_are_executed_in_order_without_answers) {
    for (std::uint32_t i = 0; i < 1000; ++i) {
        const RegionAccess access{.offset = 0x20, .region = 0, .count = 4};
        ASSERT_TRUE(client_->send(Command::region_write, join(access, i), {}, flag_no_reply));
        if (i % 50 == 0) settle();
    }
    EXPECT_EQ(read_bar(0x20), 999U);  // the first answer to arrive
    ASSERT_EQ(probe->accesses.size(), 1001U);
    EXPECT_EQ(probe->accesses[500], "write 0:0x20/4=0x1f4");
}

TEST_F(VfioUserAccess, a_failed_posted_write_is_not_answered_either) {
    const RegionAccess bad{.offset = 9999, .region = 0, .count = 4};
    ASSERT_TRUE(client_->send(Command::region_write, join(bad, 1), {}, flag_no_reply));
    EXPECT_EQ(read_bar(0x20), 0U);
}

TEST_F(VfioUserAccess, commands_may_be_sent_before_their_answers_are_read) {
    std::vector<std::uint16_t> ids;
    for (std::uint32_t i = 0; i < 100; ++i) {
        client_->send(Command::region_write, join(RegionAccess{.offset = 0x20, .region = 0, .count = 4}, i));
        client_->send(Command::region_read, join(RegionAccess{.offset = 0x20, .region = 0, .count = 4}));
    }
    for (std::uint32_t i = 0; i < 100; ++i) {
        ids.push_back(answer().header.id);
        const Answer got = answer();
        ids.push_back(got.header.id);
        EXPECT_EQ(take<std::uint32_t>(std::span(got.payload).subspan(sizeof(RegionAccess))), i);
    }
    EXPECT_TRUE(std::ranges::is_sorted(ids));
}

TEST_F(VfioUserAccess, many_writes_in_one_message_are_executed_in_order) {
    MultiWrite one{.access = {.offset = 0x10, .region = 0, .count = 4}, .data = {std::byte{1}}};
    MultiWrite other{.access = {.offset = 0x18, .region = 0, .count = 8}, .data = {std::byte{2}}};
    const Answer got = ask(Command::region_write_multi, join(std::uint64_t{2}, one, other));
    EXPECT_EQ(got.as<std::uint64_t>(), 2U);
    EXPECT_EQ(probe->accesses, (Accesses{"write 0:0x10/4=0x1", "write 0:0x18/8=0x2"}));
}

TEST_F(VfioUserAccess, a_message_with_no_writes_is_answered_and_does_nothing) {
    EXPECT_EQ(ask(Command::region_write_multi, join(std::uint64_t{0})).as<std::uint64_t>(), 0U);
    EXPECT_EQ(probe->accesses, Accesses{});
}

TEST_F(VfioUserAccess, one_bad_write_makes_the_whole_message_refused) {
    const MultiWrite good{.access = {.offset = 0x10, .region = 0, .count = 4}};
    const MultiWrite outside{.access = {.offset = 0x1000, .region = 0, .count = 4}};
    const MultiWrite too_long{.access = {.offset = 0x10, .region = 0, .count = 9}};
    EXPECT_EQ(error_of(Command::region_write_multi, join(std::uint64_t{2}, good, outside)), EINVAL);
    EXPECT_EQ(error_of(Command::region_write_multi, join(std::uint64_t{2}, good, too_long)), EINVAL);
    EXPECT_EQ(error_of(Command::region_write_multi, join(std::uint64_t{2}, good)), EINVAL);
    EXPECT_EQ(error_of(Command::region_write_multi, join(~std::uint64_t{0}, good)), EINVAL);
    EXPECT_EQ(error_of(Command::region_write_multi, join(std::uint64_t{1}, good, Bytes(1))), EINVAL);
    EXPECT_EQ(error_of(Command::region_write_multi, Bytes(4)), EINVAL);
    EXPECT_TRUE(probe->accesses.empty());
}

TEST_F(VfioUserAccess, a_reset_clears_configuration_space_and_resets_the_chip) {
    probe->resets.clear();
    EXPECT_EQ(error_of(Command::device_reset, {}), 0);
    EXPECT_EQ(probe->resets.size(), 1U);
    EXPECT_EQ(read(region_config, pci_config::command, 2), 0U);
}

TEST_F(VfioUserAccess, a_reset_through_the_pci_express_capability_also_works) {
    const std::uint32_t at = find_capability(pci_config::capability_pci_express);
    ASSERT_NE(at, 0U);
    EXPECT_NE(read(region_config, at + 4, 4) & 1U << 28, 0U) << "device capabilities: function-level reset";
    probe->resets.clear();
    write(region_config, at + 8, 2, 1 << 15);  // device control: initiate it. PCI Express 3.0, 7.8.4
    EXPECT_EQ(probe->resets.size(), 1U);
}

TEST_F(VfioUserAccess, a_sleeping_card_wakes_up_reset) {
    const std::uint32_t control = find_capability(pci_config::capability_power_management) + 4;
    ASSERT_NE(control, 4U);
    probe->resets.clear();
    for (const std::uint32_t state : {1U, 2U}) {
        write(region_config, control, 2, state);
        EXPECT_EQ(read(region_config, control, 2), 0U) << "D1 and D2 are not supported";
    }
    write(region_config, control, 2, 3);
    EXPECT_EQ(read(region_config, control, 2), 3U);
    EXPECT_EQ(read_bar(0), 0xffff'ffffU);
    EXPECT_TRUE(probe->resets.empty());
    write(region_config, control, 2, 0);
    EXPECT_EQ(probe->resets.size(), 1U);
    EXPECT_EQ(read(region_config, pci_config::command, 2), 0U);
    enable_card();
    EXPECT_EQ(read_bar(0), 0U);
}

TEST_F(VfioUserAccess, messages_have_the_bits_that_pci_defines) {
    const std::uint32_t msi = find_capability(pci_config::capability_msi) + 2;
    write(region_config, msi, 2, 0xffff);
    EXPECT_EQ(read(region_config, msi, 2), 0x81U) << "one vector, 64 bits, on";
    const std::uint32_t msi_x = find_capability(pci_config::capability_msi_x) + 2;
    write(region_config, msi_x, 2, 0xffff);
    EXPECT_EQ(read(region_config, msi_x, 2), 0xc003U) << "four vectors, on, masked";
}

}  // namespace
}  // namespace ixy::sim::vfio_user
