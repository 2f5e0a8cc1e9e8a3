#include <ixy/sim/e1000/offload.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace ixy::sim::e1000 {

using namespace datasheet::e1000;
using datasheet::Value;

namespace {

constexpr std::uint16_t type_ipv4 = 0x0800, type_ipv6 = 0x86dd, longest_length = 1500;
constexpr std::uint8_t protocol_tcp = 6, protocol_udp = 17;

std::uint8_t load8(std::span<const std::byte> bytes, std::size_t offset) {
    return std::to_integer<std::uint8_t>(bytes[offset]);
}

/// tables[k][b]: what byte b does to the check sequence when k more bytes follow it in a step of eight.
constexpr auto check_sequence_tables = [] {
    std::array<std::array<std::uint32_t, 256>, 8> tables{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        std::uint32_t rest = byte;
        for (int bit = 0; bit < 8; ++bit) rest = rest >> 1 ^ ((rest & 1) != 0 ? 0xedb8'8320U : 0U);
        tables[0][byte] = rest;
    }
    for (std::size_t k = 1; k < 8; ++k)
        for (std::size_t byte = 0; byte < 256; ++byte)
            tables[k][byte] = tables[k - 1][byte] >> 8 ^ tables[0][tables[k - 1][byte] & 0xff];
    return tables;
}();

std::uint16_t fold(std::uint64_t sum) {
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(sum);
}

/// An IP packet as far as its checksums need to be known.
struct IpPacket {
    std::span<const std::byte> header;  ///< empty: it is none, or it is cut off
    std::span<const std::byte> body;    ///< what the protocol's checksum covers
    std::uint8_t protocol = 0;
    bool fragment = false;
    std::uint64_t pseudo_header = 0;  ///< its sum
};

IpPacket parse_ipv4(std::span<const std::byte> bytes) {
    if (bytes.size() < 20 || load8(bytes, 0) >> 4 != 4) return {};
    const std::size_t header = (load8(bytes, 0) & 0xfU) * 4;
    const std::size_t total = load16(bytes, 2);
    if (header < 20 || header > total || total > bytes.size()) return {};
    const std::uint8_t protocol = load8(bytes, 9);
    return {.header = bytes.first(header),
            .body = bytes.subspan(header, total - header),
            .protocol = protocol,
            .fragment = (load16(bytes, 6) & 0x3fff) != 0,  // more fragments, or not the first
            .pseudo_header = ones_sum(bytes.subspan(12, 8), protocol + (total - header))};
}

IpPacket parse_ipv6(std::span<const std::byte> bytes) {
    if (bytes.size() < 40 || load8(bytes, 0) >> 4 != 6) return {};
    const std::size_t payload = load16(bytes, 4);
    if (payload > bytes.size() - 40) return {};
    const std::uint8_t next_header = load8(bytes, 6);
    return {.header = bytes.first(40),
            .body = bytes.subspan(40, payload),
            .protocol = next_header,
            .pseudo_header = ones_sum(bytes.subspan(8, 32), next_header + payload)};
}

/// True when the packet is TCP or UDP with a checksum; `right` says whether it is right.
bool check_protocol(const IpPacket& packet, bool& right) {
    const std::size_t header = packet.protocol == protocol_tcp ? 20 : packet.protocol == protocol_udp ? 8 : 0;
    if (header == 0 || packet.fragment || packet.body.size() < header) return false;
    if (packet.protocol == protocol_udp && load16(packet.body, 6) == 0) return false;  // RFC 768: none was computed
    right = ones_sum(packet.body, packet.pseudo_header) == 0xffff;
    return true;
}

}  // namespace

std::uint16_t load16(std::span<const std::byte> bytes, std::size_t offset) {
    return static_cast<std::uint16_t>(load8(bytes, offset) << 8 | load8(bytes, offset + 1));
}

std::uint32_t load32(std::span<const std::byte> bytes, std::size_t offset) {
    return std::uint32_t{load16(bytes, offset)} << 16 | load16(bytes, offset + 2);
}

void store16(std::span<std::byte> bytes, std::size_t offset, std::uint16_t number) {
    bytes[offset] = static_cast<std::byte>(number >> 8);
    bytes[offset + 1] = static_cast<std::byte>(number);
}

void store32(std::span<std::byte> bytes, std::size_t offset, std::uint32_t number) {
    store16(bytes, offset, static_cast<std::uint16_t>(number >> 16));
    store16(bytes, offset + 2, static_cast<std::uint16_t>(number));
}

std::uint32_t check_sequence(std::span<const std::byte> frame) {
    const auto& tables = check_sequence_tables;
    std::uint32_t rest = 0xffff'ffff;
    for (; frame.size() >= 8; frame = frame.subspan(8)) {
        std::uint64_t eight = 0;
        std::memcpy(&eight, frame.data(), 8);
        eight ^= rest;
        rest = 0;
        for (std::size_t k = 0; k < 8; ++k) rest ^= tables[7 - k][eight >> 8 * k & 0xff];
    }
    for (const std::byte byte : frame)
        rest = rest >> 8 ^ tables[0][(rest ^ std::to_integer<std::uint32_t>(byte)) & 0xff];
    return ~rest;
}

std::uint16_t ones_sum(std::span<const std::byte> bytes, std::uint64_t start) {
    static_assert(std::endian::native == std::endian::little);
    std::uint64_t sum = 0;  // of words in our order; RFC 1071, 2(B): only the sum needs to be turned round
    for (; bytes.size() >= 4; bytes = bytes.subspan(4)) {
        std::uint32_t word = 0;
        std::memcpy(&word, bytes.data(), 4);
        sum += word;
    }
    std::uint32_t rest = 0;
    if (!bytes.empty()) std::memcpy(&rest, bytes.data(), bytes.size());
    return fold(start + std::uint64_t{std::byteswap(fold(sum + rest))});
}

Value<RdescStatus> check_received(std::span<const std::byte> frame, Value<Rxcsum> control, std::uint16_t vlan_type) {
    if (!(control & (RXCSUM.IPOFL | RXCSUM.TUOFL)) || frame.size() < ethernet_header + vlan_tag_size)
        return RDESC_STATUS.IXSM;
    std::size_t at = load16(frame, 12) == vlan_type ? 16 : 12;
    constexpr std::size_t snap = 8;  // LLC and SNAP, up to the type
    if (load16(frame, at) <= longest_length && frame.size() >= at + snap + 2 && load32(frame, at + 2) == 0xaaaa'0300)
        at += snap;
    const std::uint16_t type = load16(frame, at);
    const std::span<const std::byte> bytes = frame.subspan(at + 2);
    const bool wanted6 = static_cast<bool>(control & RXCSUM.IPV6OFL);
    const IpPacket packet = type == type_ipv4              ? parse_ipv4(bytes)
                            : type == type_ipv6 && wanted6 ? parse_ipv6(bytes)
                                                           : IpPacket{};
    if (packet.header.empty()) return RDESC_STATUS.IXSM;

    Value<RdescStatus> found{};
    if (type == type_ipv4 && (control & RXCSUM.IPOFL)) {
        found |= RDESC_STATUS.IPCS;
        if (ones_sum(packet.header) != 0xffff) found |= RDESC_STATUS.IPE;
    }
    bool right = true;
    if ((control & RXCSUM.TUOFL) && check_protocol(packet, right)) {
        found |= RDESC_STATUS.TCPCS;
        if (!right) found |= RDESC_STATUS.TCPE;
    }
    return found ? found : Value<RdescStatus>(RDESC_STATUS.IXSM);
}

bool insert_checksum(std::span<std::byte> packet, const ChecksumPlace& place) {
    const std::size_t end = place.last == 0 ? packet.size() : std::min(place.last + 1, packet.size());
    if (place.first >= end || place.offset + 2 > packet.size()) return false;
    auto checksum = static_cast<std::uint16_t>(~ones_sum(packet.subspan(place.first, end - place.first), place.extra));
    if (checksum == 0 && place.never_zero) checksum = 0xffff;
    store16(packet, place.offset, checksum);
    return true;
}

bool can_segment(const ContextDescriptor& context) {
    const std::size_t headers = CONTEXT_STATUS.HDRLEN.of(context.status);
    const std::size_t ip = CONTEXT_IP.IPCSS.of(context.ip) + (context.command & CONTEXT_CMD.IP ? 20 : 40);
    const std::size_t l4 = CONTEXT_TCP.TUCSS.of(context.tcp) + (context.command & CONTEXT_CMD.TCP ? 20 : 8);
    return ip <= headers && l4 <= headers && CONTEXT_STATUS.MSS.of(context.status) != 0;
}

void adjust_headers(std::span<std::byte> segment, const ContextDescriptor& context, std::uint32_t number,
                    bool is_last) {
    const std::size_t ip = CONTEXT_IP.IPCSS.of(context.ip);
    const std::size_t l4 = CONTEXT_TCP.TUCSS.of(context.tcp);
    const std::size_t size = segment.size();
    if (context.command & CONTEXT_CMD.IP) {
        store16(segment, ip + 2, static_cast<std::uint16_t>(size - ip));                         // total length
        store16(segment, ip + 4, static_cast<std::uint16_t>(load16(segment, ip + 4) + number));  // identification
    } else {
        store16(segment, ip + 4, static_cast<std::uint16_t>(size - ip - 40));  // payload length, RFC 8200, 3
    }
    if (context.command & CONTEXT_CMD.TCP) {
        const std::uint32_t sent = number * CONTEXT_STATUS.MSS.of(context.status);
        store32(segment, l4 + 4, load32(segment, l4 + 4) + sent);  // sequence number
        constexpr std::byte fin_psh{0x09};
        if (!is_last) segment[l4 + 13] &= ~fin_psh;
    } else {
        store16(segment, l4 + 4, static_cast<std::uint16_t>(size - l4));  // UDP's length
    }
}

}  // namespace ixy::sim::e1000
