// The messages of the vfio-user protocol as they appear on the socket: QEMU, docs/interop/vfio-user. All numbers are in
// this machine's byte order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <expected>
#include <optional>
#include <span>
#include <vector>

#include <ixy/core/files.hpp>

namespace ixy::sim::vfio_user {

enum class Command : std::uint16_t {
    version = 1,
    dma_map = 2,
    dma_unmap = 3,
    device_get_info = 4,
    device_get_region_info = 5,
    device_get_region_io_fds = 6,
    device_get_irq_info = 7,
    device_set_irqs = 8,
    region_read = 9,
    region_write = 10,
    dma_read = 11,   ///< from the server; not used here
    dma_write = 12,  ///< from the server; not used here
    device_reset = 13,
    region_write_multi = 15,
    device_feature = 16,
    migration_data_read = 17,
    migration_data_write = 18,
};

struct Header {
    std::uint16_t id = 0;  ///< echoed in the reply
    Command command{};
    std::uint32_t size = 0;   ///< of the whole message
    std::uint32_t flags = 0;  ///< type and bits, below
    std::uint32_t error = 0;  ///< errno, in a reply with flag_error
};
static_assert(sizeof(Header) == 16);

inline constexpr std::uint32_t type_mask = 0xf, type_command = 0, type_reply = 1;
inline constexpr std::uint32_t flag_no_reply = 1 << 4, flag_error = 1 << 5;

/// This server's limits, which it announces when versions are negotiated.
inline constexpr std::size_t largest_transfer = 1 << 20;  ///< bytes of data in one message
inline constexpr std::size_t most_files = 16;             ///< file descriptors with one message; QEMU takes no more
inline constexpr std::size_t most_dma_maps = 8192;        ///< each with a file is a mapping here; Linux allows 65530
inline constexpr std::uint64_t page_size = 4096;
/// The longest message: data and the structures before it.
inline constexpr std::size_t largest_message = largest_transfer + 64;

struct Version {
    std::uint16_t major = 0;
    std::uint16_t minor = 0;
    // JSON text with a NUL at its end may follow
};
static_assert(sizeof(Version) == 4);

struct DmaMap {
    std::uint32_t argsz = 0;
    std::uint32_t flags = 0;   ///< dma_readable, dma_writable
    std::uint64_t offset = 0;  ///< in the file
    std::uint64_t address = 0;
    std::uint64_t size = 0;
};
static_assert(sizeof(DmaMap) == 32);
inline constexpr std::uint32_t dma_readable = 1 << 0, dma_writable = 1 << 1;

struct DmaUnmap {
    std::uint32_t argsz = 0;
    std::uint32_t flags = 0;  ///< unmap_dirty_bitmap, unmap_all
    std::uint64_t address = 0;
    std::uint64_t size = 0;
};
static_assert(sizeof(DmaUnmap) == 24);
inline constexpr std::uint32_t unmap_dirty_bitmap = 1 << 0, unmap_all = 1 << 1;

struct DeviceInfo {
    std::uint32_t argsz = 0;
    std::uint32_t flags = 0;  ///< device_resets, device_is_pci
    std::uint32_t num_regions = 0;
    std::uint32_t num_irqs = 0;
};
static_assert(sizeof(DeviceInfo) == 16);
inline constexpr std::uint32_t device_resets = 1 << 0, device_is_pci = 1 << 1;

/// Regions by index: the six BARs, then these.
enum Region : std::uint32_t { region_rom = 6, region_config = 7, region_vga = 8, region_count = 9 };

struct RegionInfo {
    std::uint32_t argsz = 0;
    std::uint32_t flags = 0;  ///< region_readable, region_writable
    std::uint32_t index = 0;
    std::uint32_t cap_offset = 0;
    std::uint64_t size = 0;
    std::uint64_t offset = 0;
};
static_assert(sizeof(RegionInfo) == 32);
inline constexpr std::uint32_t region_readable = 1 << 0, region_writable = 1 << 1;

struct RegionIoFds {
    std::uint32_t argsz = 0;
    std::uint32_t flags = 0;
    std::uint32_t index = 0;
    std::uint32_t count = 0;
};
static_assert(sizeof(RegionIoFds) == 16);

/// Kinds of interrupts by index.
enum Irq : std::uint32_t { irq_intx = 0, irq_msi = 1, irq_msi_x = 2, irq_error = 3, irq_request = 4, irq_count = 5 };

struct IrqInfo {
    std::uint32_t argsz = 0;
    std::uint32_t flags = 0;  ///< irq_eventfd, irq_maskable, irq_automasked, irq_noresize
    std::uint32_t index = 0;
    std::uint32_t count = 0;
};
static_assert(sizeof(IrqInfo) == 16);
inline constexpr std::uint32_t irq_eventfd = 1 << 0, irq_maskable = 1 << 1, irq_automasked = 1 << 2,
                               irq_noresize = 1 << 3;

struct IrqSet {
    std::uint32_t argsz = 0;
    std::uint32_t flags = 0;  ///< one of data_*, one of action_*
    std::uint32_t index = 0;
    std::uint32_t start = 0;
    std::uint32_t count = 0;
    // with data_bool: `count` bytes follow
};
static_assert(sizeof(IrqSet) == 20);
inline constexpr std::uint32_t data_none = 1 << 0, data_bool = 1 << 1, data_eventfd = 1 << 2;
inline constexpr std::uint32_t action_mask = 1 << 3, action_unmask = 1 << 4, action_trigger = 1 << 5;

struct RegionAccess {
    std::uint64_t offset = 0;
    std::uint32_t region = 0;
    std::uint32_t count = 0;  ///< bytes
    // the data follow: in a write, and in the reply to a read
};
static_assert(sizeof(RegionAccess) == 16);

/// One of the writes of a region_write_multi, which follow their number (64 bits).
struct MultiWrite {
    RegionAccess access;  ///< at most 8 bytes
    std::byte data[8]{};
};
static_assert(sizeof(MultiWrite) == 24);

/// A received message.
struct Message {
    Header header;
    std::vector<std::byte> payload;
    std::vector<File> files;
};

/// The answer to a command: the payload, or an errno.
using Reply = std::expected<std::vector<std::byte>, int>;

/// The structure at the beginning of `bytes`, unless they are too few.
template <class T>
std::optional<T> take(std::span<const std::byte> bytes) {
    if (bytes.size() < sizeof(T)) return std::nullopt;
    T structure;
    std::memcpy(&structure, bytes.data(), sizeof(T));
    return structure;
}

/// The same for a request whose first field gives the maximum size of it or of its reply: that must be enough too.
template <class T>
std::optional<T> take_request(std::span<const std::byte> bytes) {
    const auto request = take<T>(bytes);
    return request && request->argsz >= sizeof(T) ? request : std::nullopt;
}

template <class T>
std::vector<std::byte> bytes_of(const T& structure) {
    const auto* const begin = reinterpret_cast<const std::byte*>(&structure);
    return {begin, begin + sizeof(T)};
}

}  // namespace ixy::sim::vfio_user
