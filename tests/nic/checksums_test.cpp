// Which checksum requests are valid, and where the sums begin and end.
#include <ixy/nic/checksums.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <span>
#include <string>
#include <vector>

#include <ixy/core/mempool.hpp>
#include <ixy/core/process_space.hpp>

#include "tests/support/internet_frames.hpp"

namespace ixy {
namespace {

using test::Frame;
using test::InternetFrame;

constexpr PacketFlags ip = PacketFlags::ip_checksum, tcp = PacketFlags::tcp_checksum, udp = PacketFlags::udp_checksum;

class FindChecksums : public testing::Test {
protected:
    /// A packet of `frame`, split after each of the bytes named in `cuts`.
    std::optional<ChecksumRange> find(const Frame& frame, PacketFlags flags, std::size_t l2, std::size_t l3,
                                      std::vector<std::size_t> cuts = {}) {
        cuts.push_back(frame.size());
        Packet* first = nullptr;
        Packet* last = nullptr;
        std::size_t done = 0;
        for (const std::size_t cut : cuts) {
            Packet* const piece = test::make_packet(*pool_, Frame(frame.begin() + static_cast<std::ptrdiff_t>(done),
                                                                  frame.begin() + static_cast<std::ptrdiff_t>(cut)));

            if (first == nullptr) {
                first = piece;
            } else {
                last->set_next(piece);
            }
            last = piece;
            done = cut;
        }
        first->set_flags(flags);
        first->set_header_lengths(l2, l3);
        const auto found = find_checksums(*first);
        free_packets({&first, 1});
        return found;
    }
    std::optional<ChecksumRange> find(const InternetFrame& frame) {
        return find(frame.complete(), frame.all_flags(), frame.l2(), frame.l3());
    }

private:
    std::shared_ptr<Mempool> pool_ = Mempool::create(ProcessSpace::create().value(), {.packets = 256}).value();
};

Frame with_byte(Frame frame, std::size_t at, unsigned value) {
    frame.at(at) = static_cast<std::byte>(value);
    return frame;
}

/// The IPv6 frame with `extension` inserted after its IP header.
Frame with_extension(const InternetFrame& frame, std::vector<unsigned> extension, unsigned type) {
    Frame bytes = frame.complete();
    for (std::size_t i = 0; i < extension.size(); ++i)
        bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(frame.l2() + 40 + i),
                     static_cast<std::byte>(extension[i]));
    bytes.at(frame.l2() + 6) = static_cast<std::byte>(type);
    bytes.at(frame.l2() + 5) =
        static_cast<std::byte>(std::to_integer<std::size_t>(bytes.at(frame.l2() + 5)) + extension.size());
    return bytes;
}

TEST_F(FindChecksums, follows_ipv4_and_ipv6_tcp_and_udp_options_and_tags) {
    for (const unsigned version : {4U, 6U}) {
        for (const std::uint8_t protocol : std::initializer_list<std::uint8_t>{6, 17}) {
            for (const bool tagged : {false, true}) {
                for (const std::size_t options : {0U, 4U, 40U}) {
                    if (version == 6 && options != 0) continue;
                    const InternetFrame frame{.version = version,
                                              .protocol = protocol,
                                              .payload = 33,
                                              .ip_options = options,
                                              .tagged = tagged};
                    const auto found = find(frame);
                    ASSERT_TRUE(found);
                    EXPECT_EQ(found->ip, frame.l2());
                    EXPECT_EQ(found->l4, frame.l2() + frame.l3());
                    EXPECT_EQ(found->end, frame.size());
                }
            }
        }
    }
}

TEST_F(FindChecksums, without_requests_finds_nothing) {
    const Frame garbage = test::make_frame(60);
    const auto found = find(garbage, PacketFlags::ip_checksum_good | PacketFlags::insert_vlan, 0, 0);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->end, 0U);
}

TEST_F(FindChecksums, ends_with_the_packet_not_its_padding) {
    for (const unsigned version : {4U, 6U}) {
        for (const std::uint8_t protocol : std::initializer_list<std::uint8_t>{6, 17}) {
            const InternetFrame frame{.version = version, .protocol = protocol, .payload = 5};
            Frame padded = frame.complete();
            padded.resize(padded.size() + 13, std::byte{0xaa});
            EXPECT_EQ(find(padded, frame.l4_flag(), frame.l2(), frame.l3())->end, frame.size());
        }
    }
}

TEST_F(FindChecksums, ends_with_the_datagram_for_udp) {
    const InternetFrame frame{.payload = 20};
    const Frame shorter = with_byte(frame.complete(), frame.l2() + frame.l3() + 5, 8 + 12);
    EXPECT_EQ(find(shorter, udp, frame.l2(), frame.l3())->end, frame.size() - 8);
}

TEST_F(FindChecksums, reads_headers_in_any_number_of_pieces) {
    const InternetFrame frame{.protocol = 6, .payload = 30, .ip_options = 8};
    std::vector<std::size_t> everywhere;
    for (std::size_t cut = 1; cut < frame.size(); ++cut) {
        const auto found = find(frame.complete(), frame.all_flags(), frame.l2(), frame.l3(), {cut});
        ASSERT_TRUE(found) << cut;
        EXPECT_EQ(found->end, frame.size()) << cut;
        everywhere.push_back(cut);
    }
    EXPECT_TRUE(find(frame.complete(), frame.all_flags(), frame.l2(), frame.l3(), everywhere));
}

TEST_F(FindChecksums, refuses_lengths_that_are_not_set_or_do_not_fit) {
    const InternetFrame frame{.payload = 300};
    const Frame bytes = frame.complete();
    for (const auto& [l2, l3] : std::initializer_list<std::pair<std::size_t, std::size_t>>{{0, 0},
                                                                                           {14, 0},
                                                                                           {0, 20},
                                                                                           {13, 20},
                                                                                           {15, 20},
                                                                                           {18, 20},
                                                                                           {14, 16},
                                                                                           {14, 19},
                                                                                           {14, 24},
                                                                                           {14, 40},
                                                                                           {14, 60},
                                                                                           {250, 60},
                                                                                           {255, 255},
                                                                                           {246, 20},
                                                                                           {14 + 256, 20},
                                                                                           {14, 20 + 256}}) {
        for (const PacketFlags flags : {ip, udp, ip | udp}) EXPECT_FALSE(find(bytes, flags, l2, l3)) << l2 << " " << l3;
    }
    const InternetFrame small{.version = 6, .payload = 10};
    for (const std::size_t l3 : {0U, 20U, 39U, 48U, 255U}) EXPECT_FALSE(find(small.complete(), udp, 14, l3)) << l3;
}

TEST_F(FindChecksums, refuses_headers_that_a_packet_does_not_have) {
    const InternetFrame as_udp{.protocol = 17, .payload = 40}, as_tcp{.protocol = 6, .payload = 40};
    const InternetFrame ipv6{.version = 6, .protocol = 17, .payload = 40};
    EXPECT_FALSE(find(as_udp.complete(), tcp | udp, 14, 20)) << "both";
    EXPECT_FALSE(find(as_udp.complete(), tcp, 14, 20));
    EXPECT_FALSE(find(as_tcp.complete(), udp, 14, 20));
    EXPECT_FALSE(find(ipv6.complete(), PacketFlags::ip_checksum, 14, 40));
    EXPECT_FALSE(find(ipv6.complete(), tcp, 14, 40));
    EXPECT_FALSE(find(with_byte(as_udp.complete(), 14, 0x55), ip, 14, 20)) << "not a version of IP";
    for (const auto& [at, value] : {std::pair{20U, 0x20U}, {21U, 1U}}) {
        const Frame fragment = with_byte(as_udp.complete(), at, value);
        EXPECT_FALSE(find(fragment, udp, 14, 20)) << at;
        EXPECT_TRUE(find(fragment, ip, 14, 20)) << at;
    }
    EXPECT_TRUE(find(with_byte(as_udp.complete(), 20, 0x40), udp, 14, 20)) << "do not fragment";
}

TEST_F(FindChecksums, refuses_truncated_packets) {
    for (const unsigned version : {4U, 6U}) {
        for (const std::uint8_t protocol : std::initializer_list<std::uint8_t>{6, 17}) {
            const InternetFrame frame{.version = version, .protocol = protocol, .payload = 10};
            for (std::size_t size = 1; size < frame.size(); ++size) {
                Frame cut = frame.complete();
                cut.resize(size);
                EXPECT_FALSE(find(cut, frame.l4_flag(), frame.l2(), frame.l3())) << size;
            }
        }
    }
    const InternetFrame frame{.payload = 10};
    EXPECT_FALSE(find(with_byte(frame.complete(), 17, 20 + 7), udp, 14, 20)) << "no room for UDP's header";
    EXPECT_TRUE(find(with_byte(frame.complete(), 17, 20 + 7), ip, 14, 20));
    for (const unsigned length : {0U, 7U, 19U}) {
        EXPECT_FALSE(find(with_byte(frame.complete(), 39, length), udp, 14, 20)) << length << " in UDP's header";
    }
}

TEST_F(FindChecksums, steps_over_ipv6_extension_headers) {
    const InternetFrame frame{.version = 6, .protocol = 17, .payload = 20};
    const std::vector<unsigned> options{17, 0, 1, 4, 0, 0, 0, 0};
    EXPECT_TRUE(find(with_extension(frame, options, 0), udp, 14, 48));
    EXPECT_FALSE(find(with_extension(frame, options, 0), udp, 14, 40)) << "the options are not a UDP header";
    EXPECT_FALSE(find(with_extension(frame, options, 17), udp, 14, 48)) << "there are no options";
    EXPECT_FALSE(find(with_extension(frame, {6, 0, 1, 4, 0, 0, 0, 0}, 60), udp, 14, 48)) << "they lead to TCP";
    EXPECT_FALSE(find(with_extension(frame, {17, 1, 1, 4, 0, 0, 0, 0}, 60), udp, 14, 48)) << "they are longer";
    EXPECT_TRUE(find(with_extension(frame, {17, 0, 0, 0, 1, 2, 3, 4}, 44), udp, 14, 48)) << "an unfragmented packet";
    EXPECT_FALSE(find(with_extension(frame, {17, 0, 0, 1, 1, 2, 3, 4}, 44), udp, 14, 48)) << "more fragments follow";
}

}  // namespace
}  // namespace ixy
