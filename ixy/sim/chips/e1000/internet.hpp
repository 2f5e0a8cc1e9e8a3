// Internet packets as far as the chip looks into them: where headers are, and checksums (RFC 791, 768, 1071, 8200,
// 9293).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace ixy::sim::e1000 {

inline constexpr std::size_t ethernet_header = 14;
inline constexpr std::size_t vlan_tag_size = 4;
inline constexpr std::uint8_t protocol_tcp = 6, protocol_udp = 17;

/// A number in network order, `offset` bytes from the beginning; it must be inside.
std::uint16_t load16(std::span<const std::byte> bytes, std::size_t offset);
std::uint32_t load32(std::span<const std::byte> bytes, std::size_t offset);
void store16(std::span<std::byte> bytes, std::size_t offset, std::uint16_t number);
void store32(std::span<std::byte> bytes, std::size_t offset, std::uint32_t number);

/// Ones' complement sum of 16-bit words in network order, and of `start` (RFC 1071). An odd last byte is a high one.
std::uint16_t ones_sum(std::span<const std::byte> bytes, std::uint64_t start = 0);

struct IpPacket {
    unsigned version = 0;  ///< 4 or 6; 0: not an IP packet, or truncated
    std::span<const std::byte> header;
    std::span<const std::byte> body;  ///< what the protocol's checksum covers, without padding
    std::uint8_t protocol = 0;        ///< of IPv6 the next header, whatever it is
    bool is_fragment = false;

    /// Source, then destination.
    std::span<const std::byte> addresses() const;
    /// True when the body begins with a whole header of that protocol.
    bool is(std::uint8_t wanted) const;
};

/// The packet in a frame: Ethernet or SNAP, with or without a VLAN tag, which begins with `vlan_type`.
IpPacket parse_ip(std::span<const std::byte> frame, std::uint16_t vlan_type);

}  // namespace ixy::sim::e1000
