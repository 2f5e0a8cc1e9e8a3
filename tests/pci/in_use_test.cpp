// The decision whether a card is in use, one reason at a time, and the facts that it rests on.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <net/route.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include <ixy/pci/in_use.hpp>
#include <ixy/pci/interface_addresses.hpp>
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
    const auto folder = fake.add({.interface = "ixytest0"});
    const auto interface = folder / "net/ixytest0";
    FakeSysfs::put(interface / "flags", "0x1103\n");
    std::filesystem::create_directories(fake.root / "net/br7/bridge");
    std::filesystem::create_directories(fake.root / "net/ixytest0.5");
    std::filesystem::create_directory_symlink(fake.root / "net/br7", interface / "master");
    std::filesystem::create_directory_symlink(fake.root / "net/br7", interface / "upper_br7");
    std::filesystem::create_directory_symlink(fake.root / "net/ixytest0.5", interface / "upper_ixytest0.5");

    const UsageFacts facts = gather_usage(fake.tree, "0000:03:00.0");
    EXPECT_EQ(facts.driver, "e1000");
    EXPECT_EQ(facts.identity.device, 0x100e);
    ASSERT_EQ(facts.interfaces.size(), 1U);
    EXPECT_EQ(facts.interfaces[0].name, "ixytest0");
    EXPECT_TRUE(facts.interfaces[0].up);
    EXPECT_EQ(facts.interfaces[0].master, "br7");
    EXPECT_EQ(facts.interfaces[0].master_kind, "bridge");
    EXPECT_EQ(facts.interfaces[0].uppers, std::vector<std::string>{"ixytest0.5"});
}

TEST(UsageFacts, interface_of_a_virtio_card_lies_one_folder_deeper) {
    FakeSysfs fake;
    const auto folder = fake.add({.driver = "virtio-pci", .interface = ""});
    FakeSysfs::put(folder / "virtio3/net/eth0/flags", "0x1003\n");
    const UsageFacts facts = gather_usage(fake.tree, "0000:03:00.0");
    ASSERT_EQ(facts.interfaces.size(), 1U);
    EXPECT_EQ(facts.interfaces[0].name, "eth0");
}

TEST(UsageFacts, loopback_has_its_address) {
    const auto addresses = interface_addresses("lo");
    EXPECT_NE(std::ranges::find(addresses, "127.0.0.1"), addresses.end());
    EXPECT_TRUE(interface_addresses("no-such-interface").empty());
    EXPECT_TRUE(interface_routes("no-such-interface").empty());
}

sockaddr to_sockaddr(const char* text) {
    sockaddr_in address{.sin_family = AF_INET};
    ::inet_pton(AF_INET, text, &address.sin_addr);
    sockaddr plain;
    std::memcpy(&plain, &address, sizeof plain);
    return plain;
}

/// In a network namespace of its own: gives lo an address and a route, and returns what went wrong, 0 for nothing.
int check_in_namespace() {
    const int socket = ::socket(AF_INET, SOCK_DGRAM, 0);
    ifreq request{};
    std::strcpy(request.ifr_name, "lo");
    if (!interface_routes("lo").empty()) return 1;
    request.ifr_addr = to_sockaddr("10.9.8.7");
    if (::ioctl(socket, SIOCSIFADDR, &request) != 0) return 2;
    request.ifr_flags = IFF_UP;
    if (::ioctl(socket, SIOCSIFFLAGS, &request) != 0) return 3;
    rtentry route{};
    char name[] = "lo";
    route.rt_dev = name;
    route.rt_dst = to_sockaddr("10.20.0.0");
    route.rt_genmask = to_sockaddr("255.255.0.0");
    route.rt_flags = RTF_UP;
    if (::ioctl(socket, SIOCADDRT, &route) != 0) return 4;
    const auto addresses = interface_addresses("lo");
    if (std::ranges::find(addresses, "10.9.8.7") == addresses.end()) return 5;
    const auto routes = interface_routes("lo");
    if (std::ranges::find(routes, "10.20.0.0/16") == routes.end()) return 6;
    if (std::ranges::find(routes, "10.9.8.7/32") != routes.end()) return 7;  // of the local table
    return 0;
}

TEST(UsageFacts, addresses_and_routes_come_from_the_kernel) {
    constexpr int not_permitted = 99;
    const pid_t child = ::fork();
    if (child == 0) {
        const bool own = ::unshare(CLONE_NEWNET) == 0 || ::unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0;
        const int result = own ? check_in_namespace() : not_permitted;
        // Without the right to make namespaces, what is asserted of lo above is all that can be known.
        ::_exit(result == not_permitted || (result == 2 && ::geteuid() != 0) ? 0 : result);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0) << "see check_in_namespace";
}

}  // namespace
}  // namespace ixy
