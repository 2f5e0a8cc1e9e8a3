// Each queue in a thread of its own, all at the same time: for the thread sanitizer, and for what only threads show.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "tests/support/rss_vectors.hpp"

#include <ixy/core/batch.hpp>
#include <ixy/nic/device.hpp>
#include <ixy/sim/function.hpp>

namespace ixy::test {
namespace {

using namespace std::chrono_literals;

constexpr unsigned frames_each = 2'000;
constexpr auto moment = 20ms;  // after which a thread that waits looks whether it is over

class QueueThreads : public testing::TestWithParam<const char*> {
protected:
    /// Sends frames for both queues of the other card, in turns.
    void send(Device& device, std::size_t queue, const std::shared_ptr<Mempool>& pool) {
        TxQueue tx = std::move(device.tx_queue(queue));
        Batch<8> batch;
        for (unsigned sent = 0; sent < frames_each && !failed_;) {
            while (!batch.full() && sent + batch.size() < frames_each) {
                Packet* const packet = make_packet(*pool, samples_[(sent + batch.size()) % 2]);
                if (packet == nullptr) break;
                batch.push(packet);
            }
            const std::size_t taken = tx.send(batch);
            sent += static_cast<unsigned>(taken);
            if (taken == 0 && !tx.room().wait(moment)) failed_ = true;
        }
        sent_ += frames_each;
    }
    /// Receives until everything that was sent has come or was lost; sleeps in between.
    void receive(Device& device, std::size_t queue) {
        RxQueue rx = std::move(device.rx_queue(queue));
        Batch<8> batch;
        while (!over_ && !failed_) {
            if (rx.receive(batch) != 0) {
                for (const Packet& packet : batch)
                    if (queue_of(bytes_of(packet)) != queue) failed_ = true;
                received_ += static_cast<unsigned>(batch.size());
            } else if (!rx.wait(moment)) {
                failed_ = true;
            }
        }
    }

    const std::array<Frame, 2> samples_{frame_for(0, 1), frame_for(1, 2)};
    std::atomic<unsigned> sent_ = 0, received_ = 0;
    std::atomic<bool> over_ = false, failed_ = false;
};

INSTANTIATE_TEST_SUITE_P(Card, QueueThreads, testing::Values("", ",thread=yes"), [](const auto& running) {
    return *running.param == '\0' ? "runs_inside_each_access" : "runs_in_a_thread";
});

TEST_P(QueueThreads, all_queues_and_the_statistics_are_used_at_the_same_time) {
    sim::add_scheme();
    constexpr DeviceOptions options{.rx_queues = 2, .tx_queues = 2, .rx_ring_size = 64, .tx_ring_size = 64};
    Device here = Device::open(std::string("sim:82574l,wire=threads") + GetParam(), options).value();
    Device there = Device::open(std::string("sim:82574l,wire=threads") + GetParam(), options).value();
    std::vector<std::shared_ptr<Mempool>> pools;
    for (Device* const device : {&here, &there}) {
        for (std::size_t queue = 0; queue < 2; ++queue) {
            ASSERT_TRUE(device->rx_queue(queue).arrivals().event_file());
            ASSERT_TRUE(device->tx_queue(queue).room().event_file());
            pools.push_back(device->create_pool({.packets = 256}).value());
        }
    }
    {
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i < 4; ++i) {
            Device& device = i < 2 ? here : there;
            threads.emplace_back([&, i] { receive(device, i % 2); });
            threads.emplace_back([&, i] { send(device, i % 2, pools[i]); });
        }
        std::uint64_t seen = 0;
        const auto all_done = [&] {
            const Statistics a = here.statistics(), b = there.statistics();
            EXPECT_GE(a.rx_packets + b.rx_packets, seen) << "counters never go back";
            seen = a.rx_packets + b.rx_packets;
            std::uint64_t lost = a.rx_missed + b.rx_missed;
            for (Device* const device : {&here, &there})
                lost += sim::find_card(device->pci_function())->frames_lost_on_wire();
            return sent_ == 4 * frames_each && received_ + lost == 4 * frames_each;
        };
        const bool done = eventually([&] { return failed_ || all_done(); }, 60s);
        over_ = true;
        EXPECT_TRUE(done) << received_ << " of " << sent_;
    }
    EXPECT_FALSE(failed_);
    const Statistics a = here.statistics(), b = there.statistics();
    EXPECT_EQ(a.rx_packets + b.rx_packets, received_);
    for (Device* const device : {&here, &there})
        for (std::size_t queue = 0; queue < 2; ++queue)
            EXPECT_NE(device->rx_queue(queue).counters().packets.value(), 0U);
    EXPECT_EQ(a.tx_packets, 2U * frames_each);
    EXPECT_EQ(b.tx_packets, 2U * frames_each);
}

}  // namespace
}  // namespace ixy::test
