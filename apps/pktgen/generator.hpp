// Makes numbered frames: all of a pool's buffers are filled once; after that only number and flow are written.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <ixy/core/batch.hpp>
#include <ixy/core/mempool.hpp>

#include "frame.hpp"

namespace ixy::app {

class Generator {
public:
    /// Writes the frame into every buffer of `pool`. All buffers must be free, have room for it and stay this
    /// generator's; the calling thread's pool cache keeps some, so use it in this thread. `flows`, at least one,
    /// outlive it; generators may share them. Of all frames, numbered from 0, it makes first, first + step, first + 2
    /// step, and so on; `step` is at least 1.
    Generator(std::shared_ptr<Mempool> pool, const FrameOptions& options, const std::vector<Flow>& flows,
              std::size_t first = 0, std::size_t step = 1);

    /// Adds up to `count` frames with its next sequence numbers to `batch`; fewer when there is no room or no buffer.
    /// Send the frames in this order and leave none out: offer those that a card does not take again.
    void generate(PacketBatch& batch, std::size_t count) {
        const std::size_t before = batch.size();
        batch.allocate(*pool_, count);
        for (std::size_t i = before; i < batch.size(); ++i) {
            Packet& packet = batch[i];
            packet.set_length(size_);
            write_sequence(packet.start(), size_, sequence_);
            sequence_ += step_;
            if (flows_.size() > 1) write_flow(packet.start());
        }
    }

private:
    void write_flow(std::byte* frame) {
        flows_[flow_].write_to(frame);
        flow_ += flow_step_;
        if (flow_ >= flows_.size()) flow_ -= flows_.size();
    }

    std::shared_ptr<Mempool> pool_;
    std::size_t size_;
    std::uint32_t sequence_;  // starts over after 2^32 frames
    std::uint32_t step_;
    const std::vector<Flow>& flows_;
    std::size_t flow_;       // of the next frame: its number modulo the flows
    std::size_t flow_step_;  // less than the flows
};

/// A pool for `frames` frames of `size` bytes in `device`'s memory.
Expected<std::shared_ptr<Mempool>> create_frame_pool(Device& device, std::size_t frames, std::size_t size);

}  // namespace ixy::app
