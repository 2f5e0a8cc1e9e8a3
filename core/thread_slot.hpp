// A small number for each thread, so that per-thread caches are an array index away.
#pragma once

#include <cstddef>

namespace ixy::detail {

/// Threads that can have a cache at one time; any further thread works without.
inline constexpr std::size_t thread_slots = 64;

/// The calling thread's slot, or thread_slots when it has none (yet).
inline constinit thread_local std::size_t thread_slot = thread_slots;

/// Gives the calling thread a slot if it has none, one is free and the thread is not just ending. The slot is free for
/// other threads again when this one ends.
void take_thread_slot();

}  // namespace ixy::detail
