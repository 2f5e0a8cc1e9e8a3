// Which pools live and which threads have a slot: what is needed to empty a thread's caches when it ends.
#pragma once

#include <cstddef>

namespace ixy {

class Mempool;

/// One mutex guards both lists, so a thread's end and a pool's come one after the other: either the thread empties its
/// cache of a pool that still lives, or the pool is no longer on the list.
struct PoolRegistry {
    static void add(Mempool& pool);
    static void remove(Mempool& pool);
    /// A free slot, or detail::thread_slots.
    static std::size_t take_slot();
    /// Empties the caches of `slot` in all pools and makes the slot free.
    static void release_slot(std::size_t slot);
};

}  // namespace ixy
