// VFIO_USER_DMA_MAP and VFIO_USER_DMA_UNMAP.
#include <sys/mman.h>

#include <cerrno>
#include <utility>

#include <ixy/sim/servers/vfio_user/dma_memory.hpp>

namespace ixy::sim::vfio_user {

namespace {

bool is_sound(const DmaMap& request) {
    const bool aligned = (request.address | request.size | request.offset) % page_size == 0;
    const bool known_flags = (request.flags & ~(dma_readable | dma_writable)) == 0 && request.flags != 0;
    return aligned && known_flags && request.size != 0 && request.address + (request.size - 1) >= request.address;
}

int protection_of(std::uint32_t flags) {
    return ((flags & dma_readable) != 0 ? PROT_READ : 0) | ((flags & dma_writable) != 0 ? PROT_WRITE : 0);
}

Iommu::Access access_of(std::uint32_t flags) {
    return static_cast<Iommu::Access>(flags & (dma_readable | dma_writable));
}
static_assert(static_cast<std::uint32_t>(Iommu::Access::read) == dma_readable);
static_assert(static_cast<std::uint32_t>(Iommu::Access::write) == dma_writable);

}  // namespace

Reply DmaMemory::map(const Message& message) {
    const auto request = take_request<DmaMap>(message.payload);
    if (!request || !is_sound(*request) || message.files.size() > 1) return std::unexpected(EINVAL);
    if (overlaps(request->address, request->size)) return std::unexpected(EEXIST);
    if (regions_.size() >= most_dma_maps) return std::unexpected(ENOSPC);

    Region region{.size = request->size, .memory = {}};
    if (!message.files.empty()) {
        auto memory = SharedMemory::map(message.files.front(), request->offset, request->size,
                                        protection_of(request->flags), lost_);
        if (!memory) return std::unexpected(memory.error());
        region.memory = std::move(*memory);
    }
    // Recorded before the card gets it: if either step runs out of memory, the card has no region that is gone.
    const auto kept = regions_.emplace(request->address, std::move(region)).first;
    const auto& memory = kept->second.memory;
    if (memory && !card_.map(IoAddress{request->address}, memory->bytes(), access_of(request->flags))) {
        regions_.erase(kept);
        return std::unexpected(EEXIST);
    }
    return {};
}

Reply DmaMemory::unmap(const Message& message) {
    const auto request = take_request<DmaUnmap>(message.payload);
    if (!request) return std::unexpected(EINVAL);
    if (request->flags == unmap_all) {
        if (request->address != 0 || request->size != 0) return std::unexpected(EINVAL);
        clear();
        return bytes_of(*request);
    }
    if (request->flags != 0) return std::unexpected((request->flags & unmap_all) != 0 ? EINVAL : ENOTSUP);
    const auto found = regions_.find(request->address);
    if (found == regions_.end() || found->second.size != request->size) return std::unexpected(ENOENT);
    take_back(found->first, found->second);
    regions_.erase(found);
    return bytes_of(*request);
}

void DmaMemory::clear() {
    for (const auto& [address, region] : regions_) take_back(address, region);
    regions_.clear();
}

bool DmaMemory::overlaps(std::uint64_t address, std::uint64_t size) const {
    const auto next = regions_.upper_bound(address);
    if (next != regions_.end() && next->first - address < size) return true;
    return next != regions_.begin() && address - std::prev(next)->first < std::prev(next)->second.size;
}

void DmaMemory::take_back(std::uint64_t address, const Region& region) {
    if (region.memory) (void)card_.unmap(IoAddress{address}, region.size);
}

}  // namespace ixy::sim::vfio_user
