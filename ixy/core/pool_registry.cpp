#include "pool_registry.hpp"

#include <bitset>
#include <mutex>
#include <utility>
#include <vector>

#include <ixy/core/mempool.hpp>
#include <ixy/core/thread_slot.hpp>

namespace ixy {

namespace {

struct Lists {
    std::mutex mutex;
    std::vector<Mempool*> pools;
    std::bitset<detail::thread_slots> slots;
};

Lists& lists() {
    static Lists& lists = *new Lists;  // never destroyed: threads and static pools may end after main
    return lists;
}

}  // namespace

void PoolRegistry::add(Mempool& pool) {
    const std::scoped_lock lock(lists().mutex);
    lists().pools.push_back(&pool);
}

void PoolRegistry::remove(Mempool& pool) {
    const std::scoped_lock lock(lists().mutex);
    std::erase(lists().pools, &pool);
}

std::size_t PoolRegistry::take_slot() {
    const std::scoped_lock lock(lists().mutex);
    for (std::size_t slot = 0; slot < detail::thread_slots; ++slot)
        if (!lists().slots.test(slot)) {
            lists().slots.set(slot);
            return slot;
        }
    return detail::thread_slots;
}

void PoolRegistry::release_slot(std::size_t slot) {
    const std::scoped_lock lock(lists().mutex);
    for (Mempool* pool : lists().pools) pool->flush_cache(slot);
    lists().slots.reset(slot);
}

namespace detail {

namespace {

constinit thread_local bool asked = false;  // once in a thread's life; not again while the thread is ending

/// Its destructor runs when the thread ends.
struct Guard {
    ~Guard() {
        PoolRegistry::release_slot(thread_slot);
        thread_slot = thread_slots;  // packets that other thread_local objects free later go to the shared part
    }
};

}  // namespace

void take_thread_slot() {
    if (std::exchange(asked, true)) return;
    thread_slot = PoolRegistry::take_slot();
    if (thread_slot == thread_slots) return;
    [[maybe_unused]] static thread_local Guard guard;
}

}  // namespace detail

}  // namespace ixy
