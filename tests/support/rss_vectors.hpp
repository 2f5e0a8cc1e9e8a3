// The flows whose hashes Microsoft published for drivers to verify theirs ("Verifying the RSS Hash Calculation"), with
// the key that is ixy::default_rss_key.
#pragma once

#include <arpa/inet.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <vector>

#include "tests/support/internet_frames.hpp"

#include <ixy/nic/rss.hpp>

namespace ixy::test {

struct RssVector {
    unsigned version;  ///< of IP
    const char *source, *destination;
    std::uint16_t source_port, destination_port;
    std::uint32_t addresses_hash;  ///< over the addresses
    std::uint32_t ports_hash;      ///< over addresses and ports

    /// Addresses, then ports, in network order.
    std::vector<std::byte> input() const {
        const int kind = version == 4 ? AF_INET : AF_INET6;
        const std::size_t size = version == 4 ? 4 : 16;
        std::vector<std::byte> bytes(2 * size + 4);
        inet_pton(kind, source, bytes.data());
        inet_pton(kind, destination, &bytes[size]);
        const std::array<std::uint16_t, 2> ports{htons(source_port), htons(destination_port)};
        std::memcpy(&bytes[2 * size], ports.data(), 4);
        return bytes;
    }
    /// A frame of that flow. Its checksums are wrong.
    Frame frame(std::uint8_t protocol, bool tagged = false) const {
        const InternetFrame like{.version = version, .protocol = protocol, .payload = 20, .tagged = tagged};
        Frame frame = like.complete();
        const std::vector<std::byte> flow = input();
        const std::size_t addresses = flow.size() - 4;
        std::memcpy(&frame[like.l2() + (version == 4 ? 12 : 8)], flow.data(), addresses);
        std::memcpy(&frame[like.l2() + like.l3()], &flow[addresses], 4);
        return frame;
    }
    RssVector reversed() const { return {version, destination, source, destination_port, source_port, 0, 0}; }
};

inline constexpr RssVector rss_vectors[] = {
    {4, "66.9.149.187", "161.142.100.80", 2794, 1766, 0x323e8fc2, 0x51ccc178},
    {4, "199.92.111.2", "65.69.140.83", 14230, 4739, 0xd718262a, 0xc626b0ea},
    {4, "24.19.198.95", "12.22.207.184", 12898, 38024, 0xd2d0a5de, 0x5c2b394a},
    {4, "38.27.205.30", "209.142.163.6", 48228, 2217, 0x82989176, 0xafc7327f},
    {4, "153.39.163.191", "202.188.127.2", 44251, 1303, 0x5d1809c5, 0x10e828a2},
    {6, "3ffe:2501:200:1fff::7", "3ffe:2501:200:3::1", 2794, 1766, 0x2cc18cd5, 0x40207d3d},
    {6, "3ffe:501:8::260:97ff:fe40:efab", "ff02::1", 14230, 4739, 0x0f0c461c, 0xdde51bbf},
    {6, "3ffe:1900:4545:3:200:f8ff:fe21:67cf", "fe80::200:f8ff:fe21:67cf", 44251, 38024, 0x4b61e985, 0x02d1feef}};

/// The queue, of two, to which RSS with its default options sends an IPv4 TCP frame.
inline std::size_t queue_of(const Frame& frame) {
    return rss_queue({}, rss_hash(default_rss_key, std::span(frame).subspan(26, 12)) % 128, 2);
}

/// A TCP frame that goes to queue `queue` of two: its source port is chosen for that.
inline Frame frame_for(std::size_t queue, unsigned seed, std::size_t payload = 20) {
    Frame frame = InternetFrame{.protocol = 6, .payload = payload, .seed = seed}.complete();
    for (unsigned port = seed; queue_of(frame) != queue; ++port) {
        frame[34] = static_cast<std::byte>(port >> 8);
        frame[35] = static_cast<std::byte>(port);
    }
    return frame;
}

}  // namespace ixy::test
