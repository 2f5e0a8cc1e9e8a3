// What a packet's request for checksums means, byte by byte, for the drivers of all families.
#pragma once

#include <cstddef>
#include <optional>

#include <ixy/core/packet.hpp>

namespace ixy {

/// Where the checksums that a packet asks for are computed. Offsets are bytes from the start of the frame.
struct ChecksumRange {
    std::size_t ip = 0;   ///< first byte of the IP header
    std::size_t l4 = 0;   ///< first byte of the TCP or UDP header
    std::size_t end = 0;  ///< past the last byte of the TCP segment or UDP datagram; padding may follow
};

/// Reads the headers that the packet's flags and header lengths describe, across as many pieces as they span. Empty if
/// the request cannot be right: lengths that are not set, lie outside the frame or contradict the headers; TCP and UDP
/// at once; a checksum that the packet does not have (IPv6 has none of its own, a fragment no complete one). All zero
/// if the packet asks for no checksum. RFC 791, 8200, 768.
std::optional<ChecksumRange> find_checksums(const Packet& frame);

/// Where a header has its checksum: bytes from its start.
inline constexpr std::size_t ip_checksum_at = 10, tcp_checksum_at = 16, udp_checksum_at = 6;

/// The headers of a packet that is to be cut into TCP segments. Offsets are bytes from the start of the frame.
struct SegmentHeaders {
    unsigned ip_version;  ///< 4 or 6
    std::size_t ip;       ///< first byte of the IP header
    std::size_t tcp;      ///< first byte of the TCP header
    std::size_t payload;  ///< first byte of the payload
};

/// Reads the headers that the packet's header lengths describe. Empty if a request for segmentation cannot be right:
/// they contradict the headers, the packet is no TCP packet or a fragment, has no payload or is longer than 65,535
/// bytes, or the segment size is 0. The IP header's own length counts for nothing: the card writes one for each
/// segment.
std::optional<SegmentHeaders> find_segments(const Packet& frame);

}  // namespace ixy
