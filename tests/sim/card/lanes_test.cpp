// A card with frames_of_a_lane queues, driven by a thread a queue: queues do not wait for each other, whatever concerns
// the whole card excludes them all, and nothing that they ask of the world is lost. Also meant for the thread
// sanitizer.
#include <gtest/gtest.h>

#include <sys/eventfd.h>

#include <barrier>
#include <functional>
#include <mutex>
#include <thread>

#include <ixy/core/files.hpp>
#include <ixy/sim/card/faults.hpp>
#include <ixy/sim/card/lanes.hpp>
#include <ixy/sim/function.hpp>

#include "tests/sim/card/lane_model.hpp"
#include "tests/sim/card/test_model.hpp"

namespace ixy::sim::test {
namespace {

using namespace std::chrono_literals;

#if defined(__SANITIZE_THREAD__)
constexpr std::uint64_t frames_of_a_lane = 500;
#else
constexpr std::uint64_t frames_of_a_lane = 5'000;
#endif

/// Keeps what is sent, in memory that only a lock protects; has room when the test says so.
class Collector final : public Wire {
public:
    void send(std::span<const std::byte> frame, Time now) override {
        std::uint64_t number = 0;
        std::memcpy(&number, frame.data(), sizeof number);
        numbers.push_back(number);
        went_back |= now < last_;
        last_ = now;
        is_idle_ = roomy;
    }
    void advance(Time now) override {
        last_ = now;
        is_idle_ = roomy;
    }
    std::optional<WireFrame> receive(Time) override { return std::nullopt; }
    void announce(Time) override { announced = numbers.size(); }
    bool has_room(Time) const override { return roomy; }
    std::optional<Time> next_time() const override { return is_idle_ ? std::nullopt : std::optional(last_ + 1ms); }

    std::vector<std::uint64_t> numbers;
    std::size_t announced = 0;
    std::atomic<bool> roomy = true;
    bool went_back = false;

private:
    Time last_{};
    bool is_idle_ = true;
};

/// A card that is switched on, and its model.
struct LaneCard {
    explicit LaneCard(const CardType& type = many_lanes, std::unique_ptr<Wire> wire = make_open_end(),
                      CardOptions options = {})
        : card(std::make_shared<Card>(type, std::move(wire), std::move(options))), model(*LaneModel::latest) {
        card->config_write(pci_config::command, 2, 0x7);
    }
    void write(unsigned lane, LaneRegister which, std::uint64_t value) const {
        card->bar_write(0, lane_register(lane, which), 8, value);
    }
    /// Calls drive(lane) in a thread a lane, from lane 1 on, and returns when all have.
    static void in_lanes(unsigned count, const std::function<void(unsigned)>& drive) {
        std::barrier together(count);
        std::vector<std::jthread> threads;
        for (unsigned lane = 1; lane <= count; ++lane) {
            threads.emplace_back([&, lane] {
                together.arrive_and_wait();
                drive(lane);
            });
        }
    }

    std::shared_ptr<Card> card;
    LaneModel& model;
};

TEST(LanesTest, threads_in_all_64_queues_are_in_the_model_at_the_same_time) {
    const LaneCard test;
    LaneCard::in_lanes(queue_count, [&](unsigned lane) { test.write(lane, LaneRegister::meet, queue_count); });
    EXPECT_EQ(test.model.violations, 0U);
}

TEST(LanesTest, the_clock_stands_still_in_each_turn_while_other_turns_begin) {
    const LaneCard test;  // `meet` compares the time before and after: the second thread's turn begins in between
    LaneCard::in_lanes(2, [&](unsigned lane) { test.write(lane, LaneRegister::meet, 2); });
    EXPECT_EQ(test.model.violations, 0U);
}

TEST(LanesTest, a_card_with_one_lane_never_runs_two_accesses_at_once) {
    CardType type = many_lanes;
    type.lanes = 1;
    const LaneCard test(type);
    LaneCard::in_lanes(4, [&](unsigned lane) {
        for (std::uint64_t i = 0; i < frames_of_a_lane; ++i) test.write(lane, LaneRegister::store, i);
    });
    EXPECT_EQ(test.model.most_inside, 1U);
    EXPECT_EQ(test.model.violations, 0U);
}

TEST(LanesTest, two_threads_on_one_queue_take_turns) {
    const LaneCard test;
    LaneCard::in_lanes(4, [&](unsigned lane) {
        for (std::uint64_t i = 0; i < frames_of_a_lane; ++i) test.write(1 + lane % 2, LaneRegister::store, i);
    });
    EXPECT_EQ(test.model.violations, 0U);
    EXPECT_EQ(test.model.lanes[1].accesses, 2 * frames_of_a_lane);
    EXPECT_EQ(test.model.lanes[2].accesses, 2 * frames_of_a_lane);
}

struct WholeCard {
    const char* name;
    void (*act)(Card& card);
};
void PrintTo(const WholeCard& whole, std::ostream* out) { *out << whole.name; }

class WholeCardTest : public testing::TestWithParam<WholeCard> {};

TEST_P(WholeCardTest, waits_until_the_queues_are_left) {
    std::vector<std::byte> page(4096);
    const LaneCard test;
    ASSERT_TRUE(test.card->map(IoAddress{0x7000}, page));
    std::jthread queue([&] { test.write(64, LaneRegister::stay, 1); });
    ASSERT_TRUE(eventually([&] { return test.model.inside == 1; }));
    std::atomic<bool> begun = false, done = false;
    {
        const std::jthread whole([&] {
            begun = true;
            GetParam().act(*test.card);
            done = true;
        });
        while (!begun) std::this_thread::yield();
        for (int i = 0; i < 200; ++i) std::this_thread::yield();
        EXPECT_FALSE(done);
        test.model.released = true;
    }
    EXPECT_TRUE(done);
    EXPECT_EQ(test.model.violations, 0U);
}

constexpr WholeCard whole_card_accesses[] = {
    {"access_to_lane_0", [](Card& card) { card.bar_write(0, 0x38, 8, 1); }},
    {"read_of_the_msi_x_table", [](Card& card) { (void)card.bar_read(3, 0, 4); }},
    {"reset", [](Card& card) { card.reset(); }},
    {"configuration_write", [](Card& card) { card.config_write(pci_config::command, 2, 0x7); }},
    {"configuration_read", [](Card& card) { (void)card.config_read(pci_config::status, 2); }},
    {"service", [](Card& card) { card.service(); }},
    {"catching_up", [](Card& card) { card.catch_up(); }},
    {"pulled_cable", [](Card& card) { card.set_cable(false); }},
    {"unmapping", [](Card& card) { (void)card.unmap(IoAddress{0x7000}, 4096); }},
    {"new_event_file", [](Card& card) { (void)card.set_event_file(InterruptKind::msi_x, 1, -1); }},
};
INSTANTIATE_TEST_SUITE_P(LanesTest, WholeCardTest, testing::ValuesIn(whole_card_accesses),
                         [](const auto& param) { return std::string(param.param.name); });

TEST(LanesTest, what_concerns_the_whole_card_runs_alone_while_queues_are_busy) {
    const LaneCard test(many_lanes, open_wire("busy").value());
    const TestCard other(plain_type, open_wire("busy").value(), RealClock::shared());
    std::vector<std::byte> memory(4096 + 64 * 64);
    ASSERT_TRUE(test.card->map(IoAddress{LaneModel::memory_begin}, memory));
    std::atomic<bool> over = false;
    {
        std::vector<std::jthread> queues;
        for (unsigned lane = 1; lane <= 3; ++lane) {
            queues.emplace_back([&, lane] {
                while (!over) {
                    test.write(lane, LaneRegister::store, 1);
                    test.write(lane, LaneRegister::timer, 1000);
                }
            });
        }
        // Busy queues do not keep the others out: each of these comes to its end.
        for (std::uint64_t i = 1; i <= 200; ++i) {
            test.write(0, LaneRegister::line, i % 2);
            test.card->config_write(pci_config::command, 2, i % 2 == 0 ? 0x7 : 0x3);  // bus mastering on, off
            other.write(send, i);                                                     // service: a frame arrives
            test.card->catch_up();                                                    // and timers expire
        }
        test.card->reset();
        over = true;
    }
    EXPECT_EQ(test.model.violations, 0U);
    EXPECT_EQ(test.model.received, 200U);
}

TEST(LanesTest, frames_sent_from_all_queues_arrive_in_order_of_each_queue) {
    auto wire = std::make_unique<Collector>();
    Collector& collector = *wire;
    const LaneCard test(many_lanes, std::move(wire));
    constexpr unsigned senders = 4;
    LaneCard::in_lanes(senders, [&](unsigned lane) {
        for (std::uint64_t i = 0; i < frames_of_a_lane; ++i) test.write(lane, LaneRegister::send, i << 8 | lane);
    });
    EXPECT_EQ(collector.numbers.size(), senders * frames_of_a_lane);
    EXPECT_EQ(collector.announced, senders * frames_of_a_lane);
    EXPECT_FALSE(collector.went_back);
    std::array<std::uint64_t, senders + 1> next{};
    for (const std::uint64_t number : collector.numbers) ASSERT_EQ(number >> 8, next.at(number & 0xff)++);
}

TEST(LanesTest, frames_sent_from_two_queues_reach_the_card_at_the_other_end) {
    const LaneCard test(many_lanes, open_wire("pair").value());
    const TestCard other(plain_type, open_wire("pair").value(), RealClock::shared());
    LaneCard::in_lanes(2, [&](unsigned lane) {
        for (std::uint64_t i = 0; i < frames_of_a_lane; ++i) test.write(lane, LaneRegister::send, i);
    });
    EXPECT_EQ(other.model.frames.size() + test.card->frames_lost_on_wire(), 2 * frames_of_a_lane);
    EXPECT_GT(other.model.frames.size(), frames_of_a_lane / 100);
}

TEST(LanesTest, queues_that_found_the_wire_busy_are_resumed) {
    auto wire = std::make_unique<Collector>();
    Collector& collector = *wire;
    const LaneCard test(many_lanes, std::move(wire));
    const auto function = make_function(test.card, "sim:lanes", Running::inside);
    for (std::uint64_t round = 1; round <= 20; ++round) {
        collector.roomy = false;
        LaneCard::in_lanes(2, [&](unsigned lane) { test.write(lane, LaneRegister::send, round); });
        EXPECT_TRUE(test.card->waits_for_wire());
        const std::uint64_t before = test.model.resumed;
        collector.roomy = true;
        ASSERT_TRUE(eventually([&] { return test.model.resumed > before; }));
    }
    EXPECT_EQ(test.model.lanes[1].busy, 20U);
    EXPECT_EQ(test.model.lanes[2].busy, 20U);
}

TEST(LanesTest, messages_of_all_queues_reach_their_event_files) {
    const LaneCard test;
    std::vector<File> files;
    for (unsigned vector = 0; vector <= queue_count; ++vector) {
        files.emplace_back(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
        ASSERT_TRUE(test.card->set_event_file(InterruptKind::msi_x, vector, files.back().get()));
    }
    const std::uint32_t control = test.card->capability(pci_config::capability_msi_x) + 2;
    test.card->config_write(control, 2, 0x8000);
    LaneCard::in_lanes(8, [&](unsigned lane) {
        for (std::uint64_t i = 0; i < frames_of_a_lane / 10; ++i) test.write(lane, LaneRegister::message, 2);
    });
    for (unsigned lane = 1; lane <= 8; ++lane) {
        eventfd_t count = 0;
        EXPECT_EQ(::eventfd_read(files[lane].get(), &count), 0);
        EXPECT_EQ(count, frames_of_a_lane / 10 * 2) << lane;
    }
}

TEST(LanesTest, the_line_ends_as_the_last_queue_left_it) {
    const LaneCard test;
    LaneCard::in_lanes(4, [&](unsigned lane) {
        for (std::uint64_t i = 0; i < frames_of_a_lane; ++i) test.write(lane, LaneRegister::line, i % 2);
    });
    constexpr std::uint32_t asserted = 1 << 3;
    EXPECT_EQ(test.card->config_read(pci_config::status, 2) & asserted, asserted);
    test.write(1, LaneRegister::line, 0);
    EXPECT_EQ(test.card->config_read(pci_config::status, 2) & asserted, 0U);
}

TEST(LanesTest, timers_of_queues_wake_the_sleeping_thread) {
    const LaneCard test;
    const auto function = make_function(test.card, "sim:lanes", Running::inside);
    LaneCard::in_lanes(4, [&](unsigned lane) {
        for (std::uint64_t i = 1; i <= 100; ++i) {
            test.write(lane, LaneRegister::timer, i * 100 % 700);
            ASSERT_TRUE(eventually([&] { return test.model.fired[lane] == i; })) << "lane " << lane << ", timer " << i;
        }
    });
    EXPECT_EQ(test.model.violations, 0U);
}

TEST(LanesTest, queues_transfer_at_the_same_time_while_mappings_come_and_go) {
    const LaneCard test;
    std::vector<std::byte> memory(4096 + 64 * 64);
    ASSERT_TRUE(test.card->map(IoAddress{LaneModel::memory_begin}, memory));
    std::atomic<unsigned> busy = 2;
    const std::jthread mapper([&] {
        while (busy != 0) {
            const auto page = std::make_unique<std::array<std::byte, 64>>();
            EXPECT_TRUE(test.card->map(IoAddress{0x900000}, *page));
            EXPECT_TRUE(test.card->unmap(IoAddress{0x900000}, 64));
        }
    });
    LaneCard::in_lanes(2, [&](unsigned lane) {
        for (std::uint64_t i = 0; i < frames_of_a_lane; ++i) test.write(lane, LaneRegister::store, i);
        --busy;
    });
    EXPECT_EQ(test.card->dma_faults(), 0U);
    for (unsigned lane = 1; lane <= 2; ++lane) {
        std::uint64_t stored = 0;
        std::memcpy(&stored, memory.data() + lane * 64, sizeof stored);
        EXPECT_EQ(stored, frames_of_a_lane - 1);
        EXPECT_EQ(test.card->bar_read(0, lane_register(lane, LaneRegister::store), 8), frames_of_a_lane - 1);
    }
}

TEST(LanesTest, memory_is_not_touched_once_it_is_unmapped) {
    const LaneCard test;
    std::atomic<bool> over = false;
    {
        const std::jthread queue([&] {
            while (!over) test.write(3, LaneRegister::store, 1);
        });
        for (int i = 0; i < 200; ++i) {
            // Freed at the end of each round: a late write would be one to freed memory.
            const auto memory = std::make_unique<std::array<std::byte, 4096>>();
            ASSERT_TRUE(test.card->map(IoAddress{LaneModel::memory_begin}, *memory));
            ASSERT_TRUE(test.card->unmap(IoAddress{LaneModel::memory_begin}, memory->size()));
        }
        over = true;
    }
    EXPECT_EQ(test.model.violations, 0U);
}

TEST(LanesTest, queues_that_miss_a_mapping_ask_for_it_one_at_a_time) {
    const LaneCard test;
    std::vector<std::byte> memory(64 * 65);
    unsigned asked = 0;
    test.card->on_dma_miss([&](Iommu& iommu, IoAddress address) {
        ++asked;  // plain: the thread sanitizer checks that nobody else is here
        const std::uint64_t offset = address.value - LaneModel::memory_begin;
        return iommu.map(IoAddress{address.value & ~std::uint64_t{63}}, std::span(memory).subspan(offset, 64))
            .has_value();
    });
    LaneCard::in_lanes(16, [&](unsigned lane) { test.write(lane, LaneRegister::store, lane); });
    EXPECT_EQ(asked, 16U);
    EXPECT_EQ(test.card->dma_faults(), 0U);
}

TEST(LanesTest, failed_transfers_of_all_queues_are_counted_and_reported) {
    const auto reports = std::make_shared<ReportList>();
    const LaneCard test(many_lanes, make_open_end(), CardOptions{.clock = nullptr, .reports = reports});
    LaneCard::in_lanes(4, [&](unsigned lane) {
        for (int i = 0; i < 100; ++i) test.write(lane, LaneRegister::store, 1);
    });
    EXPECT_EQ(test.card->dma_faults(), 400U);
    EXPECT_EQ(reports->count(Misuse::dma_not_mapped), 400U);
    constexpr std::uint32_t master_abort = 1 << 13;
    EXPECT_EQ(test.card->config_read(pci_config::status, 2) & master_abort, master_abort);
}

TEST(LanesTest, memory_faults_are_injected_into_all_queues) {
    faults::Plan plan{.seed = 1, .faults = {{.kind = faults::Kind::double_write_back}}};
    const LaneCard test(many_lanes, make_open_end(), CardOptions{.wrap = wrap_in_faults, .wrap_context = &plan});
    std::vector<std::byte> memory(64 * 65);
    ASSERT_TRUE(test.card->map(IoAddress{LaneModel::memory_begin}, memory));
    // Copies of the write-backs of one queue are repeated by another.
    LaneCard::in_lanes(4, [&](unsigned lane) {
        for (std::uint64_t i = 0; i < 100; ++i) test.write(lane, LaneRegister::store, i);
    });
    EXPECT_EQ(test.model.violations, 0U);
}

TEST(LanesTest, one_lane_does_not_lock_the_world) {
    Lanes one(1);
    EXPECT_EQ(one.in_world([&] { return one.in_world([] { return 7; }); }), 7);  // would wait for itself
}

}  // namespace
}  // namespace ixy::sim::test
