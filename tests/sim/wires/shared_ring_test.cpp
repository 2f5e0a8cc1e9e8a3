// The ring in shared memory: order, wake-ups, and lying ends.
#include <ixy/sim/wires/shared_ring.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <fstream>

#include "wires.hpp"

namespace ixy::sim::test {
namespace {

using detail::SharedRingHeader;
using detail::SharedRingMemory;
using Result = RingSender::Result;

class SharedRing : public ::testing::Test {
protected:
    Result put(std::uint32_t number, std::size_t size = 60) { return sender.push(numbered(number, size)); }
    /// Takes everything from the ring, as numbers.
    std::vector<std::uint32_t> take_all() {
        std::vector<std::uint32_t> numbers;
        while (receiver->show(receiver->head())) {
            while (const auto size = receiver->take(space)) numbers.push_back(number_of(std::span(space).first(*size)));
        }
        return numbers;
    }
    std::uint32_t fill() {
        std::uint32_t count = 0;
        while (put(count) == Result::sent) ++count;
        return count;
    }

    File file = SharedRingMemory::make_file();
    RingSender sender = RingSender::make(file).value();
    std::optional<RingReceiver> receiver = RingReceiver::accept(file);
    SharedRingMemory memory = SharedRingMemory::map(file).value();  // as mapped by an end that follows no rules
    SharedRingHeader& header = memory.header();
    Frame space = Frame(longest_wire_frame);
};

TEST_F(SharedRing, frames_come_out_intact_and_in_order_lap_after_lap) {
    std::uint32_t next_in = 0;
    std::uint32_t next_out = 0;
    const auto size_of = [](std::uint32_t number) {
        return number % 100 == 0 ? longest_wire_frame : 18 + number * 37 % 1500;
    };
    while (next_out < 20'000) {
        while (put(next_in, size_of(next_in)) == Result::sent) ++next_in;
        ASSERT_TRUE(receiver->show(receiver->head()));
        while (const auto size = receiver->take(space)) {
            ASSERT_TRUE(std::ranges::equal(std::span(space).first(*size), numbered(next_out, size_of(next_out))));
            ++next_out;
        }
        ASSERT_EQ(next_out, next_in);
    }
}

TEST_F(SharedRing, accepts_frames_only_between_acceptance_and_close) {
    const File other = SharedRingMemory::make_file();
    RingSender early = RingSender::make(other).value();
    EXPECT_EQ(early.push(numbered(1)), Result::not_accepted);
    auto late = RingReceiver::accept(other);
    EXPECT_EQ(early.push(numbered(1)), Result::sent);
    EXPECT_EQ(early.unread(), 1U);
    late.reset();
    EXPECT_EQ(early.push(numbered(2)), Result::broken);
    EXPECT_EQ(early.unread(), 1U);
}

TEST_F(SharedRing, nothing_beyond_the_published_head_is_taken) {
    put(0);
    const std::uint64_t head = receiver->head();
    put(1);
    ASSERT_TRUE(receiver->show(head));
    EXPECT_TRUE(receiver->take(space));
    EXPECT_FALSE(receiver->take(space));
    EXPECT_EQ(take_all(), count_up(1, 2));
}

TEST_F(SharedRing, sleeping_receiver_is_woken_once_for_many_frames) {
    EXPECT_FALSE(sender.should_wake({}));
    ASSERT_TRUE(receiver->sleep());
    for (std::uint32_t i = 0; i < 10; ++i) put(i);
    EXPECT_TRUE(sender.should_wake({}));
    EXPECT_FALSE(sender.should_wake({}));
    EXPECT_FALSE(receiver->sleep()) << "it sleeps although there are frames";
    EXPECT_EQ(take_all(), count_up(0, 10));
    EXPECT_TRUE(receiver->sleep());
}

TEST_F(SharedRing, failed_wake_up_is_retried) {
    ASSERT_TRUE(receiver->sleep());
    put(0);
    ASSERT_TRUE(sender.should_wake({}));
    sender.wake_failed();
    EXPECT_TRUE(sender.should_wake({}));
}

TEST_F(SharedRing, receiver_idle_for_a_millisecond_is_woken_again) {
    put(0);
    EXPECT_FALSE(sender.should_wake(500us));
    EXPECT_TRUE(sender.should_wake(1500us));
    EXPECT_FALSE(sender.should_wake(2000us));
    take_all();
    put(1);
    EXPECT_FALSE(sender.should_wake(3000us)) << "the receiver has taken something";
    EXPECT_TRUE(sender.should_wake(4000us));
    take_all();
    EXPECT_FALSE(sender.should_wake(9000us)) << "there is nothing to take";
}

TEST_F(SharedRing, sender_waiting_for_room_is_told_once_a_good_part_is_free) {
    const std::uint32_t count = fill();
    EXPECT_GT(count, 10'000U);
    ASSERT_TRUE(sender.await_room());
    ASSERT_TRUE(receiver->show(receiver->head()));
    std::uint32_t taken = 0;
    for (; !receiver->should_tell_of_room(); ++taken) ASSERT_TRUE(receiver->take(space));
    EXPECT_GT(taken, count / 5);
    EXPECT_LT(taken, count / 3);
    EXPECT_EQ(sender.unread(), count - taken);
    EXPECT_FALSE(sender.await_room()) << "it waits although there is room";
    std::uint32_t more = 0;
    while (put(count + more) == Result::sent) ++more;
    EXPECT_EQ(more, taken);
    EXPECT_EQ(take_all(), count_up(taken, count + more));
    EXPECT_FALSE(receiver->should_tell_of_room()) << "the sender has not asked";
}

TEST_F(SharedRing, receiver_that_lies_about_the_tail_breaks_it) {
    for (const std::uint64_t lie : {std::uint64_t{1} << 40, ~std::uint64_t{0}, std::uint64_t{1} << 20 | 8}) {
        const File another = SharedRingMemory::make_file();
        RingSender victim = RingSender::make(another).value();
        const auto liar = RingReceiver::accept(another);
        const auto open_memory = SharedRingMemory::map(another).value();
        Result result = Result::sent;
        while (result == Result::sent) result = victim.push(numbered(0));
        ASSERT_EQ(result, Result::full);
        open_memory.header().tail = lie;
        EXPECT_EQ(victim.push(numbered(0)), Result::broken) << lie;
    }
}

TEST_F(SharedRing, tail_that_moves_back_breaks_it) {
    fill();
    take_all();
    put(0);
    while (put(0) == Result::sent) continue;
    header.tail = 0;
    EXPECT_EQ(put(0), Result::broken);
    header.frames_taken = ~std::uint64_t{0};
    EXPECT_EQ(sender.unread(), 0U);
}

TEST_F(SharedRing, sender_that_lies_about_the_head_is_shut_out) {
    const std::uint64_t lies[] = {SharedRingMemory::capacity + 8, ~std::uint64_t{0} - 7, 12};
    for (const std::uint64_t lie : lies) {
        auto victim = RingReceiver::accept(file);
        header.head = lie;
        EXPECT_FALSE(victim->sleep());
        EXPECT_FALSE(victim->show(victim->head())) << lie;
        EXPECT_FALSE(victim->take(space));
        EXPECT_TRUE(victim->sleep()) << "it would poll forever";
        EXPECT_EQ(header.state, SharedRingHeader::State::closed);
    }
}

TEST_F(SharedRing, record_of_an_impossible_size_is_not_taken) {
    for (const std::uint32_t size : {0U, 13U, 61U, 16385U, ~0U}) {
        header.head = 0;
        header.tail = 0;
        auto victim = RingReceiver::accept(file);
        header.head = 64;
        memory.size_at(0) = size;
        ASSERT_TRUE(victim->show(victim->head()));
        EXPECT_FALSE(victim->take(space)) << size;
        EXPECT_EQ(header.state, SharedRingHeader::State::closed);
        EXPECT_FALSE(victim->show(victim->head()));
    }
}

TEST(SharedRingMemory, files_that_are_not_a_ring_are_refused) {
    constexpr std::size_t whole = SharedRingMemory::header_room + SharedRingMemory::capacity;
    const Folder folder;
    std::ofstream(folder.path("file")) << std::string(whole, 'x');
    const File regular(::open(folder.path("file").c_str(), O_RDWR | O_CLOEXEC));
    EXPECT_FALSE(RingReceiver::accept(regular));
    EXPECT_FALSE(RingReceiver::accept(File(::open("/dev/zero", O_RDWR | O_CLOEXEC))));
    const auto memory_file = [](std::size_t size, int seals) {
        File file(::memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
        EXPECT_EQ(::ftruncate(file.get(), static_cast<off_t>(size)), 0);
        EXPECT_EQ(::fcntl(file.get(), F_ADD_SEALS, seals), 0);
        return file;
    };
    EXPECT_TRUE(RingReceiver::accept(memory_file(whole, F_SEAL_SHRINK)));
    EXPECT_FALSE(RingReceiver::accept(memory_file(whole, F_SEAL_GROW))) << "it could be truncated";
    EXPECT_FALSE(RingReceiver::accept(memory_file(whole, F_SEAL_SHRINK | F_SEAL_WRITE))) << "it is not writable";
    EXPECT_FALSE(RingReceiver::accept(memory_file(whole - 1, F_SEAL_SHRINK)));
    EXPECT_FALSE(RingReceiver::accept(memory_file(whole + 1, F_SEAL_SHRINK)));
}

}  // namespace
}  // namespace ixy::sim::test
