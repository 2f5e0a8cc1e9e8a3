// Keeps track of the pools that exist and the threads that have a slot, to empty a thread's caches when it ends.
#pragma once

#include <cstddef>

namespace ixy {

class Mempool;

/// One mutex guards both lists, so the end of a thread and the end of a pool never overlap: either the thread empties
/// its cache of a pool that still exists, or the pool is no longer on the list.
struct PoolRegistry {
    static void add(Mempool& pool);
    static void remove(Mempool& pool);
    /// A free slot, or detail::thread_slots.
    static std::size_t take_slot();
    /// Empties the caches of `slot` in all pools and frees the slot.
    static void release_slot(std::size_t slot);
};

}  // namespace ixy
