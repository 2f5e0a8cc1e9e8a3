// Tells AddressSanitizer which memory has no owner right now: touching it ends the program with a report. The allocator
// of DMA memory and the pools mark free memory, since to the sanitizer a whole huge page is one piece. Software NICs
// check it too, so their DMA reaches only memory that has an owner. Without the sanitizer, nothing is ever poisoned.
#pragma once

#include <cstddef>
#include <span>

#if defined(__SANITIZE_ADDRESS__)
#define IXY_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IXY_ADDRESS_SANITIZER 1
#endif
#endif

#ifdef IXY_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#endif

namespace ixy::detail {

/// Nobody may touch `bytes` from now on. They begin at a multiple of 8.
inline void poison([[maybe_unused]] std::span<const std::byte> bytes) {
#ifdef IXY_ADDRESS_SANITIZER
    __asan_poison_memory_region(bytes.data(), bytes.size());
#endif
}

/// Whether any of `bytes` is poisoned.
inline bool is_poisoned([[maybe_unused]] std::span<const std::byte> bytes) {
#ifdef IXY_ADDRESS_SANITIZER
    return __asan_region_is_poisoned(const_cast<std::byte*>(bytes.data()), bytes.size()) != nullptr;
#else
    return false;
#endif
}

/// `bytes` have an owner again.
inline void unpoison([[maybe_unused]] std::span<const std::byte> bytes) {
#ifdef IXY_ADDRESS_SANITIZER
    __asan_unpoison_memory_region(bytes.data(), bytes.size());
#endif
}

}  // namespace ixy::detail
