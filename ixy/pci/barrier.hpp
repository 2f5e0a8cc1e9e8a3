// Memory barriers, named after what they order. x86-64 keeps loads in order with loads and stores in order with stores,
// to write-back and to uncached memory alike, so there they only restrain the compiler; AArch64 needs instructions.
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>

namespace ixy {

/// Orders a load of DMA memory (a descriptor's DD bit) before later loads of DMA memory (its length, the frame).
inline void dma_rmb() {
#if defined(__aarch64__)
    asm volatile("dmb oshld" ::: "memory");
#else
    std::atomic_signal_fence(std::memory_order_seq_cst);
#endif
}

/// Orders stores to DMA memory (a descriptor's body) before later stores to DMA memory (the word that hands it over).
inline void dma_wmb() {
#if defined(__aarch64__)
    asm volatile("dmb oshst" ::: "memory");
#else
    std::atomic_signal_fence(std::memory_order_seq_cst);
#endif
}

/// Orders stores to DMA memory (descriptors) before a later store to a register (the tail, a doorbell).
inline void mmio_wmb() {
#if defined(__aarch64__)
    asm volatile("dsb st" ::: "memory");
#else
    std::atomic_signal_fence(std::memory_order_seq_cst);
#endif
}

/// One load of a 32-bit word of DMA memory that the device may change at any moment (a descriptor's status). Acquire,
/// so there is no data race with a software device in another thread, which stores it with release.
template <class Word>
    requires(sizeof(Word) == sizeof(std::uint32_t))
Word dma_load(const Word& word) {
    return std::bit_cast<Word>(__atomic_load_n(reinterpret_cast<const std::uint32_t*>(&word), __ATOMIC_ACQUIRE));
}

}  // namespace ixy
