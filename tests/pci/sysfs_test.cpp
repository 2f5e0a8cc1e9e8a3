// Taking a card through sysfs and returning it, on a fake tree.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <ixy/pci/identity.hpp>
#include <ixy/pci/sysfs.hpp>
#include <tests/pci/fake_sysfs.hpp>

namespace ixy {
namespace {

using test::FakeCard;
using test::FakeSysfs;

constexpr const char* address = "0000:03:00.0";

/// The order in which files were written.
class WriteOrder {
public:
    void watch(const std::filesystem::path& file) {
        const int watch = ::inotify_add_watch(inotify_.get(), file.c_str(), IN_MODIFY);
        names_[watch] = file.filename();
    }
    std::vector<std::string> order() {
        std::vector<std::string> files;
        alignas(inotify_event) std::array<char, 16384> events;
        const ssize_t got = ::read(inotify_.get(), events.data(), events.size());
        for (ssize_t at = 0; at < got; at += static_cast<ssize_t>(sizeof(inotify_event))) {
            files.push_back(names_[reinterpret_cast<inotify_event*>(events.data() + at)->wd]);
        }
        return files;
    }

private:
    File inotify_{::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)};
    std::map<int, std::string> names_;
};

struct Sysfs : testing::Test {
    Expected<std::unique_ptr<PciFunction>> open(const PciOpenOptions& options = {}) {
        return open_sysfs_function(address, options, fake.tree);
    }
    /// Opening must fail with `kind`, name the device, and change nothing.
    Error refused(ErrorKind kind, const PciOpenOptions& options = {}) {
        const auto before = fake.snapshot();
        const auto function = open(options);
        EXPECT_FALSE(function.has_value());
        if (function) return {};
        EXPECT_EQ(function.error().kind, kind) << function.error().text();
        EXPECT_NE(function.error().what.find(address), std::string::npos) << function.error().text();
        EXPECT_EQ(fake.snapshot(), before) << "something changed";
        return function.error();
    }
    FakeSysfs fake;
};

TEST_F(Sysfs, takes_the_card_from_its_driver_and_returns_it) {
    const auto folder = fake.add({});
    {
        const auto function = open();
        ASSERT_TRUE(function.has_value()) << function.error().text();
        EXPECT_EQ((*function)->address(), address);
        EXPECT_EQ((*function)->identity().vendor, 0x8086);
        EXPECT_EQ((*function)->identity().device, 0x100e);
        EXPECT_EQ((*function)->identity().class_code, 0x020000U);
        EXPECT_EQ(FakeSysfs::get(fake.driver_folder("e1000") / "unbind"), address);
        EXPECT_EQ(FakeSysfs::get(folder / "driver_override").substr(0, 3), "ixy");
        EXPECT_EQ(FakeSysfs::get(folder / "enable")[0], '1');
        EXPECT_EQ(FakeSysfs::get(folder / "power/control").substr(0, 2), "on");
        EXPECT_EQ(FakeSysfs::get(fake.driver_folder("e1000") / "bind"), "");
        EXPECT_EQ(fake.command(address), 0x0103 | pci_config::command_memory | pci_config::command_no_intx);
        ASSERT_TRUE((*function)->set_bus_master(true).has_value());
        EXPECT_NE(fake.command(address) & pci_config::command_bus_master, 0U);
    }
    EXPECT_EQ(fake.command(address), 0x0103);
    EXPECT_EQ(FakeSysfs::get(fake.driver_folder("e1000") / "bind"), address);
    EXPECT_EQ(FakeSysfs::get(folder / "driver_override")[0], '\n');
    EXPECT_EQ(FakeSysfs::get(folder / "enable")[0], '0');
    EXPECT_EQ(FakeSysfs::get(folder / "power/control").substr(0, 4), "auto");
}

TEST_F(Sysfs, undoes_its_steps_in_reverse_order) {
    const auto folder = fake.add({});
    WriteOrder writes;
    for (const auto& file :
         {folder / "power/control", fake.driver_folder("e1000") / "unbind", folder / "driver_override",
          folder / "enable", folder / "config", fake.driver_folder("e1000") / "bind"}) {
        writes.watch(file);
    }
    {
        ASSERT_TRUE(open().has_value());
    }
    // Consecutive writes to the same file count once.
    const std::vector<std::string> expected = {
        "control", "unbind", "driver_override", "enable", "config", "enable", "driver_override", "bind", "control"};
    EXPECT_EQ(writes.order(), expected);
}

TEST_F(Sysfs, bus_mastering_is_off_until_the_driver_enables_it) {
    fake.add({.command = 0x0107});
    const auto function = open();
    ASSERT_TRUE(function.has_value());
    EXPECT_EQ(fake.command(address) & pci_config::command_bus_master, 0U);
}

TEST_F(Sysfs, bus_mastering_found_on_is_not_restored) {
    fake.add({.driver = "", .interface = "", .command = 0x0107});
    {
        ASSERT_TRUE(open().has_value());
    }
    EXPECT_EQ(fake.command(address), 0x0103);
}

TEST_F(Sysfs, opens_and_closes_a_hundred_times) {
    fake.add({});
    const auto files = [] { return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}); };
    const auto before = files();
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(open().has_value());
    EXPECT_EQ(files(), before);
}

TEST_F(Sysfs, failed_step_undoes_the_steps_before_it) {
    const auto folder = fake.add({});
    std::filesystem::remove(folder / "enable");
    std::filesystem::create_symlink("/dev/full", folder / "enable");
    const auto function = open();
    ASSERT_FALSE(function.has_value());
    EXPECT_NE(function.error().what.find("enable"), std::string::npos) << function.error().text();
    EXPECT_EQ(FakeSysfs::get(fake.driver_folder("e1000") / "bind"), address);
    EXPECT_EQ(FakeSysfs::get(folder / "driver_override")[0], '\n');
    EXPECT_EQ(FakeSysfs::get(folder / "power/control").substr(0, 4), "auto");
    EXPECT_EQ(fake.command(address), 0x0103);
    std::filesystem::remove(folder / "enable");
    EXPECT_TRUE(open().has_value()) << "the lock was not released";
}

TEST_F(Sysfs, card_without_a_driver_stays_without_one) {
    const auto folder = fake.add({.driver = "", .interface = ""});
    {
        ASSERT_TRUE(open().has_value());
    }
    EXPECT_EQ(FakeSysfs::get(fake.root / "sys/bus/pci/drivers_probe"), "");
}

TEST_F(Sysfs, existing_driver_override_is_restored) {
    const auto folder = fake.add({.driver = "", .interface = ""});
    FakeSysfs::put(folder / "driver_override", "uio_pci_generic\n");
    {
        ASSERT_TRUE(open().has_value());
    }
    EXPECT_EQ(FakeSysfs::get(folder / "driver_override"), "uio_pci_generic\n");
}

TEST_F(Sysfs, card_left_behind_by_a_killed_ixy_returns_to_a_driver_of_the_kernels_choice) {
    const auto folder = fake.add({.driver = "", .interface = ""});
    FakeSysfs::put(folder / "driver_override", "ixy\n");
    {
        ASSERT_TRUE(open().has_value());
    }
    EXPECT_EQ(FakeSysfs::get(folder / "driver_override")[0], '\n');
    EXPECT_EQ(FakeSysfs::get(fake.root / "sys/bus/pci/drivers_probe"), address);
}

TEST_F(Sysfs, second_ixy_is_refused_even_when_forced) {
    fake.add({});
    const auto first = open();
    ASSERT_TRUE(first.has_value());
    const Error error = refused(ErrorKind::busy, {.force = true});
    EXPECT_NE(error.what.find("another ixy"), std::string::npos) << error.text();
}

TEST_F(Sysfs, process_holding_the_lock_is_named) {
    const auto folder = fake.add({});
    fake.tree.proc = "/proc";
    const File other(::open((folder / "config").c_str(), O_RDONLY | O_CLOEXEC));
    ASSERT_EQ(::flock(other.get(), LOCK_EX), 0);
    const Error error = refused(ErrorKind::busy);
    EXPECT_NE(error.what.find("process " + std::to_string(::getpid())), std::string::npos) << error.text();
}

TEST_F(Sysfs, absent_device_is_refused) { refused(ErrorKind::not_found); }

TEST_F(Sysfs, disk_controller_is_refused_even_when_forced) {
    fake.add({.class_code = 0x010802, .driver = "nvme", .interface = ""});
    EXPECT_NE(refused(ErrorKind::invalid_argument).what.find("not a network card"), std::string::npos);
    refused(ErrorKind::invalid_argument, {.force = true});
}

TEST_F(Sysfs, bridge_is_refused) {
    const auto folder = fake.add({});
    std::string config = FakeSysfs::get(folder / "config");
    config[pci_config::header_type] = '\x81';
    FakeSysfs::put(folder / "config", config);
    EXPECT_NE(refused(ErrorKind::invalid_argument).what.find("bridge"), std::string::npos);
}

TEST_F(Sysfs, card_that_is_gone_is_refused) {
    const auto folder = fake.add({});
    FakeSysfs::put(folder / "config", std::string(256, '\xff'));
    EXPECT_NE(refused(ErrorKind::device_failed).what.find("gone"), std::string::npos);
}

TEST_F(Sysfs, card_without_a_driver_in_the_caller_is_left_to_the_kernel) {
    fake.add({});
    const auto error =
        refused(ErrorKind::unsupported,
                {.force = true, .accept = [](std::string_view name, const PciIdentity& card) -> Expected<> {
                     return failure(ErrorKind::unsupported, std::string(name) + " is a " + std::to_string(card.device));
                 }});
    EXPECT_NE(error.what.find(std::to_string(0x100e)), std::string::npos) << error.what;
}

TEST_F(Sysfs, interface_that_is_up_with_an_address_is_refused_and_named) {
    const auto folder = fake.add({.interface = "lo"});  // the only interface with an address on every machine
    FakeSysfs::put(folder / "net/lo/flags", "0x49\n");
    const Error error = refused(ErrorKind::busy);
    EXPECT_NE(error.what.find("lo is up and has the address 127.0.0.1"), std::string::npos) << error.text();
    EXPECT_EQ(error.next, "take it down first: ip link set lo down");
}

TEST_F(Sysfs, force_takes_a_card_in_use) {
    const auto folder = fake.add({.interface = "lo"});
    FakeSysfs::put(folder / "net/lo/flags", "0x49\n");
    EXPECT_TRUE(open({.force = true}).has_value());
}

TEST_F(Sysfs, vfio_is_refused_and_the_remedy_named) {
    fake.add({.driver = "vfio-pci", .interface = ""});
    EXPECT_NE(refused(ErrorKind::unsupported).next.find("ixy restore 0000:03:00.0"), std::string::npos);
}

TEST_F(Sysfs, translating_iommu_is_refused_but_a_transparent_one_is_not) {
    const auto folder = fake.add({});
    FakeSysfs::put(folder / "iommu_group/type", "DMA-FQ\n");
    EXPECT_NE(refused(ErrorKind::unsupported).next.find("iommu=pt"), std::string::npos);
    FakeSysfs::put(folder / "iommu_group/type", "identity\n");
    EXPECT_TRUE(open().has_value());
}

TEST_F(Sysfs, missing_privilege_error_names_sudo) {
    const auto folder = fake.add({});
    ::chmod((folder / "config").c_str(), 0400);
    ::chmod(fake.root.c_str(), 0755);
    const bool root = ::geteuid() == 0;
    if (root) {
        ASSERT_EQ(::seteuid(65534), 0);
    }
    const auto function = open();
    if (root) {
        ASSERT_EQ(::seteuid(0), 0);
    }
    ASSERT_FALSE(function.has_value());
    EXPECT_EQ(function.error().kind, ErrorKind::permission) << function.error().text();
    EXPECT_NE(function.error().next.find("sudo"), std::string::npos);
}

TEST_F(Sysfs, sleeping_card_is_reported_and_returned) {
    const auto folder = fake.add({.power_state = 3});
    const auto function = open();
    ASSERT_FALSE(function.has_value());
    EXPECT_EQ(function.error().kind, ErrorKind::device_failed);
    EXPECT_NE(function.error().what.find("D3"), std::string::npos) << function.error().text();
    EXPECT_EQ(FakeSysfs::get(fake.driver_folder("e1000") / "bind"), address);
}

TEST_F(Sysfs, bar_is_the_memory_of_its_resource_file) {
    const auto folder = fake.add({});
    const auto function = open();
    ASSERT_TRUE(function.has_value());
    const auto bar = (*function)->map_bar(0, 131072);
    ASSERT_TRUE(bar.has_value()) << bar.error().text();
    EXPECT_EQ(bar->size(), 131072U);
    bar->store<std::uint32_t>(0x3818, 0x12345678);
    EXPECT_EQ(FakeSysfs::get(folder / "resource0").substr(0x3818, 4), "\x78\x56\x34\x12");
    EXPECT_EQ((*function)->map_bar(0, 4096)->mapped(), bar->mapped()) << "it was mapped twice";
}

TEST_F(Sysfs, bar_that_is_small_absent_or_of_ports_is_refused) {
    fake.add({.bar_bytes = 4096});
    const auto function = open();
    ASSERT_TRUE(function.has_value());
    const auto small = (*function)->map_bar(0, 131072);
    ASSERT_FALSE(small.has_value());
    EXPECT_EQ(small.error().kind, ErrorKind::device_failed);
    EXPECT_NE(small.error().what.find("4096"), std::string::npos) << small.error().text();
    EXPECT_NE(small.error().what.find("131072"), std::string::npos) << small.error().text();
    EXPECT_EQ((*function)->map_bar(1, 64).error().kind, ErrorKind::unsupported);
    EXPECT_EQ((*function)->map_bar(2, 64).error().kind, ErrorKind::unsupported);
    EXPECT_EQ((*function)->map_bar(5, 64).error().kind, ErrorKind::unsupported);
    EXPECT_EQ((*function)->map_bar(6, 64).error().kind, ErrorKind::invalid_argument);
}

TEST_F(Sysfs, card_that_disappears_later_is_an_error_and_closes_cleanly) {
    const auto folder = fake.add({});
    auto function = open();
    ASSERT_TRUE(function.has_value());
    FakeSysfs::put(folder / "config", std::string(256, '\xff'));
    EXPECT_EQ((*function)->set_bus_master(true).error().kind, ErrorKind::device_failed);
    FakeSysfs::put(folder / "config", "");
    EXPECT_EQ((*function)->config_read(0, 2).error().kind, ErrorKind::device_failed);
    function->reset();
}

TEST_F(Sysfs, circular_capability_list_ends) {
    const auto folder = fake.add({});
    const auto function = open();
    ASSERT_TRUE(function.has_value());
    EXPECT_EQ(find_capability(**function, pci_config::capability_power_management).value(), 0xdcU);
    EXPECT_EQ(find_capability(**function, pci_config::capability_msi).value(), std::nullopt);
    std::string config = FakeSysfs::get(folder / "config");
    config[0xdd] = '\xdc';
    FakeSysfs::put(folder / "config", config);
    EXPECT_EQ(find_capability(**function, pci_config::capability_msi).value(), std::nullopt);
}

TEST_F(Sysfs, every_capability_of_one_kind_is_found) {
    const auto folder = fake.add({});
    std::string config = FakeSysfs::get(folder / "config");
    constexpr std::pair<std::size_t, std::size_t> places[] = {{0x40, 0x50}, {0x50, 0x60}, {0x60, 0xdc}};
    for (const auto& [at, next] : places) {
        config[at] = pci_config::capability_vendor;
        config[at + 1] = static_cast<char>(next);
    }
    config[pci_config::capabilities] = 0x40;
    FakeSysfs::put(folder / "config", config);
    const auto function = open();
    ASSERT_TRUE(function.has_value());
    std::vector<std::uint32_t> found;
    const auto next = [&] {
        const std::uint32_t after = found.empty() ? 0 : found.back();
        return find_capability(**function, pci_config::capability_vendor, after).value();
    };
    while (const auto place = next()) found.push_back(*place);
    EXPECT_EQ(found, (std::vector<std::uint32_t>{0x40, 0x50, 0x60}));
}

TEST_F(Sysfs, interrupts_and_reset_are_unsupported) {
    fake.add({});
    const auto function = open();
    ASSERT_TRUE(function.has_value());
    EXPECT_EQ((*function)->enable_interrupts(InterruptKind::legacy, 1).error().kind, ErrorKind::unsupported);
    EXPECT_EQ((*function)->unmask_interrupt(0).error().kind, ErrorKind::unsupported);
    EXPECT_EQ((*function)->reset().error().kind, ErrorKind::unsupported);
}

TEST_F(Sysfs, devices_of_one_process_share_an_address_space_and_a_guard) {
    fake.add({});
    fake.add({.address = "0000:04:00.0", .interface = "lo"});
    const auto first = open();
    const auto second = open_sysfs_function("04:00.0", {}, fake.tree);
    ASSERT_TRUE(first.has_value() && second.has_value());
    EXPECT_EQ((*first)->dma_space(), (*second)->dma_space());
    EXPECT_EQ(dynamic_cast<SysfsFunction&>(**first).guard().pid(),
              dynamic_cast<SysfsFunction&>(**second).guard().pid());
}

}  // namespace
}  // namespace ixy
