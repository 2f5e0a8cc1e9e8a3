// Options are checked before the card is touched.
#include <ixy/nic/e1000/limits.hpp>

#include <ixy/nic/e1000/transmit.hpp>
#include <ixy/nic/limits.hpp>

namespace ixy::e1000 {

namespace {

constexpr std::size_t bytes_per_buffer = 2048;  // RCTL.BSIZE, and the data room of a receive queue's pool
constexpr std::size_t tag_size = 4;

/// A card begins a frame only when there are buffers for all of it (QEMU's), or waits for more in the middle of it. The
/// driver may leave half of the ring empty before it refills it.
std::size_t most_buffers(std::size_t rx_ring_size) { return rx_ring_size / 2; }

std::size_t buffers_for(std::size_t bytes) { return (bytes + bytes_per_buffer - 1) / bytes_per_buffer; }

}  // namespace

/// 13.4.27: the length of a ring is set in units of 128 bytes.
DeviceLimits limits(const datasheet::e1000::Chip& chip) {
    return {.smallest_ring = 8,
            .largest_ring = 4096,
            .ring_step = 8,
            .least_max_frame = 60,
            .most_max_frame = chip.features.longest_frame - fcs_size,
            .offloads = Offloads::rx_checksum | Offloads::tx_checksum | Offloads::vlan | Offloads::segmentation,
            .interrupts = InterruptKinds::legacy | InterruptKinds::msi};
}

Expected<> check_options(const DeviceOptions& options, const datasheet::e1000::Chip& chip) {
    const DeviceLimits possible = limits(chip);
    if (auto fits = ixy::check_options(options, possible, "8254x"); !fits) return fits;
    const std::size_t frame = options.max_frame;
    const std::size_t received = buffers_for(frame + tag_size + fcs_size);  // the FCS may pass a buffer's end
    if (auto fits = check_room({"receive", options.rx_ring_size, frame, received, most_buffers}, possible); !fits)
        return fits;
    const std::size_t sent = buffers_for(frame + tag_size);  // it may be forwarded as it was received
    return check_room({"transmit", options.tx_ring_size, frame, sent, most_pieces}, possible);
}

}  // namespace ixy::e1000
