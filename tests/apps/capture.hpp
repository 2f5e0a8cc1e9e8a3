// What a program has captured, as libpcap reads it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

namespace ixy::test {

struct Captured {
    std::int64_t nanoseconds;  ///< since 1970
    std::size_t original;      ///< bytes on the wire
    std::vector<std::byte> bytes;

    /// The number that ixy-pktgen has put into its last four bytes.
    std::uint32_t number() const;
};

/// The frames of a capture file; fails the test if it is not complete.
std::vector<Captured> read_capture(const std::filesystem::path& path);

}  // namespace ixy::test
