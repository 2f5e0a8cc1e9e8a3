// All of this works on bytes as they are on the wire, and never looks beyond them.
#include <ixy/sim/chips/e1000/offload.hpp>

#include <algorithm>
#include <array>
#include <cstring>

namespace ixy::sim::e1000 {

using namespace datasheet::e1000;
using datasheet::Value;

namespace {

/// tables[k][b]: the effect of byte b on the check sequence when k more bytes follow it in a step of eight.
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

/// True when the packet is TCP or UDP with a checksum; `right` tells whether it is right.
bool check_protocol(const IpPacket& packet, bool& right) {
    if (!packet.is(protocol_tcp) && !packet.is(protocol_udp)) return false;
    if (packet.protocol == protocol_udp && load16(packet.body, 6) == 0) return false;  // RFC 768: none was computed
    const std::uint16_t pseudo_header = ones_sum(packet.addresses(), packet.protocol + packet.body.size());
    right = ones_sum(packet.body, pseudo_header) == 0xffff;
    return true;
}

}  // namespace

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

Value<RdescStatus> check_received(std::span<const std::byte> frame, Value<Rxcsum> control, std::uint16_t vlan_type) {
    if (!(control & (RXCSUM.IPOFL | RXCSUM.TUOFL))) return RDESC_STATUS.IXSM;
    const IpPacket packet = parse_ip(frame, vlan_type);
    if (packet.version == 0 || (packet.version == 6 && !(control & RXCSUM.IPV6OFL))) return RDESC_STATUS.IXSM;

    Value<RdescStatus> found{};
    if (packet.version == 4 && (control & RXCSUM.IPOFL)) {
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

void adjust_headers(std::span<std::byte> segment, const ContextDescriptor& context, SegmentPlace place,
                    const datasheet::e1000::Features& features) {
    const std::size_t ip = CONTEXT_IP.IPCSS.of(context.ip);
    const std::size_t l4 = CONTEXT_TCP.TUCSS.of(context.tcp);
    const std::size_t size = segment.size();
    if (context.command & CONTEXT_CMD.IP) {
        store16(segment, ip + 2, static_cast<std::uint16_t>(size - ip));                               // total length
        store16(segment, ip + 4, static_cast<std::uint16_t>(load16(segment, ip + 4) + place.number));  // identification
    } else {
        // RFC 8200, 3, has the payload length without the header. The 8254x's is MSS + HDRLEN - IPCSS all the same.
        const std::size_t header = features.ipv6_header_in_length ? 0 : 40;
        store16(segment, ip + 4, static_cast<std::uint16_t>(size - ip - header));
    }
    if (context.command & CONTEXT_CMD.TCP) {
        const std::uint32_t sent = place.number * CONTEXT_STATUS.MSS.of(context.status);
        store32(segment, l4 + 4, load32(segment, l4 + 4) + sent);  // sequence number
        constexpr std::byte fin_psh{0x09};
        if (!place.is_last) segment[l4 + 13] &= ~fin_psh;
    } else {
        store16(segment, l4 + 4, static_cast<std::uint16_t>(size - l4));  // UDP's length
    }
}

}  // namespace ixy::sim::e1000
