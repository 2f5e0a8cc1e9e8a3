// Rings between threads: bounded queues of pointers or other small values, for pipelines.
//
// Indices run freely and are reduced to a slot only when it is accessed: `written - read` is the number of objects
// inside, so all slots are usable and 64 bits never wrap. Each side writes its own cache lines. SpscRing is
// Lamport's queue (1983) with a private copy of the opposite index, MpmcRing the two-step reservation of FreeBSD's
// buf_ring and of DPDK's rte_ring.
//
// A pipeline of two threads moves packets, and their ownership, like this:
//   batch.release_front(ring.push(batch.pointers()));   // producer: the batch keeps what did not fit
//   batch.grow(ring.pop(batch.free_slots()));           // consumer
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <thread>
#include <type_traits>

namespace ixy {

namespace detail {

/// The slots of a ring, addressed by free-running indices.
template <class T>
class RingSlots {
    static_assert(std::is_trivially_copyable_v<T>, "an object is copied bit by bit; a ring owns nothing");

public:
    explicit RingSlots(std::size_t at_least)
        : capacity_(std::bit_ceil(std::max<std::size_t>(at_least, 1))),
          slots_(std::make_unique_for_overwrite<T[]>(capacity_)) {}

    std::size_t capacity() const { return capacity_; }
    void write(std::uint64_t index, std::span<const T> objects) {
        const auto [at, first] = split(index, objects.size());
        std::copy_n(objects.data(), first, slots_.get() + at);
        std::copy_n(objects.data() + first, objects.size() - first, slots_.get());
    }
    void read(std::uint64_t index, std::span<T> objects) const {
        const auto [at, first] = split(index, objects.size());
        std::copy_n(slots_.get() + at, first, objects.data());
        std::copy_n(slots_.get(), objects.size() - first, objects.data() + first);
    }

private:
    struct Split {
        std::size_t at;     ///< slot of the first object
        std::size_t first;  ///< objects before the slots' end; the rest continue at slot 0
    };
    Split split(std::uint64_t index, std::size_t count) const {
        const std::size_t at = index & (capacity_ - 1);
        return {at, std::min(count, capacity_ - at)};
    }

    std::size_t capacity_;
    std::unique_ptr<T[]> slots_;
};

}  // namespace detail

/// A ring for one producer thread and one consumer thread. Both sides are wait-free: each call ends after a bounded
/// number of steps, whatever the other thread does.
template <class T>
class SpscRing {
public:
    /// A ring for at least `at_least` objects: the next power of two, all of which are usable.
    explicit SpscRing(std::size_t at_least) : slots_(at_least) {}

    /// Copies objects from the front of `objects` into the ring, as many as fit. Returns how many. Thread rule: the
    /// producer only.
    std::size_t push(std::span<const T> objects) {
        const std::uint64_t written = producer_.index.load(std::memory_order_relaxed);
        if (slots_.capacity() - (written - producer_.opposite) < objects.size())
            // Acquire: the consumer's reads of slots, before it moved its index, come before our writes to them.
            producer_.opposite = consumer_.index.load(std::memory_order_acquire);
        const std::size_t count =
            std::min<std::size_t>(objects.size(), slots_.capacity() - (written - producer_.opposite));
        slots_.write(written, objects.first(count));
        // Release: our writes to the slots come before the consumer, having seen the new index, reads them.
        producer_.index.store(written + count, std::memory_order_release);
        return count;
    }
    bool push(const T& object) { return push(std::span(&object, 1)) == 1; }

    /// Moves up to objects.size() objects into `objects`, oldest first. Returns how many. Thread rule: the consumer
    /// only.
    std::size_t pop(std::span<T> objects) {
        const std::uint64_t read = consumer_.index.load(std::memory_order_relaxed);
        if (consumer_.opposite - read < objects.size())
            // Acquire: the producer's writes to the slots, before it moved its index, come before our reads of them.
            consumer_.opposite = producer_.index.load(std::memory_order_acquire);
        const std::size_t count = std::min<std::size_t>(objects.size(), consumer_.opposite - read);
        slots_.read(read, objects.first(count));
        // Release: our reads of the slots come before the producer, having seen the new index, overwrites them.
        consumer_.index.store(read + count, std::memory_order_release);
        return count;
    }
    bool pop(T& object) { return pop(std::span(&object, 1)) == 1; }

    std::size_t capacity() const { return slots_.capacity(); }
    /// Objects inside; for threads other than the two, a momentary estimate. Any thread.
    std::size_t size() const {
        const std::uint64_t read = consumer_.index.load(std::memory_order_acquire);
        return std::min<std::size_t>(producer_.index.load(std::memory_order_acquire) - read, capacity());
    }

private:
    struct alignas(64) Side {
        std::atomic<std::uint64_t> index{0};  ///< objects written, or read, since the beginning
        std::uint64_t opposite = 0;           ///< the other side's index when last read: saves moving its cache line
    };
    detail::RingSlots<T> slots_;
    Side producer_;
    Side consumer_;
};

/// A ring for any number of producers and consumers. It is **not** lock-free: a producer reserves slots with a
/// compare-and-swap, fills them, and publishes them only after all producers that reserved before it have published
/// theirs, so a thread that is suspended in between holds up its own side (until it runs again; the other side goes on
/// with what is published, or finds the ring empty or full). The same holds among consumers. Use no more threads than
/// CPUs.
template <class T>
class MpmcRing {
public:
    /// A ring for at least `at_least` objects: the next power of two, all of which are usable.
    explicit MpmcRing(std::size_t at_least) : slots_(at_least) {}

    /// Copies objects from the front of `objects` into the ring, next to each other, as many as fit. Returns how many.
    /// Any thread.
    std::size_t push(std::span<const T> objects) {
        const auto [index, count] = reserve(producers_, consumers_, slots_.capacity(), objects.size());
        if (count != 0) {
            slots_.write(index, objects.first(count));
            publish(producers_, index, count);
        }
        return count;
    }
    bool push(const T& object) { return push(std::span(&object, 1)) == 1; }

    /// Moves up to objects.size() objects into `objects`, oldest first. Returns how many. Any thread.
    std::size_t pop(std::span<T> objects) {
        const auto [index, count] = reserve(consumers_, producers_, 0, objects.size());
        if (count != 0) {
            slots_.read(index, objects.first(count));
            publish(consumers_, index, count);
        }
        return count;
    }
    bool pop(T& object) { return pop(std::span(&object, 1)) == 1; }

    std::size_t capacity() const { return slots_.capacity(); }
    /// Objects inside, a momentary estimate. Any thread.
    std::size_t size() const {
        const std::uint64_t read = consumers_.published.load(std::memory_order_acquire);
        return std::min<std::size_t>(producers_.published.load(std::memory_order_acquire) - read, capacity());
    }

private:
    struct Side {
        alignas(64) std::atomic<std::uint64_t> reserved{0};   ///< where the next thread of this side begins
        alignas(64) std::atomic<std::uint64_t> published{0};  ///< the other side owns the slots up to here
    };
    struct Reservation {
        std::uint64_t index;
        std::size_t count;
    };

    /// Reserves up to `wanted` of the slots between ours.reserved and what the other side has published, plus `lead`.
    static Reservation reserve(Side& ours, const Side& theirs, std::size_t lead, std::size_t wanted) {
        // Acquire: whoever moved `reserved` had seen `theirs.published` up to there, so our load of it below is not
        // older, and the difference is never negative.
        std::uint64_t index = ours.reserved.load(std::memory_order_acquire);
        std::size_t count = 0;
        do {
            // Acquire: the other side's reads or writes of slots, before it published them, come before ours.
            const std::uint64_t limit = theirs.published.load(std::memory_order_acquire) + lead;
            count = std::min<std::size_t>(wanted, limit - index);
            if (count == 0) break;
        } while (!ours.reserved.compare_exchange_weak(index, index + count, std::memory_order_acq_rel,
                                                      std::memory_order_acquire));
        return {index, count};
    }

    static void publish(Side& ours, std::uint64_t index, std::size_t count) {
        // Acquire: what the thread before us did to its slots comes before our store, which publishes them along with
        // ours.
        for (unsigned spins = 0; ours.published.load(std::memory_order_acquire) != index; ++spins) wait_a_little(spins);
        // Release: our reads or writes of the slots come before the other side, having seen the new index, touches
        // them.
        ours.published.store(index + count, std::memory_order_release);
    }

    /// The thread we wait for usually needs only a few more instructions, unless it is suspended and needs our CPU.
    static void wait_a_little(unsigned spins) {
        if (spins % 64 == 63) {
            std::this_thread::yield();
            return;
        }
#if defined(__x86_64__)
        __builtin_ia32_pause();
#elif defined(__aarch64__)
        asm volatile("yield");
#endif
    }

    detail::RingSlots<T> slots_;
    Side producers_;
    Side consumers_;
};

}  // namespace ixy
