// The card's computations, compared with the simplest ones.
#include <ixy/sim/chips/e1000/offload.hpp>

#include <random>

#include "tests/sim/e1000/bench.hpp"

namespace ixy::sim::e1000 {
namespace {

constexpr std::uint16_t vlan_type = 0x8100;
constexpr auto all_checks = RXCSUM.IPOFL | RXCSUM.TUOFL | RXCSUM.IPV6OFL;
using Status = datasheet::Value<RdescStatus>;

Status check(const Bytes& frame, datasheet::Value<Rxcsum> control = all_checks) {
    return check_received(frame, control, vlan_type);
}

Bytes random_bytes(std::mt19937& random, std::size_t size) {
    Bytes bytes(size);
    for (std::byte& each : bytes) each = static_cast<std::byte>(random());
    return bytes;
}

TEST(CheckSequence, is_the_ethernet_crc_32) {
    const std::string_view digits = "123456789";
    EXPECT_EQ(check_sequence(std::as_bytes(std::span(digits))), 0xcbf4'3926U);
    std::mt19937 random(1);
    for (std::size_t size = 0; size < 200; ++size) {
        const Bytes bytes = random_bytes(random, size);
        EXPECT_EQ(check_sequence(bytes), simple_crc(bytes)) << size;
    }
}

TEST(OnesSum, equals_the_word_by_word_sum_at_any_size_and_alignment) {
    std::mt19937 random(2);
    const Bytes bytes = random_bytes(random, 300);
    for (std::size_t from = 0; from < 9; ++from)
        for (std::size_t size = 0; size < 290; ++size) {
            const auto part = std::span(bytes).subspan(from, size);
            EXPECT_EQ(ones_sum(part, 0x1234), simple_sum(part, 0x1234)) << from << ' ' << size;
        }
    EXPECT_EQ(ones_sum(Bytes(65536, std::byte{0xff})), 0xffff);
}

TEST(ReceiveChecks, correct_checksums_pass_and_wrong_ones_fail) {
    for (const unsigned version : {4U, 6U})
        for (const std::uint8_t protocol : {std::uint8_t{6}, std::uint8_t{17}})
            for (const std::size_t payload : {0U, 1U, 26U, 1001U})
                for (const bool tagged : {false, true}) {
                    const IpFrame of{.version = version, .protocol = protocol, .payload = payload, .tagged = tagged};
                    const Status ip = version == 4 ? Status(RDESC_STATUS.IPCS) : Status{};
                    Bytes frame = finished(of);
                    EXPECT_EQ(check(frame).bits, (ip | RDESC_STATUS.TCPCS).bits);
                    frame[of.l4() + 1] ^= std::byte{1};
                    EXPECT_EQ(check(frame).bits, (ip | RDESC_STATUS.TCPCS | RDESC_STATUS.TCPE).bits);
                    if (version == 6) continue;
                    frame[of.ip() + 1] ^= std::byte{1};  // type of service: not in the pseudo-header
                    EXPECT_EQ(check(frame).bits, (ip | RDESC_STATUS.IPE | RDESC_STATUS.TCPCS | RDESC_STATUS.TCPE).bits);
                }
}

TEST(ReceiveChecks, each_is_done_on_request) {
    const Bytes frame = finished({});
    EXPECT_EQ(check(frame, {}).bits, Status(RDESC_STATUS.IXSM).bits);
    EXPECT_EQ(check(frame, RXCSUM.IPOFL).bits, Status(RDESC_STATUS.IPCS).bits);
    EXPECT_EQ(check(frame, RXCSUM.TUOFL).bits, Status(RDESC_STATUS.TCPCS).bits);
    EXPECT_EQ(check(finished({.version = 6}), RXCSUM.IPOFL | RXCSUM.TUOFL).bits, Status(RDESC_STATUS.IXSM).bits);
}

TEST(ReceiveChecks, options_and_snap_headers_are_skipped) {
    EXPECT_EQ(check(finished({.options = 40})).bits, (RDESC_STATUS.IPCS | RDESC_STATUS.TCPCS).bits);
    Bytes frame = finished({});
    Bytes snap{std::byte{0}, std::byte{200}};
    for (const int each : {0xaa, 0xaa, 0x03, 0, 0, 0}) snap.push_back(static_cast<std::byte>(each));
    frame.insert(frame.begin() + 12, snap.begin(), snap.end());
    EXPECT_EQ(check(frame).bits, (RDESC_STATUS.IPCS | RDESC_STATUS.TCPCS).bits);
}

TEST(ReceiveChecks, padding_after_a_short_packet_does_not_count) {
    Bytes frame = finished({.payload = 0});
    frame.resize(frame.size() + 6, std::byte{0x55});
    EXPECT_EQ(check(frame).bits, (RDESC_STATUS.IPCS | RDESC_STATUS.TCPCS).bits);
}

TEST(ReceiveChecks, only_the_ip_header_of_fragments_is_checked) {
    for (const unsigned fragment : {0x2000U, 0x0001U}) {
        const IpFrame of;
        Bytes frame = finished(of);
        set_word(frame, of.ip() + 6, fragment);
        set_word(frame, of.ip() + 10, 0);
        set_word(frame, of.ip() + 10, ~simple_sum(std::span(frame).subspan(of.ip(), 20)) & 0xffff);
        EXPECT_EQ(check(frame).bits, Status(RDESC_STATUS.IPCS).bits);
    }
}

TEST(ReceiveChecks, udp_without_a_checksum_is_not_checked) {
    const IpFrame of{.protocol = 17};
    Bytes frame = finished(of);
    set_word(frame, of.l4_checksum(), 0);
    EXPECT_EQ(check(frame).bits, Status(RDESC_STATUS.IPCS).bits);
}

TEST(ReceiveChecks, non_ip_and_truncated_packets_are_left_alone) {
    EXPECT_EQ(check(test_frame(100)).bits, Status(RDESC_STATUS.IXSM).bits);
    for (const unsigned version : {4U, 6U}) {
        const IpFrame of{.version = version};
        const Bytes frame = finished(of);
        for (std::size_t size = 0; size < frame.size(); ++size)  // each in its own storage: overreads are noticed
            EXPECT_EQ(check(Bytes(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size))).bits,
                      Status(RDESC_STATUS.IXSM).bits)
                << size;
    }
}

TEST(ReceiveChecks, random_headers_do_no_harm) {
    std::mt19937 random(3);
    for (int round = 0; round < 20'000; ++round) {
        const IpFrame of{.version = round % 2 == 0 ? 4U : 6U, .payload = random() % 40, .tagged = round % 3 == 0};
        Bytes frame = finished(of);
        for (int flip = 0; flip < 3; ++flip)
            frame[12 + random() % (frame.size() - 12)] = static_cast<std::byte>(random());
        frame.resize(random() % (frame.size() + 1));
        frame.shrink_to_fit();
        check(frame);
    }
}

TEST(InsertChecksum, covers_exactly_the_requested_bytes) {
    const Bytes before = test_frame(100);
    for (const std::size_t last : {std::size_t{0}, std::size_t{60}, std::size_t{61}, std::size_t{500}}) {
        Bytes frame = before;
        ASSERT_TRUE(insert_checksum(frame, {.first = 14, .offset = 24, .last = last, .extra = 7}));
        const std::size_t end = last == 0 || last >= 100 ? 100 : last + 1;
        EXPECT_EQ(word(frame, 24), ~simple_sum(std::span(before).subspan(14, end - 14), 7) & 0xffff);
        set_word(frame, 24, word(before, 24));
        EXPECT_EQ(frame, before);
    }
}

TEST(InsertChecksum, does_nothing_beyond_the_packet) {
    Bytes frame = test_frame(60);
    const Bytes before = frame;
    EXPECT_FALSE(insert_checksum(frame, {.first = 14, .offset = 59}));
    EXPECT_FALSE(insert_checksum(frame, {.first = 60, .offset = 20}));
    EXPECT_FALSE(insert_checksum(frame, {.first = 30, .offset = 20, .last = 29}));
    EXPECT_EQ(frame, before);
    EXPECT_TRUE(insert_checksum(frame, {.first = 59, .offset = 58}));
}

TEST(InsertChecksum, sends_zero_as_all_ones_where_zero_would_mean_none) {
    Bytes frame(20, std::byte{0xff});
    ASSERT_TRUE(insert_checksum(frame, {.first = 0, .offset = 10}));
    EXPECT_EQ(word(frame, 10), 0U);
    set_word(frame, 10, 0xffff);
    ASSERT_TRUE(insert_checksum(frame, {.first = 0, .offset = 10, .never_zero = true}));
    EXPECT_EQ(word(frame, 10), 0xffffU);
}

}  // namespace
}  // namespace ixy::sim::e1000
