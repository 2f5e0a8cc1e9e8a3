// A small number for each thread, so per-thread caches are an array index away.
#pragma once

#include <cstddef>

namespace ixy::detail {

/// How many threads can have a cache at the same time; further threads work without one.
inline constexpr std::size_t thread_slots = 64;

/// The calling thread's slot, or thread_slots when it has none (yet).
inline constinit thread_local std::size_t thread_slot = thread_slots;

/// Gives the calling thread a slot if it has none, one is free and the thread is not already ending. The slot becomes
/// free for other threads when this one ends.
void take_thread_slot();

}  // namespace ixy::detail
