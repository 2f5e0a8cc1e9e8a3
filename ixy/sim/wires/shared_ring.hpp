// A ring of frames in memory that two processes share: one sends, the other receives, and while both are busy neither
// makes a system call.
//
//   header   head │ tail, frames taken │ state │ two flags     each on a cache line of its own
//   bytes    │ size, frame │ size, frame │ . . .               1 MiB, used circularly; records of whole words
//
// Neither side trusts the other. Each keeps its own position private, checks the other's values before using them, and
// reads nothing twice. The memory is a sealed file that cannot be truncated. If a side breaks the rules, or leaves, the
// frames in the ring are lost and nothing else.
//
// Waking is left to the caller. A side that finds nothing to do sets its flag and looks once more; the other one checks
// that flag after moving its position. Both use exchange(), so the second one sees what the first has done.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include <ixy/core/files.hpp>
#include <ixy/sim/wires/wire.hpp>

namespace ixy::sim {

namespace detail {

/// The beginning of the shared memory. Positions count bytes and never wrap.
struct SharedRingHeader {
    enum class State : std::uint32_t { offered, accepted, closed };
    alignas(64) std::atomic<std::uint64_t> head;          ///< by the sender: the end of the last record
    alignas(64) std::atomic<std::uint64_t> tail;          ///< by the receiver: the first record that it has not taken
    std::atomic<std::uint64_t> frames_taken;              ///< by the receiver
    alignas(64) std::atomic<State> state;                 ///< by the receiver
    alignas(64) std::atomic<std::uint32_t> frame_wanted;  ///< the receiver sleeps until it is woken
    alignas(64) std::atomic<std::uint32_t> room_wanted;   ///< the sender waits until it is told of room
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

/// The memory, mapped into this process.
class SharedRingMemory {
public:
    static constexpr std::size_t capacity = 1 << 20;  ///< bytes of records, a power of two
    static constexpr std::size_t header_room = 4096;

    /// Maps `file`. Empty when it is not such a ring, or there is no room for it.
    static std::optional<SharedRingMemory> map(const File& file);
    /// A file to map: sealed, with its memory reserved. Not open when the kernel has no memory left for it.
    static File make_file();

    explicit operator bool() const { return memory_ != nullptr; }  ///< false once it has been moved from
    SharedRingHeader& header() const { return *reinterpret_cast<SharedRingHeader*>(memory_.get()); }
    /// The word that holds the size of the record at `position`.
    std::atomic_ref<std::uint32_t> size_at(std::uint64_t position) const {
        return std::atomic_ref(*reinterpret_cast<std::uint32_t*>(bytes() + position % capacity));
    }
    void copy_in(std::uint64_t position, std::span<const std::byte> from) const;
    void copy_out(std::uint64_t position, std::span<std::byte> to) const;

private:
    struct Unmap {
        void operator()(std::byte* memory) const;
    };
    explicit SharedRingMemory(std::byte* memory) : memory_(memory) {}
    std::byte* bytes() const { return memory_.get() + header_room; }

    std::unique_ptr<std::byte, Unmap> memory_;
};

}  // namespace detail

/// The sending end. Thread rule: one at a time.
class RingSender {
public:
    enum class Result : std::uint8_t {
        sent,
        full,
        not_accepted,  ///< the receiver has not accepted the ring, and perhaps never will
        broken,        ///< the receiver has closed the ring or lied: give up the ring
    };

    /// Maps a file from SharedRingMemory::make_file(). Empty when that fails.
    static std::optional<RingSender> make(const File& file);

    /// Sends a frame, which must be no shorter than an Ethernet header and no longer than longest_wire_frame.
    Result push(std::span<const std::byte> frame);
    bool is_accepted() const { return memory_.header().state.load(std::memory_order_acquire) == State::accepted; }
    /// After full: asks to be told of room. False when there is room by now, or the ring is broken: push() again.
    bool await_room();
    /// Whether the receiver must be woken: it sleeps, or it has taken nothing for a millisecond and may be dead. Call
    /// this after the last of several frames.
    bool should_wake(Time now);
    /// The receiver could not be woken for now: should_wake() will return true again.
    void wake_failed() { memory_.header().frame_wanted = 1; }
    /// Frames that the receiver has not taken.
    std::uint64_t unread() const;

private:
    using State = detail::SharedRingHeader::State;
    explicit RingSender(detail::SharedRingMemory memory) : memory_(std::move(memory)) {}
    bool see_tail();
    std::uint64_t room() const { return detail::SharedRingMemory::capacity - (head_ - tail_seen_); }

    detail::SharedRingMemory memory_;
    std::uint64_t head_ = 0;
    std::uint64_t frames_ = 0;
    std::uint64_t tail_seen_ = 0;
    std::uint64_t tail_checked_ = 0;  ///< the tail as it was
    Time checked_{};                  ///< at this time
};

/// The receiving end. Thread rule: one at a time.
class RingReceiver {
public:
    /// Maps a ring that another process offers, and accepts it. Empty when `file` is not a ring.
    static std::optional<RingReceiver> accept(const File& file);
    RingReceiver(RingReceiver&&) = default;
    RingReceiver& operator=(RingReceiver&&) = delete;
    /// Closes the ring.
    ~RingReceiver();

    /// The sender's position. take() takes nothing beyond the position last passed to show().
    std::uint64_t head() const { return memory_.header().head.load(std::memory_order_acquire); }
    /// Lets take() take the records before `head`. False when there are none; an impossible head closes the ring.
    bool show(std::uint64_t head);
    /// Copies the next frame into `space`, of longest_wire_frame bytes, and returns its size; empty when there is none.
    std::optional<std::size_t> take(std::span<std::byte> space);
    /// Asks to be woken. False when there is a frame by now.
    bool sleep();
    /// Whether the sender must be told of room. True once, then false until the sender asks again.
    bool should_tell_of_room();

private:
    using State = detail::SharedRingHeader::State;
    explicit RingReceiver(detail::SharedRingMemory memory) : memory_(std::move(memory)) {}
    void close();

    detail::SharedRingMemory memory_;
    std::uint64_t tail_ = 0;
    std::uint64_t frames_ = 0;
    std::uint64_t shown_ = 0;
    std::uint64_t told_ = 0;  ///< tail_ as it was when the sender's flag was last checked
    bool is_news_ = false;    ///< the flag must be checked again
    bool open_ = true;
};

}  // namespace ixy::sim
