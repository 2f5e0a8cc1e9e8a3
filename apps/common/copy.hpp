// Copies frames into another pool: forwarding needs this when two cards do not reach the same memory.
#pragma once

#include <array>
#include <cstring>

#include <ixy/core/batch.hpp>
#include <ixy/core/mempool.hpp>

#include "options.hpp"

namespace ixy::app {

/// A copy of the whole frame, piece by piece, or null when `pool` is exhausted or has smaller buffers.
inline Packet* copy_frame(const Packet& frame, Mempool& pool) {
    Packet* copy = frame.length() <= pool.data_room() ? pool.allocate() : nullptr;
    if (copy == nullptr) return nullptr;
    copy->set_length(frame.length());
    std::memcpy(copy->start(), frame.start(), frame.length());
    if (frame.next() != nullptr) {
        copy->set_next(copy_frame(*frame.next(), pool));
        if (copy->next() == nullptr) {
            free_packets({&copy, 1});
            return nullptr;
        }
    }
    return copy;
}

/// Replaces the frames of `batch` with copies from `pool`. Frames that could not be copied are dropped.
inline void replace_with_copies(PacketBatch& batch, Mempool& pool) {
    std::array<Packet*, largest_batch> copies;
    std::size_t count = 0;
    for (const Packet& frame : batch) {
        if (Packet* copy = copy_frame(frame, pool)) copies[count++] = copy;
    }
    batch.clear();
    for (std::size_t i = 0; i < count; ++i) batch.push(copies[i]);
}

}  // namespace ixy::app
