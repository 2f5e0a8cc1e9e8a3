// Receive side scaling: a hash of addresses and ports chooses a frame's queue (82574 datasheet, 7.1.2.8 to 7.1.2.10;
// MRQC, RETA, RSSRK).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <ixy/sim/chips/e1000/registers.hpp>

namespace ixy::sim::e1000 {

/// Toeplitz hash of `input`, at most 36 bytes; the key must be at least four bytes longer.
std::uint32_t toeplitz(std::span<const std::byte> input, std::span<const std::byte> key);

/// The outcome for a frame; no hash, and queue 0, when RSS is off or cannot hash it.
struct RssResult {
    std::uint32_t type = 0;  ///< EXTENDED_MRQ.RSS_TYPE
    std::uint32_t hash = 0;
    unsigned queue = 0;
};
RssResult scale(std::span<const std::byte> frame, const RegisterFile& registers);

}  // namespace ixy::sim::e1000
