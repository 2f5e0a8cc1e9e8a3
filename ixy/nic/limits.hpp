// Checking options against what a card can do: the same words for all cards.
#pragma once

#include <cstddef>
#include <string_view>

#include <ixy/core/error.hpp>
#include <ixy/nic/options.hpp>

namespace ixy {

/// Refuses options that lie outside of `limits` (invalid_argument) and names what would be accepted. `card` is the
/// card's name in the refusal.
Expected<> check_options(const DeviceOptions& options, const DeviceLimits& limits, std::string_view card);

/// What a ring must have room for.
struct RingRoom {
    std::string_view direction;                          ///< "receive"
    std::size_t ring_size;                               ///< descriptors
    std::size_t frame;                                   ///< bytes of the longest frame
    std::size_t buffers;                                 ///< that such a frame takes
    std::size_t (*most_buffers)(std::size_t ring_size);  ///< that one frame may take in a ring of so many descriptors
};

/// Refuses a ring that never has room for the longest frame (invalid_argument) and names the smallest that has.
Expected<> check_room(const RingRoom& room, const DeviceLimits& limits);

}  // namespace ixy
