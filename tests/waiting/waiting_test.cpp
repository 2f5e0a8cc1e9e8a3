// Sleeping until a card interrupts: no wake-up is lost, whatever is waited for and whoever waits.
#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include <atomic>
#include <csignal>
#include <cstring>
#include <thread>

#include <ixy/core/batch.hpp>
#include <ixy/nic/device.hpp>
#include <ixy/nic/wait_set.hpp>
#include <ixy/nic/waiter.hpp>
#include <ixy/pci/wrapped.hpp>
#include <ixy/sim/function.hpp>

namespace ixy::test {
namespace {

using namespace std::chrono_literals;

constexpr DeviceOptions small{.rx_ring_size = 64, .tx_ring_size = 64, .pool_packets = 512};
constexpr auto plenty = 20s;  // for what happens at once

/// A function that can interrupt in one way only, or not at all.
class OneKind final : public WrappedFunction {
public:
    OneKind(std::unique_ptr<PciFunction> inner, std::optional<InterruptKind> kind)
        : WrappedFunction(std::move(inner)), kind_(kind) {}
    Expected<std::vector<Interrupt>> enable_interrupts(InterruptKind kind, std::size_t count) override {
        ++asked;
        return kind == kind_ ? WrappedFunction::enable_interrupts(kind, count)
                             : PciFunction::enable_interrupts(kind, count);
    }
    unsigned asked = 0;

private:
    std::optional<InterruptKind> kind_;
};

Device open_card(const std::string& address, std::optional<InterruptKind> kind = InterruptKind::msi) {
    sim::add_scheme();
    auto function = std::make_unique<OneKind>(open_pci_function(address).value(), kind);
    return Device::open(std::move(function), small).value();
}

/// A card that can interrupt in that way.
std::string card_for(InterruptKind kind) { return kind == InterruptKind::msi_x ? "sim:82574l" : "sim:82540em"; }

/// Two cards on one cable inside this process: what one sends, the other receives at once, in the sender's thread.
class Waiting : public testing::TestWithParam<InterruptKind> {
protected:
    void send(Device& from, std::size_t count = 1) {
        Batch<16> batch;
        ASSERT_EQ(batch.allocate(*frames, count), count);
        for (Packet& packet : batch) {
            packet.set_length(60);
            std::memset(packet.start(), 0xff, 60);
        }
        while (!batch.empty()) from.tx_queue(0).send(batch);
    }
    std::size_t receive(Device& at) {
        Batch<16> batch;
        return at.rx_queue(0).receive(batch);
    }

    Device here = open_card(card_for(GetParam()) + ",wire=w", GetParam());
    Device there = open_card("sim:82545em,wire=w", GetParam());
    std::shared_ptr<Mempool> frames = there.create_pool().value();
    RxQueue& queue = here.rx_queue(0);
};

INSTANTIATE_TEST_SUITE_P(Interrupts, Waiting,
                         testing::Values(InterruptKind::legacy, InterruptKind::msi, InterruptKind::msi_x),
                         [](const auto& kind) {
                             if (kind.param == InterruptKind::msi_x) return "msi_x";
                             return kind.param == InterruptKind::msi ? "msi" : "intx";
                         });

TEST_P(Waiting, returns_at_once_when_something_has_arrived) {
    send(there);
    EXPECT_TRUE(queue.wait(plenty).value());
    EXPECT_TRUE(queue.wait(0s).value()) << "waiting takes nothing out";
    EXPECT_EQ(receive(here), 1U);
    EXPECT_FALSE(queue.wait(0s).value());
}

TEST_P(Waiting, ends_when_its_time_is_over) {
    const auto start = std::chrono::steady_clock::now();
    EXPECT_FALSE(queue.wait(20ms).value());
    EXPECT_GE(std::chrono::steady_clock::now() - start, 20ms);
    EXPECT_FALSE(queue.wait(-1s).value());
}

TEST_P(Waiting, arrival_wakes_a_sleeping_thread) {
    for (int i = 0; i < 10; ++i) {
        std::jthread sender([this] {
            std::this_thread::sleep_for(1ms);
            send(there, 3);
        });
        ASSERT_TRUE(queue.wait(plenty).value());
        sender.join();
        EXPECT_EQ(receive(here), 3U);
    }
}

TEST_P(Waiting, frames_that_were_polled_do_not_end_the_next_wait) {
    ASSERT_FALSE(queue.wait(0s).value());
    send(there, 3);
    EXPECT_EQ(receive(here), 3U);
    EXPECT_FALSE(queue.wait(1ms).value());
}

// Each frame is sent only once the previous one was received, at a moment when the receiver may be anywhere between its
// last look and its sleep. One lost wake-up, and neither moves again.
TEST_P(Waiting, no_wake_up_is_lost_in_100000_sleeps) {
#ifdef __SANITIZE_THREAD__
    constexpr std::uint32_t rounds = 20'000;  // slower by far
#else
    constexpr std::uint32_t rounds = 100'000;
#endif
    std::atomic<std::uint32_t> received = 0;
    std::jthread sender([&] {
        for (std::uint32_t sent = 0; sent < rounds; ++sent) {
            while (received.load(std::memory_order_acquire) < sent) {
                if ((sent & 3) != 0) std::this_thread::yield();
            }
            for (std::atomic<std::uint32_t> delay = 0; delay < sent % 512; ++delay) continue;
            send(there);
        }
    });
    for (std::uint32_t count = 0; count < rounds;) {
        const auto woken = queue.wait(plenty);
        ASSERT_TRUE(woken.has_value()) << woken.error().text();
        EXPECT_TRUE(*woken) << "asleep after " << count << " frames";
        const std::size_t got = receive(here);
        EXPECT_LE(got, 1U);
        received.store(count += static_cast<std::uint32_t>(got), std::memory_order_release);
    }
}

TEST_P(Waiting, link_change_wakes) {
    sim::Card& card = *sim::find_card(here.pci_function());
    EventSource& link = here.link_changes();
    EXPECT_FALSE(link.wait(0s).value());
    for (const bool up : {false, true, false}) {
        std::jthread hand([&] {
            std::this_thread::sleep_for(1ms);
            card.set_cable(up);
        });
        EXPECT_TRUE(link.wait(plenty).value());
        hand.join();
        EXPECT_EQ(here.link().up, up);
        EXPECT_FALSE(link.wait(0s).value());
    }
    card.set_cable(true);
    EXPECT_TRUE(link.wait(plenty).value()) << "a change between two waits";
}

TEST_P(Waiting, link_that_goes_down_and_up_between_two_waits_ends_the_second) {
    sim::Card& card = *sim::find_card(here.pci_function());
    EventSource& link = here.link_changes();
    EXPECT_FALSE(link.wait(1ms).value());
    card.set_cable(false);
    card.set_cable(true);
    while (!here.link().up) std::this_thread::yield();
    EXPECT_TRUE(link.wait(plenty).value());
    while (link.wait(50ms).value()) EXPECT_TRUE(here.link().up);  // the last messages come late
}

TEST_P(Waiting, queue_and_link_wake_their_own_threads) {
    constexpr std::uint32_t rounds = 2'000;
    sim::Card& card = *sim::find_card(here.pci_function());
    ASSERT_TRUE(here.link_changes().event_file());
    ASSERT_TRUE(queue.arrivals().event_file());
    std::atomic<std::uint32_t> received = 0;
    std::atomic<bool> seen_up = true;
    std::atomic<bool> end = false;
    std::jthread watch([&] {
        while (!end) {
            (void)here.link_changes().wait(plenty);
            seen_up = here.link().up;
        }
    });
    std::jthread receiver([&] {
        while (received < rounds) {
            (void)queue.wait(plenty);
            received += static_cast<std::uint32_t>(receive(here));
        }
    });
    for (std::uint32_t sent = 0; sent < rounds; ++sent) {
        while (received < sent) std::this_thread::yield();
        if (sent % 16 == 7) {  // the cable is out for a moment while no frame is on it
            card.set_cable(false);
            while (seen_up) std::this_thread::yield();
            card.set_cable(true);
            while (!seen_up) std::this_thread::yield();
        }
        send(there);
    }
    receiver.join();
    end = true;
    card.set_cable(false);
    watch.join();
}

TEST_P(Waiting, signal_ends_a_wait_early) {
    struct sigaction action{}, before{};
    action.sa_handler = [](int) {};
    sigaction(SIGUSR2, &action, &before);
    const pthread_t self = pthread_self();
    std::atomic<bool> over = false;
    std::jthread other([&] {
        while (!over) {
            pthread_kill(self, SIGUSR2);
            std::this_thread::sleep_for(1ms);
        }
    });
    EXPECT_FALSE(queue.wait(forever).value());
    over = true;
    other.join();
    sigaction(SIGUSR2, &before, nullptr);
}

TEST_P(Waiting, two_queues_of_two_cards_and_a_file_are_waited_for_together) {
    Device third = open_card(card_for(GetParam()) + ",wire=x", GetParam());
    Device fourth = open_card(card_for(GetParam()) + ",wire=x", GetParam());
    WaitSet set = WaitSet::create().value();
    ASSERT_TRUE(set.add(queue.arrivals()));
    ASSERT_TRUE(set.add(third.rx_queue(0).arrivals()));
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    ASSERT_TRUE(set.add_file(ends[0]));
    EXPECT_FALSE(set.wait(1ms).value());
    for (int i = 0; i < 6; ++i) {
        std::jthread other([&] {
            std::this_thread::sleep_for(1ms);
            if (i % 3 == 0) send(there);
            if (i % 3 == 1) send(fourth);
            if (i % 3 == 2) {
                EXPECT_EQ(::write(ends[1], "x", 1), 1);
            }
        });
        EXPECT_TRUE(set.wait(plenty).value());
        other.join();
        EXPECT_EQ(receive(here), i % 3 == 0);
        EXPECT_EQ(receive(third), i % 3 == 1);
        char byte;
        if (i % 3 == 2) {
            EXPECT_EQ(::read(ends[0], &byte, 1), 1);
        }
    }
    for (const int end : ends) ::close(end);
}

TEST(WaitingForQueues, frames_wake_only_the_queue_that_they_go_to) {
    sim::add_scheme();
    DeviceOptions options = small;
    options.rx_queues = options.tx_queues = 2;
    options.rss.table = {1};  // every flow
    Device here = Device::open("sim:82574l,wire=q", options).value();
    Device there = Device::open("sim:82540em,wire=q", small).value();
    const auto frames = there.create_pool().value();
    ASSERT_FALSE(here.rx_queue(0).wait(0s).value());
    ASSERT_FALSE(here.rx_queue(1).wait(0s).value());
    const auto send = [&](std::uint16_t type) {
        Batch<1> batch;
        ASSERT_EQ(batch.allocate(*frames, 1), 1U);
        batch[0].set_length(60);
        std::memset(batch[0].start(), 0, 60);
        std::byte* const frame = batch[0].start();
        frame[12] = static_cast<std::byte>(type >> 8);
        frame[13] = static_cast<std::byte>(type);
        frame[14] = std::byte{0x45};
        frame[17] = std::byte{46};
        while (!batch.empty()) there.tx_queue(0).send(batch);
    };
    for (const auto& [type, hit, other] :
         {std::tuple(0x0800, 1U, 0U), std::tuple(0x88b5, 0U, 1U)}) {  // IPv4, and no hash
        send(static_cast<std::uint16_t>(type));
        EXPECT_TRUE(here.rx_queue(hit).wait(plenty).value()) << type;
        EXPECT_FALSE(here.rx_queue(other).wait(1ms).value()) << type;
        Batch<4> batch;
        EXPECT_EQ(here.rx_queue(hit).receive(batch), 1U);
    }
}

TEST_P(Waiting, unwanted_events_do_not_end_a_wait) {
    WaitSet set = WaitSet::create().value();
    bool wanted = false;
    ASSERT_TRUE(set.add(queue.arrivals(), [&] { return wanted; }));
    send(there);
    EXPECT_FALSE(set.wait(1ms).value());
    wanted = true;
    EXPECT_TRUE(set.wait(plenty).value());
}

TEST_P(Waiting, a_programs_own_event_loop_can_wait) {
    constexpr std::uint32_t rounds = 1'000;
    const int loop = ::epoll_create1(EPOLL_CLOEXEC);
    EventSource& arrivals = queue.arrivals();
    epoll_event event{.events = EPOLLIN, .data = {}};
    ASSERT_EQ(::epoll_ctl(loop, EPOLL_CTL_ADD, arrivals.event_file().value(), &event), 0);
    std::atomic<std::uint32_t> received = 0;
    std::jthread sender([&] {
        for (std::uint32_t sent = 0; sent < rounds; ++sent) {
            while (received < sent) std::this_thread::yield();
            send(there);
        }
    });
    while (received < rounds) {
        ASSERT_TRUE(arrivals.arm());
        if (!arrivals.is_ready()) {
            ASSERT_EQ(::epoll_wait(loop, &event, 1, -1), 1);
        }
        arrivals.acknowledge();
        EXPECT_EQ(::epoll_wait(loop, &event, 1, 0), 0) << "the event file is quiet";
        received += static_cast<std::uint32_t>(receive(here));
    }
    ::close(loop);
}

TEST_P(Waiting, an_idle_waiter_takes_no_processor_time_and_a_busy_one_never_sleeps) {
    Waiter waiter = Waiter::create(WaitMode::adaptive, {{&queue.arrivals()}}).value();
    for (std::uint32_t i = 0; i < 10 * Waiter::patience; ++i) EXPECT_FALSE(waiter.should_rest(i % 2 == 0));
    std::jthread sender([this] {
        std::this_thread::sleep_for(300ms);
        send(there);
    });
    rusage before{}, after{};
    ::getrusage(RUSAGE_THREAD, &before);
    while (receive(here) == 0) ASSERT_TRUE(waiter.rest_unless(false));
    ::getrusage(RUSAGE_THREAD, &after);
    const auto used = [](const timeval& time) { return 1s * time.tv_sec + 1us * time.tv_usec; };
    EXPECT_LT(used(after.ru_utime) - used(before.ru_utime) + used(after.ru_stime) - used(before.ru_stime), 15ms);
}

TEST_P(Waiting, interrupt_mode_rests_after_one_round_and_poll_mode_needs_no_interrupts) {
    Waiter eager = Waiter::create(WaitMode::interrupt, {{&queue.arrivals()}}).value();
    EXPECT_FALSE(eager.should_rest(true));
    EXPECT_TRUE(eager.should_rest(false));
    Waiter poller = Waiter::create(WaitMode::poll, {{&EventSource::none()}}).value();
    for (std::uint32_t i = 0; i < 3 * Waiter::patience; ++i) EXPECT_TRUE(poller.rest_unless(false));
}

TEST_P(Waiting, interrupts_are_enabled_only_when_asked_for) {
    auto& function = dynamic_cast<OneKind&>(*here.pci_function());
    EXPECT_EQ(function.asked, 0U);
    send(there);
    EXPECT_EQ(receive(here), 1U);
    EXPECT_EQ(function.asked, 0U);
    EXPECT_FALSE(queue.wait(0s).value());
    EXPECT_NE(function.asked, 0U);
}

/// The cards run in threads of their own: writes are posted, as on a real bus, and arrive when the driver is already
/// looking, or asleep.
TEST(WaitingForPostedWrites, no_wake_up_is_lost) {
    constexpr std::uint32_t rounds = 5'000;
    Device here = open_card("sim:82540em,wire=w,thread=yes", InterruptKind::legacy);
    Device there = open_card("sim:82540em,wire=w,thread=yes");
    const auto frames = there.create_pool().value();
    std::atomic<std::uint32_t> received = 0;
    std::jthread sender([&] {
        for (std::uint32_t sent = 0; sent < rounds; ++sent) {
            while (received < sent) std::this_thread::yield();
            Batch<1> batch;
            ASSERT_EQ(batch.allocate(*frames, 1), 1U);
            batch[0].set_length(60);
            while (!batch.empty()) there.tx_queue(0).send(batch);
        }
    });
    Batch<1> batch;
    while (received < rounds) {
        ASSERT_TRUE(here.rx_queue(0).wait(plenty).value()) << "asleep after " << received << " frames";
        received += static_cast<std::uint32_t>(here.rx_queue(0).receive(batch));
    }
}

TEST(WaitingWithoutInterrupts, is_refused_with_a_next_step) {
    Device device = open_card("sim:82540em,wire=loop", std::nullopt);
    const auto refused = device.rx_queue(0).wait(1ms);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::unsupported);
    EXPECT_NE(refused.error().next.find("poll it"), std::string::npos) << refused.error().text();
    EXPECT_FALSE(device.link_changes().wait(1ms));
    for (const WaitMode mode : {WaitMode::interrupt, WaitMode::adaptive}) {
        EXPECT_EQ(Waiter::create(mode, {{&device.rx_queue(0).arrivals()}}).error().kind, ErrorKind::unsupported);
    }
    EXPECT_FALSE(EventSource::none().wait(1ms));
    EXPECT_FALSE(EventSource::none().arm());
}

TEST(WaitingForBuffers, a_ring_without_buffers_never_sleeps) {
    sim::add_scheme();
    Device device = Device::open("sim:82540em,wire=loop", {.rx_ring_size = 64, .pool_packets = 64}).value();
    std::vector<Packet*> all(64);
    all.resize(device.pool()->allocate(all));
    Batch<64> batch;
    const auto frames = device.create_pool().value();
    Batch<64> out;
    ASSERT_EQ(out.allocate(*frames, 64), 64U);
    for (Packet& packet : out) packet.set_length(60);
    while (!out.empty()) device.tx_queue(0).send(out);
    ASSERT_TRUE(device.rx_queue(0).wait(plenty).value());
    while (device.rx_queue(0).receive(batch) == 0) continue;
    EXPECT_TRUE(device.rx_queue(0).wait(0s).value()) << "only receive() can fill it again";
    free_packets(all);
}

/// Busy until told otherwise.
class BusyWire final : public sim::Wire {
public:
    void send(std::span<const std::byte>, sim::Time) override {}
    std::optional<sim::WireFrame> receive(sim::Time) override { return std::nullopt; }
    bool has_room(sim::Time) const override { return !busy; }
    std::atomic<bool> busy = true;
};

class WaitingForRoom : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Card, WaitingForRoom, testing::Values("82540em", "82574l"),
                         [](const auto& type) { return std::string("of_") + type.param; });

TEST_P(WaitingForRoom, ends_when_a_full_transmit_ring_has_been_sent) {
    auto& wire = *new BusyWire;  // the card's
    const auto card = std::make_shared<sim::Card>(*sim::find_card_type(GetParam()), std::unique_ptr<sim::Wire>(&wire));
    Device device = Device::open(make_function(card, "sim:82540em", sim::Running::manual), small).value();
    const auto frames = device.create_pool().value();
    TxQueue& queue = device.tx_queue(0);
    EXPECT_TRUE(queue.room().wait(0s).value()) << "an empty ring has room";
    Batch<16> batch;
    while (batch.empty()) {
        ASSERT_EQ(batch.allocate(*frames, 16), 16U);
        for (Packet& packet : batch) packet.set_length(60);
        queue.send(batch);
    }
    EXPECT_FALSE(queue.room().wait(1ms).value());
    std::jthread other([&] {
        std::this_thread::sleep_for(1ms);
        wire.busy = false;
        card->service();
    });
    EXPECT_TRUE(queue.room().wait(plenty).value());
    EXPECT_NE(queue.send(batch), 0U);
}

}  // namespace
}  // namespace ixy::test
