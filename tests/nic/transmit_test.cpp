// Sending: byte for byte, in order, across the ring's wrap-around; packets that do not fit stay in the batch, and
// unsendable ones are counted.
#include "tests/nic/conformance.hpp"

namespace ixy {
namespace {

using namespace std::chrono_literals;

class Transmit : public Conformance {};
INSTANTIATE_TEST_SUITE_P(Card, Transmit, every_card(), subject_name);

TEST_P(Transmit, every_byte_arrives_at_any_size) {
    auto device = open();
    for (const std::size_t size : {60U, 61U, 63U, 64U, 65U, 127U, 128U, 1000U, 1513U, 1514U}) {
        const Frame frame = test::make_frame(size, static_cast<unsigned>(size));
        send(device, frame);
        EXPECT_EQ(wire_receive(), frame) << size;
    }
    Frame tagged = test::make_frame(1518);
    tagged[12] = std::byte{0x81};
    tagged[13] = std::byte{0x00};
    send(device, tagged);
    EXPECT_EQ(wire_receive(), tagged);
}

TEST_P(Transmit, short_frames_are_padded_with_zeros) {
    auto device = open();
    send(device, Frame(1514, std::byte{0xff}));  // a card that does not clear its buffer could pad with this
    EXPECT_EQ(wire_receive().size(), 1514U);
    for (const std::size_t size : {14U, 15U, 42U, 59U}) {
        const Frame frame = test::make_frame(size);
        send(device, frame);
        EXPECT_EQ(padded(wire_receive()), padded(frame)) << size;
    }
}

TEST_P(Transmit, a_chain_of_pieces_is_one_frame) {
    auto device = open();
    for (const std::size_t size : possible({2049, 4096, 9000, 16110})) {
        const Frame frame = test::make_frame(size, 5);
        send(device, frame);
        EXPECT_EQ(wire_receive(), frame) << size;
    }
}

class TransmitMore : public Conformance {
protected:
    static void push(Batch<64>& batch, Device& device, const Frame& frame) {
        batch.push(test::make_packet(*device.pool(), frame));
    }
};
INSTANTIATE_TEST_SUITE_P(Card, TransmitMore, one_card(), subject_name);

TEST_P(TransmitMore, wraps_around_rings_of_any_size_in_order) {
    for (const std::size_t ring : {8U, 16U, 24U, 40U, 64U, 96U, 512U}) {
        auto device = open({.tx_ring_size = ring});
        const auto frames = numbered_frames(3 * ring + 5, {60, 61, 200, 1514});
        send(device, frames);
        for (std::size_t i = 0; i < frames.size(); ++i) ASSERT_EQ(wire_receive(), frames[i]) << ring << " " << i;
        EXPECT_TRUE(wire_is_silent());
        EXPECT_EQ(device.tx_queue(0).counters().packets.value(), frames.size());
        EXPECT_EQ(device.tx_queue(0).counters().refused.value(), 0U);
    }
}

TEST_P(TransmitMore, takes_what_fits_and_leaves_the_rest_in_the_batch) {
    auto device = open({.tx_ring_size = 8});
    const auto frames = numbered_frames(64);
    Batch<64> batch;
    for (const Frame& frame : frames) push(batch, device, frame);
    EXPECT_EQ(device.tx_queue(0).send(batch), 7U) << "one slot stays free";
    ASSERT_EQ(batch.size(), 57U);
    EXPECT_EQ(test::bytes_of(batch[0]), frames[7]);
    EXPECT_TRUE(test::eventually([&] {
        const std::size_t before = batch.size();
        const std::size_t sent = device.tx_queue(0).send(batch);
        EXPECT_EQ(batch.size(), before - sent);
        EXPECT_LE(sent, 7U);
        return batch.empty();
    }));
    for (const Frame& frame : frames) ASSERT_EQ(wire_receive(), frame);
    EXPECT_TRUE(wire_is_silent());
}

TEST_P(TransmitMore, an_empty_batch_sends_nothing) {
    auto device = open();
    Batch<64> batch;
    EXPECT_EQ(device.tx_queue(0).send(batch), 0U);
    EXPECT_TRUE(wire_is_silent());
}

TEST_P(TransmitMore, reclaim_frees_buffers) {
    auto device = open({.tx_ring_size = 64});
    auto pool = device.create_pool({.packets = 64});
    ASSERT_TRUE(pool);
    Batch<64> batch;
    for (int i = 0; i < 63; ++i) batch.push(test::make_packet(**pool, test::make_frame(60)));
    EXPECT_EQ(device.tx_queue(0).send(batch), 63U);
    EXPECT_EQ((*pool)->available(), 1U);
    EXPECT_TRUE(test::eventually([&] { return device.tx_queue(0).reclaim() == 32; }));  // reports cover 32 at a time
    EXPECT_EQ((*pool)->available(), 33U);
    EXPECT_EQ(device.tx_queue(0).reclaim(), 0U);
}

TEST_P(TransmitMore, closing_frees_all_buffers) {
    std::shared_ptr<Mempool> pool;
    {
        auto device = open();
        pool = device.pool();
        send(device, numbered_frames(17, {60, 4096}));
    }
    EXPECT_EQ(pool->available(), pool->size());
}

TEST_P(TransmitMore, accepted_frames_are_sent_before_the_card_is_closed) {
    {
        auto device = open();
        send(device, numbered_frames(40));
    }
    for (const Frame& frame : numbered_frames(40)) EXPECT_EQ(wire_receive(), frame);
}

TEST_P(TransmitMore, unsendable_packets_are_counted_and_the_others_are_sent) {
    auto device = open({.tx_ring_size = 64});
    const std::size_t before = missing(device);
    Batch<64> batch;
    const auto good = numbered_frames(9);
    push(batch, device, good[0]);
    push(batch, device, {});  // empty
    push(batch, device, good[1]);
    push(batch, device, test::make_frame(1));
    push(batch, device, test::make_frame(13));
    push(batch, device, good[2]);
    push(batch, device, test::make_frame(limits().most_max_frame + 1));  // with FCS, more than the card can hold
    push(batch, device, good[3]);
    push(batch, device, test::make_frame(20000));
    push(batch, device, good[4]);
    for (const PacketFlags flag : {PacketFlags::insert_vlan, PacketFlags::ip_checksum, PacketFlags::tcp_checksum,
                                   PacketFlags::udp_checksum}) {  // not enabled in the options
        push(batch, device, test::make_frame(60));
        batch[batch.size() - 1].set_flags(flag);
    }
    push(batch, device, good[5]);
    push(batch, device, test::make_frame(100));  // an empty piece of a chain
    batch[batch.size() - 1].set_next(device.pool()->allocate());
    push(batch, device, good[6]);
    push(batch, device, test::make_frame(60));  // flags from reception request nothing
    batch[batch.size() - 1].set_flags(PacketFlags::vlan_stripped | PacketFlags::ip_checksum_bad |
                                      PacketFlags::l4_checksum_good);

    EXPECT_EQ(device.tx_queue(0).send(batch), 8U);
    EXPECT_TRUE(batch.empty());
    for (std::size_t i = 0; i < 7; ++i) EXPECT_EQ(wire_receive(), good[i]);
    EXPECT_EQ(wire_receive(), test::make_frame(60));
    EXPECT_TRUE(wire_is_silent());
    EXPECT_EQ(device.tx_queue(0).counters().refused.value(), 10U);
    EXPECT_EQ(device.tx_queue(0).counters().packets.value(), 8U);
    EXPECT_EQ(device.tx_queue(0).counters().bytes.value(), 8U * 60);
    EXPECT_EQ(device.statistics().tx_errors, 10U);
    EXPECT_EQ(missing(device), before + 8) << "refused packets are back in the pool";
}

TEST_P(TransmitMore, a_batch_of_only_refused_packets_is_emptied) {
    auto device = open();
    Batch<64> batch;
    for (int i = 0; i < 64; ++i) push(batch, device, {});
    EXPECT_EQ(device.tx_queue(0).send(batch), 0U);
    EXPECT_TRUE(batch.empty());
    EXPECT_EQ(device.tx_queue(0).counters().refused.value(), 64U);
}

TEST_P(TransmitMore, a_chain_longer_than_the_ring_is_refused_and_one_that_fits_waits_for_room) {
    auto device = open({.tx_ring_size = 8});
    for (std::size_t round = 0; round < 12; ++round) {
        Batch<64> batch;
        push(batch, device, test::make_frame(16000));  // 8 pieces
        for (std::size_t i = 0; i < round % 4; ++i) push(batch, device, test::make_frame(60, 1));
        push(batch, device, test::make_frame(6000));  // 3 pieces
        push(batch, device, test::make_frame(5000));
        ASSERT_TRUE(test::eventually([&] {
            device.tx_queue(0).send(batch);
            return batch.empty();
        })) << round;
        for (std::size_t i = 0; i < round % 4; ++i) EXPECT_EQ(wire_receive(), test::make_frame(60, 1));
        EXPECT_EQ(wire_receive(), test::make_frame(6000));
        EXPECT_EQ(wire_receive(), test::make_frame(5000));
        EXPECT_EQ(device.tx_queue(0).counters().refused.value(), round + 1);
    }
}

TEST_P(TransmitMore, packets_of_several_pools_return_to_their_own) {
    auto device = open({.tx_ring_size = 64});
    std::vector<std::shared_ptr<Mempool>> pools;
    for (int i = 0; i < 3; ++i) pools.push_back(device.create_pool({.packets = 100}).value());
    for (std::size_t i = 0; i < 200; ++i) {
        Batch<64> batch;
        batch.push(test::make_packet(*pools[i % 3], test::make_frame(60, static_cast<unsigned>(i))));
        ASSERT_TRUE(test::eventually([&] {
            device.tx_queue(0).send(batch);
            return batch.empty();
        }));
        ASSERT_EQ(wire_receive(), test::make_frame(60, static_cast<unsigned>(i)));
    }
    {
        const Device closed = std::move(device);
    }
    for (const auto& pool : pools) EXPECT_EQ(pool->available(), 100U);
}

TEST_P(TransmitMore, a_received_packet_is_sent_with_new_headers_in_front) {
    auto device = open();
    const Frame frame = test::make_frame(100, 3);
    ASSERT_TRUE(wire_send(frame));
    Batch<64> batch;
    ASSERT_TRUE(test::eventually([&] { return device.rx_queue(0).receive(batch) == 1; }));
    batch[0].trim_front(14);
    batch[0].prepend(18);
    std::fill_n(batch[0].start(), 18, std::byte{0x5a});
    const Frame expected = test::bytes_of(batch[0]);
    EXPECT_EQ(device.tx_queue(0).send(batch), 1U);
    EXPECT_EQ(wire_receive(), expected);
}

class TwoCards : public Conformance {};
INSTANTIATE_TEST_SUITE_P(Card, TwoCards, one_card(), subject_name);

// Each card on the cable sends what the other receives: frames circulate, and no buffer is copied.
TEST_P(TwoCards, forward_in_a_loop_without_copying) {
    use_bed(2, true);
    auto one = open({.rx_ring_size = 64, .tx_ring_size = 64}, 0);
    auto two = open({.rx_ring_size = 64, .tx_ring_size = 64}, 1);
    ASSERT_EQ(one.dma_space(), two.dma_space());
    const auto frames = numbered_frames(8, {60, 100, 1514});
    send(one, frames);

    std::size_t forwarded = 0;
    const auto forward = [&](Device& from, Device& to) {
        Batch<32> batch;
        from.rx_queue(0).receive(batch);
        for (const Packet& packet : batch) {
            EXPECT_EQ(&packet.pool(), from.pool().get());
            ASSERT_EQ(test::bytes_of(packet), frames[forwarded % 8]);
            ++forwarded;
        }
        to.tx_queue(0).send(batch);
        EXPECT_TRUE(batch.empty());
    };
    ASSERT_TRUE(test::eventually([&] {
        forward(two, one);  // frames from `one` arrive at `two`, and `one` sends them again
        return forwarded >= 1000;
    }));
    EXPECT_EQ(one.statistics().rx_packets, 0U);

    auto pool = two.pool();
    {
        const Device closed = std::move(two);
    }  // its buffers are still in the other's ring
    send(one, frames);
    {
        const Device closed = std::move(one);
    }
    EXPECT_EQ(pool->available(), pool->size());
}

}  // namespace
}  // namespace ixy
