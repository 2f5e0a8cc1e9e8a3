// A software IOMMU: which memory a card may reach, and where that lies in our address space.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include <ixy/core/error.hpp>
#include <ixy/core/packet.hpp>

namespace ixy::sim {

/// "64 bytes at 0x12340"
std::string range_text(IoAddress address, std::size_t bytes);

/// Thread rule: look-ups by one thread a lane at a time; everything else when there is no look-up (all of a card's
/// lanes).
class Iommu {
public:
    enum class Access : std::uint8_t { read = 1, write = 2, both = 3 };  ///< by the card

    explicit Iommu(unsigned lanes = 1) : recent_(lanes) {}

    /// Maps `memory`, which the caller owns and keeps until unmap(), at `address` for the card. Errors:
    /// invalid_argument (empty, or beyond 2^64), busy (overlaps another mapping).
    Expected<> map(IoAddress address, std::span<std::byte> memory, Access access = Access::both);
    /// Removes a whole mapping. Errors: not_found (none has exactly that address and size).
    Expected<> unmap(IoAddress address, std::size_t bytes);
    void clear();
    std::size_t size() const { return mappings_.size(); }

    /// The memory behind [address, address + bytes) if one mapping holds all of it and allows `access`; else empty.
    /// O(log n); the mapping that this lane has used last is found at once, without a lock.
    std::span<std::byte> translate(IoAddress address, std::size_t bytes, Access access, unsigned lane = 0) {
        const std::span<std::byte> found = part(address, bytes, access, lane);
        return found.size() == bytes ? found : std::span<std::byte>{};
    }
    /// The same for as many of the `most` bytes as the mapping has; the rest may be in its neighbour.
    std::span<std::byte> part(IoAddress address, std::size_t most, Access access, unsigned lane = 0) {
        Placed& recent = recent_[lane];
        const std::span<std::byte> found = recent.part(address, most, access);
        return found.empty() ? look_up(address, most, access, recent) : found;
    }

    /// Called when an address is not mapped, by one thread at a time: may map more, but not unmap, and return true. For
    /// spaces that grow, like a process's memory.
    void on_miss(std::function<bool(Iommu&, IoAddress)> ask) { ask_ = std::move(ask); }

private:
    struct Mapping {
        std::span<std::byte> memory;
        Access access = Access::both;
    };
    struct alignas(64) Placed {  // a cache line each
        std::uint64_t begin = 0;
        Mapping mapping;

        std::span<std::byte> part(IoAddress address, std::size_t most, Access access) const {
            const std::uint64_t offset = address.value - begin;
            const auto allowed = static_cast<unsigned>(mapping.access), wanted = static_cast<unsigned>(access);
            if (offset >= mapping.memory.size() || (allowed & wanted) != wanted) [[unlikely]]
                return {};
            return {mapping.memory.data() + offset, std::min<std::size_t>(most, mapping.memory.size() - offset)};
        }
    };
    std::span<std::byte> look_up(IoAddress address, std::size_t most, Access access, Placed& recent);
    bool find(IoAddress address, Placed& recent) const;
    void forget_recent();

    std::mutex mutex_;                           ///< of look-ups, if there are several lanes: on_miss() may map more
    std::map<std::uint64_t, Mapping> mappings_;  ///< by first address
    std::vector<Placed> recent_;  ///< by lane: a copy of the mapping found last; 0 bytes if there is none
    std::function<bool(Iommu&, IoAddress)> ask_;
};

}  // namespace ixy::sim
