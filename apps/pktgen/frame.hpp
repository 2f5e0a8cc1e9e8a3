// The frames that ixy-pktgen sends: Ethernet II, IPv4 (RFC 791), UDP (RFC 768), payload.
//
//   0          14          34          42                                  size - 4   size
//   | Ethernet | IPv4      | UDP       | "ixy" and zeros                    | sequence |
//
// The sequence number has 32 bits, little-endian, and counts from 0.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include <ixy/core/error.hpp>
#include <ixy/nic/device.hpp>

namespace ixy::app {

inline constexpr std::size_t ethernet_header = 14, ipv4_header = 20, udp_header = 8;
inline constexpr std::size_t headers = ethernet_header + ipv4_header + udp_header;
inline constexpr std::size_t sequence_bytes = 4;
inline constexpr std::size_t shortest_frame = 60, longest_frame = 9216;  ///< bytes without FCS
inline constexpr std::uint32_t most_flows = 1 << 20;

/// An IPv4 address and a UDP port, both in host order.
struct Endpoint {
    std::uint32_t address = 0;
    std::uint16_t port = 0;
    friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

struct FrameOptions {
    std::size_t size = shortest_frame;
    MacAddress source_mac;
    MacAddress destination_mac{{0x02, 0, 0, 0, 0, 0x02}};  ///< locally administered, nobody's
    Endpoint source{0x0a000001, 1337};                     ///< 10.0.0.1
    Endpoint destination{0x0a000002, 1337};                ///< 10.0.0.2
};

/// Reads "10.0.0.2" or "10.0.0.2:1337"; the default port is 1337. Errors: invalid_argument.
Expected<Endpoint> parse_endpoint(std::string_view text);

/// The Internet checksum (RFC 1071) of `bytes`, in network byte order.
std::array<std::byte, 2> internet_checksum(std::span<const std::byte> bytes);

/// A whole frame with sequence number 0. The UDP checksum is 0: none.
std::vector<std::byte> build_frame(const FrameOptions& options);

inline void write_sequence(std::byte* frame, std::size_t size, std::uint32_t number) {
    const std::byte bytes[sequence_bytes] = {std::byte(number), std::byte(number >> 8), std::byte(number >> 16),
                                             std::byte(number >> 24)};
    std::memcpy(frame + size - sequence_bytes, bytes, sequence_bytes);
}

/// The part of a frame that distinguishes flows: IPv4 checksum and source address, UDP source port.
struct Flow {
    static constexpr std::size_t address_at = 24, port_at = 34;
    std::array<std::byte, 6> checksum_and_address;
    std::array<std::byte, 2> port;

    void write_to(std::byte* frame) const {
        std::memcpy(frame + address_at, checksum_and_address.data(), checksum_and_address.size());
        std::memcpy(frame + port_at, port.data(), port.size());
    }
};

/// `count` flows (1 to most_flows): 1024 source ports upwards from the given one, then the same ports with the next
/// source address.
std::vector<Flow> build_flows(FrameOptions options, std::uint32_t count);

}  // namespace ixy::app
