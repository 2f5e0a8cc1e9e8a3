// The card around the chip: the accesses it forwards, DMA, time, frames, resets.
#include <gtest/gtest.h>

#include <ixy/pci/barrier.hpp>

#include "tests/sim/card/test_model.hpp"

namespace ixy::sim::test {
namespace {

using namespace std::chrono_literals;
using Frames = std::vector<std::uint64_t>;

constexpr IoAddress at(std::uint64_t address) { return IoAddress{address}; }

// --- registers ---

TEST(CardTest, accesses_reach_the_chip) {
    const TestCard test;
    for (const unsigned width : {1U, 2U, 4U, 8U}) {
        const std::uint64_t ones = ~std::uint64_t{0} >> (64 - 8 * width);
        test.card->bar_write(0, memory, width, ~std::uint64_t{0});
        EXPECT_EQ(test.card->bar_read(0, memory, width), ones) << width;
        EXPECT_EQ(test.model.writes.back(), ones) << "only the written bytes";
    }
    test.card->bar_write(2, 0x3c, 4, 7);
    EXPECT_EQ(test.model.writes.back(), 7U);
}

TEST(CardTest, nothing_answers_beyond_a_bar_or_at_an_absent_one) {
    const TestCard test;
    const std::size_t before = test.model.writes.size();
    const std::tuple<unsigned, std::uint64_t, unsigned> nowhere[] = {
        {0, 4096, 4}, {0, 4092, 8}, {0, ~std::uint64_t{0} - 1, 4}, {1, 0, 4}, {2, 64, 1}, {2, 0, 8}, {6, 0, 4}};
    for (const auto& [bar, offset, width] : nowhere) {
        EXPECT_EQ(test.card->bar_read(bar, offset, width), ~std::uint64_t{0} >> (64 - 8 * width));
        test.card->bar_write(bar, offset, width, 0);
    }
    EXPECT_EQ(test.model.writes.size(), before);
}

TEST(CardTest, nothing_answers_while_decoding_is_off_or_the_function_sleeps) {
    const TestCard test;
    test.card->config_write(pci_config::command, 2, pci_config::command_io);
    EXPECT_EQ(test.card->bar_read(0, memory, 4), 0xffff'ffffU);
    EXPECT_EQ(test.card->bar_read(2, 0, 4), 0U);
    test.card->config_write(pci_config::command, 2, pci_config::command_memory);
    EXPECT_EQ(test.card->bar_read(0, memory, 4), 0U);
    EXPECT_EQ(test.card->bar_read(2, 0, 4), 0xffff'ffffU);
    test.card->config_write(test.card->capability(pci_config::capability_power_management) + 4, 2, 3);
    EXPECT_EQ(test.card->bar_read(0, memory, 4), 0xffff'ffffU);
}

TEST(CardTest, waking_resets_chip_and_configuration) {  // since No_Soft_Reset is 0
    const TestCard test;
    const unsigned control = test.card->capability(pci_config::capability_power_management) + 4;
    test.card->config_write(pci_config::bar0, 4, 0xfe00'0000);
    test.card->config_write(control, 2, 3);
    EXPECT_EQ(test.model.resets, 0);
    EXPECT_EQ(test.card->config_read(pci_config::bar0, 4), 0xfe00'0000U);
    test.card->config_write(control, 2, 0);
    EXPECT_EQ(test.model.resets, 1);
    EXPECT_EQ(test.card->config_read(control, 2), 0U);
    EXPECT_EQ(test.card->config_read(pci_config::bar0, 4), 0U);
    EXPECT_EQ(test.card->config_read(pci_config::command, 2), 0U);
    test.card->config_write(pci_config::command, 2, 7);
    EXPECT_EQ(test.card->bar_read(0, memory, 4), 0U);
}

TEST(CardTest, the_card_serves_the_message_table_itself) {
    const TestCard test(express_type);
    test.card->bar_write(3, 0, 4, 0xfee0'0000);
    EXPECT_EQ(test.card->bar_read(3, 0, 4), 0xfee0'0000U);
    EXPECT_EQ(test.card->bar_read(3, 12, 4), 1U);
    EXPECT_TRUE(test.model.writes.empty());
    EXPECT_FALSE(test.model.host.messages_enabled());
    test.card->config_write(test.card->capability(pci_config::capability_msi_x) + 2, 2, 0x8000);
    EXPECT_TRUE(test.model.host.messages_enabled());
}

TEST(CardTest, function_level_reset_resets_chip_and_configuration_but_keeps_mappings) {
    const TestCard test(express_type);
    std::vector<std::byte> page(4096);
    ASSERT_TRUE(test.card->map(at(0x1000), page));
    test.write(timer_0, 100);
    test.card->config_write(test.card->capability(pci_config::capability_pci_express) + 8, 2, 0x8000);
    EXPECT_EQ(test.model.resets, 1);
    EXPECT_EQ(test.card->config_read(pci_config::command, 2), 0U);
    EXPECT_FALSE(test.card->next_time()) << "the timer is gone";
    test.card->config_write(pci_config::command, 2, 7);
    EXPECT_TRUE(test.model.host.write(at(0x1000), std::array<std::byte, 1>{}));
    test.card->reset();
    EXPECT_EQ(test.model.resets, 2);
}

// --- DMA ---

class CardDmaTest : public testing::Test {
protected:
    CardDmaTest() {
        for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i + 1);
    }
    bool write_back(std::uint64_t address, std::size_t last) {
        return host.write_back(at(address), std::span(bytes).first(16), last);
    }
    TestCard test;
    Host& host = test.model.host;
    alignas(4096) std::array<std::byte, 8192> pages{};
    std::array<std::byte, 64> bytes;
};

TEST_F(CardDmaTest, reads_and_writes_what_is_mapped) {
    ASSERT_TRUE(test.card->map(at(0x10'0000), pages));
    ASSERT_TRUE(host.write(at(0x10'0ffe), bytes));
    EXPECT_TRUE(std::ranges::equal(std::span(pages).subspan(0xffe, 64), bytes));
    std::array<std::byte, 64> read{};
    ASSERT_TRUE(host.read(at(0x10'0ffe), read));
    EXPECT_EQ(read, bytes);
    EXPECT_TRUE(host.read(at(0), {})) << "reading no bytes always succeeds";
    EXPECT_EQ(test.reports->text(), "");
}

TEST_F(CardDmaTest, continues_in_the_adjacent_mapping) {
    const auto first = std::span(pages).first(4096), second = std::span(pages).last(4096);
    ASSERT_TRUE(test.card->map(at(0x1000), second));
    ASSERT_TRUE(test.card->map(at(0x2000), first));
    ASSERT_TRUE(host.write(at(0x1ff0), bytes));
    EXPECT_TRUE(std::ranges::equal(second.last(16), std::span(bytes).first(16)));
    EXPECT_TRUE(std::ranges::equal(first.first(48), std::span(bytes).last(48)));
    std::array<std::byte, 64> read{};
    ASSERT_TRUE(host.read(at(0x1ff0), read));
    EXPECT_EQ(read, bytes);
    for (const std::size_t last : {0U, 4U, 8U, 12U}) {
        for (const std::uint64_t address : {0x1ff4U, 0x1ff8U, 0x1ffcU, 0x1ffeU}) {  // the last one misaligned
            pages.fill({});
            ASSERT_TRUE(write_back(address, last));
            ASSERT_TRUE(host.read(at(address), std::span(read).first(16)));
            EXPECT_TRUE(std::ranges::equal(std::span(read).first(16), std::span(bytes).first(16)));
        }
    }
}

TEST_F(CardDmaTest, write_back_writes_everything) {
    ASSERT_TRUE(test.card->map(at(0x1000), pages));
    for (const std::size_t last : {0U, 4U, 8U, 12U}) {
        pages.fill({});
        ASSERT_TRUE(write_back(0x1010, last));
        EXPECT_TRUE(std::ranges::equal(std::span(pages).subspan(16, 16), std::span(bytes).first(16)));
        EXPECT_EQ(pages[15], std::byte{0});
        EXPECT_EQ(pages[32], std::byte{0});
    }
}

TEST_F(CardDmaTest, unmapped_memory_is_reported_and_nothing_is_done_partially) {
    ASSERT_TRUE(test.card->map(at(0x1000), std::span(pages).first(4096)));
    EXPECT_FALSE(host.write(at(0x1fc1), bytes));
    EXPECT_TRUE(std::ranges::all_of(pages, [](std::byte byte) { return byte == std::byte{0}; }));
    std::array<std::byte, 64> read = bytes;
    EXPECT_FALSE(host.read(at(0x1fc1), read));
    EXPECT_TRUE(std::ranges::all_of(read, [](std::byte byte) { return byte == std::byte{0}; }));
    EXPECT_FALSE(write_back(0x1ff1, 12));
    EXPECT_EQ(test.card->dma_faults(), 3U);
    EXPECT_EQ(test.reports->count(Misuse::dma_not_mapped), 3U);
    EXPECT_NE(test.reports->text().find("64 bytes at 0x1fc1"), std::string::npos) << test.reports->text();
    EXPECT_NE(test.card->config_read(pci_config::status, 2) & 0x2000, 0U) << "a master abort";
}

TEST_F(CardDmaTest, accesses_do_not_wrap_around_to_address_0) {
    constexpr std::uint64_t last_page = ~std::uint64_t{0xfff};
    ASSERT_TRUE(test.card->map(at(last_page), std::span(pages).first(4096)));
    ASSERT_TRUE(test.card->map(at(0), std::span(pages).last(4096)));
    EXPECT_FALSE(host.write(at(last_page + 4096 - 63), bytes));
    EXPECT_EQ(test.reports->count(Misuse::dma_not_mapped), 1U);
    EXPECT_TRUE(host.write(at(last_page + 4096 - 64), bytes));
}

TEST_F(CardDmaTest, the_last_bytes_may_span_two_mappings) {
    constexpr std::uint64_t last_page = ~std::uint64_t{0xfff};
    ASSERT_TRUE(test.card->map(at(last_page), std::span(pages).first(4064)));
    ASSERT_TRUE(test.card->map(at(last_page + 4064), std::span(pages).last(32)));
    EXPECT_TRUE(host.write(at(last_page + 4096 - 64), bytes));
}

TEST_F(CardDmaTest, directions_are_enforced) {
    ASSERT_TRUE(test.card->map(at(0x1000), pages, Iommu::Access::read));
    EXPECT_TRUE(host.read(at(0x1000), bytes));
    EXPECT_FALSE(host.write(at(0x1000), bytes));
    EXPECT_EQ(test.reports->count(Misuse::dma_not_mapped), 1U);
}

TEST_F(CardDmaTest, nothing_moves_while_bus_mastering_is_off) {
    ASSERT_TRUE(test.card->map(at(0x1000), pages));
    test.card->config_write(pci_config::command, 2, 0x3);
    EXPECT_FALSE(host.write(at(0x1000), bytes));
    EXPECT_FALSE(host.read(at(0x1000), bytes));
    EXPECT_EQ(bytes[0], std::byte{0});
    EXPECT_EQ(test.reports->count(Misuse::dma_without_mastering), 2U);
    EXPECT_EQ(test.card->dma_faults(), 2U);
}

TEST_F(CardDmaTest, unmapped_memory_is_out_of_reach) {
    ASSERT_TRUE(test.card->map(at(0x1000), pages));
    EXPECT_TRUE(host.write(at(0x1000), bytes));
    ASSERT_TRUE(test.card->unmap(at(0x1000), pages.size()));
    EXPECT_FALSE(host.write(at(0x1000), bytes));
    ASSERT_TRUE(test.card->map(at(0x1000), pages));
    test.card->unmap_all();
    EXPECT_FALSE(host.write(at(0x1000), bytes));
}

/// Counts accesses, and loses every second write.
class LossyHost final : public Host {
public:
    explicit LossyHost(Host& inner) : inner_(inner) {}
    bool read(IoAddress from, std::span<std::byte> to) override { return inner_.read(from, to); }
    bool write(IoAddress to, std::span<const std::byte> from) override {
        return ++writes_ % 2 == 0 || inner_.write(to, from);
    }
    bool write_back(IoAddress to, std::span<const std::byte> from, std::size_t last) override {
        return inner_.write_back(to, from, last);
    }
    void set_interrupt(bool asserted) override { inner_.set_interrupt(asserted); }
    bool messages_enabled() const override { return inner_.messages_enabled(); }
    void send_message(unsigned vector) override { inner_.send_message(vector); }
    void send(std::span<const std::byte> frame) override { inner_.send(frame); }
    Time now() const override { return inner_.now(); }
    void schedule(unsigned timer, std::optional<Time> when) override { inner_.schedule(timer, when); }
    void report(Misuse kind, std::string text) override { inner_.report(kind, std::move(text)); }

private:
    Host& inner_;
    int writes_ = 0;
};

TEST(CardTest, the_chip_can_be_given_a_wrapped_host) {
    const auto wrap = [](Host& host, void*) -> std::unique_ptr<Host> { return std::make_unique<LossyHost>(host); };
    Card card(plain_type, make_open_end(), {.clock = std::make_shared<SteppedClock>(), .wrap = wrap});
    card.config_write(pci_config::command, 2, 7);
    std::vector<std::byte> page(4096);
    ASSERT_TRUE(card.map(at(0x1000), page));
    Host& host = TestModel::latest->host;
    EXPECT_TRUE(host.write(at(0x1000), std::array{std::byte{1}}));
    EXPECT_TRUE(host.write(at(0x1000), std::array{std::byte{2}}));
    EXPECT_EQ(page[0], std::byte{1});
}

// --- time ---

TEST(CardTimeTest, timers_fire_in_order_and_on_time) {
    const auto clock = std::make_shared<SteppedClock>();
    const TestCard test(plain_type, make_open_end(), clock);
    for (const std::uint64_t offset : {16U, 0U, 8U}) test.card->bar_write(0, timer_0 + offset, 8, 100 + offset);
    EXPECT_EQ(test.card->next_time(), Time(100));
    clock->pass(99ns);
    EXPECT_TRUE(test.model.fired.empty());
    clock->pass(1us);
    const std::vector<TestModel::Firing> expected = {{0, Time(100)}, {1, Time(108)}, {2, Time(116)}};
    EXPECT_EQ(test.model.fired, expected) << "each at its own time, although time advanced in one step";
    EXPECT_FALSE(test.card->next_time());
}

TEST(CardTimeTest, a_timer_has_one_deadline) {
    const auto clock = std::make_shared<SteppedClock>();
    const TestCard test(plain_type, make_open_end(), clock);
    test.write(timer_0, 100);
    test.write(timer_0, 300);
    clock->pass(200ns);
    EXPECT_TRUE(test.model.fired.empty());
    clock->pass(100ns);
    EXPECT_EQ(test.model.fired.size(), 1U);
    test.write(timer_0, 100);
    test.model.host.schedule(0, std::nullopt);
    clock->pass(1us);
    EXPECT_EQ(test.model.fired.size(), 1U);
}

TEST(CardTimeTest, a_stepped_clock_saturates_and_does_not_wrap) {
    const auto clock = std::make_shared<SteppedClock>();
    const TestCard test(plain_type, make_open_end(), clock);
    clock->pass(1s);
    clock->pass(Time::max());
    const Time end = clock->now();
    EXPECT_GT(end, std::chrono::years(100));
    test.write(timer_0, 100);
    clock->pass(Time::max());
    EXPECT_EQ(clock->now(), end);
    EXPECT_EQ(test.card->next_time(), end + Time(100)) << "times past the end are still representable";
}

TEST(CardTimeTest, a_timer_may_rearm_itself) {
    const auto clock = std::make_shared<SteppedClock>();
    const TestCard test(plain_type, make_open_end(), clock);
    test.model.repeat = 10ns;
    test.write(timer_0, 10);
    clock->pass(100ns);
    EXPECT_EQ(test.model.fired.size(), 10U);
    EXPECT_EQ(test.model.fired.back().when, Time(100));
}

TEST(CardTimeTest, cards_on_one_clock_are_served_in_time_order) {
    const auto clock = std::make_shared<SteppedClock>();
    const TestCard one(plain_type, make_open_end(), clock);
    const TestCard two(plain_type, make_open_end(), clock);
    one.write(timer_0, 50);
    two.write(timer_0, 20);
    clock->pass(1us);
    EXPECT_EQ(one.model.fired, (std::vector<TestModel::Firing>{{0, Time(50)}}));
    EXPECT_EQ(two.model.fired, (std::vector<TestModel::Firing>{{0, Time(20)}}));
    EXPECT_EQ(clock->now(), 1us);
}

TEST(CardTimeTest, real_timers_are_due_when_real_time_has_passed) {
    const TestCard test(plain_type, make_open_end(), RealClock::shared());
    test.write(timer_0, 200'000);
    const auto due = test.card->next_time();
    ASSERT_TRUE(due);
    test.card->service();
    EXPECT_TRUE(test.model.fired.empty() || RealClock::shared()->now() >= *due);
    RealClock::shared()->pass(300us);
    test.card->service();
    ASSERT_EQ(test.model.fired.size(), 1U);
    EXPECT_GE(test.model.fired[0].when, *due);
}

TEST(CardTimeTest, sleepers_are_told_of_earlier_deadlines) {
    const TestCard test;
    int woken = 0;
    test.card->on_earlier([&] { ++woken; });
    test.write(timer_0, 1000);
    EXPECT_EQ(woken, 1);
    test.write(memory, 0);
    test.card->bar_write(0, timer_0 + 8, 8, 2000);
    EXPECT_EQ(woken, 1) << "later than the known deadline";
    test.card->bar_write(0, timer_0 + 16, 8, 500);
    EXPECT_EQ(woken, 2);
    test.card->on_earlier(nullptr);
    test.card->bar_write(0, timer_0, 8, 1);
    EXPECT_EQ(woken, 2);
}

// --- frames ---

TEST(CardWireTest, frames_cross_a_cable_within_the_register_write) {
    const TestCard one(plain_type, open_wire("cross").value());
    const TestCard two(plain_type, open_wire("cross").value());
    one.write(send, 7);
    EXPECT_EQ(two.model.frames, (Frames{7}));
    EXPECT_EQ(two.read(received), 1U);
    two.write(send, 8);
    EXPECT_EQ(one.model.frames, (Frames{8}));
}

TEST(CardWireTest, cards_that_answer_each_other_take_turns) {
    const TestCard one(plain_type, open_wire("answers").value());
    const TestCard two(plain_type, open_wire("answers").value());
    one.model.echoes = two.model.echoes = true;
    one.write(send, 50'000);  // would overflow the stack if each answer were sent from within the request
    EXPECT_EQ(one.model.frames.size() + two.model.frames.size(), 50'001U);
    EXPECT_EQ(two.model.frames.back(), 0U);
}

TEST(CardWireTest, loop_returns_sent_frames) {
    const TestCard test(plain_type, open_wire("loop").value());
    test.write(send, 3);
    EXPECT_EQ(test.model.frames, (Frames{3}));
}

TEST(CardWireTest, nothing_passes_while_the_cable_is_pulled_out) {
    const TestCard one(plain_type, open_wire("pulled").value());
    const TestCard two(plain_type, open_wire("pulled").value());
    EXPECT_TRUE(one.model.cable);
    one.card->set_cable(false);
    EXPECT_FALSE(one.model.cable);
    one.write(send, 1);
    two.write(send, 2);
    one.card->set_cable(true);
    one.write(send, 3);
    two.write(send, 4);
    EXPECT_EQ(two.model.frames, (Frames{3}));
    EXPECT_EQ(one.model.frames, (Frames{4}));
}

TEST(CardWireTest, delayed_frames_arrive_on_time) {
    const auto clock = std::make_shared<SteppedClock>();
    const TestCard one(plain_type, open_wire("delayed", {.delay = 10us}).value(), clock);
    const TestCard two(plain_type, open_wire("delayed").value(), clock);
    one.write(send, 1);
    clock->pass(9us);
    EXPECT_TRUE(two.model.frames.empty());
    one.write(send, 2);
    clock->pass(1us);
    EXPECT_EQ(two.model.frames, (Frames{1}));
    clock->pass(1ms);
    EXPECT_EQ(two.model.frames, (Frames{1, 2}));
}

/// A card with `count` frames waiting on its wire.
struct QueueCard {
    explicit QueueCard(std::size_t count, int watched = -1) {
        auto owned = std::make_unique<QueueWire>();
        wire = owned.get();
        for (std::size_t i = 0; i < count; ++i) wire->numbers.push_back(i);
        wire->watched = watched;
        test.emplace(plain_type, std::move(owned));
    }
    QueueWire* wire;
    std::optional<TestCard> test;
};

TEST(CardWireTest, frames_wait_on_the_wire_until_the_card_has_room) {
    QueueCard queue(300, 42);
    queue.test->model.room = 100;
    EXPECT_EQ(queue.test->card->wire_file(), 42);
    queue.test->card->service();
    EXPECT_EQ(queue.test->model.frames.size(), 100U);
    EXPECT_EQ(queue.test->card->wire_file(), -1) << "watching it would be useless";
    queue.test->model.room = 250;
    queue.test->write(memory, 1);
    EXPECT_EQ(queue.test->model.frames.size(), 250U) << "offered again after a write";
    int woken = 0;
    queue.test->card->on_earlier([&] { ++woken; });
    queue.test->model.room = 1000;
    queue.test->write(memory, 1);
    EXPECT_EQ(queue.test->model.frames.size(), 300U);
    EXPECT_EQ(queue.test->card->wire_file(), 42);
    EXPECT_GE(woken, 1) << "the watcher of the file must watch it again";
    EXPECT_TRUE(std::ranges::is_sorted(queue.test->model.frames));
}

TEST(CardWireTest, one_service_call_is_bounded_if_another_can_continue) {
    QueueCard queue(100'000);
    bool woken = false;
    queue.test->card->on_earlier([&] { woken = true; });
    queue.test->card->service();
    EXPECT_LT(queue.test->model.frames.size(), 5000U);
    EXPECT_TRUE(woken);
    for (int i = 0; i < 1000 && queue.test->card->next_time(); ++i) queue.test->card->service();
    EXPECT_EQ(queue.test->model.frames.size(), 100'000U);
    EXPECT_TRUE(std::ranges::is_sorted(queue.test->model.frames));
}

TEST(CardWireTest, one_service_call_does_everything_if_none_would_follow) {
    QueueCard queue(100'000);
    queue.test->card->service();
    EXPECT_EQ(queue.test->model.frames.size(), 100'000U);
}

}  // namespace
}  // namespace ixy::sim::test
