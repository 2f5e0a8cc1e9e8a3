// Cards and their drivers in several threads: no thread waits forever, nothing is lost or reordered. Also meant for the
// thread sanitizer.
#include <gtest/gtest.h>

#include <barrier>
#include <thread>

#include <ixy/core/process_space.hpp>
#include <ixy/pci/barrier.hpp>
#include <ixy/sim/function.hpp>

#include "tests/sim/card/test_model.hpp"

namespace ixy::sim::test {
namespace {

using namespace std::chrono_literals;

#if defined(__SANITIZE_THREAD__)
constexpr std::uint64_t many = 3'000;
#else
constexpr std::uint64_t many = 30'000;
#endif

/// Expects received frames in order; together with those lost by the cable they make up all sent frames.
void expect_all(const TestCard& receiver, const TestCard& sender) {
    const auto& frames = receiver.model.frames;
    EXPECT_TRUE(std::ranges::is_sorted(frames));
    EXPECT_EQ(std::ranges::adjacent_find(frames), frames.end());
    EXPECT_EQ(frames.size() + sender.card->frames_lost_on_wire(), many);
    EXPECT_GT(frames.size(), many / 100);
}

TEST(ThreadsTest, two_cards_on_one_cable_send_simultaneously) {
    const TestCard one(plain_type, open_wire("duplex").value(), RealClock::shared());
    const TestCard two(plain_type, open_wire("duplex").value(), RealClock::shared());
    std::barrier together(2);
    const auto drive = [&](const TestCard& test) {
        together.arrive_and_wait();
        for (std::uint64_t i = 1; i <= many; ++i) test.write(send, i);
    };
    {
        const std::jthread first(drive, std::cref(one)), second(drive, std::cref(two));
    }
    expect_all(one, two);
    expect_all(two, one);
}

TEST(ThreadsTest, nothing_is_left_on_the_cable_when_all_are_idle) {
    for (int round = 0; round < 200; ++round) {
        const TestCard one(plain_type, open_wire("quiet").value(), RealClock::shared());
        const TestCard two(plain_type, open_wire("quiet").value(), RealClock::shared());
        std::barrier together(2);
        {
            // The receiver's driver holds its card's lock now and then, just when a frame arrives.
            const std::jthread driver([&] {
                together.arrive_and_wait();
                for (int i = 0; i < 100; ++i) two.write(memory, 1);
            });
            together.arrive_and_wait();
            for (std::uint64_t i = 1; i <= 50; ++i) one.write(send, i);
        }
        ASSERT_EQ(two.model.frames.size(), 50U);
    }
}

TEST(ThreadsTest, cards_that_answer_each_other_in_two_threads_terminate) {
    const TestCard one(plain_type, open_wire("talk").value(), RealClock::shared());
    const TestCard two(plain_type, open_wire("talk").value(), RealClock::shared());
    one.model.echoes = two.model.echoes = true;
    {
        const std::jthread first([&] { one.write(send, 2000); }), second([&] { two.write(send, 2000); });
    }
    EXPECT_EQ(one.model.frames.size() + two.model.frames.size(), 4002U);
}

TEST(ThreadsTest, mappings_come_and_go_while_the_card_uses_them) {
    const TestCard test(plain_type, make_open_end(), RealClock::shared());
    std::vector<std::byte> pages(8192);
    ASSERT_TRUE(test.card->map(IoAddress{0x1000}, std::span(pages).first(4096)));
    const std::jthread mapper([&] {
        for (int i = 0; i < 500; ++i) {
            EXPECT_TRUE(test.card->map(IoAddress{0x5000}, std::span(pages).last(4096)));
            EXPECT_TRUE(test.card->unmap(IoAddress{0x5000}, 4096));
        }
    });
    for (int i = 0; i < 500; ++i) test.write(memory, 1);
}

// --- a card in its own thread ---

class OwnThreadTest : public testing::Test {
protected:
    void SetUp() override { regs = function->map_bar(0, 4096).value(); }
    void write(Register which, std::uint64_t value) { regs.store<std::uint64_t>(which, value); }

    TestCard test{plain_type, make_open_end(), RealClock::shared()};
    std::unique_ptr<PciFunction> function = make_function(test.card, "sim:plain", Running::thread);
    Bar regs;
};

TEST_F(OwnThreadTest, a_read_sees_all_writes_before_it) {
    for (std::uint64_t i = 0; i < 300; ++i) {
        write(memory, i);
        write(memory, 2 * i);
        ASSERT_EQ(regs.load<std::uint64_t>(memory), 2 * i);
    }
}

TEST_F(OwnThreadTest, writes_are_executed_in_order_and_none_is_lost) {
    for (std::uint64_t i = 0; i < many; ++i) write(memory, i);
    EXPECT_EQ(regs.load<std::uint64_t>(memory), many - 1);
    ASSERT_EQ(test.model.writes.size(), many);
    for (std::uint64_t i = 0; i < many; ++i) ASSERT_EQ(test.model.writes[i], i);
}

TEST_F(OwnThreadTest, configuration_accesses_stay_behind_earlier_writes) {
    for (int i = 0; i < 100; ++i) {
        write(line, 1);
        ASSERT_EQ(function->config_read(pci_config::status, 2).value() & 8, 8U);
        write(line, 0);
        ASSERT_EQ(function->config_read(pci_config::status, 2).value() & 8, 0U);
    }
}

TEST_F(OwnThreadTest, several_threads_may_drive_it) {
    {
        const auto drive = [this] {
            for (int i = 0; i < 200; ++i) {
                write(memory, 1);
                (void)regs.load<std::uint32_t>(memory);
            }
        };
        const std::jthread first(drive), second(drive);
    }
    (void)regs.load<std::uint32_t>(memory);
    EXPECT_EQ(test.model.writes.size(), 400U);
}

TEST_F(OwnThreadTest, pending_writes_are_executed_before_the_function_ends) {
    for (std::uint64_t i = 0; i < 100; ++i) write(memory, i);
    function.reset();
    EXPECT_EQ(test.model.writes.size(), 100U);
}

TEST_F(OwnThreadTest, a_descriptor_is_complete_once_its_last_word_is_visible) {
    struct alignas(16) Descriptor {
        std::uint32_t words[3];
        std::uint32_t status;
    };
    constexpr std::uint32_t count = 4096;
    const auto dma = function->dma_space()->allocate(count * sizeof(Descriptor)).value();
    const auto* const ring = reinterpret_cast<const Descriptor*>(dma.data());
    ASSERT_TRUE(function->set_bus_master(true));
    test.model.task = [&] {
        for (std::uint32_t i = 0; i < count; ++i) {
            const Descriptor done{{i, i + 1, i + 2}, 1};
            test.model.host.write_back(dma.address() + i * sizeof done, std::as_bytes(std::span(&done, 1)), 12);
        }
    };
    write(run, 1);
    for (std::uint32_t i = 0; i < count; ++i) {
        while (dma_load(ring[i].status) == 0) std::this_thread::yield();
        ASSERT_EQ(ring[i].words[0], i);
        ASSERT_EQ(ring[i].words[2], i + 2);
    }
}

// --- the thread that sleeps until a timer or the wire wakes it ---

TEST(SleepingThreadTest, timers_expire_while_the_driver_is_idle) {
    for (const Running running : {Running::inside, Running::thread}) {
        const TestCard test(plain_type, make_open_end(), RealClock::shared());
        const auto function = make_function(test.card, "sim:plain", running);
        test.write(timer_0, 500'000);
        test.card->bar_write(0, timer_0 + 8, 8, 200'000);
        EXPECT_TRUE(eventually([&] { return !test.card->next_time(); }));
        EXPECT_EQ(test.model.fired.size(), 2U);
    }
}

/// Blocks every thread except its creator, between two turns of the card.
class Obstacle final : public Wire {
public:
    void send(std::span<const std::byte>, Time) override {}
    std::optional<WireFrame> receive(Time) override { return std::nullopt; }
    std::optional<Time> next_time() const override { return Time::zero(); }
    void settle() override {
        if (std::this_thread::get_id() == maker_) return;
        reached = true;
        released.wait(false);
    }
    std::atomic<bool> reached = false, released = false;

private:
    std::thread::id maker_ = std::this_thread::get_id();
};

TEST(SleepingThreadTest, timers_have_expired_after_a_wait_even_if_another_thread_is_stuck) {
    auto wire = std::make_unique<Obstacle>();
    Obstacle& obstacle = *wire;
    const TestCard test(plain_type, std::move(wire), RealClock::shared());
    const auto function = make_function(test.card, "sim:plain", Running::manual);
    const std::jthread other([&] { test.card->service(); });
    EXPECT_TRUE(eventually([&] { return obstacle.reached.load(); }));
    test.write(timer_0, 1000);
    function->wait(1ms);
    EXPECT_EQ(test.model.fired.size(), 1U);
    obstacle.released = true;
    obstacle.released.notify_all();
}

TEST(SleepingThreadTest, a_manually_serviced_card_does_nothing_on_its_own) {
    const TestCard test(plain_type, make_open_end(), RealClock::shared());
    const auto function = make_function(test.card, "sim:plain", Running::manual);
    test.write(timer_0, 1000);
    std::this_thread::sleep_for(2ms);
    EXPECT_TRUE(test.model.fired.empty());
    test.card->service();
    EXPECT_EQ(test.model.fired.size(), 1U);
}

TEST(SleepingThreadTest, a_function_may_end_close_to_a_deadline) {
    for (int i = 0; i < 50; ++i) {
        const TestCard test(plain_type, make_open_end(), RealClock::shared());
        const auto function = make_function(test.card, "sim:plain", i % 2 == 0 ? Running::inside : Running::thread);
        test.write(timer_0, static_cast<std::uint64_t>(i) * 2000);
    }
}

TEST(SleepingThreadTest, a_flooded_card_returns_the_thread_to_the_driver) {
    const TestCard one(plain_type, open_wire("fire").value(), RealClock::shared());
    const TestCard two(plain_type, open_wire("fire").value(), RealClock::shared());
    const auto function = make_function(two.card, "sim:plain", Running::inside);
    std::atomic<bool> over = false;
    std::atomic<std::uint64_t> sent = 0;
    {
        const std::jthread sender([&] {
            while (!over) one.write(send, ++sent);
        });
        for (int i = 0; i < 200; ++i) two.write(memory, 1);  // returns each time
        over = true;
    }
    EXPECT_TRUE(eventually([&] { return two.read(received) + one.card->frames_lost_on_wire() == sent; }));
}

}  // namespace
}  // namespace ixy::sim::test
