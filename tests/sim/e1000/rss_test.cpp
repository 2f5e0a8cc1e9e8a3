// Receive side scaling: the datasheet's vectors (82574 datasheet, 7.1.2.10), and which frames are hashed how.
#include <ixy/sim/chips/e1000/rss.hpp>

#include <arpa/inet.h>

#include <ixy/datasheet/e1000/pcie.hpp>

#include "tests/sim/e1000/bench.hpp"

namespace ixy::sim::e1000 {
namespace {

constexpr std::array<std::uint8_t, 40> key{0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
                                           0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
                                           0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
                                           0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};

struct Vector {
    unsigned version;
    const char *source, *destination;
    std::uint16_t source_port, destination_port;
    std::uint32_t addresses_hash, ports_hash;
};
constexpr Vector vectors[] = {
    {4, "66.9.149.187", "161.142.100.80", 2794, 1766, 0x323e8fc2, 0x51ccc178},
    {4, "199.92.111.2", "65.69.140.83", 14230, 4739, 0xd718262a, 0xc626b0ea},
    {4, "24.19.198.95", "12.22.207.184", 12898, 38024, 0xd2d0a5de, 0x5c2b394a},
    {4, "38.27.205.30", "209.142.163.6", 48228, 2217, 0x82989176, 0xafc7327f},
    {4, "153.39.163.191", "202.188.127.2", 44251, 1303, 0x5d1809c5, 0x10e828a2},
    {6, "3ffe:2501:200:1fff::7", "3ffe:2501:200:3::1", 2794, 1766, 0x2cc18cd5, 0x40207d3d},
    {6, "3ffe:501:8::260:97ff:fe40:efab", "ff02::1", 14230, 4739, 0x0f0c461c, 0xdde51bbf},
    {6, "3ffe:1900:4545:3:200:f8ff:fe21:67cf", "fe80::200:f8ff:fe21:67cf", 44251, 38024, 0x4b61e985, 0x02d1feef}};

Bytes frame_of(const Vector& vector, std::uint8_t protocol = 6, bool tagged = false) {
    const IpFrame of{.version = vector.version, .protocol = protocol, .tagged = tagged};
    Bytes frame = finished(of);
    const bool four = vector.version == 4;
    const std::size_t size = four ? 4 : 16, at = of.ip() + (four ? 12 : 8);
    inet_pton(four ? AF_INET : AF_INET6, vector.source, &frame[at]);
    inet_pton(four ? AF_INET : AF_INET6, vector.destination, &frame[at + size]);
    set_word(frame, of.l4(), vector.source_port);
    set_word(frame, of.l4() + 2, vector.destination_port);
    return frame;
}

class RssTest : public testing::Test {
protected:
    RssTest() {
        registers.set(datasheet::Location<datasheet::Number>(VET), 0x8100);
        for (std::size_t i = 0; i < RSSRK.count; ++i) {
            std::uint32_t four = 0;
            std::memcpy(&four, &key[i * 4], 4);
            registers.set(RSSRK[i], four);
        }
    }
    RssResult scaled(const Bytes& frame, datasheet::Value<Mrqc> kinds) {
        registers.set(MRQC, MRQC.MRQE(1) | kinds);
        return scale(frame, registers);
    }

    TestHost host;
    RegisterFile registers{CHIP_82574L, host};
    static constexpr auto every_kind = MRQC.TCP_IPV4 | MRQC.IPV4 | MRQC.TCP_IPV6 | MRQC.IPV6;
};

TEST_F(RssTest, hashes_match_the_datasheet) {
    for (const Vector& vector : vectors)
        for (const bool tagged : {false, true}) {
            const RssResult tcp = scaled(frame_of(vector, 6, tagged), every_kind);
            EXPECT_EQ(tcp.hash, vector.ports_hash);
            EXPECT_EQ(tcp.type, vector.version == 4 ? 1U : 3U);
            const RssResult udp = scaled(frame_of(vector, 17, tagged), every_kind);
            EXPECT_EQ(udp.hash, vector.addresses_hash);
            EXPECT_EQ(udp.type, vector.version == 4 ? 2U : 5U);
        }
}

TEST_F(RssTest, a_disabled_hash_type_falls_back_to_a_more_general_one) {
    EXPECT_EQ(scaled(frame_of(vectors[0]), MRQC.IPV4).hash, vectors[0].addresses_hash);
    EXPECT_EQ(scaled(frame_of(vectors[5]), MRQC.IPV6).hash, vectors[5].addresses_hash);
    const RssResult extended = scaled(frame_of(vectors[5]), MRQC.IPV6_EX | MRQC.IPV6);
    EXPECT_EQ(extended.hash, vectors[5].addresses_hash);
    EXPECT_EQ(extended.type, 4U);
    EXPECT_EQ(scaled(frame_of(vectors[0]), MRQC.TCP_IPV6 | MRQC.IPV6).type, 0U);
}

TEST_F(RssTest, a_fragment_is_hashed_by_addresses_only) {
    Bytes frame = frame_of(vectors[0]);
    set_word(frame, 14 + 6, 0x2000);
    EXPECT_EQ(scaled(frame, every_kind).hash, vectors[0].addresses_hash);
    EXPECT_EQ(scaled(frame, every_kind).type, 2U);
}

TEST_F(RssTest, non_ip_frames_have_no_hash_and_go_to_queue_0) {
    for (std::size_t i = 0; i < RETA.count; ++i) registers.set(RETA[i], 0x8080'8080);
    const RssResult result = scaled(test_frame(100), every_kind);
    EXPECT_EQ(result.type, 0U);
    EXPECT_EQ(result.hash, 0U);
    EXPECT_EQ(result.queue, 0U);
    registers.set(MRQC, every_kind);  // and everything when RSS is off
    EXPECT_EQ(scale(frame_of(vectors[0]), registers).queue, 0U);
}

TEST_F(RssTest, each_of_the_128_entries_chooses_the_queue_of_its_hashes) {
    for (const Vector& vector : vectors) {
        for (std::size_t i = 0; i < RETA.count; ++i) registers.set(RETA[i], 0);
        const std::uint32_t entry = vector.ports_hash & 0x7f;
        EXPECT_EQ(scaled(frame_of(vector), every_kind).queue, 0U);
        registers.set(RETA[entry / 4], 0x80U << entry % 4 * 8);
        EXPECT_EQ(scaled(frame_of(vector), every_kind).queue, 1U);
        registers.set(RETA[entry / 4], ~(0x80U << entry % 4 * 8));
        EXPECT_EQ(scaled(frame_of(vector), every_kind).queue, 0U);
    }
}

TEST_F(RssTest, a_key_of_one_repeated_word_hashes_both_directions_alike) {
    for (std::size_t i = 0; i < RSSRK.count; ++i) registers.set(RSSRK[i], 0x5a6d'5a6d);
    for (const Vector& there : vectors) {
        Vector back = there;
        std::swap(back.source, back.destination);
        std::swap(back.source_port, back.destination_port);
        EXPECT_EQ(scaled(frame_of(there), every_kind).hash, scaled(frame_of(back), every_kind).hash);
    }
}

}  // namespace
}  // namespace ixy::sim::e1000
