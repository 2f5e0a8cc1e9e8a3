// The hash is computed bit by bit, as the datasheet describes it: each set bit of the input adds the 32 bits of the key
// that begin at its place.
#include <ixy/sim/chips/e1000/rss.hpp>

#include <algorithm>
#include <array>
#include <cstring>

#include <ixy/datasheet/e1000/general.hpp>
#include <ixy/datasheet/e1000/pcie.hpp>
#include <ixy/sim/chips/e1000/internet.hpp>

namespace ixy::sim::e1000 {

using namespace datasheet::e1000;

namespace {

enum Type : std::uint32_t { none, tcp_ipv4, ipv4, tcp_ipv6, ipv6_extended, ipv6 };

/// The most specific hash that MRQC allows and the packet has: 10.2.5.17.
Type type_of(const IpPacket& packet, datasheet::Value<Mrqc> control) {
    const bool tcp = packet.is(protocol_tcp);
    if (packet.version == 4) {
        if (tcp && (control & MRQC.TCP_IPV4)) return tcp_ipv4;
        return control & MRQC.IPV4 ? ipv4 : none;
    }
    if (packet.version != 6) return none;
    if (tcp && (control & MRQC.TCP_IPV6)) return tcp_ipv6;
    if (control & MRQC.IPV6_EX) return ipv6_extended;  // without home addresses: over the same bytes
    return control & MRQC.IPV6 ? ipv6 : none;
}

}  // namespace

std::uint32_t toeplitz(std::span<const std::byte> input, std::span<const std::byte> key) {
    std::uint32_t window = load32(key, 0);  // the 32 bits of the key that begin at the input's bit
    std::uint32_t hash = 0;
    for (std::size_t i = 0; i < input.size(); ++i) {
        const auto byte = std::to_integer<unsigned>(input[i]);
        const auto next = std::to_integer<unsigned>(key[i + 4]);
        for (int bit = 7; bit >= 0; --bit) {
            if ((byte >> bit & 1) != 0) hash ^= window;
            window = window << 1 | (next >> bit & 1);
        }
    }
    return hash;
}

RssResult scale(std::span<const std::byte> frame, const RegisterFile& registers) {
    const auto control = registers.get(MRQC);
    if (MRQC.MRQE.of(control) != 1) return {};
    const IpPacket packet = parse_ip(frame, static_cast<std::uint16_t>(registers.number(VET)));
    const Type type = type_of(packet, control);
    if (type == none) return {};

    std::array<std::byte, 40> key{};
    for (std::size_t i = 0; i < RSSRK.count; ++i) {  // its bytes in order, the first one lowest
        const std::uint32_t four = registers.number(RSSRK[i]);
        std::memcpy(&key[i * 4], &four, 4);
    }
    std::array<std::byte, 36> input{};
    auto end = std::ranges::copy(packet.addresses(), input.begin()).out;
    if (type == tcp_ipv4 || type == tcp_ipv6) end = std::ranges::copy(packet.body.first(4), end).out;  // ports
    const std::uint32_t hash = toeplitz({input.begin(), end}, key);

    const std::uint32_t index = hash & 0x7f;  // four entries in a register; bit 7 of each is the queue
    return {.type = type, .hash = hash, .queue = registers.number(RETA[index / 4]) >> index % 4 * 8 >> 7 & 1};
}

}  // namespace ixy::sim::e1000
