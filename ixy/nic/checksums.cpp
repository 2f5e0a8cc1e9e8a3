// Every length in a header is checked before anything after it is read.
#include <ixy/nic/checksums.hpp>

#include <cstdint>

namespace ixy {
namespace {

constexpr std::size_t ethernet_header = 14;
constexpr std::size_t longest_packet = 65535;
constexpr std::size_t ipv4_header = 20, ipv6_header = 40, udp_header = 8, tcp_header = 20;
constexpr std::uint32_t protocol_tcp = 6, protocol_udp = 17;

/// `count` bytes from `at` on as one big-endian number. They must lie inside the frame.
std::uint32_t number_at(const Packet* piece, std::size_t at, std::size_t count) {
    std::uint32_t number = 0;
    for (; count != 0; --count, ++at) {
        for (; at >= piece->length(); piece = piece->next()) at -= piece->length();
        number = number << 8 | std::to_integer<std::uint32_t>(piece->start()[at]);
    }
    return number;
}

/// True if IPv6 extension headers fill the bytes from `at` to `end` and the last one leads to `protocol`. A fragment
/// header is right only in a packet that was not fragmented (RFC 6946).
bool extensions_lead_to(std::uint32_t protocol, const Packet& frame, std::uint32_t next, std::size_t at,
                        std::size_t end) {
    constexpr std::uint32_t fragment = 44, authentication = 51;
    while (at + 8 <= end && next != protocol) {
        const std::size_t words = number_at(&frame, at + 1, 1);
        if (next == fragment && (number_at(&frame, at + 2, 2) & 0xfff9) != 0) return false;
        const std::uint32_t current = next;
        next = number_at(&frame, at, 1);
        at += current == fragment ? 8 : current == authentication ? 4 * (words + 2) : 8 * (words + 1);
    }
    return at == end && next == protocol;
}

/// Whether the IP header is as long as the packet's owner says and leads to `protocol` (0: any).
bool is_ip_header(const Packet& frame, std::uint32_t protocol) {
    const std::size_t ip = frame.l2_length(), header = frame.l3_length();
    const std::uint32_t first = number_at(&frame, ip, 1);
    if (first >> 4 == 4) {
        if (header < ipv4_header || header != std::size_t{first & 0xf} * 4) return false;
        const bool fragment = (number_at(&frame, ip + 6, 2) & 0x3fff) != 0;
        return protocol == 0 || (!fragment && number_at(&frame, ip + 9, 1) == protocol);
    }
    if (first >> 4 != 6 || header < ipv6_header) return false;
    return extensions_lead_to(protocol, frame, number_at(&frame, ip + 6, 1), ip + ipv6_header, ip + header);
}

/// Where the IP packet ends, as its header says.
std::size_t ip_end(const Packet& frame) {
    const std::size_t ip = frame.l2_length();
    if (number_at(&frame, ip, 1) >> 4 == 4) return ip + number_at(&frame, ip + 2, 2);
    return ip + ipv6_header + number_at(&frame, ip + 4, 2);
}

}  // namespace

std::optional<ChecksumRange> find_checksums(const Packet& frame) {
    const PacketFlags flags = frame.flags();
    const bool ip = has(flags, PacketFlags::ip_checksum);
    const bool tcp = has(flags, PacketFlags::tcp_checksum), udp = has(flags, PacketFlags::udp_checksum);
    if (!ip && !tcp && !udp) return ChecksumRange{};

    const std::size_t bytes = frame.frame_length();
    ChecksumRange range{.ip = frame.l2_length(), .l4 = frame.l2_length() + frame.l3_length(), .end = bytes};
    const bool headers_inside = range.ip >= ethernet_header && frame.l3_length() >= ipv4_header && range.l4 <= bytes;
    if (!headers_inside || (tcp && udp)) return {};
    if (ip && number_at(&frame, range.ip, 1) >> 4 != 4) return {};
    if (!is_ip_header(frame, tcp ? protocol_tcp : udp ? protocol_udp : 0)) return {};
    if (!tcp && !udp) return range;

    const std::size_t end = ip_end(frame);
    if (end > bytes || end < range.l4 + (tcp ? tcp_header : udp_header)) return {};
    range.end = end;
    if (udp) {  // its own length counts: the sum in its pseudo header was made of it
        const std::size_t length = number_at(&frame, range.l4 + 4, 2);
        if (length < udp_header || length > range.end - range.l4) return {};
        range.end = range.l4 + length;
    }
    return range;
}

std::optional<SegmentHeaders> find_segments(const Packet& frame) {
    const std::size_t bytes = frame.frame_length();
    const std::size_t ip = frame.l2_length(), tcp = ip + frame.l3_length(), payload = tcp + frame.l4_length();
    const bool headers_inside = ip >= ethernet_header && frame.l3_length() >= ipv4_header && payload < bytes;
    if (!headers_inside || bytes > longest_packet || frame.l4_length() < tcp_header || frame.segment_size() == 0)
        return {};
    if (!is_ip_header(frame, protocol_tcp)) return {};
    if (std::size_t{number_at(&frame, tcp + 12, 1) >> 4} * 4 != frame.l4_length()) return {};
    return SegmentHeaders{number_at(&frame, ip, 1) >> 4, ip, tcp, payload};
}

}  // namespace ixy
