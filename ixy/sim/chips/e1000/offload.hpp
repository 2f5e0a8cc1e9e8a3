// What the chip computes in software's stead: the Ethernet check sequence, internet checksums of received (manual
// 3.2.9) and sent (3.5) frames, and the headers of segments (3.5.9).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <ixy/datasheet/e1000/chip.hpp>
#include <ixy/datasheet/e1000/descriptors.hpp>
#include <ixy/datasheet/e1000/receive.hpp>
#include <ixy/sim/chips/e1000/internet.hpp>

namespace ixy::sim::e1000 {

inline constexpr std::size_t check_sequence_size = 4;

/// CRC-32 of IEEE 802.3, 3.2.9; its bytes go out lowest first.
std::uint32_t check_sequence(std::span<const std::byte> frame);

/// The status bits that RXCSUM asks for about a received frame's checksums: IXSM, or IPCS and TCPCS with IPE and TCPE.
/// A tag begins with `vlan_type`. Table 3-5: IPv4 with options, TCP, UDP, also tagged; no fragments, no truncated
/// packets.
datasheet::Value<datasheet::e1000::RdescStatus> check_received(std::span<const std::byte> frame,
                                                               datasheet::Value<datasheet::e1000::Rxcsum> control,
                                                               std::uint16_t vlan_type);

/// Where a checksum is computed and where it goes.
struct ChecksumPlace {
    std::size_t first = 0;   ///< first byte covered
    std::size_t offset = 0;  ///< where it goes; the bytes there are summed too, if they are covered
    std::size_t last = 0;    ///< last byte covered; 0: the packet's last
    std::size_t extra = 0;   ///< added to the sum: a length in the pseudo-header
    /// A checksum of zero is sent as all ones: in UDP, zero means none (RFC 768).
    bool never_zero = false;
};
/// False, and nothing is done, when the place is not inside `packet`.
bool insert_checksum(std::span<std::byte> packet, const ChecksumPlace& place);

/// True when `context` describes headers that can be segmented: those of TCP or UDP, within HDRLEN, and an MSS.
bool can_segment(const datasheet::e1000::ContextDescriptor& context);
/// A segment's number in its packet, from 0, and whether it is the last one.
struct SegmentPlace {
    std::uint32_t number = 0;
    bool is_last = false;
};
/// Adapts the headers at the beginning of `segment` to it, as a chip with `features` does (3.5.9; 82574L 7.3.6.2).
void adjust_headers(std::span<std::byte> segment, const datasheet::e1000::ContextDescriptor& context,
                    SegmentPlace place, const datasheet::e1000::Features& features);

}  // namespace ixy::sim::e1000
