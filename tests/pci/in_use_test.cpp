// The decision whether a card is in use, one reason at a time, and the facts it is based on.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <ixy/pci/in_use.hpp>
#include <tests/pci/fake_sysfs.hpp>

namespace ixy {
namespace {

using test::FakeSysfs;

UsageFacts card_with(InterfaceFacts interface) {
    return {.address = "0000:03:00.0",
            .identity = {.vendor = 0x8086, .device = 0x100e, .class_code = 0x020000},
            .driver = "e1000",
            .interfaces = {std::move(interface)}};
}

void expect_reason(const UsageFacts& facts, const std::string& what, const std::string& next) {
    const auto reason = reason_in_use(facts);
    ASSERT_TRUE(reason.has_value()) << what;
    EXPECT_EQ(reason->kind, ErrorKind::busy);
    EXPECT_EQ(reason->what, "0000:03:00.0 is in use: " + what);
    EXPECT_EQ(reason->next, next);
}

TEST(InUse, idle_card_is_free) {
    EXPECT_FALSE(reason_in_use(card_with({.name = "eth1"})).has_value());
    EXPECT_FALSE(reason_in_use(card_with({.name = "eth1", .up = true})).has_value());
    EXPECT_FALSE(reason_in_use(card_with({.name = "eth1", .addresses = {"10.0.2.15"}})).has_value());
}

TEST(InUse, card_without_a_driver_is_free) {
    UsageFacts facts = card_with({});
    facts.interfaces.clear();
    for (const char* driver : {"", "vfio-pci", "uio_pci_generic", "pci-stub"}) {
        facts.driver = driver;
        EXPECT_FALSE(reason_in_use(facts).has_value()) << driver;
    }
}

TEST(InUse, interface_up_with_an_address) {
    expect_reason(card_with({.name = "eth1", .up = true, .addresses = {"10.0.2.15"}}),
                  "eth1 is up and has the address 10.0.2.15", "take it down first: ip link set eth1 down");
    expect_reason(card_with({.name = "eth1", .up = true, .addresses = {"fe80::1"}}),
                  "eth1 is up and has the address fe80::1", "take it down first: ip link set eth1 down");
}

TEST(InUse, port_of_a_bridge_or_bond) {
    expect_reason(card_with({.name = "eth1", .master = "br0", .master_kind = "bridge"}),
                  "eth1 is a port of the bridge br0", "take it out first: ip link set eth1 nomaster");
    expect_reason(card_with({.name = "eth1", .master = "bond0", .master_kind = "bond"}),
                  "eth1 is a port of the bond bond0", "take it out first: ip link set eth1 nomaster");
}

TEST(InUse, vlan_on_top) {
    expect_reason(card_with({.name = "eth1", .uppers = {"eth1.5"}}), "eth1 carries the interface eth1.5",
                  "delete that first: ip link delete eth1.5");
}

TEST(InUse, carrying_a_route) {
    expect_reason(card_with({.name = "eth1", .up = true, .routes = {"default"}}), "eth1 carries the route to default",
                  "take it down first: ip link set eth1 down");
}

TEST(InUse, second_interface_of_a_card_counts) {
    UsageFacts facts = card_with({.name = "eth1"});
    facts.interfaces.push_back({.name = "eth2", .up = true, .addresses = {"10.0.2.15"}});
    expect_reason(facts, "eth2 is up and has the address 10.0.2.15", "take it down first: ip link set eth2 down");
}

TEST(InUse, interface_in_another_namespace) {
    UsageFacts facts = card_with({});
    facts.interfaces.clear();
    const auto reason = reason_in_use(facts);
    ASSERT_TRUE(reason.has_value());
    EXPECT_EQ(reason->kind, ErrorKind::busy);
    EXPECT_NE(reason->what.find("e1000"), std::string::npos);
    EXPECT_NE(reason->what.find("network namespace"), std::string::npos);
}

TEST(InUse, xdp_program) {
    expect_reason(card_with({.name = "eth1", .xdp = true}), "eth1 has an XDP program attached",
                  "detach it first: ip link set eth1 xdp off");
}

TEST(InUse, hardware_address_of_a_macvlan_inside_a_container) {
    expect_reason(card_with({.name = "eth1", .up = true, .further_addresses = {"02:42:00:00:00:01"}}),
                  "eth1 also receives for 02:42:00:00:00:01, the address of another interface (a macvlan in a "
                  "container has one)",
                  "delete that first, or take it down: ip link set eth1 down");
}

TEST(InUse, packet_socket_and_capture) {
    expect_reason(card_with({.name = "eth1", .up = true, .readers = {"process 812 (tcpdump)"}}),
                  "eth1 is read by process 812 (tcpdump)", "end that program first");
    expect_reason(card_with({.name = "eth1", .up = true, .promiscuous = true}),
                  "eth1 is promiscuous: something captures all its frames",
                  "take it down first: ip link set eth1 down");
    EXPECT_FALSE(reason_in_use(card_with({.name = "eth1", .readers = {"process 812 (tcpdump)"}, .promiscuous = true})))
        << "nobody reads from an interface that is down";
}

TEST(InUse, virtual_functions_depend_on_the_card) {
    UsageFacts facts = card_with({.name = "eth1"});
    facts.virtual_functions = 3;
    expect_reason(facts, "3 virtual functions depend on it",
                  "remove them first: echo 0 > /sys/bus/pci/devices/0000:03:00.0/sriov_numvfs");
}

TEST(InUse, process_driving_it_through_uio_or_its_registers) {
    UsageFacts facts = card_with({});
    facts.interfaces.clear();
    facts.driver = "uio_pci_generic";
    facts.user = "process 812 (testpmd)";
    expect_reason(facts, "process 812 (testpmd) has it open", "end that program first");
}

/// Expects that the card may be in use for a reason that contains `why`, and that the next step is named.
void expect_unsure(const UsageFacts& facts, const std::string& why) {
    const auto reason = reason_in_use(facts);
    ASSERT_TRUE(reason.has_value()) << why;
    EXPECT_EQ(reason->kind, ErrorKind::busy);
    EXPECT_TRUE(reason->what.starts_with("0000:03:00.0 may be in use: ")) << reason->what;
    EXPECT_NE(reason->what.find(why), std::string::npos) << reason->what;
    EXPECT_NE(reason->next.find("--force"), std::string::npos) << reason->next;
}

TEST(InUse, hidden_facts_are_not_taken_as_absent) {
    expect_unsure(
        card_with({.name = "eth1",
                   .unseen = Error{ErrorKind::not_found, "this network namespace has none", "run it elsewhere"}}),
        "network namespace");
    UsageFacts facts = card_with({.name = "eth1"});
    facts.unseen = Error{ErrorKind::system, "/sys/net: Input/output error", {}};
    expect_unsure(facts, "Input/output error");
    facts.unseen = Error{ErrorKind::permission, "/sys/net: Permission denied", "run this as root, with sudo"};
    EXPECT_EQ(reason_in_use(facts)->kind, ErrorKind::permission);
    EXPECT_EQ(reason_in_use(facts)->next, "run this as root, with sudo; or, if nobody uses it: --force");
}

TEST(InUse, bus_mastering_without_a_driver_means_use_unless_every_process_was_seen) {
    UsageFacts facts = card_with({});
    facts.interfaces.clear();
    for (const char* driver : {"", "vfio-pci", "uio_pci_generic"}) {
        facts.driver = driver;
        facts.bus_master = true;
        facts.saw_everyone = false;
        expect_unsure(facts, "bus mastering is on");
        facts.saw_everyone = true;
        EXPECT_FALSE(reason_in_use(facts).has_value()) << "left on by a program that was killed";
        facts.saw_everyone = facts.bus_master = false;
        EXPECT_FALSE(reason_in_use(facts).has_value()) << "a card that cannot reach memory transfers nothing";
    }
}

TEST(InUse, not_a_network_card) {
    UsageFacts facts = card_with({.name = "eth1"});
    facts.identity.class_code = 0x030000;
    const auto reason = reason_in_use(facts);
    ASSERT_TRUE(reason.has_value());
    EXPECT_EQ(reason->kind, ErrorKind::invalid_argument);
    EXPECT_NE(reason->what.find("0x030000 (display)"), std::string::npos) << reason->what;
}

TEST(UsageFacts, are_read_from_sysfs) {
    FakeSysfs fake;
    const auto folder = fake.add({});
    const auto interface = folder / "net/lo";
    FakeSysfs::put(interface / "flags", "0x1103\n");
    FakeSysfs::put(folder / "sriov_numvfs", "2\n");
    std::filesystem::create_directories(fake.root / "net/br7/bridge");
    std::filesystem::create_directories(fake.root / "net/lo.5");
    std::filesystem::create_directory_symlink(fake.root / "net/br7", interface / "master");
    std::filesystem::create_directory_symlink(fake.root / "net/br7", interface / "upper_br7");
    std::filesystem::create_directory_symlink(fake.root / "net/lo.5", interface / "upper_lo.5");

    const UsageFacts facts = gather_usage(fake.tree, "0000:03:00.0");
    EXPECT_EQ(facts.driver, "e1000");
    EXPECT_EQ(facts.identity.device, 0x100e);
    EXPECT_EQ(facts.virtual_functions, 2U);
    EXPECT_FALSE(facts.unseen.has_value());
    ASSERT_EQ(facts.interfaces.size(), 1U);
    EXPECT_EQ(facts.interfaces[0].name, "lo");
    EXPECT_TRUE(facts.interfaces[0].up);
    EXPECT_EQ(facts.interfaces[0].master, "br7");
    EXPECT_EQ(facts.interfaces[0].master_kind, "bridge");
    EXPECT_EQ(facts.interfaces[0].uppers, std::vector<std::string>{"lo.5"});
    EXPECT_FALSE(facts.interfaces[0].unseen.has_value());
}

TEST(UsageFacts, interface_of_a_virtio_card_is_one_folder_deeper) {
    FakeSysfs fake;
    const auto folder = fake.add({.driver = "virtio-pci", .interface = ""});
    FakeSysfs::add_interface(folder / "virtio3", "lo", "0x8");
    const UsageFacts facts = gather_usage(fake.tree, "0000:03:00.0");
    ASSERT_EQ(facts.interfaces.size(), 1U);
    EXPECT_EQ(facts.interfaces[0].name, "lo");
    EXPECT_FALSE(facts.interfaces[0].unseen.has_value());
}

TEST(UsageFacts, interface_in_sysfs_unknown_to_the_kernel_is_in_another_namespace) {
    FakeSysfs fake;
    fake.add({.interface = "ixytest0"});
    const auto facts = gather_usage(fake.tree, "0000:03:00.0");
    EXPECT_TRUE(facts.interfaces.at(0).unseen.has_value());
    expect_unsure(facts, "what ixytest0 does cannot be seen: this network namespace has no interface of that name");
}

TEST(UsageFacts, interface_of_the_same_name_here_is_not_mistaken_for_the_cards) {
    for (const auto& [file, content] : {std::pair("ifindex", "77\n"), {"address", "02:00:00:00:00:01\n"}}) {
        FakeSysfs fake;
        const auto folder = fake.add({});
        FakeSysfs::put(folder / "net/lo" / file, content);
        expect_unsure(gather_usage(fake.tree, "0000:03:00.0"), "another card's interface");
    }
}

TEST(UsageFacts, unreadable_file_does_not_count_as_absent) {
    for (const char* file : {"config", "net/lo/flags", "net/lo/ifindex", "sriov_numvfs"}) {
        FakeSysfs fake;
        const auto folder = fake.add({});
        std::filesystem::remove(folder / file);
        std::filesystem::create_directory(folder / file);  // not even root can read it
        const auto reason = reason_in_use(gather_usage(fake.tree, "0000:03:00.0"));
        ASSERT_TRUE(reason.has_value()) << file;
        EXPECT_NE(reason->what.find(file), std::string::npos) << reason->what;
    }
}

TEST(UsageFacts, program_using_the_card_is_found_by_its_open_files) {
    const std::string line = "7f00-7f01 rw-s 00000000 00:15 4711   /sys/devices/pci0000:00/0000:03:00.0/resource0\n";
    const std::string reading = "7f00-7f01 r--s 00000000 00:15 4711   /sys/devices/pci0000:00/0000:03:00.0/resource0\n";
    const std::string other = "7f00-7f01 rw-s 00000000 00:15 4711   /sys/devices/pci0000:00/0000:04:00.0/resource0\n";
    struct {
        const char* driver;
        std::string file, maps;
        bool found;
    } const cases[] = {{"", "", line, true},
                       {"", "/sys/devices/pci0000:00/0000:03:00.0/resource2", "", true},
                       {"", "", reading, false},  // only reads: ixy regs
                       {"", "", other, false},
                       {"uio_pci_generic", "/dev/uio5", "", true},
                       {"uio_pci_generic", "/dev/uio6", "", false},
                       {"vfio-pci", "/dev/vfio/12", "", true},
                       {"vfio-pci", "/dev/vfio/devices/vfio3", "", true},
                       {"vfio-pci", "/dev/vfio/13", "", false}};
    for (const auto& each : cases) {
        FakeSysfs fake;
        const auto folder = fake.add({.driver = each.driver, .interface = "", .command = 0x0107});
        std::filesystem::create_directories(folder / "uio/uio5");
        std::filesystem::create_directories(folder / "vfio-dev/vfio3");
        std::filesystem::create_directory_symlink("../../../kernel/iommu_groups/12", folder / "iommu_group");
        fake.add_process(812, "testpmd", each.file, each.maps);
        const auto facts = gather_usage(fake.tree, "0000:03:00.0");
        EXPECT_EQ(facts.user, each.found ? "process 812 (testpmd)" : "") << each.driver << each.file << each.maps;
        EXPECT_EQ(reason_in_use(facts).has_value(), each.found);
    }
}

TEST(UsageFacts, a_container_cannot_rule_out_that_a_program_has_the_card) {
    FakeSysfs fake;
    fake.add({.driver = "", .interface = "", .command = 0x0107});
    EXPECT_FALSE(reason_in_use(gather_usage(fake.tree, "0000:03:00.0")).has_value());
    std::filesystem::remove(fake.root / "proc/self/ns/pid");
    std::filesystem::create_symlink("pid:[4026532281]", fake.root / "proc/self/ns/pid");
    expect_unsure(gather_usage(fake.tree, "0000:03:00.0"), "not all processes");
    std::filesystem::remove_all(fake.root / "proc");
    expect_unsure(gather_usage(fake.tree, "0000:03:00.0"), "not all processes");
}

TEST(UsageFacts, hidden_process_could_have_the_card) {
    for (const char* hidden : {"812/fd", "1"}) {
        FakeSysfs fake;
        fake.add({.driver = "", .interface = "", .command = 0x0107});
        fake.add_process(812, "testpmd");
        std::filesystem::remove_all(fake.root / "proc" / hidden);
        if (std::string(hidden) != "1")
            FakeSysfs::put(fake.root / "proc" / hidden, "");  // cannot be listed, not even by root
        expect_unsure(gather_usage(fake.tree, "0000:03:00.0"), "not all processes");
    }
}

TEST(UsageFacts, lock_counts_even_if_its_holder_is_hidden) {
    FakeSysfs fake;
    const auto folder = fake.add({});
    EXPECT_EQ(gather_usage(fake.tree, "0000:03:00.0").locked_by, std::nullopt);
    const File lock(::open((folder / "config").c_str(), O_RDONLY | O_CLOEXEC));
    ASSERT_EQ(::flock(lock.get(), LOCK_EX), 0);
    EXPECT_EQ(gather_usage(fake.tree, "0000:03:00.0").locked_by, "");  // this tree has no /proc/locks
    const Error error = taken_by_another_ixy("0000:03:00.0", "");
    EXPECT_NE(error.what.find("cannot be seen"), std::string::npos) << error.what;
}

}  // namespace
}  // namespace ixy
