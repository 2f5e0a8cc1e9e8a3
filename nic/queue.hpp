// Receive and transmit queues: what a program's inner loop holds.
//
// A queue belongs to one thread: it can be moved into a thread, not shared between two. Different queues of one device
// never touch each other's state. One virtual call per batch leads from here into the driver.
#pragma once

#include <cstddef>
#include <cstdint>

#include <ixy/core/batch.hpp>
#include <ixy/core/counter.hpp>

namespace ixy {

/// What a receive queue counts. Read from any thread, written by the queue's own.
struct RxQueueCounters {
    Counter packets;
    Counter bytes;      ///< without the frame check sequence
    Counter errors;     ///< frames that the card or the driver found damaged, dropped
    Counter oversized;  ///< frames longer than the options allow, dropped
    Counter no_buffer;  ///< times that the pool had nothing to refill the ring with
};

struct TxQueueCounters {
    Counter packets;
    Counter bytes;    ///< without the frame check sequence
    Counter refused;  ///< packets that can never be sent (see TxQueue::send), dropped
};

/// What a driver implements for each receive ring.
class RxRing {
public:
    virtual ~RxRing() = default;
    virtual std::size_t receive(PacketBatch& batch) = 0;
    RxQueueCounters counters;
};

/// What a driver implements for each transmit ring.
class TxRing {
public:
    virtual ~TxRing() = default;
    virtual std::size_t send(PacketBatch& batch) = 0;
    virtual std::size_t reclaim() = 0;
    TxQueueCounters counters;
};

/// A receive queue. Lives as long as its device.
class RxQueue {
public:
    explicit RxQueue(RxRing& ring) : ring_(&ring) {}
    RxQueue(RxQueue&&) = default;
    RxQueue& operator=(RxQueue&&) = default;

    /// Replaces the content of `batch` with what has arrived, up to its capacity, and never waits. What the batch still
    /// held, such as packets that send() found no room for, goes back to its pools first. The batch owns the new
    /// packets; the program may read and write their memory. Returns how many arrived; 0 when none had.
    std::size_t receive(PacketBatch& batch) { return ring_->receive(batch); }
    const RxQueueCounters& counters() const { return ring_->counters; }

private:
    RxRing* ring_;
};

/// A transmit queue. Lives as long as its device.
class TxQueue {
public:
    explicit TxQueue(TxRing& ring) : ring_(&ring) {}
    TxQueue(TxQueue&&) = default;
    TxQueue& operator=(TxQueue&&) = default;

    /// Hands packets from the front of `batch` to the card, as many as there is room for, and never waits. The batch
    /// keeps the rest. Packets that can never be sent are dropped and counted: those that are too long or have an empty
    /// piece, that ask for what the options do not allow, whose checksum request cannot be right (header lengths that
    /// do not fit the headers, TCP and UDP at once), or that lie in another DMA space than the device's. Returns how
    /// many were handed over. Until they are sent, their pools live on.
    std::size_t send(PacketBatch& batch) { return ring_->send(batch); }
    /// Gives buffers that the card has sent back to their pools, without sending. Returns how many.
    std::size_t reclaim() { return ring_->reclaim(); }
    const TxQueueCounters& counters() const { return ring_->counters; }

private:
    TxRing* ring_;
};

}  // namespace ixy
