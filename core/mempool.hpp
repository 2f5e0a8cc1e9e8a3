// INTERFACE SKETCH: to be implemented
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include <ixy/core/dma.hpp>
#include <ixy/core/packet.hpp>

namespace ixy {

/// Shape of a pool.
struct MempoolOptions {
    std::size_t packets = 2048;     ///< number of buffers, 1 to 2^24
    std::size_t data_room = 2048;   ///< bytes of a buffer that a card may fill, 64 to 16384, a multiple of 64
    std::size_t headroom = 128;     ///< bytes in front of the frame in a new packet, a multiple of 64, up to 1024
    int node = any_node;            ///< NUMA node of the memory
};

class Mempool {
public:
    static Expected<std::shared_ptr<Mempool>> create(std::shared_ptr<DmaSpace> space, const MempoolOptions& options = {});

    /// Takes up to slots.size() packets, each empty with the pool's headroom. Returns how many there were.
    std::size_t allocate(std::span<Packet*> slots);
    /// The same without resetting the packets' state: for receive queues, which state all of it on reception.
    std::size_t allocate_raw(std::span<Packet*> slots);
    Packet* allocate();
    /// Gives single buffers of this pool back (not chains).
    void free(std::span<Packet* const> packets);

    std::size_t size() const;
    std::size_t available() const;
    std::size_t data_room() const;
    std::size_t headroom() const;
    const std::shared_ptr<DmaSpace>& space() const;
};

/// Gives packets, with all pieces of their chains, back to their own pools.
void free_packets(std::span<Packet* const> packets);

}  // namespace ixy
