// IPv4 and IPv6 frames with TCP and UDP. Their checksums are computed here (RFC 1071), to compare with a card's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "tests/support/test_bed.hpp"

namespace ixy::test {

struct InternetFrame {
    unsigned version = 4;        ///< of IP
    std::uint8_t protocol = 17;  ///< 6: TCP, 17: UDP
    std::size_t payload = 18;    ///< bytes after the TCP or UDP header
    std::size_t ip_options = 0;  ///< bytes of IPv4 options, a multiple of 4
    bool tagged = false;         ///< with an 802.1Q tag
    unsigned seed = 0;

    std::size_t l2() const { return tagged ? 18 : 14; }
    std::size_t l3() const { return version == 4 ? 20 + ip_options : 40; }
    std::size_t l4() const { return protocol == 6 ? 20 : 8; }
    std::size_t size() const { return l2() + l3() + l4() + payload; }
    std::size_t ip_checksum_at() const { return l2() + 10; }
    std::size_t l4_checksum_at() const { return l2() + l3() + (protocol == 6 ? 16 : 6); }

    /// The frame as it must appear on the wire.
    Frame complete() const;
    /// The frame as given to a card that is to compute the checksums in `flags`.
    Frame unfinished(PacketFlags flags) const;
    PacketFlags l4_flag() const { return protocol == 6 ? PacketFlags::tcp_checksum : PacketFlags::udp_checksum; }
    /// The flags that request every checksum of the frame.
    PacketFlags all_flags() const { return version == 4 ? l4_flag() | PacketFlags::ip_checksum : l4_flag(); }

private:
    Frame without_checksums() const;
    std::uint32_t pseudo_header_sum(const Frame& frame) const;
};

}  // namespace ixy::test
