// What an 8254x can be opened with, and how long its frames may be.
#pragma once

#include <cstddef>

#include <ixy/datasheet/e1000/chip.hpp>
#include <ixy/nic/device.hpp>

namespace ixy::e1000 {

inline constexpr std::size_t fcs_size = 4;         ///< an Ethernet frame's FCS
inline constexpr std::size_t shortest_frame = 14;  ///< an Ethernet header; the card pads up to 60 bytes (TCTL.PSP)
inline constexpr std::size_t longest_frame = datasheet::e1000::Features{}.longest_frame - fcs_size;  ///< the family's

DeviceLimits limits(const datasheet::e1000::Chip& chip);

/// Refuses what the chip cannot do, and rings that never have room for the longest frame.
Expected<> check_options(const DeviceOptions& options, const datasheet::e1000::Chip& chip);

}  // namespace ixy::e1000
