// How to set up a device, and what its card can do.
#pragma once

#include <chrono>
#include <cstddef>

namespace ixy {

/// How to set up a device.
struct DeviceOptions {
    std::size_t rx_queues = 1;
    std::size_t tx_queues = 1;
    std::size_t rx_ring_size = 512;   ///< descriptors; e1000: a multiple of 8, 8 to 4096, enough for max_frame
    std::size_t tx_ring_size = 512;   ///< likewise
    std::size_t pool_packets = 2048;  ///< buffers of the pool behind each receive queue; at least rx_ring_size
    std::size_t max_frame = 1514;     ///< longest frame to receive, bytes without FCS and VLAN tag
    bool promiscuous = true;          ///< receive frames for any address
    bool rx_checksum = false;         ///< let the card check IPv4, TCP and UDP checksums
    bool tx_checksum = false;         ///< let the card write checksums where packets' flags ask for it
    bool vlan = false;  ///< let the card strip 802.1Q tags of received frames into Packet::vlan(), and insert them
    std::chrono::milliseconds link_timeout{10'000};  ///< how long open() waits for the link; 0: not at all
    bool force = false;                              ///< take the card even if the kernel uses it
    bool (*stop_waiting)() = nullptr;  ///< called while open() waits for the link; true: open() ends with an error
};

/// The range of options that a card can be opened with.
struct DeviceLimits {
    std::size_t smallest_ring;  ///< descriptors; the longest frame may need more
    std::size_t largest_ring;
    std::size_t least_max_frame;  ///< bytes, as DeviceOptions::max_frame
    std::size_t most_max_frame;
};

}  // namespace ixy
