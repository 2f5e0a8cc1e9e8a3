// A truncated or inconsistent packet is not a packet at all, so no caller ever reads beyond the frame.
#include <ixy/sim/chips/e1000/internet.hpp>

#include <bit>
#include <cstring>

namespace ixy::sim::e1000 {

namespace {

constexpr std::uint16_t type_ipv4 = 0x0800, type_ipv6 = 0x86dd, longest_length = 1500;

std::uint8_t load8(std::span<const std::byte> bytes, std::size_t offset) {
    return std::to_integer<std::uint8_t>(bytes[offset]);
}

std::uint16_t fold(std::uint64_t sum) {
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(sum);
}

IpPacket parse_ipv4(std::span<const std::byte> bytes) {
    if (bytes.size() < 20 || load8(bytes, 0) >> 4 != 4) return {};
    const std::size_t header = std::size_t{load8(bytes, 0) & 0xfU} * 4;
    const std::size_t total = load16(bytes, 2);
    if (header < 20 || header > total || total > bytes.size()) return {};
    return {.version = 4,
            .header = bytes.first(header),
            .body = bytes.subspan(header, total - header),
            .protocol = load8(bytes, 9),
            .is_fragment = (load16(bytes, 6) & 0x3fff) != 0};  // more fragments, or not the first
}

IpPacket parse_ipv6(std::span<const std::byte> bytes) {
    if (bytes.size() < 40 || load8(bytes, 0) >> 4 != 6) return {};
    const std::size_t payload = load16(bytes, 4);
    if (payload > bytes.size() - 40) return {};
    return {.version = 6, .header = bytes.first(40), .body = bytes.subspan(40, payload), .protocol = load8(bytes, 6)};
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

std::uint16_t ones_sum(std::span<const std::byte> bytes, std::uint64_t start) {
    static_assert(std::endian::native == std::endian::little);
    std::uint64_t sum = 0;  // of words in our order; RFC 1071, 2(B): only the sum needs a byte swap
    for (; bytes.size() >= 4; bytes = bytes.subspan(4)) {
        std::uint32_t word = 0;
        std::memcpy(&word, bytes.data(), 4);
        sum += word;
    }
    std::uint32_t rest = 0;
    if (!bytes.empty()) std::memcpy(&rest, bytes.data(), bytes.size());
    return fold(start + std::uint64_t{std::byteswap(fold(sum + rest))});
}

std::span<const std::byte> IpPacket::addresses() const {
    return version == 4 ? header.subspan(12, 8) : version == 6 ? header.subspan(8, 32) : header;
}

bool IpPacket::is(std::uint8_t wanted) const {
    return protocol == wanted && !is_fragment && body.size() >= (wanted == protocol_tcp ? 20U : 8U);
}

IpPacket parse_ip(std::span<const std::byte> frame, std::uint16_t vlan_type) {
    if (frame.size() < ethernet_header + vlan_tag_size) return {};
    std::size_t at = load16(frame, 12) == vlan_type ? 16 : 12;
    constexpr std::size_t snap = 8;  // LLC and SNAP, up to the type
    if (load16(frame, at) <= longest_length && frame.size() >= at + snap + 2 && load32(frame, at + 2) == 0xaaaa'0300)
        at += snap;
    const std::uint16_t type = load16(frame, at);
    const std::span<const std::byte> bytes = frame.subspan(at + 2);
    return type == type_ipv4 ? parse_ipv4(bytes) : type == type_ipv6 ? parse_ipv6(bytes) : IpPacket{};
}

}  // namespace ixy::sim::e1000
