// A software IOMMU: what of the world's memory a card may reach, and where it is in ours.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>

#include <ixy/core/error.hpp>
#include <ixy/core/packet.hpp>

namespace ixy::sim {

/// Thread rule: one at a time (a card's lock).
class Iommu {
public:
    enum class Access : std::uint8_t { read = 1, write = 2, both = 3 };  ///< as the card does them

    /// Lets the card reach `memory`, which is the caller's and stays until unmap(), from `address` on. Errors:
    /// invalid_argument (empty, or beyond 2^64), busy (overlaps another mapping).
    Expected<> map(IoAddress address, std::span<std::byte> memory, Access access = Access::both);
    /// Takes back a whole mapping. Errors: not_found (none has exactly that address and size).
    Expected<> unmap(IoAddress address, std::size_t bytes);
    void clear();
    std::size_t size() const { return mappings_.size(); }

    /// The memory behind [address, address + bytes) when one mapping holds all of it and allows `access`; else empty.
    /// O(log n); a mapping used twice in a row is found at once.
    std::span<std::byte> translate(IoAddress address, std::size_t bytes, Access access);

    /// Asked when an address is not mapped: may map more and return true. For spaces that grow, as a process's memory.
    void on_miss(std::function<bool(Iommu&, IoAddress)> ask) { ask_ = std::move(ask); }

private:
    struct Mapping {
        std::span<std::byte> memory;
        Access access;
    };
    std::map<std::uint64_t, Mapping> mappings_;
    std::map<std::uint64_t, Mapping>::iterator last_ = mappings_.end();
    std::function<bool(Iommu&, IoAddress)> ask_;
};

}  // namespace ixy::sim
