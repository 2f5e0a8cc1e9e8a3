// The mappings of a software IOMMU, ordered by address. Mappings never overlap.
#include <ixy/sim/card/iommu.hpp>

#include <array>
#include <charconv>
#include <limits>

namespace ixy::sim {

std::string range_text(IoAddress address, std::size_t bytes) {
    std::array<char, 16> digits;
    const auto* const end = std::to_chars(digits.begin(), digits.end(), address.value, 16).ptr;
    return std::to_string(bytes) + " bytes at 0x" + std::string(digits.cbegin(), end);
}

Expected<> Iommu::map(IoAddress address, std::span<std::byte> memory, Access access) {
    const std::uint64_t begin = address.value;
    if (memory.empty() || memory.size() - 1 > std::numeric_limits<std::uint64_t>::max() - begin) {
        return failure(ErrorKind::invalid_argument, "a DMA mapping of " + range_text(address, memory.size()),
                       "map at least one byte, and nothing beyond 2^64");
    }
    const std::uint64_t last = begin + (memory.size() - 1);
    const auto after = mappings_.upper_bound(last);  // the first that begins after the new one
    if (after != mappings_.begin()) {
        const auto& [other, mapping] = *std::prev(after);
        if (other + (mapping.memory.size() - 1) >= begin) {
            return failure(ErrorKind::busy,
                           "a DMA mapping of " + range_text(address, memory.size()) + " overlaps that of " +
                               range_text(IoAddress{other}, mapping.memory.size()),
                           "unmap that first");
        }
    }
    mappings_.emplace(begin, Mapping{memory, access});
    return {};
}

Expected<> Iommu::unmap(IoAddress address, std::size_t bytes) {
    const auto found = mappings_.find(address.value);
    if (found == mappings_.end() || found->second.memory.size() != bytes) {
        return failure(ErrorKind::not_found, "there is no DMA mapping of exactly " + range_text(address, bytes),
                       "unmap each mapping as a whole");
    }
    mappings_.erase(found);
    forget_recent();
    return {};
}

void Iommu::clear() {
    mappings_.clear();
    forget_recent();
}

void Iommu::forget_recent() { std::ranges::fill(recent_, Placed{}); }

bool Iommu::find(IoAddress address, Placed& recent) const {
    const auto after = mappings_.upper_bound(address.value);
    if (after == mappings_.begin()) return false;
    const auto& [begin, mapping] = *std::prev(after);
    if (address.value - begin >= mapping.memory.size()) return false;
    recent = {begin, mapping};
    return true;
}

std::span<std::byte> Iommu::look_up(IoAddress address, std::size_t most, Access access, Placed& recent) {
    std::unique_lock lock(mutex_, std::defer_lock);
    if (recent_.size() > 1) lock.lock();
    if (!find(address, recent) && !(ask_ && ask_(*this, address) && find(address, recent))) return {};
    return recent.part(address, most, access);
}

}  // namespace ixy::sim
