// The locks of a card. A card with one lane has one lock. In a card with several lanes, each but lane 0 belongs to a
// queue, and its lock suffices for that queue's registers; lane 0 stands for the whole card.
//
//    lane 0        lane 1        lane 2   …         the world
//   ┌────────┐    ┌────────┐    ┌────────┐         ┌───────────────────────────────┐
//   │ gate   │    │ queue  │    │ queue  │  ─────▶ │ wire, timers, interrupt lines │
//   └────────┘    └────────┘    └────────┘         └───────────────────────────────┘
//   all lanes     this one      this one            any of them, for a short time
//
// To have all lanes, a thread takes the gate, closes it, and then takes and releases every queue's lock once: whoever
// was inside has left, and whoever comes sees that the gate is closed and waits there. So a busy queue cannot keep the
// thread out for long, and no thread holds more than three locks. Locks are taken from left to right in the picture.
#pragma once

#include <atomic>
#include <cassert>
#include <cstddef>
#include <mutex>
#include <vector>

namespace ixy::sim {

/// Thread rule: any thread. lock() and unlock(), for std::lock_guard, take all lanes.
class Lanes {
public:
    /// `count` is at least 1.
    explicit Lanes(unsigned count) : count_(count), lanes_(count) { assert(count != 0); }

    unsigned count() const { return count_; }

    /// Waits until this lane is free, or until all are if `lane` is 0. `lane` is less than count(); a thread has one
    /// lane at a time, and ends with leave() of the same one.
    void enter(unsigned lane) {
        if (lane == 0) {
            enter_all();
        } else {
            enter_one(lane);
        }
    }
    void leave(unsigned lane) {
        // After all that we did inside: see enter_one().
        if (lane == 0 && count() > 1) gate_is_closed_.store(false, std::memory_order_release);
        lanes_[lane].mutex.unlock();
    }
    void lock() { enter(0); }
    void unlock() { leave(0); }

    /// Calls work(), and returns what it returns, with the lock of what the lanes share: the world around the chip. A
    /// card with one lane needs no such lock, and takes none.
    template <class Work>
    decltype(auto) in_world(Work work) {
        if (count() == 1) [[likely]]
            return work();
        const std::lock_guard lock(world_.mutex);
        return work();
    }

private:
    /// On a cache line of its own: threads in different lanes write nothing in common.
    struct alignas(64) Lane {
        std::mutex mutex;
    };

    void enter_all() {
        lanes_[0].mutex.lock();
        if (count() == 1) return;
        // Every later holder of a queue's lock sees this store, because we release that lock after it.
        gate_is_closed_.store(true, std::memory_order_relaxed);
        for (unsigned i = 1; i < count(); ++i) const std::lock_guard everyone_has_left(lanes_[i].mutex);
    }
    void enter_one(unsigned lane) {
        std::mutex& ours = lanes_[lane].mutex;
        ours.lock();
        // Orders our accesses after those of the thread that had all lanes and has opened the gate again.
        if (!gate_is_closed_.load(std::memory_order_acquire)) return;
        ours.unlock();
        const std::lock_guard gate(lanes_[0].mutex);
        ours.lock();
    }

    const unsigned count_;
    std::vector<Lane> lanes_;
    alignas(64) std::atomic<bool> gate_is_closed_ = false;
    Lane world_;
};

}  // namespace ixy::sim
