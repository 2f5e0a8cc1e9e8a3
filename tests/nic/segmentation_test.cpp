// TSO: one large packet becomes frames whose headers and checksums are right, and whose payload is all of it.
#include "tests/nic/conformance.hpp"
#include "tests/support/internet_frames.hpp"

namespace ixy {
namespace {

using test::InternetFrame;

constexpr std::size_t tcp_header = 20;
constexpr std::byte fin_psh_ack{0x19}, ack{0x10};

std::uint32_t number_at(const test::Frame& frame, std::size_t at, std::size_t count) {
    std::uint32_t number = 0;
    for (std::size_t i = 0; i < count; ++i) number = number << 8 | std::to_integer<std::uint32_t>(frame.at(at + i));
    return number;
}

void put16(test::Frame& frame, std::size_t at, std::size_t value) {
    frame.at(at) = static_cast<std::byte>(value >> 8);
    frame.at(at + 1) = static_cast<std::byte>(value);
}

std::uint32_t sum(std::span<const std::byte> bytes, std::uint32_t start = 0) {
    for (std::size_t i = 0; i < bytes.size(); ++i)
        start += std::to_integer<std::uint32_t>(bytes[i]) << (i % 2 == 0 ? 8 : 0);
    while (start >> 16 != 0) start = (start & 0xffff) + (start >> 16);
    return start;
}

class Segmentation : public Conformance {
protected:
    static std::span<const std::byte> addresses(const InternetFrame& like, const Frame& frame) {
        return std::span(frame).subspan(like.l2() + (like.version == 4 ? 12 : 8), like.version == 4 ? 8 : 32);
    }
    /// The packet as the card needs it: no IP checksum, the pseudo header's sum without the length in TCP's place.
    static Frame unfinished(const InternetFrame& like) {
        Frame frame = like.complete();
        if (like.version == 4) put16(frame, like.ip_checksum_at(), 0);
        frame.at(like.l2() + like.l3() + 13) = fin_psh_ack;
        put16(frame, like.l4_checksum_at(), sum(addresses(like, frame), 6));
        return frame;
    }
    static Packet* packet_of(Device& device, const InternetFrame& like, std::size_t segment_size) {
        Packet* packet = test::make_packet(*device.pool(), unfinished(like));
        packet->set_flags(PacketFlags::tcp_segmentation);
        packet->set_header_lengths(like.l2(), like.l3());
        packet->set_segmentation(segment_size, tcp_header);
        return packet;
    }
    /// Receives the segments of the packet and checks each.
    void expect_segments(const InternetFrame& like, std::size_t segment_size, std::string_view what) {
        const Frame whole = unfinished(like);
        const std::size_t ip = like.l2(), tcp = ip + like.l3(), headers = tcp + tcp_header;
        for (std::size_t sent = 0, number = 0; sent < like.payload; sent += segment_size, ++number) {
            SCOPED_TRACE(std::string(what) + ", segment " + std::to_string(number));
            const std::size_t bytes = std::min(segment_size, like.payload - sent);
            const Frame frame = wire_receive();
            ASSERT_GE(frame.size(), headers + bytes);
            ASSERT_LE(frame.size(), std::max<std::size_t>(headers + bytes, 60)) << "but for padding";
            EXPECT_TRUE(std::equal(frame.begin() + static_cast<long>(headers),
                                   frame.begin() + static_cast<long>(headers + bytes),
                                   whole.begin() + static_cast<long>(headers + sent)));
            const auto segment = std::span(frame).first(headers + bytes);
            if (like.version == 4) {
                EXPECT_EQ(number_at(frame, ip + 2, 2), like.l3() + tcp_header + bytes);
                EXPECT_EQ(number_at(frame, ip + 4, 2), (number_at(whole, ip + 4, 2) + number) & 0xffff);
                EXPECT_EQ(sum(segment.subspan(ip, like.l3())), 0xffffU) << "IP checksum";
            } else {
                EXPECT_EQ(number_at(frame, ip + 4, 2), tcp_header + bytes);
            }
            EXPECT_EQ(number_at(frame, tcp + 4, 4), number_at(whole, tcp + 4, 4) + static_cast<std::uint32_t>(sent));
            EXPECT_EQ(frame.at(tcp + 13), sent + bytes == like.payload ? fin_psh_ack : ack);
            const auto pseudo = sum(addresses(like, frame), static_cast<std::uint32_t>(6 + tcp_header + bytes));
            EXPECT_EQ(sum(segment.subspan(tcp), pseudo), 0xffffU) << "TCP checksum";
        }
        // QEMU's 8254x send another segment, without payload, when the payload fills its segments exactly.
        if (!by_the_book() && like.payload % segment_size == 0) {
            EXPECT_EQ(wire_receive().size(), headers);
        }
    }
    static std::vector<unsigned> versions() {
        return GetParam().driver == "e1000" ? std::vector{4U} : std::vector{4U, 6U};
    }
};

/// QEMU's 82574L ignores the context here, too: it sends the packet as fragments of one IP packet.
std::vector<test::Subject> cards_that_segment() {
    std::vector<test::Subject> cards = test::one_of_a_kind();
    std::erase_if(cards, [](const test::Subject& card) { return !card.obeys_contexts; });
    return cards;
}
INSTANTIATE_TEST_SUITE_P(Card, Segmentation, testing::ValuesIn(cards_that_segment()), subject_name);

class SegmentationRefused : public Segmentation {};
INSTANTIATE_TEST_SUITE_P(Card, SegmentationRefused, one_card(), subject_name);

TEST_P(Segmentation, cuts_packets_of_any_length) {
    auto device = open({.segmentation = true});
    for (const unsigned version : versions()) {
        for (const std::size_t payload : {1U, 99U, 100U, 101U, 1000U, 1460U, 5000U, 9000U, 20000U, 60000U}) {
            for (const std::size_t size : {100U, 1440U}) {
                if (payload / size > 100) continue;
                const InternetFrame like{.version = version, .protocol = 6, .payload = payload, .seed = 3};
                Batch<4> batch;
                batch.push(packet_of(device, like, size));
                ASSERT_EQ(device.tx_queue(0).send(batch), 1U);
                expect_segments(like, size, "IPv" + std::to_string(version) + ", " + std::to_string(payload));
            }
        }
    }
    EXPECT_TRUE(wire_is_silent());
    EXPECT_EQ(device.tx_queue(0).counters().refused.value(), 0U);
}

TEST_P(Segmentation, stands_between_plain_frames_and_checksums_around_the_ring) {
    auto device = open({.tx_ring_size = 16, .tx_checksum = true, .segmentation = true});
    for (unsigned i = 0; i < 40; ++i) {
        const InternetFrame large{.protocol = 6, .payload = 3000 + i, .seed = i};
        const InternetFrame sum{.protocol = 17, .payload = 60, .seed = i};
        Batch<4> batch;
        batch.push(test::make_packet(*device.pool(), sum.unfinished(sum.all_flags())));
        batch[0].set_flags(sum.all_flags());
        batch[0].set_header_lengths(sum.l2(), sum.l3());
        batch.push(packet_of(device, large, 1000));
        batch.push(test::make_packet(*device.pool(), test::make_frame(60, i)));
        ASSERT_TRUE(test::eventually([&] {
            device.tx_queue(0).send(batch);
            return batch.empty();
        }));
        ASSERT_EQ(wire_receive(), sum.complete());
        expect_segments(large, 1000, "round " + std::to_string(i));
        ASSERT_EQ(wire_receive(), test::make_frame(60, i));
    }
}

TEST_P(SegmentationRefused, if_it_is_impossible_and_counted) {
    auto device = open({.segmentation = true});
    struct Request {
        std::size_t l2, l3, l4, size;
        std::uint8_t protocol = 6;
    };
    std::uint64_t refused = 0;
    for (const Request& request : {Request{0, 0, 0, 1000},
                                   {14, 20, 20, 0},
                                   {14, 20, 24, 1000},
                                   {14, 24, 20, 1000},
                                   {14, 20, 8, 1000},
                                   {14, 20, 20, 1000, 17},
                                   {14, 20, 20, limits().most_max_frame}}) {
        const InternetFrame like{.protocol = request.protocol, .payload = 4000};
        Batch<4> batch;
        batch.push(test::make_packet(*device.pool(), like.complete()));
        batch[0].set_flags(PacketFlags::tcp_segmentation);
        batch[0].set_header_lengths(request.l2, request.l3);
        batch[0].set_segmentation(request.size, request.l4);
        EXPECT_EQ(device.tx_queue(0).send(batch), 0U);
        EXPECT_TRUE(batch.empty());
        EXPECT_EQ(device.tx_queue(0).counters().refused.value(), ++refused) << request.l4 << " " << request.size;
    }
    EXPECT_TRUE(wire_is_silent());
}

TEST_P(SegmentationRefused, without_the_option) {
    auto device = open({.tx_checksum = true});
    Batch<4> batch;
    batch.push(packet_of(device, {.protocol = 6, .payload = 4000}, 1000));
    EXPECT_EQ(device.tx_queue(0).send(batch), 0U);
    EXPECT_EQ(device.tx_queue(0).counters().refused.value(), 1U);
}

}  // namespace
}  // namespace ixy
