// Receive side scaling: how a card with several receive queues chooses one for each frame. It computes a hash of the
// addresses and ports (Toeplitz), and the hash's low bits select an entry of a table, which holds the queue. All frames
// of a flow go to one queue, in order. Microsoft, "Introduction to Receive Side Scaling".
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <ixy/core/flags.hpp>

namespace ixy {

using RssKey = std::array<std::uint8_t, 40>;

/// The key of Microsoft's verification suite, which most drivers use: hashes can be compared with published ones.
inline constexpr RssKey default_rss_key{0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
                                        0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
                                        0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
                                        0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};
/// A key of period 16 bits: both directions of a flow have the same hash. Woo and Park, "Scalable TCP Session
/// Monitoring with Symmetric Receive-side Scaling", 2012.
inline constexpr RssKey symmetric_rss_key = [] {
    RssKey key{};
    for (std::size_t i = 0; i < key.size(); ++i) key[i] = i % 2 == 0 ? 0x6d : 0x5a;
    return key;
}();

/// The kinds of packets that are hashed. Those with ports hash them too; other packets count as the plainer kind.
enum class RssHash : std::uint8_t {
    none = 0,
    ipv4 = 1 << 0,
    tcp_ipv4 = 1 << 1,
    udp_ipv4 = 1 << 2,
    ipv6 = 1 << 3,
    tcp_ipv6 = 1 << 4,
    udp_ipv6 = 1 << 5,
    every = 0xff,  ///< every kind that the card has
};
template <>
inline constexpr bool is_flags<RssHash> = true;

/// How received frames are spread when a device has several receive queues.
struct RssOptions {
    RssKey key = default_rss_key;
    std::vector<std::uint16_t>
        table{};  ///< queues by hash; repeated until the card's table is full. Empty: round robin
    RssHash hashes = RssHash::every;
};

/// The queue in entry `index` of the card's table.
constexpr std::size_t rss_queue(const RssOptions& rss, std::size_t index, std::size_t rx_queues) {
    return rss.table.empty() ? index % rx_queues : rss.table[index % rss.table.size()];
}

/// The Toeplitz hash of `input`: addresses, then ports, in network order; at most 36 bytes.
std::uint32_t rss_hash(const RssKey& key, std::span<const std::byte> input);

}  // namespace ixy
