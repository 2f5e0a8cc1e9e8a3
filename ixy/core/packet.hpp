// A packet buffer: one cache line of metadata, then headroom, then the frame.
//
//   Packet*
//   |
//   +----------------+-----------+--------------------------+----------+
//   | metadata  64 B | headroom  | frame: length() bytes    | tailroom |
//   +----------------+-----------+--------------------------+----------+
//                    |           `- data(), io_address() is the same byte as the device sees it
//                    `- buffer(), the memory that Mempool handed out
//
// A frame longer than one buffer is a chain: each packet's next() is the following piece, the last one's is null.
#pragma once

#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>

#include <ixy/core/flags.hpp>
#include <ixy/core/offload_notes.hpp>

namespace ixy {

class Mempool;

/// An address as a device sees it: physical, behind an IOMMU, or an offset into a shared file.
struct IoAddress {
    std::uint64_t value = 0;

    friend constexpr IoAddress operator+(IoAddress base, std::uint64_t bytes) { return {base.value + bytes}; }
    friend constexpr bool operator==(IoAddress, IoAddress) = default;
};

/// What the card found out about a received frame, or is asked to do to a frame it sends.
enum class PacketFlags : std::uint16_t {
    none = 0,
    // received
    vlan_stripped = 1 << 0,     ///< vlan() holds the tag that the card removed
    ip_checksum_good = 1 << 1,  ///< the card checked the IPv4 header's checksum
    ip_checksum_bad = 1 << 2,
    l4_checksum_good = 1 << 3,  ///< the card checked the TCP or UDP checksum
    l4_checksum_bad = 1 << 4,
    rss_hash = 1 << 5,  ///< hash() holds the hash by which the card chose the queue
    // to be sent
    insert_vlan = 1 << 8,        ///< the card inserts vlan() as an 802.1Q tag
    ip_checksum = 1 << 9,        ///< the card writes the IPv4 header's checksum; needs l2 and l3 lengths
    tcp_checksum = 1 << 10,      ///< the card writes the TCP checksum; the field holds the pseudo header's sum
    udp_checksum = 1 << 11,      ///< the same for UDP
    tcp_segmentation = 1 << 12,  ///< the card cuts the packet into TCP segments, see set_segmentation()
};
template <>
inline constexpr bool is_flags<PacketFlags> = true;

/// Only the flags that ask the card to do something on sending; those about reception are dropped.
constexpr PacketFlags requests(PacketFlags flags) {
    return static_cast<PacketFlags>(static_cast<std::uint16_t>(flags) & 0xff00U);
}

/// One packet buffer. It lives in DMA memory, is created by a Mempool and never copied: the object is the buffer's
/// first cache line. Thread rule: a packet belongs to one thread at a time; hand it over through a ring.
class alignas(64) Packet : public OffloadNotes {
public:
    Packet(const Packet&) = delete;
    Packet& operator=(const Packet&) = delete;

    /// The frame's bytes in this buffer.
    std::span<std::byte> data() { return {start(), piece_.length}; }
    std::span<const std::byte> data() const { return {start(), piece_.length}; }
    std::byte* start() { return buffer() + piece_.offset; }
    const std::byte* start() const { return buffer() + piece_.offset; }
    /// Bytes of the frame in this buffer; frame_length() counts the whole frame.
    std::size_t length() const { return piece_.length; }
    /// Bytes of the frame in this and all following buffers.
    std::size_t frame_length() const {
        std::size_t sum = 0;
        for (const Packet* piece = this; piece != nullptr; piece = piece->next_) sum += piece->piece_.length;
        return sum;
    }
    /// Sets the length; at most capacity() minus headroom().
    void set_length(std::size_t bytes) {
        assert(bytes + piece_.offset <= capacity_);
        piece_.length = static_cast<std::uint16_t>(bytes);
    }

    std::size_t headroom() const { return piece_.offset; }
    std::size_t tailroom() const { return std::size_t{capacity_} - piece_.offset - piece_.length; }
    /// Bytes that follow the metadata: headroom, frame and tailroom.
    std::size_t capacity() const { return capacity_; }
    /// Grows the frame at its front by `bytes` of the headroom; the new bytes hold whatever was there.
    void prepend(std::size_t bytes) {
        assert(bytes <= piece_.offset && piece_.length + bytes <= 0xffff);
        piece_.offset = static_cast<std::uint16_t>(piece_.offset - bytes);
        piece_.length = static_cast<std::uint16_t>(piece_.length + bytes);
    }
    /// Removes `bytes` from the front of this buffer's part of the frame.
    void trim_front(std::size_t bytes) {
        assert(bytes <= piece_.length);
        piece_.offset = static_cast<std::uint16_t>(piece_.offset + bytes);
        piece_.length = static_cast<std::uint16_t>(piece_.length - bytes);
    }

    /// First byte after the metadata.
    std::byte* buffer() { return reinterpret_cast<std::byte*>(this) + sizeof(Packet); }
    const std::byte* buffer() const { return reinterpret_cast<const std::byte*>(this) + sizeof(Packet); }
    /// buffer() as the device sees it.
    IoAddress buffer_address() const { return buffer_address_; }
    /// start() as the device sees it.
    IoAddress io_address() const { return buffer_address_ + piece_.offset; }

    /// The following piece of a long frame, or null.
    Packet* next() const { return next_; }
    void set_next(Packet* piece) { next_ = piece; }

    PacketFlags flags() const { return piece_.flags; }
    void set_flags(PacketFlags flags) { piece_.flags = flags; }
    /// 802.1Q tag control information in host order: priority (3 bits), DEI, VLAN id (12 bits).
    std::uint16_t vlan() const { return piece_.vlan; }
    void set_vlan(std::uint16_t tag) { piece_.vlan = tag; }

    /// The pool that this buffer goes back to.
    Mempool& pool() const { return *pool_; }
    /// Index within the pool, from 0.
    std::uint32_t index() const { return index_; }

    /// For drivers: sets everything about a received piece, with two stores.
    void received(std::size_t offset, std::size_t length, PacketFlags flags, std::uint16_t vlan) {
        const std::uint64_t word =
            offset | length << 16 | std::uint64_t{static_cast<std::uint16_t>(flags)} << 32 | std::uint64_t{vlan} << 48;
        piece_ = std::bit_cast<Piece>(word);
        next_ = nullptr;
    }

private:
    friend class Mempool;
    Packet(Mempool& pool, IoAddress buffer_address, std::uint32_t index, std::uint16_t capacity)
        : pool_(&pool), buffer_address_(buffer_address), index_(index), capacity_(capacity) {}

    Mempool* pool_;
    IoAddress buffer_address_;
    Packet* next_ = nullptr;
    std::uint32_t index_;
    std::uint16_t capacity_;
    /// The fields that change with every frame, written as one word.
    struct alignas(8) Piece {
        std::uint16_t offset = 0;
        std::uint16_t length = 0;
        PacketFlags flags = PacketFlags::none;
        std::uint16_t vlan = 0;
    };
    static_assert(std::endian::native == std::endian::little && sizeof(Piece) == 8);
    Piece piece_;
};
static_assert(sizeof(Packet) == 64, "the frame begins on the second cache line");

}  // namespace ixy
