// Cables between processes with frames in shared memory, including ends that die, cheat, or are not ours.
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>

#include <ixy/core/files.hpp>

#include <ixy/sim/wires/datagram.hpp>
#include <ixy/sim/wires/shared_ring.hpp>
#include "process.hpp"

namespace ixy::sim::test {
namespace {

using detail::SharedRingHeader;
using detail::SharedRingMemory;

/// An end of another implementation: bare sockets.
class BareEnd {
public:
    explicit BareEnd(const std::string& name) {
        const sockaddr_un address = address_of(name);
        EXPECT_EQ(::bind(in_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    }
    int send(const std::string& name, std::span<const std::byte> bytes, const File& file = {}) const {
        const File out = make_socket();
        const sockaddr_un address = address_of(name);
        EXPECT_EQ(::connect(out.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        return send_datagram(out.get(), bytes, file);
    }
    std::optional<Datagram> receive() { return receive_datagram(in_.get(), space_); }
    std::span<const std::byte> space() const { return space_; }

private:
    static File make_socket() { return File(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)); }
    static sockaddr_un address_of(const std::string& name) {
        sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
        name.copy(address.sun_path, sizeof address.sun_path - 1);
        return address;
    }
    File in_ = make_socket();
    Frame space_ = Frame(longest_wire_frame);
};

std::size_t open_files() { return folder_entries("/proc/self/fd").size(); }

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

class SharedWireTest : public ::testing::Test {
protected:
    /// Once this returns, frames sent by `from` go through shared memory.
    static void join(Wire& from, Wire& to) {
        send_numbers(from, 0, 1, now());
        ASSERT_EQ(await_numbers(to, 1), count_up(0, 1));
        ASSERT_FALSE(to.receive(now()));
    }

    Folder folder;
    std::string path = folder.path("wire");
};

TEST_F(SharedWireTest, thousands_of_frames_fit_at_once) {
    const auto one = open(path);
    const auto other = open(path);
    join(*one, *other);
    EXPECT_FALSE(readable(*other, 0ms));
    send_numbers(*one, 1, 5000, now());
    EXPECT_EQ(one->waiting(), 0U);
    EXPECT_TRUE(readable(*other, 0ms)) << "nothing signals that frames have come";
    EXPECT_EQ(numbers_at(*other, now()), count_up(1, 5000));
    EXPECT_FALSE(readable(*other, 0ms));
    EXPECT_EQ(one->lost(), 0U);
}

TEST_F(SharedWireTest, frames_keep_their_order_when_they_change_from_datagrams_to_the_ring) {
    const auto one = open(path);
    const auto other = open(path);
    send_numbers(*one, 0, 5, now());
    EXPECT_EQ(await_numbers(*other, 1), count_up(0, 1));  // it has accepted the ring, and left frames in the socket
    send_numbers(*one, 5, 1000, now());
    EXPECT_EQ(one->waiting(), 0U) << "the ring is not in use";
    EXPECT_EQ(numbers_at(*other, now()), count_up(1, 1000));
}

TEST_F(SharedWireTest, full_ring_makes_frames_wait_until_the_sender_is_told_of_room) {
    const auto one = open(path);
    const auto other = open(path);
    join(*one, *other);
    send_numbers(*one, 1, 40'000, now());
    EXPECT_GT(one->waiting(), 10'000U);
    std::vector<std::uint32_t> numbers;
    while (numbers.size() < 39'999) {
        const auto part = numbers_at(*other, now());
        ASSERT_FALSE(part.empty());
        numbers.insert(numbers.end(), part.begin(), part.end());
        if (one->waiting() == 0) continue;
        ASSERT_TRUE(readable(*one, 10s)) << "nothing signals that there is room";
        EXPECT_FALSE(one->receive(now()));
    }
    EXPECT_EQ(numbers, count_up(1, 40'000));
    EXPECT_FALSE(one->next_time());
    EXPECT_EQ(one->lost(), 0U);
}

TEST_F(SharedWireTest, slow_receiver_is_not_mistaken_for_a_stopped_one) {
    const auto one = open(path);
    const auto other = open(path);
    join(*one, *other);
    Time time = now();
    while (one->has_room(time)) one->send(numbered(1), time);
    const std::size_t waiting = one->waiting();
    for (std::size_t i = 0; i < 10; ++i, time += 600ms) {
        ASSERT_EQ(number_of(await(*other)), 1U);
        one->advance(time);
        EXPECT_EQ(one->waiting(), waiting - 1);
        one->send(numbered(1), time);
        EXPECT_FALSE(one->has_room(time)) << i;
        EXPECT_EQ(one->lost(), 0U);
    }
}

TEST_F(SharedWireTest, both_ends_may_wait_for_each_other_and_nothing_is_lost) {
    const auto wire = open(path);
    constexpr std::uint32_t frames = 100'000;
    const auto trade = [](Wire& end) {
        std::vector<std::uint32_t> numbers;
        for (std::uint32_t next = 0; next < frames || numbers.size() < frames;) {
            const std::uint32_t part = end.has_room(now()) ? std::min(frames - next, 32U) : 0;
            send_numbers(end, next, next + part, now());
            next += part;
            const std::size_t before = numbers.size();
            for (auto frame = end.receive(now()); frame; frame = end.receive(now()))
                numbers.push_back(number_of(frame->bytes));
            if (part == 0 && numbers.size() == before && !readable(end, 100ms)) end.advance(now());
        }
        while (end.waiting() != 0) end.advance(now());
        return end.lost() == 0 && numbers == count_up(0, frames);
    };
    Process other([&] {
        const auto theirs = open(path);
        send(*theirs, numbered(0), now());  // announces itself
        return trade(*theirs) ? 0 : 1;
    });
    ASSERT_EQ(await_numbers(*wire, 1), count_up(0, 1));
    EXPECT_TRUE(trade(*wire));
    EXPECT_EQ(other.wait(), 0);
}

TEST_F(SharedWireTest, frames_left_in_the_ring_by_a_dead_process_are_lost_and_counted) {
    const auto wire = open(path);
    for (int life = 0; life < 3; ++life) {
        Process other([&] {
            const auto theirs = open(path);
            send(*theirs, numbered(0), now());
            await(*theirs);
            send(*theirs, numbered(1), now());
            ::pause();
            return 0;
        });
        ASSERT_EQ(await_numbers(*wire, 1), count_up(0, 1));
        const std::uint64_t lost = wire->lost();
        send(*wire, numbered(opening), now());
        ASSERT_EQ(await_numbers(*wire, 1), count_up(1, 2));
        send_numbers(*wire, 0, 1000, now());
        EXPECT_EQ(wire->lost(), lost);
        other.kill();
        EXPECT_TRUE(eventually([&] { return wire->announce(now()), wire->lost() != lost; }));
        EXPECT_EQ(wire->lost(), lost + 1000);
        EXPECT_EQ(wire->waiting(), 0U);
    }
}

TEST_F(SharedWireTest, frames_of_a_dead_sender_come_before_those_of_its_successor) {
    const auto wire = open(path);
    Process first([&] {
        const auto theirs = open(path);
        send(*theirs, numbered(0), now());
        await(*theirs);
        send_numbers(*theirs, 1, 3000, now());
        ::raise(SIGKILL);
        return 0;
    });
    ASSERT_EQ(await_numbers(*wire, 1), count_up(0, 1));
    send(*wire, numbered(opening), now());
    first.wait();
    const auto second = open(path);
    send_numbers(*second, 3000, 3009, now());
    EXPECT_EQ(numbers_at(*wire, now()), count_up(1, 3009));
    send_numbers(*second, 3009, 7000, now());
    EXPECT_EQ(second->waiting(), 0U) << "its own ring is not in use";
    EXPECT_EQ(numbers_at(*wire, now()), count_up(3009, 7000));
}

TEST_F(SharedWireTest, unread_frames_are_counted_when_the_other_end_closes) {
    const auto one = open(path);
    auto other = open(path);
    join(*one, *other);
    send_numbers(*one, 1, 101, now());
    EXPECT_EQ(number_of(await(*other)), 1U);
    other.reset();
    send_numbers(*one, 0, 1, now());
    EXPECT_EQ(one->lost(), 100U);
    other = open(path);
    join(*one, *other);
    EXPECT_EQ(one->lost(), 100U);
}

TEST_F(SharedWireTest, peer_that_accepts_no_ring_gets_datagrams) {
    const auto wire = open(path);
    BareEnd other(path + ".1");
    send_numbers(*wire, 0, 5, now());
    const auto offer = other.receive();
    ASSERT_TRUE(offer);
    EXPECT_LT(offer->size, 14U) << "it could be mistaken for a frame";
    for (std::uint32_t i = 0; i < 5; ++i) {
        const auto frame = other.receive();
        ASSERT_TRUE(frame);
        EXPECT_EQ(number_of(other.space()), i);
        EXPECT_FALSE(frame->file.is_open());
    }
    EXPECT_FALSE(other.receive());
    EXPECT_EQ(other.send(path + ".0", numbered(7)), 0);
    EXPECT_EQ(number_of(await(*wire)), 7U);
}

TEST_F(SharedWireTest, ends_given_by_name_use_no_ring) {
    const auto wire = open(folder.path("ours") + ":" + folder.path("theirs"));
    BareEnd other(folder.path("theirs"));
    send_numbers(*wire, 0, 1, now());
    const auto first = other.receive();
    ASSERT_TRUE(first);
    EXPECT_EQ(first->size, 60U) << "QEMU would mistake an offer for a frame";
    const File ring = SharedRingMemory::make_file();
    RingSender sender = RingSender::make(ring).value();
    EXPECT_EQ(other.send(folder.path("ours"), bytes_of("ixy-ring"), ring), 0);
    EXPECT_FALSE(wire->receive(now()));
    EXPECT_FALSE(RingSender::Result::sent == sender.push(numbered(1)));
}

TEST_F(SharedWireTest, lying_receiver_loses_its_frames_and_is_offered_another_ring) {
    const auto wire = open(path);
    BareEnd liar(path + ".1");
    std::uint32_t sent = 0;
    const auto send_some = [&](std::uint32_t count) {
        send_numbers(*wire, sent, sent + count, now());
        sent += count;
    };
    for (int round = 0; round < 5; ++round) {
        std::optional<SharedRingMemory> memory;
        ASSERT_TRUE(eventually([&] {
            send_some(1);
            while (const auto datagram = liar.receive()) {
                if (datagram->file.is_open()) memory = SharedRingMemory::map(datagram->file);
            }
            return memory.has_value();
        }));
        memory->header().state = SharedRingHeader::State::accepted;
        send_some(20'000);
        memory->header().tail = ~std::uint64_t{0} << 10;
        memory->header().frames_taken = round == 0 ? 0 : ~std::uint64_t{0};
    }
    EXPECT_GT(wire->lost(), 10'000U);
    EXPECT_LE(wire->lost(), sent);
}

TEST_F(SharedWireTest, files_of_strangers_are_closed_and_their_frames_ignored) {
    const auto wire = open(path);
    const auto other = open(path);
    const BareEnd stranger(folder.path("stranger"));
    const std::size_t before = open_files();
    const File memory(::memfd_create("test", MFD_CLOEXEC));
    EXPECT_EQ(stranger.send(path + ".0", bytes_of("ixy-ring"), memory), 0);  // not a ring
    EXPECT_EQ(stranger.send(path + ".0", bytes_of("ixy-ring")), 0);          // no file
    EXPECT_EQ(stranger.send(path + ".0", bytes_of("ixy-rung"), memory), 0);
    EXPECT_EQ(stranger.send(path + ".0", bytes_of(""), memory), 0);
    EXPECT_EQ(stranger.send(path + ".0", numbered(9), memory), 0);
    EXPECT_FALSE(wire->receive(now()));
    join(*other, *wire);
    EXPECT_EQ(open_files(), before + 2) << "memory, and the socket to the other end";
}

TEST_F(SharedWireTest, injected_ring_takes_no_frames_meant_for_the_other) {
    const auto wire = open(path);
    const auto other = open(path);
    join(*other, *wire);
    send_numbers(*other, 1, 100, now());
    const BareEnd stranger(folder.path("stranger"));
    const File ring = SharedRingMemory::make_file();
    RingSender sender = RingSender::make(ring).value();
    EXPECT_EQ(stranger.send(path + ".0", bytes_of("ixy-ring"), ring), 0);
    EXPECT_EQ(numbers_at(*wire, now()), count_up(1, 100));
    EXPECT_EQ(sender.push(numbered(500)), RingSender::Result::sent);
    EXPECT_EQ(numbers_at(*wire, now()), count_up(500, 501));
    send_numbers(*other, 100, 200, now());  // its ring was closed: it offers another one
    std::vector<std::uint32_t> numbers;
    EXPECT_TRUE(eventually([&] {
        std::ranges::copy(numbers_at(*wire, now()), std::back_inserter(numbers));
        other->advance(now());
        return numbers.size() >= 100;
    }));
    EXPECT_EQ(numbers, count_up(100, 200));
    EXPECT_EQ(other->lost(), 0U);
}

TEST_F(SharedWireTest, endless_wake_ups_do_not_block_the_receiver) {
    const auto wire = open(path);
    const auto other = open(path);
    join(*other, *wire);
    Process stranger([&] {
        const BareEnd end(folder.path("stranger"));
        for (;;) end.send(path + ".0", bytes_of("x"));
        return 0;
    });
    send_numbers(*other, 1, 2000, now());
    std::uint32_t next = 1;
    EXPECT_TRUE(eventually([&] {
        const auto frame = wire->receive(now());
        if (frame && number_of(frame->bytes) == next) ++next;
        return next == 2000;
    }));
}

}  // namespace
}  // namespace ixy::sim::test
