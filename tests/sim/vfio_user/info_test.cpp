// What the server reports about the device, its regions and its interrupts.
#include <cerrno>

#include "bed.hpp"

namespace ixy::sim::vfio_user {
namespace {

class VfioUserInfo : public VfioUser {
protected:
    VfioUserInfo() { connect(); }
    RegionInfo region(std::uint32_t index) {
        return ask(Command::device_get_region_info, join(RegionInfo{.argsz = sizeof(RegionInfo), .index = index}))
            .as<RegionInfo>();
    }
    IrqInfo irq(std::uint32_t index) {
        return ask(Command::device_get_irq_info, join(IrqInfo{.argsz = sizeof(IrqInfo), .index = index})).as<IrqInfo>();
    }
};

class VfioUserPlainInfo : public VfioUserPlain {
protected:
    VfioUserPlainInfo() { connect(); }
};

TEST_F(VfioUserInfo, the_device_is_pci_resettable_and_has_the_vfio_indexes) {
    const Answer got = ask(Command::device_get_info, join(DeviceInfo{.argsz = sizeof(DeviceInfo)}));
    const auto info = got.as<DeviceInfo>();
    EXPECT_EQ(info.argsz, sizeof(DeviceInfo));
    EXPECT_EQ(info.flags, device_is_pci | device_resets);
    EXPECT_EQ(info.num_regions, 9U);
    EXPECT_EQ(info.num_irqs, 5U);
    EXPECT_EQ(got.payload.size(), sizeof(DeviceInfo));
}

TEST_F(VfioUserInfo, device_info_with_too_small_an_argsz_or_payload_is_refused) {
    EXPECT_EQ(error_of(Command::device_get_info, join(DeviceInfo{.argsz = 15})), EINVAL);
    EXPECT_EQ(error_of(Command::device_get_info, Bytes(8)), EINVAL);
    EXPECT_EQ(error_of(Command::device_get_info, {}), EINVAL);
}

TEST_F(VfioUserInfo, a_larger_argsz_gets_the_available_information) {
    EXPECT_EQ(ask(Command::device_get_info, join(DeviceInfo{.argsz = 100})).as<DeviceInfo>().argsz, sizeof(DeviceInfo));
    EXPECT_EQ(ask(Command::device_get_region_info, join(RegionInfo{.argsz = 100})).payload.size(), sizeof(RegionInfo));
}

TEST_F(VfioUserInfo, regions_are_the_bars_and_configuration_space) {
    EXPECT_EQ(region(0).size, 4096U);
    EXPECT_EQ(region(0).flags, region_readable | region_writable);
    EXPECT_EQ(region(1).size, 0U);
    EXPECT_EQ(region(1).flags, 0U);
    EXPECT_EQ(region(2).size, 64U);
    EXPECT_EQ(region(3).size, 0x4000U);
    EXPECT_EQ(region(region_rom).size, 0U);
    EXPECT_EQ(region(region_config).size, 4096U);
    EXPECT_EQ(region(region_vga).size, 0U);
}

TEST_F(VfioUserPlainInfo, a_conventional_card_has_256_bytes_of_configuration_space) {
    const auto info =
        ask(Command::device_get_region_info, join(RegionInfo{.argsz = sizeof(RegionInfo), .index = region_config}));
    EXPECT_EQ(info.as<RegionInfo>().size, 256U);
    EXPECT_EQ(error_of(Command::region_read, join(RegionAccess{.offset = 256, .region = region_config, .count = 4})),
              EINVAL);
}

TEST_F(VfioUserInfo, region_info_of_a_bad_index_argsz_or_length_is_refused) {
    EXPECT_EQ(error_of(Command::device_get_region_info, join(RegionInfo{.argsz = 32, .index = 9})), EINVAL);
    EXPECT_EQ(error_of(Command::device_get_region_info, join(RegionInfo{.argsz = 32, .index = ~0U})), EINVAL);
    EXPECT_EQ(error_of(Command::device_get_region_info, join(RegionInfo{.argsz = 31})), EINVAL);
    EXPECT_EQ(error_of(Command::device_get_region_info, Bytes(31)), EINVAL);
}

TEST_F(VfioUserInfo, no_region_offers_files_for_access) {
    const Answer got =
        ask(Command::device_get_region_io_fds, join(RegionIoFds{.argsz = sizeof(RegionIoFds), .index = 2}));
    EXPECT_EQ(got.as<RegionIoFds>().count, 0U);
    EXPECT_EQ(got.as<RegionIoFds>().index, 2U);
    for (const RegionIoFds& bad : {RegionIoFds{.argsz = 15, .index = 0}, RegionIoFds{.argsz = 16, .flags = 1},
                                   RegionIoFds{.argsz = 16, .count = 1}, RegionIoFds{.argsz = 16, .index = 1},
                                   RegionIoFds{.argsz = 16, .index = 77}}) {
        EXPECT_EQ(error_of(Command::device_get_region_io_fds, join(bad)), EINVAL);
    }
    EXPECT_EQ(error_of(Command::device_get_region_io_fds, Bytes(8)), EINVAL);
}

TEST_F(VfioUserInfo, interrupts_are_counted_and_described) {
    EXPECT_EQ(irq(irq_intx).count, 1U);
    EXPECT_EQ(irq(irq_intx).flags, irq_eventfd | irq_maskable | irq_automasked);
    EXPECT_EQ(irq(irq_msi).count, 1U);
    EXPECT_EQ(irq(irq_msi_x).count, 4U);
    EXPECT_EQ(irq(irq_msi_x).flags, irq_eventfd);
    EXPECT_EQ(irq(irq_error).count, 1U);
    EXPECT_EQ(irq(irq_request).count, 0U);
}

TEST_F(VfioUserPlainInfo, a_card_without_messages_has_none) {
    for (const std::uint32_t index : {irq_msi, irq_msi_x}) {
        const auto info = ask(Command::device_get_irq_info, join(IrqInfo{.argsz = sizeof(IrqInfo), .index = index}));
        EXPECT_EQ(info.as<IrqInfo>().count, 0U);
        EXPECT_EQ(info.as<IrqInfo>().flags, 0U);
    }
}

TEST_F(VfioUserInfo, irq_info_of_a_bad_index_argsz_or_length_is_refused) {
    EXPECT_EQ(error_of(Command::device_get_irq_info, join(IrqInfo{.argsz = 16, .index = 5})), EINVAL);
    EXPECT_EQ(error_of(Command::device_get_irq_info, join(IrqInfo{.argsz = 3})), EINVAL);
    EXPECT_EQ(error_of(Command::device_get_irq_info, {}), EINVAL);
}

}  // namespace
}  // namespace ixy::sim::vfio_user
