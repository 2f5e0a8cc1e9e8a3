// What rtnetlink reports about an interface: this machine's lo, and lo and a card in a separate network namespace.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/if_ether.h>
#include <linux/neighbour.h>
#include <linux/nexthop.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>

#include <ixy/pci/in_use.hpp>
#include <ixy/pci/interface_state.hpp>
#include <ixy/pci/netlink.hpp>
#include <tests/pci/fake_sysfs.hpp>

namespace ixy {
namespace {

TEST(InterfaceState, loopback_has_its_address) {
    const auto state = interface_state("lo");
    ASSERT_TRUE(state.has_value()) << state.error().text();
    EXPECT_NE(std::ranges::find(state->addresses, "127.0.0.1"), state->addresses.end());
    EXPECT_EQ(state->hardware_address, "00:00:00:00:00:00");
    EXPECT_EQ(interface_state("no-such-device").error().kind, ErrorKind::not_found);
}

/// An rtnetlink message, written piece by piece.
struct Request {
    std::vector<std::byte> bytes;

    void append(const void* from, std::size_t size) {
        const auto* const first = static_cast<const std::byte*>(from);
        bytes.insert(bytes.end(), first, first + size);
        bytes.resize(NLMSG_ALIGN(bytes.size()));
    }
    void add(std::uint16_t kind, const void* value, std::size_t size) {
        const rtattr head{.rta_len = static_cast<unsigned short>(RTA_LENGTH(size)), .rta_type = kind};
        append(&head, sizeof head);
        append(value, size);
    }
    void add(std::uint16_t kind, std::uint32_t number) { add(kind, &number, sizeof number); }
    void add(std::uint16_t kind, const char* ipv4) { add(kind, ::inet_addr(ipv4)); }
};

/// Sends a change and returns the kernel's answer: 0 or an error number.
template <class Body, class Attributes>
int change(std::uint16_t type, const Body& body, Attributes attributes) {
    Request request;
    request.append(&body, sizeof body);
    attributes(request);
    nlmsghdr header{.nlmsg_len = static_cast<std::uint32_t>(NLMSG_LENGTH(request.bytes.size())),
                    .nlmsg_type = type,
                    .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_APPEND,
                    .nlmsg_seq = 1,
                    .nlmsg_pid = 0};
    Request whole;
    whole.append(&header, sizeof header);
    whole.append(request.bytes.data(), request.bytes.size());
    const File socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
    if (::send(socket.get(), whole.bytes.data(), whole.bytes.size(), 0) < 0) return errno;
    alignas(nlmsghdr) std::array<char, 8192> answer{};
    if (::recv(socket.get(), answer.data(), answer.size(), 0) < 0) return errno;
    return -netlink_body<nlmsgerr>(*reinterpret_cast<nlmsghdr*>(answer.data())).error;
}

int set_up(const char* interface) {
    ifreq request{};
    std::strcpy(request.ifr_name, interface);
    request.ifr_flags = IFF_UP;
    const File socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    return ::ioctl(socket.get(), SIOCSIFFLAGS, &request) == 0 ? 0 : errno;
}

rtmsg route(unsigned char length, unsigned char type = RTN_UNICAST, unsigned char table = RT_TABLE_MAIN) {
    return {.rtm_family = AF_INET,
            .rtm_dst_len = length,
            .rtm_src_len = 0,
            .rtm_tos = 0,
            .rtm_table = table,
            .rtm_protocol = RTPROT_STATIC,
            .rtm_scope = RT_SCOPE_LINK,
            .rtm_type = type,
            .rtm_flags = 0};
}

/// Runs `check` in a child with its own network namespace. EXPECTs work there; their failure is the exit status.
template <class Check>
void in_own_namespace(Check check) {
    const pid_t child = ::fork();
    if (child == 0) {
        const bool own = ::unshare(CLONE_NEWNET) == 0 || ::unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0;
        if (own) check();
        // Without the privilege to create namespaces, the assertions on lo above are all that can be checked.
        ::_exit(testing::Test::HasFailure() ? 1 : 0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "see the child's failures above";
}

bool contains(const std::vector<std::string>& list, const std::string& wanted) {
    return std::ranges::find(list, wanted) != list.end();
}

TEST(InterfaceState, reports_addresses_and_routes_of_every_kind_and_table) {
    in_own_namespace([] {
        ASSERT_EQ(set_up("lo"), 0);
        const std::uint32_t lo = ::if_nametoindex("lo");
        EXPECT_EQ(interface_state("lo")->routes, std::vector<std::string>{}) << "routes of 127.0.0.1 are the kernel's";

        EXPECT_EQ(
            change(
                RTM_NEWADDR,
                ifaddrmsg{.ifa_family = AF_INET, .ifa_prefixlen = 24, .ifa_flags = 0, .ifa_scope = 0, .ifa_index = lo},
                [](Request& request) { request.add(IFA_LOCAL, "10.9.8.7"); }),
            0);
        const auto add = [](const rtmsg& head, auto attributes) {
            EXPECT_EQ(change(RTM_NEWROUTE, head, attributes), 0);
        };
        add(route(16), [&](Request& r) { r.add(RTA_DST, "10.20.0.0"), r.add(RTA_OIF, lo); });
        add(route(16, RTN_UNICAST, RT_TABLE_LOCAL),
            [&](Request& r) { r.add(RTA_DST, "10.21.0.0"), r.add(RTA_OIF, lo); });
        add(route(16, RTN_UNICAST, 77), [&](Request& r) { r.add(RTA_DST, "10.22.0.0"), r.add(RTA_OIF, lo); });
        rtmsg local = route(16, RTN_LOCAL);
        local.rtm_scope = RT_SCOPE_HOST;
        add(local, [&](Request& r) { r.add(RTA_DST, "10.23.0.0"), r.add(RTA_OIF, lo); });
        const rtnexthop hop{
            .rtnh_len = sizeof(rtnexthop), .rtnh_flags = 0, .rtnh_hops = 0, .rtnh_ifindex = static_cast<int>(lo)};
        const std::array<rtnexthop, 2> hops{hop, hop};
        add(route(16),
            [&](Request& r) { r.add(RTA_DST, "10.24.0.0"), r.add(RTA_MULTIPATH, hops.data(), sizeof hops); });
        rtmsg nowhere = route(16, RTN_BLACKHOLE);
        nowhere.rtm_scope = RT_SCOPE_UNIVERSE;
        add(nowhere, [](Request& r) { r.add(RTA_DST, "10.25.0.0"); });
        rtmsg sixth = route(64);
        sixth.rtm_family = AF_INET6;
        const std::array<unsigned char, 16> destination{0xfd, 0, 0x2a};
        const int has_ipv6 = change(RTM_NEWROUTE, sixth, [&](Request& r) {
            r.add(RTA_DST, destination.data(), 16);
            r.add(RTA_OIF, lo);
        });
        EXPECT_TRUE(has_ipv6 == 0 || has_ipv6 == EOPNOTSUPP || has_ipv6 == EAFNOSUPPORT) << has_ipv6;
        const nhmsg next_hop{
            .nh_family = AF_INET, .nh_scope = 0, .nh_protocol = RTPROT_STATIC, .resvd = 0, .nh_flags = 0};
        EXPECT_EQ(change(RTM_NEWNEXTHOP, next_hop, [&](Request& r) { r.add(NHA_ID, 7), r.add(NHA_OIF, lo); }), 0);

        const auto state = interface_state("lo");
        ASSERT_TRUE(state.has_value()) << state.error().text();
        EXPECT_TRUE(contains(state->addresses, "10.9.8.7"));
        for (const char* wanted :
             {"10.20.0.0/16", "10.21.0.0/16", "10.22.0.0/16", "10.23.0.0/16", "10.24.0.0/16", "next hop 7"})
            EXPECT_TRUE(contains(state->routes, wanted)) << wanted;
        EXPECT_EQ(contains(state->routes, "fd00:2a00::/64"), has_ipv6 == 0)
            << "a kernel without IPv6 has no such routes";
        EXPECT_FALSE(contains(state->routes, "10.25.0.0/16")) << "leads nowhere";
        EXPECT_FALSE(contains(state->routes, "10.9.8.7/32")) << "the kernel's own route for the address";
    });
}

/// Creates an Ethernet interface of a kind that this kernel supports.
void make_ethernet(const char* name) {
    for (const char* kind : {"dummy", "ifb", "bridge"}) {
        const int made = change(RTM_NEWLINK, ifinfomsg{}, [&](Request& request) {
            request.add(IFLA_IFNAME, name, std::strlen(name) + 1);
            Request info;
            info.add(IFLA_INFO_KIND, kind, std::strlen(kind));
            request.add(IFLA_LINKINFO, info.bytes.data(), info.bytes.size());
        });
        if (made == 0) return;
    }
    FAIL() << "this kernel supports none of dummy, ifb and bridge interfaces";
}

TEST(InterfaceState, reports_additional_hardware_addresses_and_captures) {
    in_own_namespace([] {
        ASSERT_NO_FATAL_FAILURE(make_ethernet("ixytest0"));
        ASSERT_EQ(set_up("ixytest0"), 0);
        const int index = static_cast<int>(::if_nametoindex("ixytest0"));
        const auto before = interface_state("ixytest0");
        ASSERT_TRUE(before.has_value()) << before.error().text();
        EXPECT_EQ(before->further_addresses, std::vector<std::string>{});
        EXPECT_FALSE(before->promiscuous);

        const ndmsg neighbour{.ndm_family = AF_BRIDGE,
                              .ndm_pad1 = 0,
                              .ndm_pad2 = 0,
                              .ndm_ifindex = index,
                              .ndm_state = NUD_PERMANENT,
                              .ndm_flags = NTF_SELF,
                              .ndm_type = 0};
        const std::array<unsigned char, 6> macvlan{2, 0x42, 0, 0, 0, 1};
        EXPECT_EQ(change(RTM_NEWNEIGH, neighbour, [&](Request& r) { r.add(NDA_LLADDR, macvlan.data(), 6); }), 0);
        const File capture(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
        packet_mreq all{.mr_ifindex = index, .mr_type = PACKET_MR_PROMISC, .mr_alen = 0, .mr_address = {}};
        EXPECT_EQ(::setsockopt(capture.get(), SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof all), 0);

        const auto state = interface_state("ixytest0");
        ASSERT_TRUE(state.has_value()) << state.error().text();
        EXPECT_EQ(state->further_addresses, std::vector<std::string>{"02:42:00:00:00:01"});
        EXPECT_TRUE(state->promiscuous);
    });
}

TEST(InterfaceFacts, packet_socket_is_reported_with_its_process) {
    in_own_namespace([] {
        ASSERT_EQ(set_up("lo"), 0);
        const File capture(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL)));
        sockaddr_ll place{};
        place.sll_family = AF_PACKET;
        place.sll_protocol = htons(ETH_P_ALL);
        place.sll_ifindex = 1;
        ASSERT_EQ(::bind(capture.get(), reinterpret_cast<sockaddr*>(&place), sizeof place), 0);
        const pid_t reader = ::fork();  // inherits the socket
        if (reader == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            ::pause();
            ::_exit(0);
        }
        test::FakeSysfs fake;
        fake.tree.proc = "/proc";
        const auto folder = fake.add({});
        test::FakeSysfs::add_interface(folder, "lo", "0x9");
        const auto facts = gather_interface(fake.tree, folder / "net/lo");
        EXPECT_FALSE(facts.unseen.has_value());
        ASSERT_EQ(facts.readers.size(), 1U);
        EXPECT_TRUE(facts.readers[0].starts_with("process " + std::to_string(reader) + " (")) << facts.readers[0];
        ::kill(reader, SIGKILL);
        ::waitpid(reader, nullptr, 0);
    });
}

}  // namespace
}  // namespace ixy
