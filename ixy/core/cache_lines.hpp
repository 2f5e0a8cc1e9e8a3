// Memory on cache lines of its own. Threads that write to different parts of one line wait for each other, although
// they share nothing ("false sharing"). The heap puts small blocks into one line, whoever they are for.
#pragma once

#include <cstddef>
#include <new>
#include <vector>

namespace ixy {

/// What threads must not share when they share nothing else, in bytes.
inline constexpr std::size_t cache_line = 64;

/// An allocator of whole cache lines.
template <class T>
struct LineAllocator {
    using value_type = T;
    LineAllocator() = default;
    template <class U>
    explicit(false) LineAllocator(const LineAllocator<U>&) {}

    T* allocate(std::size_t count) { return static_cast<T*>(::operator new(bytes(count), alignment)); }
    void deallocate(T* memory, std::size_t count) {
        ::operator delete(static_cast<void*>(memory), bytes(count), alignment);
    }
    friend bool operator==(const LineAllocator&, const LineAllocator&) { return true; }

private:
    static constexpr std::align_val_t alignment{cache_line};
    static constexpr std::size_t bytes(std::size_t count) {
        return (count * sizeof(T[1]) + cache_line - 1) / cache_line * cache_line;
    }
};

/// An array that one thread writes to, while others use what lies beside it.
template <class T>
using LineArray = std::vector<T, LineAllocator<T>>;

}  // namespace ixy
