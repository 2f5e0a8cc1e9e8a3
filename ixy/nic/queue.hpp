// Receive and transmit queues: what a program's inner loop uses.
//
// A queue belongs to one thread: it can be moved into a thread, not shared between two. Different queues of one device
// never touch each other's state. One virtual call per batch leads from here into the driver.
#pragma once

#include <cstddef>
#include <cstdint>

#include <ixy/core/batch.hpp>
#include <ixy/core/counter.hpp>
#include <ixy/nic/event_source.hpp>

namespace ixy {

/// A receive queue's counters. Any thread may read them; only the queue's own thread writes them.
struct RxQueueCounters {
    Counter packets;
    Counter bytes;      ///< without the frame check sequence
    Counter errors;     ///< frames that the card or the driver found damaged, dropped
    Counter oversized;  ///< frames longer than the options allow, dropped
    Counter no_buffer;  ///< times that the pool had no buffer to refill the ring with
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
    explicit RxQueue(RxRing& ring, EventSource& arrivals = EventSource::none()) : ring_(&ring), arrivals_(&arrivals) {}
    RxQueue(RxQueue&&) = default;
    RxQueue& operator=(RxQueue&&) = default;

    /// Replaces the contents of `batch` with packets that have arrived, up to its capacity, and never waits. Packets
    /// still in the batch, such as those that send() had no room for, go back to their pools first. The batch owns the
    /// new packets; the program may read and write their memory. Returns how many arrived; 0 if none had.
    std::size_t receive(PacketBatch& batch) { return ring_->receive(batch); }
    /// Sleeps until receive() finds something (true), or until `timeout` is over or a signal came (false). Errors:
    /// unsupported (no interrupts here: poll); see EventSource::wait.
    Expected<bool> wait(std::chrono::nanoseconds timeout = forever) { return arrivals_->wait(timeout); }
    /// That packets have arrived: an event for a WaitSet, a Waiter or a program's own event loop.
    EventSource& arrivals() { return *arrivals_; }
    const RxQueueCounters& counters() const { return ring_->counters; }

private:
    RxRing* ring_;
    EventSource* arrivals_;
};

/// A transmit queue. Lives as long as its device.
class TxQueue {
public:
    explicit TxQueue(TxRing& ring, EventSource& room = EventSource::none()) : ring_(&ring), room_(&room) {}
    TxQueue(TxQueue&&) = default;
    TxQueue& operator=(TxQueue&&) = default;

    /// Hands packets from the front of `batch` to the card, as many as there is room for, and never waits. The batch
    /// keeps the rest. Packets that can never be sent are dropped and counted: those that are too long or have an empty
    /// piece, that ask for something the options do not allow, whose checksum request cannot be right (header lengths
    /// that do not fit the headers, TCP and UDP at once), or that lie in a DMA space other than the device's. Returns
    /// how many were handed over. Their pools stay alive until they are sent.
    std::size_t send(PacketBatch& batch) { return ring_->send(batch); }
    /// Returns buffers that the card has finished sending to their pools, and sends nothing. Returns how many.
    std::size_t reclaim() { return ring_->reclaim(); }
    /// That send() finds room again: an event to wait for after it found none.
    EventSource& room() { return *room_; }
    const TxQueueCounters& counters() const { return ring_->counters; }

private:
    TxRing* ring_;
    EventSource* room_;
};

}  // namespace ixy
