// A queue of frames: a lock-free ring between one producer thread and one consumer thread.
//
//   entries   │ 60 @0 │ 1500 @64 │ 60 @1568 │ . . .     one for each frame: where its bytes are
//   bytes     │▓▓▓│▓▓▓▓▓▓▓▓▓▓▓▓▓▓│▓▓▓│                  used circularly, and from the start again once all
//                                                       are taken, so that a short queue stays in the cache
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>

#include <ixy/sim/wires/wire.hpp>

namespace ixy::sim {

/// A frame in a ring.
struct StoredFrame {
    std::span<const std::byte> bytes;  ///< valid until pop()
    bool damaged = false;
    Time due{};  ///< as given to push()
};

/// Thread rule: push() by one thread at a time, front(), pop() and clear() by one at a time. Only the constructor
/// allocates.
class FrameRing {
public:
    /// Room for `frames` frames (a power of two) of `bytes` bytes in total, at least longest_wire_frame.
    FrameRing(std::size_t frames, std::size_t bytes)
        : entries_(std::make_unique_for_overwrite<Entry[]>(frames)),
          mask_(frames - 1),
          bytes_(std::make_unique_for_overwrite<std::byte[]>(bytes)),
          capacity_(bytes) {}

    /// False when there is no room, or the frame is longer than longest_wire_frame.
    bool push(std::span<const std::byte> frame, bool damaged = false, Time due = {}) {
        const auto begin = frame.size() <= longest_wire_frame ? find_room(frame.size()) : std::nullopt;
        if (!begin) return false;
        if (!frame.empty()) std::memcpy(bytes_.get() + *begin, frame.data(), frame.size());
        const std::uint64_t head = head_.load(std::memory_order_relaxed);
        entries_[head & mask_] = {.due = due,
                                  .begin = static_cast<std::uint32_t>(*begin),
                                  .size = static_cast<std::uint16_t>(frame.size()),
                                  .damaged = damaged};
        head_.store(head + 1, std::memory_order_release);  // after the frame itself
        return true;
    }

    /// The oldest frame, if there is any.
    std::optional<StoredFrame> front() const {
        const std::uint64_t tail = tail_.load(std::memory_order_relaxed);
        if (head_seen_ == tail) {
            head_seen_ = head_.load(std::memory_order_acquire);  // before the frame itself
            if (head_seen_ == tail) return std::nullopt;
        }
        const Entry& entry = entries_[tail & mask_];
        return StoredFrame{{bytes_.get() + entry.begin, entry.size}, entry.damaged, entry.due};
    }
    /// Releases the frame that front() has returned.
    void pop() { tail_.store(tail_.load(std::memory_order_relaxed) + 1, std::memory_order_release); }
    bool empty() const { return !front(); }
    /// The number of frames; for the consumer.
    std::size_t size() const {
        return static_cast<std::size_t>(head_.load(std::memory_order_acquire) - tail_.load(std::memory_order_relaxed));
    }
    /// Whether half of the entries or of the bytes are in use; for the producer.
    bool is_half_full() const {
        const std::uint64_t head = head_.load(std::memory_order_relaxed);
        const std::uint64_t tail = tail_.load(std::memory_order_acquire);
        if (head == tail) return false;
        const std::size_t oldest = entries_[tail & mask_].begin;
        const std::size_t used = next_ > oldest ? next_ - oldest : capacity_ - oldest + next_;
        return head - tail > mask_ / 2 || used > capacity_ / 2;
    }
    void clear() {
        while (front()) pop();
    }

private:
    struct Entry {
        Time due;
        std::uint32_t begin;
        std::uint16_t size;
        bool damaged;
    };

    /// Where `size` bytes may be put; next_ is then past them.
    std::optional<std::size_t> find_room(std::size_t size) {
        const std::size_t rounded = (size + 16) / 16 * 16;  // never 0
        if (const auto begin = find_room_seen(rounded)) return begin;
        tail_seen_ = tail_.load(std::memory_order_acquire);
        return find_room_seen(rounded);
    }

    /// The same, with the tail as last seen. It is read again only every so many frames, since its cache line belongs
    /// to the other thread.
    std::optional<std::size_t> find_room_seen(std::size_t size) {
        constexpr std::uint64_t often = 64;
        const std::uint64_t head = head_.load(std::memory_order_relaxed);
        if (head - tail_seen_ >= often) tail_seen_ = tail_.load(std::memory_order_acquire);
        if (head - tail_seen_ > mask_) return std::nullopt;
        if (head == tail_seen_) next_ = 0;
        // In use are [oldest, next_), or [oldest, end) and [0, next_); both are equal only when nothing is in use.
        const std::size_t oldest = head == tail_seen_ ? 0 : entries_[tail_seen_ & mask_].begin;
        const bool round = head != tail_seen_ && next_ <= oldest;
        std::size_t begin = next_;
        if (round && next_ + size >= oldest) return std::nullopt;
        if (!round && next_ + size > capacity_) {
            if (size >= oldest) return std::nullopt;
            begin = 0;
        }
        next_ = begin + size;
        return begin;
    }

    std::unique_ptr<Entry[]> entries_;
    std::size_t mask_;
    std::unique_ptr<std::byte[]> bytes_;
    std::size_t capacity_;
    // Each thread writes to a cache line of its own.
    alignas(64) std::atomic<std::uint64_t> head_ = 0;  ///< frames pushed
    std::uint64_t tail_seen_ = 0;
    std::size_t next_ = 0;                             ///< where the next frame's bytes go
    alignas(64) std::atomic<std::uint64_t> tail_ = 0;  ///< frames popped
    mutable std::uint64_t head_seen_ = 0;
};

}  // namespace ixy::sim
