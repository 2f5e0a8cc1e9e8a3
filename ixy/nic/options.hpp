// How to set up a device, and what its card can do.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include <ixy/core/flags.hpp>
#include <ixy/nic/rss.hpp>

namespace ixy {

/// How to set up a device. DeviceLimits tells what its card can do.
struct DeviceOptions {
    std::size_t rx_queues = 1;
    std::size_t tx_queues = 1;
    std::size_t rx_ring_size = 512;   ///< descriptors of each receive queue; enough for max_frame
    std::size_t tx_ring_size = 512;   ///< likewise
    std::size_t pool_packets = 2048;  ///< buffers of the pool behind each receive queue; at least rx_ring_size
    std::size_t max_frame = 1514;     ///< longest frame to receive, bytes without FCS and VLAN tag
    bool promiscuous = true;          ///< receive frames for any address
    bool rx_checksum = false;         ///< let the card check IPv4, TCP and UDP checksums
    bool tx_checksum = false;         ///< let the card write checksums where packets' flags ask for it
    bool segmentation = false;        ///< let the card cut packets into TCP segments where their flags ask for it (TSO)
    bool vlan = false;  ///< let the card strip 802.1Q tags of received frames into Packet::vlan(), and insert them
    RssOptions rss{};   ///< how several receive queues share the frames
    std::chrono::milliseconds link_timeout{10'000};  ///< how long open() waits for the link; 0: not at all
    bool force = false;                              ///< take the card even if the kernel uses it
    bool (*stop_waiting)() = nullptr;  ///< called while open() waits for the link; true: open() ends with an error
};

/// What a card can do for packets.
enum class Offloads : std::uint8_t {
    none = 0,
    rx_checksum = 1 << 0,
    tx_checksum = 1 << 1,
    vlan = 1 << 2,
    segmentation = 1 << 3,  ///< TSO
};
template <>
inline constexpr bool is_flags<Offloads> = true;

/// How a card can interrupt. Whether it may depends on how it is reached, too.
enum class InterruptKinds : std::uint8_t { none = 0, legacy = 1 << 0, msi = 1 << 1, msi_x = 1 << 2 };
template <>
inline constexpr bool is_flags<InterruptKinds> = true;

/// The range of options that a card can be opened with, and what it has.
struct DeviceLimits {
    std::size_t rx_queues = 1;
    std::size_t tx_queues = 1;
    std::size_t smallest_ring;  ///< descriptors; the longest frame may need more
    std::size_t largest_ring;
    std::size_t ring_step;        ///< ring sizes are multiples of this
    std::size_t least_max_frame;  ///< bytes, as DeviceOptions::max_frame
    std::size_t most_max_frame;
    std::size_t most_scaled_frame = 0;  ///< the same with several receive queues; 0: no difference
    std::size_t rss_entries = 0;        ///< of the table; 0: no RSS
    RssHash rss_hashes = RssHash::none;
    Offloads offloads = Offloads::none;
    InterruptKinds interrupts = InterruptKinds::none;
};

}  // namespace ixy
