// IPv4 (RFC 791), IPv6 (RFC 8200), TCP (RFC 9293) and UDP (RFC 768) headers, and the Internet checksum (RFC 1071).
#include "tests/support/internet_frames.hpp"

namespace ixy::test {
namespace {

/// The ones' complement sum of big-endian 16-bit words, not yet inverted.
std::uint32_t add_up(std::span<const std::byte> bytes, std::uint32_t sum = 0) {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const auto byte = std::to_integer<std::uint32_t>(bytes[i]);
        sum += i % 2 == 0 ? byte << 8 : byte;
    }
    while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
    return sum;
}

void put16(Frame& frame, std::size_t at, std::size_t value) {
    frame.at(at) = static_cast<std::byte>(value >> 8);
    frame.at(at + 1) = static_cast<std::byte>(value);
}

}  // namespace

Frame InternetFrame::without_checksums() const {
    Frame frame = make_frame(size(), seed);
    if (tagged) {
        put16(frame, 12, 0x8100);
        put16(frame, 14, 0x0123);
    }
    put16(frame, l2() - 2, version == 4 ? 0x0800 : 0x86dd);
    const std::size_t ip = l2();
    const std::size_t behind_ip = l4() + payload;
    if (version == 4) {
        frame.at(ip) = static_cast<std::byte>(0x40 | l3() / 4);
        put16(frame, ip + 2, l3() + behind_ip);
        put16(frame, ip + 6, 0);
        frame.at(ip + 9) = std::byte{protocol};
        put16(frame, ip + 10, 0);
        for (std::size_t i = 20; i < l3(); ++i) frame.at(ip + i) = std::byte{1};  // no operation
    } else {
        put16(frame, ip, 0x6000);
        put16(frame, ip + 4, behind_ip);
        frame.at(ip + 6) = std::byte{protocol};
    }
    const std::size_t transport = ip + l3();
    if (protocol == 6) {
        put16(frame, transport + 12, 0x5010);
    } else {
        put16(frame, transport + 4, behind_ip);
    }
    put16(frame, l4_checksum_at(), 0);
    return frame;
}

std::uint32_t InternetFrame::pseudo_header_sum(const Frame& frame) const {
    const std::span<const std::byte> header = std::span(frame).subspan(l2(), l3());
    const auto addresses = version == 4 ? header.subspan(12, 8) : header.subspan(8, 32);
    return add_up(addresses, static_cast<std::uint32_t>(protocol + l4() + payload));
}

Frame InternetFrame::complete() const {
    Frame frame = without_checksums();
    if (version == 4) put16(frame, ip_checksum_at(), ~add_up(std::span(frame).subspan(l2(), l3())));
    const std::uint32_t sum = add_up(std::span(frame).subspan(l2() + l3()), pseudo_header_sum(frame));
    put16(frame, l4_checksum_at(), protocol == 17 && sum == 0xffff ? 0xffff : ~sum);
    return frame;
}

Frame InternetFrame::unfinished(PacketFlags flags) const {
    Frame frame = complete();
    if (has(flags, PacketFlags::ip_checksum)) put16(frame, ip_checksum_at(), 0);
    if (has(flags, l4_flag())) put16(frame, l4_checksum_at(), pseudo_header_sum(frame));
    return frame;
}

}  // namespace ixy::test
