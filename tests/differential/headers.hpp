// Ethernet, IP and TCP or UDP headers, as a random driver sends and receives them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <ixy/datasheet/e1000/descriptors.hpp>

namespace ixy::test {

struct Headers {
    std::vector<std::byte> bytes;
    std::uint32_t ip = 14;  ///< offset of the IP header
    std::uint32_t l4 = 34;  ///< offset of the TCP or UDP header
    bool version_4 = true;
    bool tcp = true;

    struct Shape {
        std::size_t payload = 0;
        bool version_4 = true;
        bool tcp = true;
        bool segmented = false;     ///< the pseudo-header's sum omits the length, which the card adds. 3.5.6
        std::uint32_t options = 0;  ///< bytes in the IPv4 header, a multiple of 4
    };
    /// `seed` determines everything else. Checksums are as a driver leaves them for the card: zero for IP, the
    /// pseudo-header's sum for TCP and UDP.
    static Headers make(const Shape& shape, std::uint32_t seed);

    std::uint32_t size() const { return static_cast<std::uint32_t>(bytes.size()); }
    std::uint32_t l4_checksum() const { return l4 + (tcp ? 16 : 6); }
    /// Fills in the checksums as they are on the wire, in front of `payload`.
    void finish(const std::vector<std::byte>& payload);
    /// A context descriptor's first two words. 3.3.6
    datasheet::e1000::ContextDescriptor context() const;
};

/// Writes a word in network byte order.
void put16(std::vector<std::byte>& bytes, std::size_t at, std::size_t value);

}  // namespace ixy::test
