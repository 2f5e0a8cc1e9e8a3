// A part of a client's file, mapped here. A client can take it away again at any moment, by making the file shorter:
// the next access to it then ends a process by SIGBUS, unless that process has called survive_lost_memory().
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <utility>

#include <ixy/core/files.hpp>

namespace ixy::sim::vfio_user {

/// Movable; unmaps when it is destroyed. Thread rule: any thread, each object one at a time.
class SharedMemory {
public:
    /// Maps `size` bytes of `file` from `offset` on, both in whole pages. `lost`, which outlives the object, becomes
    /// true when the memory turns out to be gone. `protection`: as for mmap(). Errors: an errno; EINVAL where the file
    /// is too short.
    static std::expected<SharedMemory, int> map(const File& file, std::uint64_t offset, std::size_t size,
                                                int protection, std::atomic<bool>& lost);
    ~SharedMemory();
    SharedMemory(SharedMemory&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
    SharedMemory& operator=(SharedMemory&& other) noexcept {
        std::swap(bytes_, other.bytes_);
        return *this;
    }

    std::span<std::byte> bytes() const { return bytes_; }

private:
    explicit SharedMemory(std::span<std::byte> bytes) : bytes_(bytes) {}

    std::span<std::byte> bytes_;
};

/// From now on, a SharedMemory whose file's end has moved before it reads as zeros and takes writes that nobody sees.
/// Any other SIGBUS ends the process as before. This takes over a signal of the whole process, so it is for a program
/// to call, once, and not for a library.
void survive_lost_memory();

}  // namespace ixy::sim::vfio_user
