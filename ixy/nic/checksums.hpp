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

}  // namespace ixy
