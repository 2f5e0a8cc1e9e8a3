// The allocator inside every DMA space: first fit over each region's free pieces. A freed piece merges with its free
// neighbours. Used only during set-up, so a sorted map is fast enough and easy to check.
#include <ixy/core/dma.hpp>

#include <algorithm>
#include <bit>
#include <cstring>
#include <map>
#include <optional>

#include "poison.hpp"

namespace ixy {

namespace {

constexpr std::size_t unit = 64;  // every piece begins and ends on a cache line: no two owners share one

constexpr std::size_t round_up(std::size_t value, std::size_t multiple) {
    return (value + multiple - 1) / multiple * multiple;
}

}  // namespace

DmaMemory::DmaMemory(DmaMemory&& other) noexcept
    : space_(std::move(other.space_)),
      bytes_(std::exchange(other.bytes_, {})),
      address_(std::exchange(other.address_, {})) {}

DmaMemory& DmaMemory::operator=(DmaMemory&& other) noexcept {
    if (this != &other) {
        release();
        space_ = std::move(other.space_);
        bytes_ = std::exchange(other.bytes_, {});
        address_ = std::exchange(other.address_, {});
    }
    return *this;
}

DmaMemory::~DmaMemory() { release(); }

void DmaMemory::release() noexcept {
    if (space_) space_->give_back(bytes_);
    bytes_ = {};
    space_.reset();  // last: this may destroy the space
}

/// A region and its free pieces: offset to length, in order; no two pieces touch.
struct DmaSpace::Managed {
    Region region;
    int wished_node;
    std::map<std::size_t, std::size_t> free;
    std::size_t contiguous = 0;  ///< bytes; a piece never crosses a multiple of this

    Managed(Region mapped, int node) : region(std::move(mapped)), wished_node(node) {
        free.emplace(0, region.memory.size());
        bool whole = true;
        for (std::size_t i = 1; i < region.addresses.size(); ++i)
            whole = whole && region.addresses[i] == region.addresses[0] + i * region.granule;
        contiguous = whole ? region.memory.size() : region.granule;
        detail::poison(region.memory);
    }

    bool serves(int node) const { return node == any_node || node == region.node || node == wished_node; }
    bool contains(const std::byte* byte) const {
        return byte >= region.memory.data() && byte < region.memory.data() + region.memory.size();
    }

    std::optional<Piece> take(std::size_t bytes, std::size_t alignment) {
        for (auto [begin, length] : free) {
            std::size_t at = round_up(begin, alignment);
            if (at / contiguous != (at + bytes - 1) / contiguous) at = round_up(round_up(at, contiguous), alignment);
            if (at + bytes > begin + length || at / contiguous != (at + bytes - 1) / contiguous) continue;
            free.erase(begin);
            if (at > begin) free.emplace(begin, at - begin);
            if (at + bytes < begin + length) free.emplace(at + bytes, begin + length - at - bytes);
            return Piece{region.memory.subspan(at, bytes), region.addresses[at / region.granule] + at % region.granule};
        }
        return std::nullopt;
    }

    void put(std::size_t begin, std::size_t length) {
        detail::poison(region.memory.subspan(begin, length));
        const auto after = free.lower_bound(begin);
        if (after != free.begin()) {
            const auto before = std::prev(after);
            if (before->first + before->second == begin) {
                begin = before->first;
                length += before->second;
                free.erase(before);
            }
        }
        if (after != free.end() && begin + length == after->first) {
            length += after->second;
            free.erase(after);
        }
        free.emplace(begin, length);
    }
};

DmaSpace::DmaSpace() = default;
DmaSpace::~DmaSpace() = default;

Expected<DmaMemory> DmaSpace::allocate(std::size_t bytes, std::size_t alignment, int node) {
    if (bytes == 0 || bytes > largest_piece())
        return failure(ErrorKind::invalid_argument, describe() + ": no piece has " + std::to_string(bytes) + " bytes",
                       "ask for 1 to " + std::to_string(largest_piece()) + " bytes");
    if (!std::has_single_bit(alignment) || alignment > 4096)
        return failure(ErrorKind::invalid_argument,
                       describe() + ": cannot align to " + std::to_string(alignment) + " bytes",
                       "ask for a power of two up to 4096");

    Expected<Piece> piece = [&] {
        const std::scoped_lock lock(mutex_);
        return find_or_map(round_up(bytes, unit), std::max(alignment, unit), node);
    }();
    if (!piece) return std::unexpected(std::move(piece.error()));
    piece->bytes = piece->bytes.first(bytes);
    detail::unpoison(piece->bytes);
    std::memset(piece->bytes.data(), 0, bytes);
    return DmaMemory(shared_from_this(), piece->bytes, piece->address);
}

Expected<DmaSpace::Piece> DmaSpace::find_or_map(std::size_t bytes, std::size_t alignment, int node) {
    for (const auto& managed : regions_)
        if (managed->serves(node))
            if (auto piece = managed->take(bytes, alignment)) return *piece;

    auto fresh = map(bytes, node);
    if (fresh) {
        if (auto piece = (*fresh)->take(bytes, alignment)) return *piece;
        return failure(ErrorKind::no_memory, describe() + ": no " + std::to_string(bytes) + " contiguous bytes");
    }
    for (const auto& managed : regions_)  // memory from a distant node is better than none
        if (auto piece = managed->take(bytes, alignment)) return *piece;
    return std::unexpected(std::move(fresh.error()));
}

Expected<DmaSpace::Managed*> DmaSpace::map(std::size_t bytes, int node) {
    auto region = map_region(bytes, node);
    if (!region) return std::unexpected(std::move(region.error()));
    if (node != any_node && region->node != any_node && region->node != node && !warned_) {
        warned_ = true;
        warning_ = describe() + ": memory for a device on NUMA node " + std::to_string(node) + " lies on node " +
                   std::to_string(region->node) + ", which is slower";
    }
    return regions_.emplace_back(std::make_unique<Managed>(std::move(*region), node)).get();
}

void DmaSpace::give_back(std::span<std::byte> bytes) noexcept {
    const std::scoped_lock lock(mutex_);
    for (const auto& managed : regions_)
        if (managed->contains(bytes.data())) {
            managed->put(static_cast<std::size_t>(bytes.data() - managed->region.memory.data()),
                         round_up(bytes.size(), unit));
            return;
        }
}

std::size_t DmaSpace::region_count() const {
    const std::scoped_lock lock(mutex_);
    return regions_.size();
}

std::string DmaSpace::take_warning() {
    const std::scoped_lock lock(mutex_);
    return std::exchange(warning_, {});
}

std::vector<DmaSpace::SharedRegion> DmaSpace::shared_regions() const {
    const std::scoped_lock lock(mutex_);
    std::vector<SharedRegion> regions;
    for (const auto& managed : regions_)
        regions.push_back({managed->region.memory, managed->region.addresses.front(), managed->region.file});
    return regions;
}

std::span<std::byte> DmaSpace::memory_at(IoAddress address, std::size_t bytes) const {
    const std::scoped_lock lock(mutex_);
    for (const auto& managed : regions_) {
        const Region& region = managed->region;
        for (std::size_t i = 0; i < region.addresses.size(); ++i) {
            const std::uint64_t offset = address.value - region.addresses[i].value;
            if (offset < region.granule && bytes <= region.granule - offset)
                return region.memory.subspan(i * region.granule + offset, bytes);
        }
    }
    return {};
}

Expected<> DmaSpace::visit_regions(const std::function<Expected<>(const Region&)>& visit) const {
    for (const auto& managed : regions_)
        if (auto done = visit(managed->region); !done) return done;
    return {};
}

void DmaSpace::unmap_all() noexcept {
    const std::scoped_lock lock(mutex_);
    for (const auto& managed : regions_) {
        detail::unpoison(managed->region.memory);  // something else may be mapped there
        unmap_region(managed->region);
    }
    regions_.clear();
}

}  // namespace ixy
