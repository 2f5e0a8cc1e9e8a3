// The memory that the client lets the card access: mapped from the files that it sends, at the addresses that it gives.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <optional>

#include <ixy/sim/card/card.hpp>
#include <ixy/sim/servers/vfio_user/message.hpp>
#include <ixy/sim/servers/vfio_user/shared_memory.hpp>

namespace ixy::sim::vfio_user {

/// Thread rule: one thread.
class DmaMemory {
public:
    explicit DmaMemory(Card& card) : card_(card) {}
    ~DmaMemory() { clear(); }
    DmaMemory(const DmaMemory&) = delete;
    DmaMemory& operator=(const DmaMemory&) = delete;

    /// VFIO_USER_DMA_MAP. A region without a file is remembered, but the card cannot access it: the protocol would let
    /// the server ask the client for each access, which a card has no time for. Errors: EINVAL, EEXIST (overlaps
    /// another), ENOSPC (too many), those of mmap().
    Reply map(const Message& request);
    /// VFIO_USER_DMA_UNMAP. Once it returns, the card no longer touches the memory. Errors: EINVAL, ENOENT (no region
    /// has exactly that address and size), ENOTSUP (dirty pages).
    Reply unmap(const Message& request);
    void clear();
    /// True once the card has found that memory mapped by the client is gone; see survive_lost_memory().
    bool is_lost() const { return lost_; }

private:
    struct Region {
        std::uint64_t size = 0;
        std::optional<SharedMemory> memory;  ///< empty: no file came with it
    };
    bool overlaps(std::uint64_t address, std::uint64_t size) const;
    void take_back(std::uint64_t address, const Region& region);

    Card& card_;
    std::atomic<bool> lost_ = false;
    std::map<std::uint64_t, Region> regions_;  ///< by address
};

}  // namespace ixy::sim::vfio_user
