// TAP interfaces, in a network namespace created by these tests, as root or with a user namespace: Linux's own network
// stack is at the other end, and this machine's interfaces are out of reach.
#include <arpa/inet.h>
#include <linux/capability.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <filesystem>

#include "process.hpp"

namespace ixy::sim::test {
namespace {

class TapWire : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        ASSERT_TRUE(::unshare(CLONE_NEWNET) == 0 || ::unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0)
            << "no namespaces for this user: " << std::strerror(errno);
    }

    /// The next frame except those that Linux sends on its own: IPv6's neighbour discovery.
    static Frame await_frame(Wire& wire) {
        Frame frame = await(wire);
        while (frame.size() > 13 && frame[12] == std::byte{0x86} && frame[13] == std::byte{0xdd}) frame = await(wire);
        return frame;
    }
    static int packet_socket(const char* interface) {
        const int socket = ::socket(AF_PACKET, SOCK_RAW, htons(0x88b5));
        sockaddr_ll address{};
        address.sll_family = AF_PACKET;
        address.sll_protocol = htons(0x88b5);
        address.sll_ifindex = static_cast<int>(::if_nametoindex(interface));
        EXPECT_EQ(::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address), 0) << std::strerror(errno);
        const timeval limit{.tv_sec = 10, .tv_usec = 0};
        ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        return socket;
    }
    /// Type 0x88b5, for experiments.
    static Frame experiment(std::uint32_t number, std::size_t size) {
        Frame frame = numbered(number, size);
        std::fill_n(frame.begin(), 6, std::byte{0xff});
        frame[6] = std::byte{2};
        frame[12] = std::byte{0x88};
        frame[13] = std::byte{0xb5};
        return frame;
    }
    static void set_address(const char* interface, const char* text) {
        const int any = ::socket(AF_INET, SOCK_DGRAM, 0);
        ifreq request{};
        std::strncpy(request.ifr_name, interface, IFNAMSIZ - 1);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        ::inet_pton(AF_INET, text, &address.sin_addr);
        std::memcpy(&request.ifr_addr, &address, sizeof address);
        EXPECT_EQ(::ioctl(any, SIOCSIFADDR, &request), 0) << std::strerror(errno);
        ::close(any);
    }
};

TEST_F(TapWire, carries_frames_to_linux_and_back) {
    const auto wire = open("tap:ixy0");
    EXPECT_TRUE(wire->can_wait());
    const int linux_side = packet_socket("ixy0");
    for (std::uint32_t i = 0; i < 200; ++i) {
        const Frame frame = experiment(i, 60 + i * 7);
        wire->send(frame, now());
        Frame got(2000);
        const ssize_t size = ::recv(linux_side, got.data(), got.size(), 0);
        ASSERT_GT(size, 0);
        got.resize(static_cast<std::size_t>(size));
        ASSERT_EQ(got, frame);
        ASSERT_EQ(::send(linux_side, frame.data(), frame.size(), 0), size);
        ASSERT_EQ(await_frame(*wire), frame);
    }
    EXPECT_EQ(wire->lost(), 0U);
    ::close(linux_side);
}

TEST_F(TapWire, linux_answers_and_its_short_frames_are_padded) {
    const auto wire = open("tap:ixy0");
    set_address("ixy0", "10.99.0.1");
    // Who has 10.99.0.1? Tell 10.99.0.2 (RFC 826).
    constexpr unsigned char question[42] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0,  9,  8, 6,
                                            0,    1,    8,    0,    6,    4,    0, 1, 2, 0, 0,  0,  0, 9,
                                            10,   99,   0,    2,    0,    0,    0, 0, 0, 0, 10, 99, 0, 1};
    Frame frame(60);
    std::memcpy(frame.data(), question, sizeof question);
    wire->send(frame, now());
    const Frame answer = await_frame(*wire);
    ASSERT_EQ(answer.size(), 60U) << "Linux sends 42 bytes";
    EXPECT_EQ(answer[21], std::byte{2}) << "a reply";
    EXPECT_EQ(std::memcmp(answer.data() + 28, question + 38, 4), 0);
    EXPECT_TRUE(std::ranges::all_of(std::span(answer).subspan(42), [](std::byte byte) { return byte == std::byte{}; }));
}

TEST_F(TapWire, interface_vanishes_with_the_wire) {
    auto wire = open("tap:ixy0");
    EXPECT_NE(::if_nametoindex("ixy0"), 0U);
    wire.reset();
    EXPECT_EQ(::if_nametoindex("ixy0"), 0U);
}

TEST_F(TapWire, second_user_is_refused) {
    const auto wire = open("tap:ixy0");
    EXPECT_EQ(kind_of_failure("tap:ixy0"), ErrorKind::busy);
}

TEST_F(TapWire, interface_that_is_not_a_tap_is_refused) {
    EXPECT_EQ(kind_of_failure("tap:lo"), ErrorKind::invalid_argument);
}

TEST_F(TapWire, missing_privilege_error_says_what_to_do) {
    Process user([] {
        __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
        __user_cap_data_struct none[2] = {};
        if (::syscall(SYS_capset, &header, none) != 0) return 3;
        const auto wire = open_wire("tap:ixy0");
        if (wire || wire.error().kind != ErrorKind::permission) return 1;
        return wire.error().next.contains("ip tuntap add dev ixy0") ? 0 : 2;
    });
    EXPECT_EQ(user.wait(), 0);
}

TEST_F(TapWire, frames_for_an_interface_that_is_down_are_lost) {
    const auto wire = open("tap:ixy0");
    const int any = ::socket(AF_INET, SOCK_DGRAM, 0);
    ifreq request{};
    std::strncpy(request.ifr_name, "ixy0", IFNAMSIZ - 1);
    request.ifr_flags = 0;
    ASSERT_EQ(::ioctl(any, SIOCSIFFLAGS, &request), 0);
    ::close(any);
    send_numbers(*wire, 0, 3);
    EXPECT_EQ(wire->lost(), 3U);
    EXPECT_FALSE(wire->receive({}));
}

}  // namespace
}  // namespace ixy::sim::test
