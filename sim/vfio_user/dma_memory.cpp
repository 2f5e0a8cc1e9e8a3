// VFIO_USER_DMA_MAP and VFIO_USER_DMA_UNMAP.
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>

#include <ixy/sim/vfio_user/dma_memory.hpp>

namespace ixy::sim::vfio_user {

namespace {

bool is_sound(const DmaMap& request) {
    const bool aligned = (request.address | request.size | request.offset) % page_size == 0;
    const bool known_flags = (request.flags & ~(dma_readable | dma_writable)) == 0 && request.flags != 0;
    return aligned && known_flags && request.size != 0 && request.address + (request.size - 1) >= request.address;
}

/// Maps the part of `file` that the request names, or returns an errno.
std::expected<std::span<std::byte>, int> map_file(const DmaMap& request, const File& file) {
    struct stat status{};
    if (::fstat(file.get(), &status) != 0) return std::unexpected(errno);
    const auto length = static_cast<std::uint64_t>(status.st_size);
    // Beyond the file's end there is no memory: touching it would end this process.
    if (request.offset > length || request.size > length - request.offset) return std::unexpected(EINVAL);
    const int protection =
        ((request.flags & dma_readable) != 0 ? PROT_READ : 0) | ((request.flags & dma_writable) != 0 ? PROT_WRITE : 0);
    void* const memory = ::mmap(nullptr, request.size, protection, MAP_SHARED | MAP_NORESERVE, file.get(),
                                static_cast<off_t>(request.offset));
    if (memory == MAP_FAILED) return std::unexpected(errno);
    return std::span(static_cast<std::byte*>(memory), request.size);
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
        const auto memory = map_file(*request, message.files.front());
        if (!memory) return std::unexpected(memory.error());
        region.memory = *memory;
        if (!card_.map(IoAddress{request->address}, region.memory, access_of(request->flags))) {
            ::munmap(region.memory.data(), region.memory.size());
            return std::unexpected(EEXIST);
        }
    }
    regions_.emplace(request->address, region);
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
    release(found->first, found->second);
    regions_.erase(found);
    return bytes_of(*request);
}

void DmaMemory::clear() {
    for (const auto& [address, region] : regions_) release(address, region);
    regions_.clear();
}

bool DmaMemory::overlaps(std::uint64_t address, std::uint64_t size) const {
    const auto next = regions_.upper_bound(address);
    if (next != regions_.end() && next->first - address < size) return true;
    return next != regions_.begin() && address - std::prev(next)->first < std::prev(next)->second.size;
}

void DmaMemory::release(std::uint64_t address, const Region& region) {
    if (region.memory.empty()) return;
    (void)card_.unmap(IoAddress{address}, region.memory.size());
    ::munmap(region.memory.data(), region.memory.size());
}

}  // namespace ixy::sim::vfio_user
