// The two ends of a ring in shared memory, and the memory.
#include "shared_ring.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <cstring>

#include "kinds.hpp"

namespace ixy::sim {

using detail::SharedRingMemory;

namespace {

constexpr std::size_t whole = SharedRingMemory::header_room + SharedRingMemory::capacity;
static_assert(sizeof(detail::SharedRingHeader) <= SharedRingMemory::header_room);

// The sender is told of room only when there is this much more, rather than woken for a few bytes.
constexpr std::uint64_t progress = SharedRingMemory::capacity / 4;
static_assert(progress > 2 * longest_wire_frame);
constexpr Time time_between_checks = std::chrono::milliseconds(1);

constexpr std::size_t size_bytes = sizeof(std::uint32_t);
constexpr std::uint64_t word = 8;  // records begin at multiples of this, so that a size is never torn

constexpr std::uint64_t record_bytes(std::size_t frame) { return (size_bytes + frame + word - 1) / word * word; }

}  // namespace

// --- the memory ---

File SharedRingMemory::make_file() {
    File file(::memfd_create("ixy-wire", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    const bool good = file.is_open() && ::fallocate(file.get(), 0, 0, whole) == 0 &&
                      ::fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0;
    if (!good) file.close();
    return file;
}

std::optional<SharedRingMemory> SharedRingMemory::map(const File& file) {
    struct stat status{};
    const int seals = ::fcntl(file.get(), F_GET_SEALS);  // fails for files that are not in memory
    if (seals < 0 || (seals & F_SEAL_SHRINK) == 0) return std::nullopt;
    if (::fstat(file.get(), &status) != 0 || status.st_size != static_cast<off_t>(whole)) return std::nullopt;
    void* const memory = ::mmap(nullptr, whole, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
    if (memory == MAP_FAILED) return std::nullopt;
    return SharedRingMemory(static_cast<std::byte*>(memory));
}

void SharedRingMemory::Unmap::operator()(std::byte* memory) const { ::munmap(memory, whole); }

void SharedRingMemory::copy_in(std::uint64_t position, std::span<const std::byte> from) const {
    const std::size_t begin = position % capacity;
    const std::size_t first = std::min(from.size(), capacity - begin);
    std::memcpy(bytes() + begin, from.data(), first);
    if (first != from.size()) std::memcpy(bytes(), from.data() + first, from.size() - first);
}

void SharedRingMemory::copy_out(std::uint64_t position, std::span<std::byte> to) const {
    const std::size_t begin = position % capacity;
    const std::size_t first = std::min(to.size(), capacity - begin);
    std::memcpy(to.data(), bytes() + begin, first);
    if (first != to.size()) std::memcpy(to.data() + first, bytes(), to.size() - first);
}

// --- the sending end ---

std::optional<RingSender> RingSender::make(const File& file) {
    auto memory = SharedRingMemory::map(file);
    if (!memory) return std::nullopt;
    return RingSender(std::move(*memory));
}

/// False when the receiver claims to have taken more than was sent, or less than before.
bool RingSender::see_tail() {
    const std::uint64_t tail = memory_.header().tail.load(std::memory_order_acquire);  // before the room is reused
    if (tail - tail_seen_ > head_ - tail_seen_) return false;
    tail_seen_ = tail;
    return true;
}

RingSender::Result RingSender::push(std::span<const std::byte> frame) {
    const State state = memory_.header().state.load(std::memory_order_acquire);
    if (state != State::accepted) return state == State::offered ? Result::not_accepted : Result::broken;
    const std::uint64_t bytes = record_bytes(frame.size());
    if (room() < bytes) {
        if (!see_tail()) return Result::broken;
        if (room() < bytes) return Result::full;
    }
    memory_.size_at(head_).store(static_cast<std::uint32_t>(frame.size()), std::memory_order_relaxed);
    memory_.copy_in(head_ + size_bytes, frame);
    head_ += bytes;
    ++frames_;
    memory_.header().head.store(head_, std::memory_order_release);  // after the record
    return Result::sent;
}

bool RingSender::await_room() {
    memory_.header().room_wanted.exchange(1, std::memory_order_acq_rel);
    if (see_tail() && room() < progress) return true;  // the receiver still has enough to take to report room
    memory_.header().room_wanted.store(0, std::memory_order_relaxed);
    return false;
}

bool RingSender::should_wake(Time now) {
    detail::SharedRingHeader& header = memory_.header();
    if (header.frame_wanted.exchange(0, std::memory_order_acq_rel) != 0) return true;
    if (now - checked_ < time_between_checks) return false;
    checked_ = now;
    const std::uint64_t before = std::exchange(tail_checked_, header.tail.load(std::memory_order_relaxed));
    return tail_checked_ == before && tail_checked_ != head_;
}

std::uint64_t RingSender::unread() const {
    const std::uint64_t taken = memory_.header().frames_taken.load(std::memory_order_relaxed);
    return frames_ - std::min(taken, frames_);
}

// --- the receiving end ---

std::optional<RingReceiver> RingReceiver::accept(const File& file) {
    auto memory = SharedRingMemory::map(file);
    if (!memory) return std::nullopt;
    memory->header().state.store(State::accepted, std::memory_order_release);
    return RingReceiver(std::move(*memory));
}

RingReceiver::~RingReceiver() {
    if (memory_) close();
}

void RingReceiver::close() {
    shown_ = tail_;
    open_ = false;
    memory_.header().state.store(State::closed, std::memory_order_release);
}

bool RingReceiver::show(std::uint64_t head) {
    if (!open_) return false;
    is_news_ = tail_ != told_;
    // Everything up to tail_ was shown before. A head that goes back, or beyond the memory, is a lie.
    const bool can_be = head % word == 0 && head - tail_ <= SharedRingMemory::capacity;
    if (!can_be) return close(), false;
    shown_ = head;
    return shown_ != tail_;
}

std::optional<std::size_t> RingReceiver::take(std::span<std::byte> space) {
    if (shown_ == tail_) return std::nullopt;
    const std::size_t size = memory_.size_at(tail_).load(std::memory_order_relaxed);  // once: it may change
    const bool can_be = size >= ethernet_header && size <= space.size() && record_bytes(size) <= shown_ - tail_;
    if (!can_be) return close(), std::nullopt;
    memory_.copy_out(tail_ + size_bytes, space.first(size));
    tail_ += record_bytes(size);
    memory_.header().frames_taken.store(++frames_, std::memory_order_relaxed);
    memory_.header().tail.store(tail_, std::memory_order_release);  // after the record was read
    is_news_ = is_news_ || tail_ - told_ >= progress;
    return size;
}

bool RingReceiver::sleep() {
    if (!open_) return true;
    memory_.header().frame_wanted.exchange(1, std::memory_order_acq_rel);
    if (head() == tail_) return true;
    memory_.header().frame_wanted.store(0, std::memory_order_relaxed);
    return false;
}

bool RingReceiver::should_tell_of_room() {
    if (!std::exchange(is_news_, false)) return false;
    told_ = tail_;
    return memory_.header().room_wanted.exchange(0, std::memory_order_acq_rel) != 0;
}

}  // namespace ixy::sim
