// The list of cards, on a fake tree.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <ixy/pci/enumerate.hpp>
#include <tests/pci/fake_sysfs.hpp>

namespace ixy {
namespace {

using test::FakeSysfs;

TEST(Enumerate, lists_only_network_cards_sorted_by_address) {
    FakeSysfs fake;
    fake.add({.address = "0000:04:00.0", .driver = "", .interface = ""});
    fake.add({.address = "0000:00:01.0", .class_code = 0x010802, .driver = "nvme", .interface = ""});
    const auto folder = fake.add({.address = "0000:03:00.0"});
    std::filesystem::create_directory_symlink("../../../kernel/iommu_groups/7", folder / "iommu_group");
    FakeSysfs::put(folder / "numa_node", "1\n");

    const auto cards = list_network_cards(fake.tree).value();
    ASSERT_EQ(cards.size(), 2U);
    EXPECT_EQ(cards[0].address, "0000:03:00.0");
    EXPECT_EQ(cards[0].identity.device, 0x100e);
    EXPECT_EQ(cards[0].driver, "e1000");
    EXPECT_EQ(cards[0].interfaces, std::vector<std::string>{"lo"});
    EXPECT_EQ(cards[0].numa_node, 1);
    EXPECT_EQ(cards[0].iommu_group, 7);
    EXPECT_FALSE(cards[0].in_use.has_value());
    EXPECT_EQ(cards[1].address, "0000:04:00.0");
    EXPECT_EQ(cards[1].driver, "");
    EXPECT_EQ(cards[1].numa_node, any_node);
    EXPECT_EQ(cards[1].iommu_group, std::nullopt);
}

TEST(Enumerate, says_which_card_is_in_use_and_why) {
    FakeSysfs fake;
    fake.tree.proc = "/proc";
    const auto up = fake.add({.address = "0000:03:00.0", .interface = "lo"});
    FakeSysfs::put(up / "net/lo/flags", "0x49\n");
    const auto locked = fake.add({.address = "0000:04:00.0"});
    const File lock(::open((locked / "config").c_str(), O_RDONLY | O_CLOEXEC));
    ASSERT_EQ(::flock(lock.get(), LOCK_EX), 0);

    const auto cards = list_network_cards(fake.tree).value();
    ASSERT_EQ(cards.size(), 2U);
    ASSERT_TRUE(cards[0].in_use.has_value());
    EXPECT_NE(cards[0].in_use->what.find("lo is up"), std::string::npos);
    ASSERT_TRUE(cards[1].in_use.has_value());
    EXPECT_NE(cards[1].in_use->what.find("process " + std::to_string(::getpid())), std::string::npos);
}

TEST(Enumerate, lock_held_by_an_invisible_process_is_seen) {
    FakeSysfs fake;
    const auto locked = fake.add({});
    const File lock(::open((locked / "config").c_str(), O_RDONLY | O_CLOEXEC));
    ASSERT_EQ(::flock(lock.get(), LOCK_EX), 0);
    const auto cards = list_network_cards(fake.tree).value();
    ASSERT_TRUE(cards.at(0).in_use.has_value());
    EXPECT_NE(cards[0].in_use->what.find("taken by another ixy"), std::string::npos) << cards[0].in_use->what;
}

TEST(Enumerate, machine_without_a_pci_bus_has_no_cards) {
    FakeSysfs fake;
    std::filesystem::remove_all(fake.root / "sys/bus/pci");
    EXPECT_TRUE(list_network_cards(fake.tree).value().empty());
}

TEST(Enumerate, machine_without_sysfs_cannot_tell) {
    const auto cards = list_network_cards({.sys = "/no-such-folder"});
    ASSERT_FALSE(cards.has_value());
    EXPECT_NE(cards.error().what.find("/no-such-folder"), std::string::npos);
    EXPECT_NE(cards.error().next.find("mount"), std::string::npos);
}

}  // namespace
}  // namespace ixy
