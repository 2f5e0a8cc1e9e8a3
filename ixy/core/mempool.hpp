// Packet buffers: a pool hands them out and takes them back, in bulk, from any thread.
//
// Each thread has a small cache, a plain array, that serves nearly all calls. Caches are filled from, and spill to, a
// shared lock-free stack that moves many packets with one compare-and-swap. They correspond to the magazines of
// Bonwick's slab allocator (USENIX 2001).
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <ixy/core/cache_lines.hpp>
#include <ixy/core/dma.hpp>
#include <ixy/core/packet.hpp>
#include <ixy/core/thread_slot.hpp>

namespace ixy {

/// Shape of a pool.
struct MempoolOptions {
    std::size_t packets = 2048;    ///< number of buffers, 1 to 2^24
    std::size_t data_room = 2048;  ///< bytes of a buffer that a card may fill, 64 to 16384, a multiple of 64
    std::size_t headroom = 128;    ///< bytes in front of the frame in a new packet, a multiple of 64, up to 1024
    int node = any_node;           ///< NUMA node of the memory
    bool checked = false;          ///< aborts on a double free, a foreign packet or a pool released while packets
                                   ///< are out; always on in debug builds of the library
};

/// A pool of packets. Thread rule: any thread may allocate and free at any time; a packet may be freed by a different
/// thread from the one that allocated it. Release a pool only when nothing uses it any more: no call is in progress,
/// and no batch, ring or device holds one of its packets. If a pool is released earlier, because a batch outlives its
/// device, a checked pool aborts the process; an unchecked one stays alive for good, so its packets never dangle.
class Mempool : public std::enable_shared_from_this<Mempool> {
public:
    /// Creates a pool in `space`, with all of its packets free. Errors: invalid_argument, and those of
    /// DmaSpace::allocate.
    static Expected<std::shared_ptr<Mempool>> create(std::shared_ptr<DmaSpace> space,
                                                     const MempoolOptions& options = {});
    Mempool(const Mempool&) = delete;
    Mempool& operator=(const Mempool&) = delete;

    /// Takes up to slots.size() packets, each empty with the pool's headroom, and fills `slots` from the front. Returns
    /// how many it took; fewer only if the pool is exhausted (other threads' caches may still hold cache_capacity()
    /// each).
    std::size_t allocate(std::span<Packet*> slots) {
        const std::size_t got = allocate_raw(slots);
        for (Packet* packet : slots.first(got)) packet->received(headroom_, 0, PacketFlags::none, 0);
        return got;
    }
    /// The same without resetting the packets' state: for receive queues, which set all of it on reception.
    std::size_t allocate_raw(std::span<Packet*> slots) {
        Cache& cache = caches_[detail::thread_slot];
        const std::uint32_t count = cache.count.load(std::memory_order_relaxed);
        if (slots.size() > count) [[unlikely]]
            return allocate_slowly(slots);
        std::copy_n(cache.packets + (count - slots.size()), slots.size(), slots.data());
        cache.count.store(count - static_cast<std::uint32_t>(slots.size()), std::memory_order_relaxed);
        if (checked_) [[unlikely]]
            note_taken(slots);
        return slots.size();
    }
    /// One packet, or null if the pool is exhausted.
    Packet* allocate() {
        Packet* packet = nullptr;
        allocate({&packet, 1});
        return packet;
    }
    /// Gives back single buffers of this pool, without looking for chains.
    void free(std::span<Packet* const> packets) {
        if (checked_) [[unlikely]]
            note_freed(packets);
        Cache& cache = caches_[detail::thread_slot];
        const std::uint32_t count = cache.count.load(std::memory_order_relaxed);
        if (packets.size() > cache.capacity - count) [[unlikely]]
            return free_slowly(packets);
        std::copy_n(packets.data(), packets.size(), cache.packets + count);
        cache.count.store(count + static_cast<std::uint32_t>(packets.size()), std::memory_order_relaxed);
    }

    std::size_t size() const { return packets_.size(); }
    /// Free packets, including those in caches; exact only while no other thread uses the pool.
    std::size_t available() const;
    std::size_t data_room() const { return data_room_; }
    std::size_t headroom() const { return headroom_; }
    /// The most packets that one thread's cache can hold.
    std::size_t cache_capacity() const { return cache_capacity_; }
    const std::shared_ptr<DmaSpace>& space() const { return space_; }

private:
    /// Touched only by its own thread, except in available(). 512 packets serve bulks of 256 both ways.
    struct alignas(cache_line) Cache {
        static constexpr std::size_t most = 512;
        std::atomic<std::uint32_t> count{0};
        std::uint32_t capacity = 0;
        alignas(cache_line) Packet* packets[most];
    };
    /// One more cache than there are slots: the last, with no room, serves threads without a slot.
    static constexpr std::size_t cache_count = detail::thread_slots + 1;

    Mempool(std::shared_ptr<DmaSpace> space, const MempoolOptions& options);
    ~Mempool() = default;
    static void let_go(Mempool* pool);
    Expected<> build(const MempoolOptions& options);
    void add_packets(const DmaMemory& piece, std::size_t count, std::size_t stride);

    std::size_t allocate_slowly(std::span<Packet*> slots);
    void free_slowly(std::span<Packet* const> packets);
    std::size_t pop_shared(std::span<Packet*> slots);
    void push_shared(std::span<Packet* const> packets);

    friend struct PoolRegistry;
    void flush_cache(std::size_t slot);

    void note_taken(std::span<Packet* const> packets);
    void note_freed(std::span<Packet* const> packets);

    std::unique_ptr<Cache[]> caches_;
    std::uint16_t headroom_;
    bool checked_;
    std::size_t data_room_;
    std::size_t cache_capacity_;
    std::shared_ptr<DmaSpace> space_;
    std::vector<DmaMemory> memory_;
    std::vector<Packet*> packets_;                ///< by index
    LineArray<std::atomic<std::uint32_t>> next_;  ///< by index: the packet below it on the shared stack
    LineArray<std::atomic<bool>> taken_;          ///< by index; checked pools only

    alignas(cache_line) std::atomic<std::uint64_t> top_;  ///< of the shared stack: tag and index, see mempool.cpp
    alignas(cache_line) std::atomic<std::int64_t> shared_count_{0};
};

/// Returns packets, with all pieces of their chains, to their own pools.
void free_packets(std::span<Packet* const> packets);

}  // namespace ixy
