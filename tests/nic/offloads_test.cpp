// Offloads: stripping and inserting VLAN tags, writing and checking checksums.
#include "tests/nic/conformance.hpp"
#include "tests/support/internet_frames.hpp"

namespace ixy {
namespace {

using test::InternetFrame;

class Vlan : public Conformance {
protected:
    /// The frame with an 802.1Q tag inserted.
    static Frame tagged(Frame frame, std::uint16_t tag) {
        const std::byte bytes[] = {std::byte{0x81}, std::byte{0x00}, static_cast<std::byte>(tag >> 8),
                                   static_cast<std::byte>(tag)};
        frame.insert(frame.begin() + 12, std::begin(bytes), std::end(bytes));
        return frame;
    }
};
INSTANTIATE_TEST_SUITE_P(Card, Vlan, every_card(), subject_name);

TEST_P(Vlan, tags_are_stripped_and_inserted) {
    auto device = open({.vlan = true});
    for (const std::uint16_t tag : std::initializer_list<std::uint16_t>{1, 0x0123, 0x0fff, 0xe000, 0xffff, 0x1000}) {
        const Frame frame = test::make_frame(100, tag);
        ASSERT_TRUE(wire_send(tagged(frame, tag)));
        Batch<4> batch;
        ASSERT_TRUE(test::eventually([&] { return device.rx_queue(0).receive(batch) == 1; }));
        EXPECT_EQ(test::bytes_of(batch[0]), frame);
        EXPECT_EQ(batch[0].flags(), PacketFlags::vlan_stripped);
        EXPECT_EQ(batch[0].vlan(), tag);

        batch[0].set_flags(PacketFlags::insert_vlan);
        EXPECT_EQ(device.tx_queue(0).send(batch), 1U);
        EXPECT_EQ(wire_receive(), tagged(frame, tag));
    }
    const Frame plain = test::make_frame(100, 9);
    ASSERT_TRUE(wire_send(plain));
    Batch<4> batch;
    ASSERT_TRUE(test::eventually([&] { return device.rx_queue(0).receive(batch) == 1; }));
    EXPECT_EQ(test::bytes_of(batch[0]), plain);
    EXPECT_EQ(batch[0].flags(), PacketFlags::none);
    EXPECT_EQ(device.tx_queue(0).send(batch), 1U);
    EXPECT_EQ(wire_receive(), plain) << "no tag was requested";
}

TEST_P(Vlan, without_the_option_tags_stay_in_place) {
    {
        auto device = open({.vlan = true});
    }  // the settings of an earlier program are forgotten
    auto device = open();
    const Frame frame = tagged(test::make_frame(100), 0x0123);
    ASSERT_TRUE(wire_send(frame));
    EXPECT_EQ(receive_one(device), frame);
    send(device, frame);
    EXPECT_EQ(wire_receive(), frame);
}

class VlanMore : public Vlan {};
INSTANTIATE_TEST_SUITE_P(Card, VlanMore, one_card(), subject_name);

TEST_P(VlanMore, tags_work_with_jumbo_frames_and_largest_frames) {
    auto device = open({.max_frame = 9014, .vlan = true});
    for (const std::size_t size : {60U, 1514U, 2046U, 2048U, 9014U}) {
        const Frame frame = test::make_frame(size, 3);
        ASSERT_TRUE(wire_send(tagged(frame, 0x0456)));
        Batch<4> batch;
        ASSERT_TRUE(test::eventually([&] { return device.rx_queue(0).receive(batch) == 1; })) << size;
        EXPECT_EQ(test::bytes_of(batch[0]), frame) << size;
        EXPECT_EQ(batch[0].vlan(), 0x0456);
        batch[0].set_flags(PacketFlags::insert_vlan);
        EXPECT_EQ(device.tx_queue(0).send(batch), 1U);
        EXPECT_EQ(wire_receive(), tagged(frame, 0x0456)) << size;
    }
}

class Checksums : public Conformance {
protected:
    static Packet* packet_of(Device& device, const InternetFrame& frame, PacketFlags flags) {
        Packet* packet = test::make_packet(*device.pool(), frame.unfinished(flags));
        packet->set_flags(flags);
        packet->set_header_lengths(frame.l2(), frame.l3());
        return packet;
    }
    /// Sends everything, then compares the result with the checksums computed here.
    void send_and_compare(Device& device, const std::vector<InternetFrame>& frames, bool only_some = false) {
        Batch<64> batch;
        for (std::size_t begin = 0; begin < frames.size(); begin += 16) {
            const std::size_t end = std::min(begin + 16, frames.size());
            for (std::size_t i = begin; i < end; ++i) {
                const bool plain = only_some && i % 3 == 2;
                batch.push(packet_of(device, frames[i], plain ? PacketFlags::none : frames[i].all_flags()));
            }
            ASSERT_TRUE(test::eventually([&] {
                device.tx_queue(0).send(batch);
                return batch.empty();
            }));
            for (std::size_t i = begin; i < end; ++i) {
                ASSERT_EQ(padded(wire_receive()), padded(frames[i].complete()))
                    << "frame " << i << ", IPv" << frames[i].version << ", protocol " << int{frames[i].protocol}
                    << ", payload " << frames[i].payload;
            }
        }
    }
};
INSTANTIATE_TEST_SUITE_P(Card, Checksums, every_card(), subject_name);

TEST_P(Checksums, match_those_computed_in_software) {
    auto device = open({.tx_checksum = true});
    std::vector<InternetFrame> frames;
    for (const unsigned version : {4U, 6U}) {
        for (const std::uint8_t protocol : std::initializer_list<std::uint8_t>{6, 17}) {
            for (const std::size_t payload : {0U, 1U, 2U, 17U, 18U, 64U, 511U, 1000U, 1001U, 1432U}) {
                frames.push_back({.version = version,
                                  .protocol = protocol,
                                  .payload = payload,
                                  .seed = static_cast<unsigned>(frames.size())});
            }
        }
    }
    send_and_compare(device, frames);
}

class ChecksumsMore : public Checksums {};
INSTANTIATE_TEST_SUITE_P(Card, ChecksumsMore, one_card(), subject_name);

TEST_P(ChecksumsMore, are_correct_in_every_slot_between_plain_packets) {
    for (const std::size_t ring : {8U, 16U, 64U}) {
        auto device = open({.tx_ring_size = ring, .tx_checksum = true});
        std::mt19937 random(static_cast<unsigned>(ring));
        std::vector<InternetFrame> frames;
        for (unsigned i = 0; i < 5 * ring; ++i) {
            frames.push_back({.version = random() % 2 == 0 ? 4U : 6U,
                              .protocol = static_cast<std::uint8_t>(random() % 2 == 0 ? 6 : 17),
                              .payload = random() % 200,
                              .ip_options = random() % 3 * 4,
                              .tagged = random() % 4 == 0,
                              .seed = i});
            if (frames.back().version == 6) frames.back().ip_options = 0;
        }
        send_and_compare(device, frames, true);
    }
}

TEST_P(ChecksumsMore, are_written_alone_or_together) {
    auto device = open({.tx_checksum = true});
    for (const std::uint8_t protocol : std::initializer_list<std::uint8_t>{6, 17}) {
        const InternetFrame frame{.protocol = protocol, .payload = 40, .seed = protocol};
        for (const PacketFlags flags : {PacketFlags::ip_checksum, frame.l4_flag(), frame.all_flags()}) {
            Batch<4> batch;
            batch.push(packet_of(device, frame, flags));
            EXPECT_EQ(device.tx_queue(0).send(batch), 1U);
            EXPECT_EQ(wire_receive(), frame.complete()) << int{protocol} << " " << static_cast<int>(flags);
        }
    }
}

TEST_P(ChecksumsMore, are_written_into_jumbo_frames_of_several_pieces_and_with_a_tag) {
    auto device = open({.tx_checksum = true, .vlan = true});
    for (const std::size_t payload : {100U, 3000U, 8000U}) {
        const InternetFrame frame{.protocol = 6, .payload = payload, .seed = 1};
        Packet* packet = packet_of(device, frame, frame.all_flags());
        packet->set_flags(frame.all_flags() | PacketFlags::insert_vlan);
        packet->set_vlan(0x0123);
        Batch<4> batch;
        batch.push(packet);
        EXPECT_EQ(device.tx_queue(0).send(batch), 1U);
        Frame expected = frame.complete();
        const std::byte tag[] = {std::byte{0x81}, std::byte{0x00}, std::byte{0x01}, std::byte{0x23}};
        expected.insert(expected.begin() + 12, std::begin(tag), std::end(tag));
        EXPECT_EQ(wire_receive(), expected) << payload;
    }
}

// Padding is not part of the packet, whatever it holds: a program pads forwarded frames, or a shorter frame leaves it
// behind. QEMU's 82574L takes it for payload, and corrects the IP header's length: nothing that a driver can help.
TEST_P(Checksums, exclude_bytes_past_the_end_of_the_packet) {
    auto device = open({.tx_checksum = true});
    unsigned seed = 0;
    for (const unsigned version : {4U, 6U}) {
        for (const std::uint8_t protocol : std::initializer_list<std::uint8_t>{6, 17}) {
            for (const std::size_t padding : {0U, 1U, 13U, 0U, 46U}) {
                if (padding != 0 && !GetParam().obeys_contexts) continue;
                const InternetFrame frame{.version = version, .protocol = protocol, .payload = 5, .seed = ++seed};
                const auto pad = [&](Frame bytes) {
                    bytes.resize(bytes.size() + padding, std::byte{0xaa});
                    return bytes;
                };
                Batch<4> batch;
                batch.push(test::make_packet(*device.pool(), pad(frame.unfinished(frame.all_flags()))));
                batch[0].set_flags(frame.all_flags());
                batch[0].set_header_lengths(frame.l2(), frame.l3());
                EXPECT_EQ(device.tx_queue(0).send(batch), 1U);
                ASSERT_EQ(padded(wire_receive()), padded(pad(frame.complete())))
                    << "IPv" << version << ", protocol " << int{protocol} << ", " << padding << " bytes of padding";
            }
        }
    }
}

TEST_P(Checksums, impossible_ones_are_refused_and_counted) {
    struct Request {
        PacketFlags flags;
        std::size_t l2, l3;
    };
    constexpr auto ip_and_udp = PacketFlags::ip_checksum | PacketFlags::udp_checksum;
    auto device = open({.tx_checksum = true});
    const InternetFrame frame{.payload = 400};
    std::uint64_t refused = 0;
    for (const Request& request : {Request{ip_and_udp, 0, 0},
                                   {ip_and_udp, 14, 0},
                                   {ip_and_udp, 0, 20},
                                   {ip_and_udp, 14, 60},
                                   {ip_and_udp, 250, 60},
                                   {ip_and_udp, 255, 255},
                                   {ip_and_udp, 14 + 256, 20},
                                   {ip_and_udp, 14, 20 + 256},
                                   {PacketFlags::ip_checksum, 246, 20},
                                   {PacketFlags::tcp_checksum, 14, 20},
                                   {ip_and_udp | PacketFlags::tcp_checksum, 14, 20}}) {
        Batch<4> batch;
        batch.push(packet_of(device, frame, ip_and_udp));
        batch[0].set_flags(request.flags);
        batch[0].set_header_lengths(request.l2, request.l3);
        batch.push(packet_of(device, frame, ip_and_udp));
        EXPECT_EQ(device.tx_queue(0).send(batch), 1U) << "the request after it is valid";
        EXPECT_TRUE(batch.empty());
        EXPECT_EQ(device.tx_queue(0).counters().refused.value(), ++refused) << request.l2 << " " << request.l3;
        EXPECT_EQ(wire_receive(), frame.complete());
    }
    EXPECT_EQ(device.statistics().tx_errors, refused);
    EXPECT_TRUE(wire_is_silent());
}

// The context's fields have eight bits: headers may be valid and yet too far into the frame for this card.
TEST_P(ChecksumsMore, beyond_the_first_255_bytes_are_refused_and_counted) {
    auto device = open({.tx_checksum = true});
    const InternetFrame inner{.protocol = 17, .payload = 50};
    for (const std::size_t outer : {200U, 214U, 216U, 230U}) {  // TUCSO is 26 further: at most 240 is within reach
        Frame frame = test::make_frame(outer);
        const Frame unfinished = inner.unfinished(inner.all_flags());
        frame.insert(frame.end(), unfinished.begin() + 14, unfinished.end());
        Batch<4> batch;
        batch.push(test::make_packet(*device.pool(), frame));
        batch[0].set_flags(inner.all_flags());
        batch[0].set_header_lengths(outer, 20);
        const bool in_reach = outer + 20 + 6 <= 255;
        EXPECT_EQ(device.tx_queue(0).send(batch), in_reach ? 1U : 0U) << outer;
        EXPECT_TRUE(batch.empty());
        if (in_reach && !GetParam().obeys_contexts) {
            EXPECT_EQ(wire_receive().size(), frame.size()) << "it finds no headers there";
        } else if (in_reach) {
            const Frame arrived = wire_receive();
            ASSERT_EQ(arrived.size(), frame.size());
            const Frame complete = inner.complete();
            EXPECT_TRUE(
                std::equal(complete.begin() + 14, complete.end(), arrived.begin() + static_cast<std::ptrdiff_t>(outer)))
                << outer;
        }
    }
    EXPECT_EQ(device.tx_queue(0).counters().refused.value(), 1U);
}

// One context serves all frames with the same headers.
TEST_P(ChecksumsMore, need_a_context_descriptor_only_when_the_headers_change) {
    auto device = open_logged({.tx_checksum = true});
    const auto descriptors_for = [&](const InternetFrame& frame) {
        log().clear();
        Batch<4> batch;
        batch.push(packet_of(device, frame, frame.all_flags()));
        device.tx_queue(0).send(batch);
        EXPECT_EQ(wire_receive(), frame.complete());
        const auto tails = log().written(datasheet::e1000::TDT.offset);
        return tails.size() == 1 ? tails[0] : 0;
    };
    const InternetFrame udp{.protocol = 17, .payload = 100};
    const InternetFrame tcp{.protocol = 6, .payload = 100};
    EXPECT_EQ(descriptors_for(udp), 2U);
    EXPECT_EQ(descriptors_for(udp), 3U);
    EXPECT_EQ(descriptors_for({.protocol = 17, .payload = 700, .seed = 3}), 4U);
    EXPECT_EQ(descriptors_for(tcp), 6U);
    EXPECT_EQ(descriptors_for(tcp), 7U);
    EXPECT_EQ(descriptors_for({.version = 6, .protocol = 6, .payload = 100}), 9U);
}

// QEMU's 8254x mark their results as to be ignored (IXSM): then no flag may be set.
TEST_P(ChecksumsMore, are_reported_on_receive_only_when_the_card_checked_them) {
    auto device = open({.rx_checksum = true, .rss = {.table = {0}}});
    for (const bool damaged : {false, true}) {
        Frame frame = InternetFrame{.payload = 50}.complete();
        if (damaged) frame[45] ^= std::byte{1};
        ASSERT_TRUE(wire_send(frame));
        Batch<4> batch;
        ASSERT_TRUE(test::eventually([&] { return device.rx_queue(0).receive(batch) == 1; }));
        EXPECT_EQ(test::bytes_of(batch[0]), frame);
        const PacketFlags hashed = GetParam().queues > 1 ? PacketFlags::rss_hash : PacketFlags::none;
        const PacketFlags found =
            PacketFlags::ip_checksum_good | (damaged ? PacketFlags::l4_checksum_bad : PacketFlags::l4_checksum_good);
        EXPECT_EQ(batch[0].flags(), hashed | (GetParam().checks_received ? found : PacketFlags::none));
    }
}

}  // namespace
}  // namespace ixy
