// A batch: a fixed-capacity array of packets on the stack that owns what it holds.
//
// Queues fill and empty batches; packets that a batch still holds when it goes out of scope go back to their pool.
#pragma once

#include <cassert>
#include <cstddef>
#include <span>

#include <ixy/core/mempool.hpp>
#include <ixy/core/packet.hpp>

namespace ixy {

/// What queues and pools see of a batch, whatever its capacity. Thread rule: as for any local variable.
class PacketBatch {
public:
    PacketBatch(const PacketBatch&) = delete;
    PacketBatch& operator=(const PacketBatch&) = delete;
    ~PacketBatch() { clear(); }

    std::size_t size() const { return size_; }
    std::size_t capacity() const { return capacity_; }
    std::size_t room() const { return capacity_ - size_; }
    bool empty() const { return size_ == 0; }
    bool full() const { return size_ == capacity_; }
    Packet& operator[](std::size_t i) const {
        assert(i < size_);
        return *slots_[i];
    }

    /// Takes ownership of `packet` (a whole chain). Precondition: not full.
    void push(Packet* packet) {
        assert(!full());
        slots_[size_++] = packet;
    }
    /// Gives up ownership of the last packet. Precondition: not empty.
    [[nodiscard]] Packet* pop() {
        assert(!empty());
        return slots_[--size_];
    }
    /// Gives up ownership of the first `count` packets, which someone else has taken; the rest move to the front.
    void release_front(std::size_t count) {
        assert(count <= size_);
        for (std::size_t i = count; i < size_; ++i) slots_[i - count] = slots_[i];
        size_ -= count;
    }
    /// Returns every packet to its pool.
    void clear() {
        if (size_ != 0) free_packets({slots_, size_});
        size_ = 0;
    }
    /// Adds up to `count` new packets from `pool`, each empty with the pool's headroom. Returns how many it added.
    std::size_t allocate(Mempool& pool, std::size_t count) {
        const std::size_t got = pool.allocate({slots_ + size_, count < room() ? count : room()});
        size_ += got;
        return got;
    }

    /// The packets as pointers, for code that moves them (queues, rings).
    std::span<Packet* const> pointers() const { return {slots_, size_}; }
    /// For queues: the free slots. Fill them from the front, then claim them with grow().
    std::span<Packet*> free_slots() { return {slots_ + size_, room()}; }
    void grow(std::size_t count) {
        assert(count <= room());
        size_ += count;
    }

    class Iterator {
    public:
        explicit Iterator(Packet* const* at) : at_(at) {}
        Packet& operator*() const { return **at_; }
        Iterator& operator++() {
            ++at_;
            return *this;
        }
        friend bool operator==(Iterator, Iterator) = default;

    private:
        Packet* const* at_;
    };
    Iterator begin() const { return Iterator(slots_); }
    Iterator end() const { return Iterator(slots_ + size_); }

protected:
    PacketBatch(Packet** slots, std::size_t capacity) : slots_(slots), capacity_(capacity) {}

private:
    Packet** slots_;
    std::size_t size_ = 0;
    std::size_t capacity_;
};

/// A batch of at most N packets. 32 to 64 is a good size: large enough to share the cost of a doorbell, small enough
/// for the first-level cache.
template <std::size_t N>
class Batch final : public PacketBatch {
    static_assert(N > 0);

public:
    Batch() : PacketBatch(storage_, N) {}

private:
    Packet* storage_[N];
};

}  // namespace ixy
