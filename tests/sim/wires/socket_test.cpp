// Cables between processes, including processes that die, stop and come back.
#include <sys/socket.h>
#include <sys/un.h>

#include <atomic>
#include <filesystem>
#include <fstream>

#include "process.hpp"

namespace ixy::sim::test {
namespace {

class SocketWireTest : public ::testing::Test {
protected:
    bool folder_is_empty() const { return std::filesystem::is_empty(folder.path()); }
    /// Sends a datagram to the socket `name`, as anyone can.
    void give(const std::string& name, std::size_t size) const {
        const int socket = ::socket(AF_UNIX, SOCK_DGRAM, 0);
        sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
        folder.path(name).copy(address.sun_path, sizeof address.sun_path - 1);
        const std::vector<std::byte> bytes(size, std::byte{0xee});
        EXPECT_EQ(::sendto(socket, bytes.data(), size, 0, reinterpret_cast<sockaddr*>(&address), sizeof address),
                  static_cast<ssize_t>(size));
        ::close(socket);
    }

    Folder folder;
    std::string path = folder.path("wire");
};

/// Sends frames back until one of 100 bytes arrives.
int echo(const std::string& spec) {
    const auto wire = open(spec);
    for (Frame frame = await(*wire); frame.size() != 100; frame = await(*wire)) {
        if (frame.empty()) return 1;
        send(*wire, frame, now());
    }
    return 0;
}

TEST_F(SocketWireTest, carries_frames_intact_and_in_order_both_ways) {
    const auto one = open(path);
    const auto other = open(path);
    EXPECT_EQ(one->end(), 0U);
    EXPECT_EQ(other->end(), 1U);
    for (std::uint32_t i = 0; i < 300; ++i) {
        const Frame frame = numbered(i, i == 299 ? longest_wire_frame : 60 + i * 30);
        send(*one, frame, now());
        send(*other, numbered(1000 + i), now());
        ASSERT_TRUE(readable(*other, 10s) && readable(*one, 10s));
        ASSERT_EQ(await(*other), frame);
        ASSERT_EQ(await(*one), numbered(1000 + i));
        ASSERT_FALSE(other->receive(now()) || one->receive(now()));
    }
    EXPECT_FALSE(readable(*one, 0ms));
    EXPECT_EQ(one->lost() + other->lost(), 0U);
    EXPECT_TRUE(one->can_wait());
}

TEST_F(SocketWireTest, two_processes_exchange_thousands_of_frames) {
    const auto wire = open(path);
    Process other([&] { return echo(path); });
    ASSERT_TRUE(eventually([&] { return send(*wire, numbered(opening), now()), wire->receive(now()).has_value(); }));
    const std::uint64_t lost_before = wire->lost();
    std::vector<std::uint32_t> back;
    for (std::uint32_t next = 0; back.size() < 20'000;) {
        const std::uint32_t end = std::min<std::uint32_t>(20'000, static_cast<std::uint32_t>(back.size()) + 2000);
        send_numbers(*wire, std::exchange(next, end), end, now());
        const Frame frame = await_after_opening(*wire);
        ASSERT_FALSE(frame.empty());
        back.push_back(number_of(frame));
    }
    EXPECT_EQ(back, count_up(0, 20'000));
    EXPECT_EQ(wire->lost(), lost_before);
    send(*wire, Frame(100), now());
    EXPECT_EQ(other.wait(), 0);
}

TEST_F(SocketWireTest, third_user_is_refused_until_an_end_is_free) {
    const auto one = open(path);
    auto other = open(path);
    EXPECT_EQ(kind_of_failure(path), ErrorKind::busy);
    Process third([&] { return kind_of_failure(path) == ErrorKind::busy ? 0 : 1; });
    EXPECT_EQ(third.wait(), 0);
    other.reset();
    EXPECT_EQ(open(path)->end(), 1U);
}

TEST_F(SocketWireTest, two_of_many_simultaneous_openers_get_an_end) {
    for (int round = 0; round < 30; ++round) {
        std::atomic<int> taken = 0;
        std::atomic<int> done = 0;
        const auto take = [&] {
            const auto wire = open_wire(path);
            if (wire) ++taken;
            ++done;
            while (done != 4) std::this_thread::yield();
        };
        {
            std::vector<std::jthread> threads;
            for (int i = 0; i < 4; ++i) threads.emplace_back(take);
        }
        ASSERT_EQ(taken, 2);
    }
}

TEST_F(SocketWireTest, nothing_remains_of_a_cable_that_both_ends_left) {
    for (const bool first_closes_first : {true, false}) {
        auto one = open(path);
        auto other = open(path);
        EXPECT_FALSE(folder_is_empty());
        (first_closes_first ? one : other).reset();
        (first_closes_first ? other : one).reset();
        EXPECT_TRUE(folder_is_empty());
    }
}

TEST_F(SocketWireTest, leftovers_of_a_crash_do_no_harm) {
    const auto one = open(path);
    Process both([&] {
        const auto dead = open(path);
        const auto other = open(folder.path("second"));
        const auto another = open(folder.path("second"));
        send(*dead, numbered(1), now());
        ::pause();
        return 0;
    });
    ASSERT_FALSE(await(*one).empty());
    both.kill();
    EXPECT_TRUE(std::filesystem::exists(path + ".1"));
    {
        const auto other = open(path);
        EXPECT_EQ(other->end(), 1U);
        send(*other, numbered(2), now());
        EXPECT_EQ(await(*one), numbered(2));
    }
    {
        const auto single = open(folder.path("second"));
        EXPECT_EQ(single->end(), 0U);
    }
    EXPECT_FALSE(std::filesystem::exists(folder.path("second.1")));
    EXPECT_FALSE(std::filesystem::exists(folder.path("second")));
}

TEST_F(SocketWireTest, frames_sent_to_an_absent_peer_are_lost) {
    const auto wire = open(path);
    send_numbers(*wire, 0, 9, now());
    EXPECT_EQ(wire->lost(), 9U);
    EXPECT_FALSE(wire->next_time());
}

TEST_F(SocketWireTest, other_end_dies_and_comes_back) {
    const auto wire = open(path);
    for (int life = 0; life < 3; ++life) {
        const std::uint64_t lost = wire->lost();
        // The returning end is heard before it knows of us, and although our own socket still refers to the dead one.
        Process other([&] {
            const auto theirs = open(path);
            send_numbers(*theirs, 100, 105, now());
            for (;;) send(*theirs, await(*theirs), now());
            return 0;
        });
        EXPECT_EQ(await_numbers(*wire, 5), count_up(100, 105));
        send_numbers(*wire, 0, 50, now());
        EXPECT_EQ(await_numbers(*wire, 50), count_up(0, 50));
        EXPECT_EQ(wire->lost(), lost);
        other.kill();
        send_numbers(*wire, 0, 4, now());
        EXPECT_TRUE(eventually([&] { return wire->announce(now()), wire->lost() >= lost + 4; }));
        EXPECT_EQ(wire->lost(), lost + 4);
    }
}

TEST_F(SocketWireTest, frames_wait_in_order_while_the_other_end_is_stopped) {
    const auto one = open(path);
    const auto other = open(path);
    send_numbers(*one, 0, 3000, now());
    EXPECT_EQ(one->lost(), 0U);
    ASSERT_TRUE(one->next_time());
    EXPECT_FALSE(readable(*one, 20ms));
    std::vector<std::uint32_t> numbers;
    while (numbers.size() < 3000) {
        const auto part = numbers_at(*other, now());
        ASSERT_FALSE(part.empty());
        numbers.insert(numbers.end(), part.begin(), part.end());
        if (numbers.size() == 3000) break;
        ASSERT_TRUE(readable(*one, 10s)) << "nothing signals that there is room";
        numbers.size() % 2 == 0 ? one->advance(now()) : static_cast<void>(one->receive(now()));
    }
    EXPECT_EQ(numbers, count_up(0, 3000));
    EXPECT_FALSE(one->next_time());
}

TEST_F(SocketWireTest, waiting_frames_beyond_65536_are_lost) {
    const auto one = open(path);
    const auto other = open(path);
    send_numbers(*one, 0, 70'000, now());
    const auto arrived = static_cast<std::uint32_t>(70'000 - one->lost());
    EXPECT_GE(arrived, 65'536U);
    EXPECT_LT(arrived, 70'000U);
    std::vector<std::uint32_t> numbers;
    while (numbers.size() < arrived) {
        const auto part = numbers_at(*other, now());
        ASSERT_FALSE(part.empty());
        numbers.insert(numbers.end(), part.begin(), part.end());
        one->advance(now());
    }
    EXPECT_EQ(numbers, count_up(0, arrived));
}

TEST_F(SocketWireTest, card_waits_while_many_frames_are_queued) {
    const auto one = open(path);
    const auto other = open(path);
    const Time begin = now();  // as if it all happened at once, however busy the machine is
    std::uint32_t sent = 0;
    for (; one->has_room(begin) && sent < 70'000; ++sent) one->send(numbered(sent), begin);
    EXPECT_GT(sent, 30'000U) << "a machine that is briefly busy must make no difference";
    EXPECT_LT(sent, 40'000U) << "there is hardly any room left";
    EXPECT_GT(one->waiting(), 30'000U);
    std::vector<std::uint32_t> numbers;
    while (numbers.size() < sent) {
        const auto part = numbers_at(*other, now());
        ASSERT_FALSE(part.empty());
        numbers.insert(numbers.end(), part.begin(), part.end());
        one->advance(now());
        ASSERT_TRUE(one->has_room(now()));
    }
    EXPECT_EQ(numbers, count_up(0, sent));
    EXPECT_EQ(one->waiting() + one->lost(), 0U);
}

TEST_F(SocketWireTest, card_waits_briefly_for_a_stopped_peer_and_never_for_an_absent_one) {
    const auto one = open(path);
    const Time begin = now();
    send_numbers(*one, 0, 70'000, begin);
    EXPECT_TRUE(one->has_room(begin));
    auto other = open(path);
    while (one->has_room(begin)) one->send(numbered(0), begin);
    EXPECT_TRUE(one->next_time()) << "it would not be serviced again";
    EXPECT_FALSE(one->has_room(begin + 500ms));
    EXPECT_TRUE(one->has_room(begin + 1500ms));
    other.reset();
    one->advance(begin + 1s);
    EXPECT_TRUE(one->has_room(begin + 1s));
    EXPECT_EQ(one->waiting(), 0U);
}

TEST_F(SocketWireTest, waiting_frames_are_lost_when_the_other_end_dies) {
    const auto one = open(path);
    auto other = open(path);
    send_numbers(*one, 0, 100, now());
    EXPECT_TRUE(one->next_time());
    other.reset();
    one->advance(now());
    EXPECT_FALSE(one->next_time());
    EXPECT_GE(one->lost(), 80U);
    other = open(path);
    send_numbers(*one, 100, 105, now());
    EXPECT_EQ(await_numbers(*other, 5), count_up(100, 105));
}

TEST_F(SocketWireTest, waiting_frames_still_arrive_when_the_sender_closes) {
    const auto other = open(path);
    Process sender([&] {
        send_numbers(*open(path), 0, 4000, now());
        return 0;
    });
    EXPECT_EQ(await_numbers(*other, 4000), count_up(0, 4000));
    EXPECT_EQ(sender.wait(), 0);
}

TEST_F(SocketWireTest, closing_does_not_wait_long_for_a_stopped_peer) {
    auto one = open(path);
    const auto other = open(path);
    send_numbers(*one, 0, 4000, now());
    const Time begin = now();
    one.reset();
    EXPECT_LT(now() - begin, 10s);
}

TEST_F(SocketWireTest, only_ethernet_frames_are_accepted_and_short_ones_padded) {
    const auto wire = open(path);
    give("wire.0", 13);
    give("wire.0", longest_wire_frame + 1);
    give("wire.0", 0);
    give("wire.0", 42);
    const Frame frame = await(*wire);
    Frame expected(60);
    std::fill_n(expected.begin(), 42, std::byte{0xee});
    EXPECT_EQ(frame, expected);
    EXPECT_FALSE(wire->receive(now()));
}

TEST_F(SocketWireTest, damaged_frames_do_not_arrive) {
    const auto one = open(path);
    const auto other = open(path);
    one->send_damaged(numbered(1), now());
    one->send(numbered(2), now());
    EXPECT_EQ(await_numbers(*other, 1), count_up(2, 3));
}

TEST_F(SocketWireTest, both_socket_names_may_be_given) {
    const std::string a = folder.path("a");
    const std::string b = folder.path("b");
    auto one = open(a + ":" + b);
    send_numbers(*one, 0, 2, now());
    EXPECT_EQ(one->lost(), 2U);
    EXPECT_EQ(kind_of_failure(a + ":" + b), ErrorKind::busy);
    const auto other = open(b + ":" + a);
    EXPECT_NE(one->end(), other->end());
    send_numbers(*one, 0, 8, now());
    EXPECT_EQ(await_numbers(*other, 8), count_up(0, 8));
    send_numbers(*other, 0, 8, now());
    EXPECT_EQ(await_numbers(*one, 8), count_up(0, 8));
    one.reset();
    EXPECT_FALSE(std::filesystem::exists(a));
}

TEST_F(SocketWireTest, sockets_of_other_programs_are_left_alone) {
    for (const std::string end : {".0", ".1"}) {
        const int socket = ::socket(AF_UNIX, SOCK_DGRAM, 0);
        sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
        (path + end).copy(address.sun_path, sizeof address.sun_path - 1);
        ASSERT_EQ(::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
        if (end == ".0") {
            EXPECT_EQ(kind_of_failure(path), ErrorKind::invalid_argument);
        } else {
            open(path);  // and closes it again
        }
        EXPECT_TRUE(std::filesystem::exists(path + end));
        ::close(socket);
        std::filesystem::remove(path + end);
    }
}

TEST_F(SocketWireTest, socket_with_a_listener_is_busy_whatever_its_kind) {
    for (const int kind : {SOCK_DGRAM, SOCK_STREAM, SOCK_SEQPACKET}) {
        const std::string name = folder.path("listener" + std::to_string(kind));
        const int socket = ::socket(AF_UNIX, kind, 0);
        sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
        name.copy(address.sun_path, sizeof address.sun_path - 1);
        ASSERT_EQ(::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
        if (kind != SOCK_DGRAM) {
            ASSERT_EQ(::listen(socket, 1), 0);
        }
        EXPECT_EQ(kind_of_failure(name + ":" + folder.path("b")), ErrorKind::busy);
        EXPECT_EQ(kind_of_failure(name), ErrorKind::invalid_argument);
        EXPECT_TRUE(std::filesystem::exists(name));
        ::close(socket);
    }
}

}  // namespace
}  // namespace ixy::sim::test
