// Fills the pool that frames come from.
#include "generator.hpp"

#include <utility>

namespace ixy::app {

Generator::Generator(std::shared_ptr<Mempool> pool, const FrameOptions& options, const std::vector<Flow>& flows,
                     std::size_t first, std::size_t step)
    : pool_(std::move(pool)),
      size_(options.size),
      sequence_(static_cast<std::uint32_t>(first)),
      step_(static_cast<std::uint32_t>(step)),
      flows_(flows),
      flow_(first % flows.size()),
      flow_step_(step % flows.size()) {
    const std::vector<std::byte> frame = build_frame(options);
    std::vector<Packet*> packets(pool_->size());
    packets.resize(pool_->allocate(packets));
    for (Packet* packet : packets) std::memcpy(packet->start(), frame.data(), frame.size());
    free_packets(packets);
}

Expected<std::shared_ptr<Mempool>> create_frame_pool(Device& device, std::size_t frames, std::size_t size) {
    const std::size_t whole_lines = (size + 63) / 64 * 64;
    return device.create_pool({.packets = frames, .data_room = std::max<std::size_t>(whole_lines, 64)});
}

}  // namespace ixy::app
