// A part of a client's file, mapped here. The client can take it away at any moment by truncating the file: the next
// access to it then kills the process with SIGBUS, unless that process has called survive_lost_memory().
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
    /// Maps `size` bytes of `file` from `offset` on, both in whole pages. `lost`, which must outlive the object,
    /// becomes true when the memory turns out to be gone. `protection`: as for mmap(). Errors: an errno; EINVAL if the
    /// file is too short.
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

/// From now on, a SharedMemory that its file no longer covers reads as zeros, and writes to it reach nobody. Any other
/// SIGBUS kills the process as before. This takes over a signal of the whole process, so a program should call it,
/// once, and a library should not.
void survive_lost_memory();

}  // namespace ixy::sim::vfio_user
