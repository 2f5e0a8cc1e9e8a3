// What a packet's flags leave out: numbers that cards find, or need for the work that they are asked to do. A first
// reader can skip this file.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace ixy {

/// A part of Packet. PacketFlags tell which of it is valid.
class OffloadNotes {
public:
    /// With PacketFlags::rss_hash: the hash of a received frame's addresses and ports (ixy/nic/rss.hpp).
    std::uint32_t hash() const { return hash_; }
    void set_hash(std::uint32_t hash) { hash_ = hash; }
    /// For checksum offload: bytes of the link header (14 or more) and of the IP header (IPv4: 20 to 60; IPv6: 40 or
    /// more), each at most 254; more becomes 255, which no card accepts.
    void set_header_lengths(std::size_t l2, std::size_t l3) {
        l2_length_ = static_cast<std::uint8_t>(l2 < 255 ? l2 : 255);
        l3_length_ = static_cast<std::uint8_t>(l3 < 255 ? l3 : 255);
    }
    std::size_t l2_length() const { return l2_length_; }
    std::size_t l3_length() const { return l3_length_; }

    /// For PacketFlags::tcp_segmentation (TSO): the packet may be longer than a frame, and becomes frames with at most
    /// `segment_size` bytes of payload each. The card writes their lengths, sequence numbers and all of their
    /// checksums; the TCP checksum field holds the pseudo header's sum without the length. `l4` is the length of the
    /// TCP header, 20 to 60 bytes. The lengths of the other headers are needed, too.
    void set_segmentation(std::size_t segment_size, std::size_t l4) {
        segment_size_ = static_cast<std::uint16_t>(segment_size < 0xffff ? segment_size : 0xffff);
        l4_length_ = static_cast<std::uint8_t>(l4 < 255 ? l4 : 255);
    }
    std::size_t segment_size() const { return segment_size_; }
    std::size_t l4_length() const { return l4_length_; }

private:
    std::uint32_t hash_ = 0;
    std::uint16_t segment_size_ = 0;
    std::uint8_t l2_length_ = 0;
    std::uint8_t l3_length_ = 0;
    std::uint8_t l4_length_ = 0;
};

}  // namespace ixy
