// Receiving: byte for byte, in order, across the ring's wrap-around, and what happens when frames are too long or
// buffers too few.
#include "tests/nic/conformance.hpp"

namespace ixy {
namespace {

using namespace std::chrono_literals;

class Receive : public Conformance {};
INSTANTIATE_TEST_SUITE_P(Card, Receive, every_card(), subject_name);

TEST_P(Receive, every_byte_arrives_at_any_size) {
    auto device = open();
    for (const std::size_t size : {60U, 61U, 63U, 64U, 65U, 127U, 128U, 1000U, 1513U, 1514U}) {
        const Frame frame = test::make_frame(size, static_cast<unsigned>(size));
        ASSERT_TRUE(wire_send(frame));
        EXPECT_EQ(receive_one(device), frame) << size;
    }
    Frame tagged = test::make_frame(1518);
    tagged[12] = std::byte{0x81};
    tagged[13] = std::byte{0x00};
    ASSERT_TRUE(wire_send(tagged));
    EXPECT_EQ(receive_one(device), tagged);
    EXPECT_EQ(device.rx_queue(0).counters().errors.value(), 0U);
}

TEST_P(Receive, jumbo_frames_arrive_in_several_pieces) {
    auto device = open({.max_frame = limits().most_max_frame});
    for (const std::size_t size : possible({2047, 2048, 2049, 4096, 4097, 9000, 9014, 16110})) {
        const Frame frame = test::make_frame(size, 1);
        ASSERT_TRUE(wire_send(frame));
        EXPECT_EQ(receive_one(device), frame) << size;
        ASSERT_TRUE(wire_send(test::make_frame(60, 2)));
        EXPECT_EQ(receive_one(device), test::make_frame(60, 2));
    }
}

class ReceiveMore : public Conformance {
protected:
    /// Gives frames to the card until the cable is full, while nobody receives. Returns the accepted frames.
    std::vector<Frame> overrun(std::size_t most, std::size_t size = 60) {
        std::vector<Frame> sent;
        while (sent.size() < most) {
            const Frame frame = test::make_frame(size, static_cast<unsigned>(sent.size()));
            if (!wire_send(frame, 0, 100ms)) break;
            sent.push_back(frame);
        }
        return sent;
    }
};
INSTANTIATE_TEST_SUITE_P(Card, ReceiveMore, one_card(), subject_name);

TEST_P(ReceiveMore, wraps_around_rings_of_any_size_in_order) {
    for (const std::size_t ring : {8U, 16U, 24U, 64U, 512U}) {
        auto device = open({.rx_ring_size = ring, .pool_packets = ring + 64});
        const auto frames = numbered_frames(3 * ring + 5, {60, 61, 200, 1514});
        std::vector<Frame> received;
        for (std::size_t begin = 0; begin < frames.size(); begin += 5) {
            const std::size_t count = std::min<std::size_t>(5, frames.size() - begin);
            for (std::size_t i = 0; i < count; ++i) ASSERT_TRUE(wire_send(frames[begin + i]));
            for (Frame& frame : receive(device, count)) received.push_back(std::move(frame));
        }
        EXPECT_EQ(received, frames) << ring;
        EXPECT_TRUE(is_silent(device)) << ring;
        EXPECT_EQ(device.rx_queue(0).counters().packets.value(), frames.size());
        EXPECT_EQ(device.rx_queue(0).counters().no_buffer.value(), 0U) << ring;
    }
}

TEST_P(ReceiveMore, the_largest_ring_works) {
    auto device = open({.rx_ring_size = 4096, .tx_ring_size = 4096, .pool_packets = 8192});
    const auto frames = numbered_frames(100);
    for (const Frame& frame : frames) ASSERT_TRUE(wire_send(frame));
    EXPECT_EQ(receive(device, 100), frames);
    send(device, frames);
    for (const Frame& frame : frames) EXPECT_EQ(wire_receive(), frame);
}

TEST_P(ReceiveMore, takes_as_many_as_fit_the_batch) {
    auto device = open();
    const auto frames = numbered_frames(10);
    for (const Frame& frame : frames) ASSERT_TRUE(wire_send(frame));
    std::vector<Frame> received;
    Batch<3> batch;
    ASSERT_TRUE(test::eventually([&] {
        const std::size_t got = device.rx_queue(0).receive(batch);
        EXPECT_EQ(batch.size(), got);
        for (const Packet& packet : batch) received.push_back(test::bytes_of(packet));
        return received.size() == 10;
    }));
    EXPECT_EQ(received, frames);
}

TEST_P(ReceiveMore, frees_packets_still_in_the_batch) {
    auto device = open();
    Batch<4> batch;
    ASSERT_EQ(batch.allocate(*device.pool(), 4), 4U);
    EXPECT_EQ(device.rx_queue(0).receive(batch), 0U);
    EXPECT_TRUE(batch.empty());
    ASSERT_EQ(batch.allocate(*device.pool(), 4), 4U);
    ASSERT_TRUE(wire_send(test::make_frame(60)));
    ASSERT_TRUE(test::eventually([&] { return device.rx_queue(0).receive(batch) == 1; }));
    EXPECT_EQ(batch.size(), 1U);
    EXPECT_EQ(test::bytes_of(batch[0]), test::make_frame(60));
}

TEST_P(ReceiveMore, received_packets_start_after_the_headroom_and_are_unchained) {
    auto device = open();
    ASSERT_TRUE(wire_send(test::make_frame(60)));
    Batch<4> batch;
    ASSERT_TRUE(test::eventually([&] { return device.rx_queue(0).receive(batch) == 1; }));
    EXPECT_EQ(batch[0].headroom(), device.pool()->headroom());
    EXPECT_EQ(batch[0].next(), nullptr);
    EXPECT_EQ(batch[0].flags(), PacketFlags::none);
    EXPECT_EQ(&batch[0].pool(), device.pool().get());
}

TEST_P(ReceiveMore, without_jumbo_longer_frames_are_dropped_without_side_effects) {
    auto device = open({.rx_ring_size = 16});
    for (const std::size_t size : {1519U, 1600U, 2048U, 2049U, 9000U, 16110U}) {
        ASSERT_TRUE(wire_send(test::make_frame(size)));
        const Frame next = test::make_frame(100, static_cast<unsigned>(size));
        ASSERT_TRUE(wire_send(next));
        EXPECT_EQ(receive_one(device), next) << size;
    }
    EXPECT_EQ(device.rx_queue(0).counters().packets.value(), 6U);
}

TEST_P(ReceiveMore, frames_longer_than_the_options_allow_are_counted_and_dropped) {
    auto device = open({.rx_ring_size = 64, .max_frame = 4000});
    const std::size_t before = missing(device);
    for (const std::size_t size : {4005U, 4096U, 4097U, 9000U, 16110U}) {
        ASSERT_TRUE(wire_send(test::make_frame(size)));
        const Frame next = test::make_frame(4000, static_cast<unsigned>(size));
        ASSERT_TRUE(wire_send(next));
        EXPECT_EQ(receive_one(device), next) << size;
    }
    EXPECT_EQ(device.rx_queue(0).counters().oversized.value(), 5U);
    EXPECT_EQ(device.statistics().rx_dropped, 5U);
    EXPECT_EQ(device.statistics().rx_errors, 0U);
    EXPECT_LE(missing(device), before);
}

TEST_P(ReceiveMore, jumbo_frames_wrap_around_the_ring) {
    auto device = open({.rx_ring_size = 16, .pool_packets = 64, .max_frame = 9014});
    const auto frames = numbered_frames(40, {9014, 60, 2048, 4097});
    for (const Frame& frame : frames) {
        ASSERT_TRUE(wire_send(frame));
        ASSERT_EQ(receive_one(device), frame);
    }
}

TEST_P(ReceiveMore, frames_without_room_in_the_ring_wait_in_the_cable) {
    for (const std::size_t ring : {8U, 64U}) {
        auto device = open({.rx_ring_size = ring, .pool_packets = ring});
        constexpr std::size_t endless = 5000;
        const auto sent = overrun(endless);
        EXPECT_GE(sent.size(), ring - 1);
        EXPECT_LT(sent.size(), endless);
        const auto received = receive(device, sent.size());
        EXPECT_EQ(received.size() + device.statistics().rx_missed, sent.size());
        EXPECT_EQ(received, sent);

        const Frame next = test::make_frame(333);
        ASSERT_TRUE(wire_send(next));
        EXPECT_EQ(receive_one(device), next);
    }
}

// Cards start storing such a frame, and finish when there are buffers again; QEMU's 8254x drop it.
TEST_P(ReceiveMore, a_frame_larger_than_the_free_ring_is_received_or_counted_as_missed) {
    const bool is_long = limits().most_max_frame > 16000;
    const std::size_t size = is_long ? 16110 : 8180;  // 8 of 15 buffers, or 4 of 7
    auto device = open({.rx_ring_size = is_long ? 16U : 8U, .max_frame = size});
    const Frame large = test::make_frame(size);
    for (unsigned i = 1; i <= 20; ++i) {
        ASSERT_TRUE(wire_send(large));
        ASSERT_TRUE(wire_send(large));  // at most 7 buffers are left, or 3
        const Frame next = test::make_frame(60, i);
        ASSERT_TRUE(wire_send(next));
        if (GetParam().waits_for_room) {
            ASSERT_EQ(receive_one(device), large);
        }
        ASSERT_EQ(receive_one(device), large);
        ASSERT_EQ(receive_one(device), next);
        EXPECT_EQ(device.statistics().rx_missed, GetParam().waits_for_room ? 0 : i);
        EXPECT_EQ(device.statistics().rx_missed, GetParam().waits_for_room ? 0 : i);
    }
}

/// Whatever came before, and however much of the ring awaits refilling.
TEST_P(ReceiveMore, the_smallest_rings_hold_the_longest_frame_at_every_slot) {
    struct Case {
        std::size_t longest, rx_ring, tx_ring;
    };
    for (const auto& [longest, rx_ring, tx_ring] :
         {Case{1514, 8, 8}, {6140, 8, 8}, {8184, 8, 16}, {9014, 16, 16}, {9230, 16, 16}, {16124, 16, 24}}) {
        if (longest > limits().most_max_frame) continue;
        auto device = open({.rx_ring_size = rx_ring, .tx_ring_size = tx_ring, .max_frame = longest});
        for (unsigned i = 0; i < 80; ++i) {
            const Frame frame = test::make_frame(i % 3 == 0 ? longest : 60, i);
            ASSERT_TRUE(wire_send(frame));
            Batch<4> batch;
            ASSERT_TRUE(test::eventually([&] { return device.rx_queue(0).receive(batch) == 1; })) << i;
            ASSERT_EQ(test::bytes_of(batch[0]), frame) << i;
            ASSERT_TRUE(test::eventually([&] { return device.tx_queue(0).send(batch) == 1; })) << i;
            ASSERT_EQ(wire_receive(), frame) << i;
        }
        EXPECT_EQ(device.statistics().rx_missed + device.statistics().tx_errors, 0U);
    }
}

// The program keeps every buffer, then releases them.
TEST_P(ReceiveMore, recovers_from_a_program_that_holds_all_packets) {
    for (const std::size_t ring : {8U, 64U}) {
        auto device = open({.rx_ring_size = ring, .pool_packets = 2 * ring});
        std::size_t held = 0;
        {
            Batch<256> batch;
            const std::size_t all = 2 * ring;
            test::eventually([&] {
                held += wire_send(test::make_frame(60, static_cast<unsigned>(held)), 0, 0ms);
                receive_onto(device.rx_queue(0), batch);
                return batch.size() == all;
            });
            ASSERT_EQ(batch.size(), all) << "every buffer of the pool can receive";
            for (std::size_t i = 0; i < all; ++i) {
                EXPECT_EQ(test::bytes_of(batch[i]), test::make_frame(60, static_cast<unsigned>(i)));
            }
            EXPECT_EQ(device.pool()->available(), 0U);
            EXPECT_EQ(receive_onto(device.rx_queue(0), batch), 0U);
            EXPECT_GT(device.rx_queue(0).counters().no_buffer.value(), 0U);
        }
        const auto waited = receive(device, held - 2 * ring);
        EXPECT_EQ(waited.size(), held - 2 * ring);
        const auto frames = numbered_frames(3 * ring);
        for (std::size_t i = 0; i < frames.size(); i += 4) {
            for (std::size_t j = i; j < i + 4; ++j) ASSERT_TRUE(wire_send(frames[j]));
            ASSERT_EQ(receive(device, 4),
                      std::vector(frames.begin() + static_cast<long>(i), frames.begin() + static_cast<long>(i) + 4));
        }
    }
}

TEST_P(ReceiveMore, a_half_received_jumbo_frame_is_freed_on_close) {
    std::shared_ptr<Mempool> pool;
    {
        auto device = open({.rx_ring_size = 16, .max_frame = 9014});
        pool = device.pool();
        ASSERT_TRUE(wire_send(test::make_frame(9000)));
        EXPECT_EQ(receive_one(device).size(), 9000U);
    }
    EXPECT_EQ(pool->available(), pool->size());
}

}  // namespace
}  // namespace ixy
