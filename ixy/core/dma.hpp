// DMA memory: memory that a device reads and writes on its own.
//
// It belongs to an address space, which depends on how the device is reached: physical addresses (sysfs), the container
// that VFIO devices share, the file that a QEMU under qtest shares with us, or this process (software NICs). Rings and
// pools ask their device's space for memory and need not know which kind it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include <ixy/core/error.hpp>
#include <ixy/core/packet.hpp>

namespace ixy {

inline constexpr int any_node = -1;  ///< no NUMA node in particular

class DmaSpace;

/// One piece of DMA memory, contiguous for us and for the device. It is zeroed when allocated and goes back to its
/// space when destroyed; the device must have stopped using it by then. Movable.
class DmaMemory {
public:
    DmaMemory() = default;
    DmaMemory(DmaMemory&& other) noexcept;
    DmaMemory& operator=(DmaMemory&& other) noexcept;
    ~DmaMemory();

    std::span<std::byte> bytes() const { return bytes_; }
    std::byte* data() const { return bytes_.data(); }
    std::size_t size() const { return bytes_.size(); }
    /// data() as the device sees it.
    IoAddress address() const { return address_; }
    DmaSpace* space() const { return space_.get(); }

private:
    friend class DmaSpace;
    DmaMemory(std::shared_ptr<DmaSpace> space, std::span<std::byte> bytes, IoAddress address)
        : space_(std::move(space)), bytes_(bytes), address_(address) {}
    void release() noexcept;

    std::shared_ptr<DmaSpace> space_;
    std::span<std::byte> bytes_;
    IoAddress address_{};
};

/// An address space of DMA memory. Keeps a few large regions (huge pages) and hands out pieces of them, so that many
/// rings share one huge page. Thread rule: any thread, at any time (a mutex; this is set-up, not the datapath).
class DmaSpace : public std::enable_shared_from_this<DmaSpace> {
public:
    virtual ~DmaSpace();
    DmaSpace(const DmaSpace&) = delete;
    DmaSpace& operator=(const DmaSpace&) = delete;

    /// A zeroed piece of `bytes` bytes (1 to largest_piece()), aligned to `alignment` (a power of two up to 4096) for
    /// us and for the device. `node` is the preferred NUMA node. Errors: no_memory, permission, invalid_argument.
    Expected<DmaMemory> allocate(std::size_t bytes, std::size_t alignment = 64, int node = any_node);

    /// The largest size of one piece, in bytes. Larger objects (pools) are made of several pieces.
    virtual std::size_t largest_piece() const = 0;
    /// "physical addresses, 2 MiB huge pages"
    virtual std::string describe() const = 0;
    /// How many regions are mapped so far (to count huge pages, for example).
    std::size_t region_count() const;
    /// A warning for the user if memory is on a NUMA node other than the preferred one. Returned once, then empty.
    std::string take_warning();

    /// What another process needs in order to map a region too (a vhost-user back end).
    struct SharedRegion {
        std::span<std::byte> memory;
        IoAddress address;  ///< of its first byte
        int file = -1;      ///< owned by the space; begins with the region
    };
    /// The regions mapped so far. Each lives as long as the space.
    std::vector<SharedRegion> shared_regions() const;
    /// Our view of the `bytes` bytes that the device sees at `address`; empty unless all of them are memory of this
    /// space. For explaining descriptors: whatever a register holds, no other memory is ever touched. Thread rule: any
    /// thread; the bytes may be changing.
    virtual std::span<std::byte> memory_at(IoAddress address, std::size_t bytes) const;

protected:
    DmaSpace();

    /// A large piece of memory, contiguous for us; `granule` bytes at a time are contiguous for the device too.
    /// The memory, the granules and their addresses begin at multiples of 4096, so alignment means the same to both.
    struct Region {
        std::span<std::byte> memory;       ///< zeroed or not
        std::size_t granule = 0;           ///< bytes; memory.size() is a multiple
        std::vector<IoAddress> addresses;  ///< of each granule
        int node = any_node;               ///< where the memory lies, any_node when unknown
        int file = -1;                     ///< the file descriptor behind it, or -1; owned by the region
    };
    /// Maps one more region with room for a piece of `bytes`, near `node` if possible. Called with mutex_ held.
    virtual Expected<Region> map_region(std::size_t bytes, int node) = 0;
    virtual void unmap_region(Region& region) noexcept = 0;
    /// Derived classes call this in their destructor, while unmap_region can still be called.
    void unmap_all() noexcept;
    /// Calls `visit` for each region until one fails. Precondition: mutex_ is held.
    Expected<> visit_regions(const std::function<Expected<>(const Region&)>& visit) const;

    mutable std::mutex mutex_;  ///< guards the whole class; derived classes may use it for map_region's state

private:
    friend class DmaMemory;
    struct Managed;
    struct Piece {
        std::span<std::byte> bytes;
        IoAddress address;
    };
    Expected<Piece> find_or_map(std::size_t bytes, std::size_t alignment, int node);
    Expected<Managed*> map(std::size_t bytes, int node);
    void give_back(std::span<std::byte> bytes) noexcept;

    std::vector<std::unique_ptr<Managed>> regions_;
    std::string warning_;
    bool warned_ = false;
};

}  // namespace ixy
