// Builds Ethernet, IPv4 and UDP headers.
#include "frame.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <string>

#include <ixy/core/numbers.hpp>

namespace ixy::app {

namespace {

/// Appends numbers in network order.
class Writer {
public:
    explicit Writer(std::vector<std::byte>& out) : out_(out) {}
    Writer& u8(unsigned value) {
        out_.push_back(static_cast<std::byte>(value));
        return *this;
    }
    Writer& u16(std::size_t value) { return u8(value >> 8 & 0xff).u8(value & 0xff); }
    Writer& u32(std::uint32_t value) { return u16(value >> 16).u16(value & 0xffff); }
    Writer& mac(const MacAddress& address) {
        for (const std::uint8_t byte : address.bytes) u8(byte);
        return *this;
    }

private:
    std::vector<std::byte>& out_;
};

std::vector<std::byte> build_headers(const FrameOptions& options) {
    constexpr std::size_t ipv4 = 0x0800, version_and_length = 0x4500, do_not_fragment = 0x4000;
    constexpr unsigned time_to_live = 64, udp = 17;
    const std::size_t ip_length = options.size - ethernet_header;
    std::vector<std::byte> frame;
    Writer out(frame);
    out.mac(options.destination_mac).mac(options.source_mac).u16(ipv4);
    out.u16(version_and_length).u16(ip_length).u16(0).u16(do_not_fragment).u8(time_to_live).u8(udp).u16(0);
    out.u32(options.source.address).u32(options.destination.address);
    out.u16(options.source.port).u16(options.destination.port).u16(ip_length - ipv4_header).u16(0);
    const auto checksum = internet_checksum(std::span(frame).subspan(ethernet_header, ipv4_header));
    std::ranges::copy(checksum, frame.begin() + Flow::address_at);
    return frame;
}

}  // namespace

Expected<Endpoint> parse_endpoint(std::string_view text) {
    Endpoint endpoint{.address = 0, .port = 1337};
    const std::size_t colon = text.find(':');
    const std::string address(text.substr(0, colon));
    in_addr parsed{};
    bool good = inet_pton(AF_INET, address.c_str(), &parsed) == 1;
    if (colon != std::string_view::npos) {
        const std::string_view port = text.substr(colon + 1);
        const auto number = parse_whole(port, 0, 65535);
        good = good && number;
        endpoint.port = static_cast<std::uint16_t>(number.value_or(0));
    }
    if (!good) {
        return failure(ErrorKind::invalid_argument,
                       "\"" + std::string(text) + "\" is not an IPv4 address with an optional port",
                       "write it like 10.0.0.2 or 10.0.0.2:1337");
    }
    endpoint.address = ntohl(parsed.s_addr);
    return endpoint;
}

std::array<std::byte, 2> internet_checksum(std::span<const std::byte> bytes) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        sum += std::to_integer<std::uint32_t>(bytes[i]) << (i % 2 == 0 ? 8 : 0);
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return {std::byte(~sum >> 8 & 0xff), std::byte(~sum & 0xff)};
}

std::vector<std::byte> build_frame(const FrameOptions& options) {
    std::vector<std::byte> frame = build_headers(options);
    for (const char letter : std::string_view("ixy")) frame.push_back(static_cast<std::byte>(letter));
    frame.resize(options.size);
    return frame;
}

std::vector<Flow> build_flows(FrameOptions options, std::uint32_t count) {
    constexpr std::uint32_t ports = 1024;
    const Endpoint first = options.source;
    std::vector<Flow> flows(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        options.source = {first.address + i / ports, static_cast<std::uint16_t>(first.port + i % ports)};
        const std::vector<std::byte> frame = build_headers(options);
        std::copy_n(frame.begin() + Flow::address_at, flows[i].checksum_and_address.size(),
                    flows[i].checksum_and_address.begin());
        std::copy_n(frame.begin() + Flow::port_at, flows[i].port.size(), flows[i].port.begin());
    }
    return flows;
}

}  // namespace ixy::app
