// What an 82574L can be opened with, and how long its frames may be.
#pragma once

#include <cstddef>

#include <ixy/nic/options.hpp>

#include <ixy/core/error.hpp>
#include <ixy/datasheet/e1000/chips.hpp>

namespace ixy::e1000e {

inline constexpr std::size_t fcs_size = 4;         ///< an Ethernet frame's FCS
inline constexpr std::size_t shortest_frame = 14;  ///< an Ethernet header; the card pads up to 60 bytes (TCTL.PSP)
inline constexpr std::size_t longest_frame = datasheet::e1000::CHIP_82574L.features.longest_frame - fcs_size;
inline constexpr std::size_t queues = 2;  ///< in each direction

DeviceLimits limits();

/// Refuses what the card cannot do, and rings that never have room for the longest frame.
Expected<> check_options(const DeviceOptions& options);

}  // namespace ixy::e1000e
