// What the chip computes so that software need not: the Ethernet check sequence, internet checksums of frames that come
// in (manual 3.2.9) and go out (3.5), and the headers of segments (3.5.9).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <ixy/datasheet/chip.hpp>
#include <ixy/datasheet/e1000/descriptors.hpp>
#include <ixy/datasheet/e1000/receive.hpp>
#include <ixy/sim/e1000/internet.hpp>

namespace ixy::sim::e1000 {

inline constexpr std::size_t check_sequence_size = 4;

/// CRC-32 of IEEE 802.3, 3.2.9; its bytes go out lowest first.
std::uint32_t check_sequence(std::span<const std::byte> frame);

/// What RXCSUM has the chip say of a received frame's checksums: IXSM, or IPCS and TCPCS with IPE and TCPE. `vlan_type`
/// is what a tag begins with. Table 3-5: IPv4 with options, TCP, UDP, also tagged; not fragments, not what is cut off.
datasheet::Value<datasheet::e1000::RdescStatus> check_received(std::span<const std::byte> frame,
                                                               datasheet::Value<datasheet::e1000::Rxcsum> control,
                                                               std::uint16_t vlan_type);

/// Where a checksum is computed and put.
struct ChecksumPlace {
    std::size_t first = 0;   ///< byte that it begins with
    std::size_t offset = 0;  ///< where it goes; what is there is summed up as well, when it is in between
    std::size_t last = 0;    ///< byte that it ends with; 0: the packet's last
    std::size_t extra = 0;   ///< added to the sum: a length in the pseudo-header
    /// A checksum that comes out as zero is sent as all ones: in UDP, zero stands for none (RFC 768).
    bool never_zero = false;
};
/// False, and nothing is done, when that is not inside of `packet`.
bool insert_checksum(std::span<std::byte> packet, const ChecksumPlace& place);

/// True when `context` describes headers that can be segmented: those of TCP or UDP, within HDRLEN, and an MSS.
bool can_segment(const datasheet::e1000::ContextDescriptor& context);
/// Which segment of its packet it is, from 0, and whether it is the last one.
struct SegmentPlace {
    std::uint32_t number = 0;
    bool is_last = false;
};
/// Makes the headers at the beginning of `segment` its own, as a chip with `features` does (3.5.9; 82574L 7.3.6.2).
void adjust_headers(std::span<std::byte> segment, const datasheet::e1000::ContextDescriptor& context,
                    SegmentPlace place, const datasheet::Features& features);

}  // namespace ixy::sim::e1000
