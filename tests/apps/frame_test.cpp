// The frames of ixy-pktgen, byte for byte, and their sequence numbers.
#include <gtest/gtest.h>

#include <ixy/core/process_space.hpp>
#include <ixy/nic/queue.hpp>
#include <random>
#include <set>

#include "apps/common/copy.hpp"
#include "apps/common/sized_batch.hpp"
#include "apps/pktgen/generator.hpp"

namespace ixy::app {
namespace {

std::vector<std::byte> bytes(std::initializer_list<unsigned> values) {
    std::vector<std::byte> result;
    for (const unsigned value : values) result.push_back(static_cast<std::byte>(value));
    return result;
}

std::uint32_t sequence_of(std::span<const std::byte> frame) {
    std::uint32_t number = 0;
    for (std::size_t i = 0; i < 4; ++i)
        number |= std::to_integer<std::uint32_t>(frame[frame.size() - 4 + i]) << (8 * i);
    return number;
}

/// The ones' complement sum of the IPv4 header including its checksum is all ones, so the checksum over both is 0.
bool ipv4_checksum_is_right(std::span<const std::byte> frame) {
    return internet_checksum(frame.subspan(ethernet_header, ipv4_header)) == std::array<std::byte, 2>{};
}

std::shared_ptr<Mempool> make_pool(std::size_t packets, std::size_t data_room = 2048) {
    return *Mempool::create(*ProcessSpace::create(), {.packets = packets, .data_room = data_room, .checked = true});
}

/// A card that accepts a random part of each batch and records the sequence numbers it got.
class ReluctantRing final : public TxRing {
public:
    std::size_t send(PacketBatch& batch) override {
        const std::size_t taken = std::uniform_int_distribution<std::size_t>(0, batch.size())(random_);
        for (std::size_t i = 0; i < taken; ++i) {
            numbers.push_back(sequence_of(batch[i].data()));
            Packet* packet = &batch[i];
            free_packets({&packet, 1});
        }
        batch.release_front(taken);
        return taken;
    }
    std::size_t reclaim() override { return 0; }
    std::vector<std::uint32_t> numbers;

private:
    std::mt19937 random_{1};
};

TEST(Frame, shortest_frame_has_these_60_bytes) {
    const auto expected = bytes({
        0x02, 0x00, 0x00, 0x00, 0x00, 0x02, 0x52, 0x54, 0x00, 0x12, 0x34, 0x56, 0x08, 0x00,  // Ethernet
        0x45, 0x00, 0x00, 0x2e, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11, 0x26, 0xbd, 10,   0,    0,    1,    10,   0,
        0,    2,                                         // IPv4
        0x05, 0x39, 0x05, 0x39, 0x00, 0x1a, 0x00, 0x00,  // UDP
        'i',  'x',  'y',  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    });
    const auto frame = build_frame({.source_mac = {{0x52, 0x54, 0x00, 0x12, 0x34, 0x56}}});
    EXPECT_EQ(frame, expected);
    EXPECT_TRUE(ipv4_checksum_is_right(frame));
}

TEST(Frame, lengths_and_checksum_are_correct_at_every_size) {
    for (const std::size_t size : {60UL, 61UL, 64UL, 1514UL, 9000UL, 9216UL}) {
        const auto frame = build_frame({.size = size});
        ASSERT_EQ(frame.size(), size);
        EXPECT_EQ(std::to_integer<std::size_t>(frame[16]) << 8 | std::to_integer<std::size_t>(frame[17]), size - 14);
        EXPECT_EQ(std::to_integer<std::size_t>(frame[38]) << 8 | std::to_integer<std::size_t>(frame[39]), size - 34);
        EXPECT_TRUE(ipv4_checksum_is_right(frame)) << size;
    }
}

TEST(Frame, checksum_follows_rfc_1071) {
    EXPECT_EQ(internet_checksum(bytes({0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7})),
              (std::array<std::byte, 2>{std::byte(0x22), std::byte(0x0d)}));
}

TEST(Frame, sequence_is_little_endian_in_the_last_four_bytes) {
    auto frame = build_frame({});
    write_sequence(frame.data(), frame.size(), 0x12345678);
    EXPECT_EQ(std::vector(frame.end() - 4, frame.end()), bytes({0x78, 0x56, 0x34, 0x12}));
    EXPECT_EQ(frame[55], std::byte{0});
}

TEST(Frame, endpoints_parse_with_and_without_port) {
    EXPECT_EQ(*parse_endpoint("192.168.1.2"), (Endpoint{0xc0a80102, 1337}));
    EXPECT_EQ(*parse_endpoint("192.168.1.2:5000"), (Endpoint{0xc0a80102, 5000}));
    for (const char* text : {"", ":5", "1.2.3", "1.2.3.4.5", "256.0.0.1", "1.2.3.4:", "1.2.3.4:x", "1.2.3.4:65536",
                             "1.2.3.4:-1", "1.2.3.4:1:2", "host", "::1"}) {
        EXPECT_FALSE(parse_endpoint(text)) << text;
    }
}

TEST(Frame, flows_differ_in_port_then_address_and_keep_the_checksum_correct) {
    const FrameOptions options;
    std::set<std::vector<std::byte>> seen;
    for (const Flow& flow : build_flows(options, 3000)) {
        auto frame = build_frame(options);
        flow.write_to(frame.data());
        EXPECT_TRUE(ipv4_checksum_is_right(frame));
        EXPECT_TRUE(seen.emplace(frame.begin() + 26, frame.begin() + 38).second);
    }
    EXPECT_EQ(seen.size(), 3000U);
}

TEST(Frame, first_flow_is_the_frame_itself) {
    const FrameOptions options;
    auto frame = build_frame(options);
    build_flows(options, 2)[0].write_to(frame.data());
    EXPECT_EQ(frame, build_frame(options));
}

TEST(Generator, numbers_have_no_gap_when_the_card_accepts_part_of_a_batch) {
    auto pool = make_pool(256);
    const auto flows = build_flows({}, 1);
    Generator generator(pool, {}, flows);
    ReluctantRing ring;
    TxQueue queue(ring);
    {
        SizedBatch batch(32);
        while (ring.numbers.size() < 10'000) {
            if (batch.empty()) generator.generate(batch, 32);
            queue.send(batch);
        }
    }
    for (std::size_t i = 0; i < ring.numbers.size(); ++i) ASSERT_EQ(ring.numbers[i], i);
    EXPECT_EQ(pool->available(), pool->size());
}

TEST(Generator, frames_stay_intact_after_many_reuses_of_their_buffers) {
    auto pool = make_pool(64);
    FrameOptions options{.size = 1514};
    const auto flows = build_flows(options, 7);
    Generator generator(pool, options, flows);
    SizedBatch batch(48);
    auto expected = build_frame(options);
    for (std::uint32_t number = 0; number < 4800;) {
        generator.generate(batch, 48);
        ASSERT_EQ(batch.size(), 48U);
        for (const Packet& packet : batch) {
            flows[number % 7].write_to(expected.data());
            write_sequence(expected.data(), expected.size(), number++);
            ASSERT_TRUE(std::ranges::equal(packet.data(), expected)) << number;
        }
        batch.clear();
    }
}

/// One generator in each thread: together they make what one makes alone.
TEST(Generator, generators_of_several_threads_share_the_numbers_and_keep_each_numbers_flow) {
    constexpr std::uint32_t flow_count = 7;
    const auto flows = build_flows({}, flow_count);
    for (const std::size_t threads : {2U, 3U, 16U}) {
        std::vector<std::uint32_t> numbers;
        for (std::size_t thread = 0; thread < threads; ++thread) {
            Generator generator(make_pool(64), {}, flows, thread, threads);
            SizedBatch batch(50);
            generator.generate(batch, 50);
            for (const Packet& packet : batch) {
                const std::uint32_t number = sequence_of(packet.data());
                auto expected = build_frame({});
                flows[number % flow_count].write_to(expected.data());
                write_sequence(expected.data(), expected.size(), number);
                EXPECT_TRUE(std::ranges::equal(packet.data(), expected)) << number;
                numbers.push_back(number);
            }
        }
        std::ranges::sort(numbers);
        for (std::uint32_t i = 0; i < numbers.size(); ++i) ASSERT_EQ(numbers[i], i);
    }
}

TEST(Generator, numbers_start_over_after_32_bits_for_any_number_of_threads) {
    const auto flows = build_flows({}, 1);
    Generator generator(make_pool(64), {}, flows, 0xffff'fffe, 3);
    SizedBatch batch(3);
    generator.generate(batch, 3);
    EXPECT_EQ(sequence_of(batch[0].data()), 0xffff'fffeU);
    EXPECT_EQ(sequence_of(batch[1].data()), 1U);
    EXPECT_EQ(sequence_of(batch[2].data()), 4U);
}

TEST(Generator, generates_no_more_than_there_are_buffers) {
    auto pool = make_pool(40);
    const auto flows = build_flows({}, 1);
    Generator generator(pool, {}, flows);
    SizedBatch batch(64);
    generator.generate(batch, 64);
    EXPECT_EQ(batch.size(), 40U);
    EXPECT_EQ(sequence_of(batch[39].data()), 39U);
    generator.generate(batch, 10);
    EXPECT_EQ(batch.size(), 40U);
}

TEST(Copy, keeps_every_piece_of_a_long_frame_and_leaves_nothing_behind) {
    auto from = make_pool(16, 64);
    auto to = make_pool(16, 64);
    SizedBatch batch(8);
    for (std::size_t frame = 0; frame < 2; ++frame) {
        Packet* last = nullptr;
        for (std::size_t piece = 0; piece < 3; ++piece) {
            Packet* packet = from->allocate();
            packet->set_length(piece == 2 ? 10 : 64);
            std::ranges::fill(packet->data(), static_cast<std::byte>(frame * 10 + piece));
            piece == 0 ? batch.push(packet) : last->set_next(packet);
            last = packet;
        }
    }
    replace_with_copies(batch, *to);
    ASSERT_EQ(batch.size(), 2U);
    EXPECT_EQ(from->available(), 16U);
    EXPECT_EQ(to->available(), 10U);
    EXPECT_EQ(batch[1].frame_length(), 138U);
    EXPECT_EQ(batch[1].next()->data()[63], std::byte{11});
    EXPECT_EQ(batch[1].next()->next()->data()[9], std::byte{12});
    batch.clear();
    EXPECT_EQ(to->available(), 16U);
}

TEST(Copy, drops_whole_frames_when_the_pool_is_exhausted) {
    auto from = make_pool(16, 64);
    auto to = make_pool(3, 64);
    SizedBatch batch(8);
    for (std::size_t frame = 0; frame < 2; ++frame) {
        Packet* first = from->allocate();
        first->set_length(64);
        first->set_next(from->allocate());
        first->next()->set_length(64);
        batch.push(first);
    }
    replace_with_copies(batch, *to);
    EXPECT_EQ(batch.size(), 1U);
    EXPECT_EQ(from->available(), 16U);
    batch.clear();
    EXPECT_EQ(to->available(), 3U);
}

}  // namespace
}  // namespace ixy::app
