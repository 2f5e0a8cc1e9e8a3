// Several queues in each direction: each does all that the first does, and none touches another's state.
#include <atomic>
#include <thread>

#include "tests/nic/conformance.hpp"
#include "tests/support/rss_vectors.hpp"

namespace ixy {
namespace {

using namespace datasheet::e1000;
using test::frame_for;

class Queues : public Conformance {
protected:
    static void send_on(Device& device, std::size_t queue, const std::vector<Frame>& frames) {
        Batch<32> batch;
        std::size_t next = 0;
        ASSERT_TRUE(test::eventually([&] {
            while (!batch.full() && next < frames.size())
                batch.push(test::make_packet(*device.pool(queue), frames[next++]));
            device.tx_queue(queue).send(batch);
            return batch.empty() && next == frames.size();
        }));
    }
    std::vector<Frame> receive_on(Device& device, std::size_t queue, std::size_t count) {
        std::vector<Frame> frames;
        Batch<32> batch;
        test::eventually([&] {
            device.rx_queue(queue).receive(batch);
            for (const Packet& packet : batch) frames.push_back(test::bytes_of(packet));
            return frames.size() >= count;
        });
        return frames;
    }
};
INSTANTIATE_TEST_SUITE_P(Card, Queues, testing::ValuesIn(test::with_several_queues(test::every_subject())),
                         subject_name);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Queues);

TEST_P(Queues, each_sends_every_size_around_its_ring_in_order) {
    auto device = open({.tx_ring_size = 16});
    for (std::size_t queue = 0; queue < 2; ++queue) {
        const auto frames = numbered_frames(60, {60, 61, 200, 1514, 5000});
        send_on(device, queue, frames);
        for (const Frame& frame : frames) ASSERT_EQ(wire_receive(), frame) << queue;
        EXPECT_EQ(device.tx_queue(queue).counters().packets.value(), 60U);
    }
    EXPECT_EQ(device.statistics().tx_packets, 120U);
}

TEST_P(Queues, each_receives_around_its_ring_in_order) {
    auto device = open({.rx_ring_size = 16, .pool_packets = 64});
    for (std::size_t queue = 0; queue < 2; ++queue) {
        for (unsigned i = 0; i < 60; i += 4) {
            std::vector<Frame> frames;
            for (unsigned j = i; j < i + 4; ++j) frames.push_back(frame_for(queue, j, 20 + 100 * (j % 7)));
            for (const Frame& frame : frames) ASSERT_TRUE(wire_send(frame));
            ASSERT_EQ(receive_on(device, queue, 4), frames) << queue << " " << i;
        }
        EXPECT_EQ(device.rx_queue(queue).counters().packets.value(), 60U);
        EXPECT_EQ(device.rx_queue(queue).counters().no_buffer.value(), 0U);
    }
    EXPECT_EQ(device.statistics().rx_packets, 120U);
}

TEST_P(Queues, each_writes_checksums_with_a_context_of_its_own) {
    auto device = open({.tx_checksum = true});
    for (unsigned i = 0; i < 12; ++i) {
        const test::InternetFrame frame{.protocol = static_cast<std::uint8_t>(i % 3 == 0 ? 6 : 17), .seed = i};
        Batch<4> batch;
        batch.push(test::make_packet(*device.pool(), frame.unfinished(frame.all_flags())));
        batch[0].set_flags(frame.all_flags());
        batch[0].set_header_lengths(frame.l2(), frame.l3());
        EXPECT_EQ(device.tx_queue(i % 2).send(batch), 1U);
        ASSERT_EQ(padded(wire_receive()), padded(frame.complete())) << i;
    }
}

TEST_P(Queues, a_queue_leaves_the_registers_pool_and_counters_of_others_alone) {
    auto device = open_logged();
    const std::size_t before = device.pool(0)->available();
    log().clear();
    std::vector<Frame> frames;
    for (unsigned i = 0; i < 600; ++i) frames.push_back(frame_for(1, i));
    for (unsigned i = 0; i < 600; i += 5) {
        for (unsigned j = i; j < i + 5; ++j) ASSERT_TRUE(wire_send(frames[j]));
        ASSERT_EQ(receive_on(device, 1, 5).size(), 5U);
    }
    send_on(device, 1, frames);
    for (const Frame& frame : frames) ASSERT_EQ(wire_receive(), frame);
    for (const RegisterAccess& access : log().accesses())
        EXPECT_TRUE(access.offset == RDT1.offset || access.offset == TDT1.offset) << std::hex << access.offset;
    EXPECT_EQ(device.pool(0)->available(), before);
    EXPECT_EQ(device.rx_queue(0).counters().packets.value(), 0U);
    EXPECT_EQ(device.tx_queue(0).counters().packets.value(), 0U);
}

TEST_P(Queues, what_is_in_any_ring_is_sent_before_the_card_is_closed) {
    std::vector<std::shared_ptr<Mempool>> pools;
    {
        auto device = open();
        for (std::size_t queue = 0; queue < 2; ++queue) {
            pools.push_back(device.pool(queue));
            send_on(device, queue, numbered_frames(20));
        }
    }
    for (int queue = 0; queue < 2; ++queue) {
        for (const Frame& frame : numbered_frames(20)) EXPECT_EQ(wire_receive(), frame);
    }
    for (const auto& pool : pools) EXPECT_EQ(pool->available(), pool->size());
}

/// A thread a queue sends back what it receives, while the test sends flows for both.
TEST_P(Queues, work_in_threads_of_their_own) {
    constexpr unsigned count = 200;
    auto device = open({.rx_ring_size = 64, .tx_ring_size = 64});
    std::atomic<bool> stop = false;
    std::array<std::atomic<unsigned>, 2> echoed{};
    {
        std::vector<std::jthread> threads;
        for (std::size_t queue = 0; queue < 2; ++queue) {
            threads.emplace_back(
                [&, queue, rx = std::move(device.rx_queue(queue)), tx = std::move(device.tx_queue(queue))]() mutable {
                    Batch<32> batch;
                    while (!stop) {
                        if (rx.receive(batch) == 0) continue;
                        while (!batch.empty() && !stop) echoed[queue] += static_cast<unsigned>(tx.send(batch));
                    }
                });
        }
        std::array<unsigned, 2> came{};
        for (unsigned i = 0; i < count; i += 4) {
            for (unsigned j = i; j < i + 4; ++j) EXPECT_TRUE(wire_send(frame_for(j % 2, j)));
            for (unsigned j = 0; j < 4; ++j) {
                const Frame frame = wire_receive();
                if (frame.empty()) break;
                ++came[test::queue_of(frame)];
            }
        }
        stop = true;
        EXPECT_EQ(came, (std::array{count / 2, count / 2}));
    }
    EXPECT_EQ(echoed[0], count / 2);
    EXPECT_EQ(echoed[1], count / 2);
}

}  // namespace
}  // namespace ixy
