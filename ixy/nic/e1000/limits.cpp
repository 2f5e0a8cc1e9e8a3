// Options are checked before the card is touched; each refusal names what would be accepted.
#include <ixy/nic/e1000/limits.hpp>

#include <string>

#include <ixy/nic/e1000/transmit.hpp>

namespace ixy::e1000 {

namespace {

constexpr std::size_t smallest_ring = 8, largest_ring = 4096, ring_step = 8;  // 13.4.27: RDLEN, in units of 128 bytes
constexpr std::size_t bytes_per_buffer = 2048;  // RCTL.BSIZE, and the data room of a receive queue's pool
constexpr std::size_t tag_size = 4;

std::unexpected<Error> refuse(std::string what, std::string next) {
    return failure(ErrorKind::invalid_argument, std::move(what), std::move(next));
}

/// A card begins a frame only when there are buffers for all of it (QEMU's), or waits for more in the middle of it. The
/// driver may leave half of the ring empty before it refills it.
std::size_t most_buffers(std::size_t rx_ring_size) { return rx_ring_size / 2; }

/// `most(size)` says how many buffers one frame may have in a ring of `size` descriptors.
Expected<> check_ring(std::string_view which, std::size_t size, std::size_t frame, std::size_t buffers,
                      std::size_t (*most)(std::size_t)) {
    if (size < smallest_ring || size > largest_ring || size % ring_step != 0) {
        return refuse("a " + std::string(which) + " ring of " + std::to_string(size) +
                          " descriptors is not possible on the 8254x",
                      "choose 8 to 4096, in steps of 8");
    }
    if (buffers <= most(size)) return {};
    std::size_t enough = smallest_ring;
    while (buffers > most(enough)) enough += ring_step;
    return refuse("a " + std::string(which) + " ring of " + std::to_string(size) +
                      " descriptors is too small for frames of " + std::to_string(frame) + " bytes, which take " +
                      std::to_string(buffers) + " buffers each",
                  "choose a " + std::string(which) + " ring of " + std::to_string(enough) +
                      " descriptors or more, or shorter frames");
}

std::size_t buffers_for(std::size_t bytes) { return (bytes + bytes_per_buffer - 1) / bytes_per_buffer; }

}  // namespace

DeviceLimits limits(const datasheet::e1000::Chip& chip) {
    return {.smallest_ring = smallest_ring,
            .largest_ring = largest_ring,
            .least_max_frame = 60,
            .most_max_frame = chip.features.longest_frame - fcs_size};
}

Expected<> check_options(const DeviceOptions& options, const datasheet::e1000::Chip& chip) {
    if (options.rx_queues != 1 || options.tx_queues != 1) {
        return refuse("the 8254x has one queue in each direction", "ask for one");
    }
    const DeviceLimits possible = limits(chip);
    const std::size_t frame = options.max_frame;
    if (frame < possible.least_max_frame || frame > possible.most_max_frame) {
        return refuse("frames of " + std::to_string(frame) + " bytes are not possible on the 8254x",
                      "choose 60 to " + std::to_string(possible.most_max_frame));
    }
    const std::size_t received = buffers_for(frame + tag_size + fcs_size);  // the FCS may pass a buffer's end
    if (auto fits = check_ring("receive", options.rx_ring_size, frame, received, most_buffers); !fits) return fits;
    const std::size_t sent = buffers_for(frame + tag_size);  // it may be forwarded as it was received
    if (auto fits = check_ring("transmit", options.tx_ring_size, frame, sent, most_pieces); !fits) return fits;
    if (options.pool_packets < options.rx_ring_size) {
        return refuse("a pool of " + std::to_string(options.pool_packets) + " packets cannot fill the receive ring",
                      "make it larger than the ring of " + std::to_string(options.rx_ring_size));
    }
    return {};
}

}  // namespace ixy::e1000
