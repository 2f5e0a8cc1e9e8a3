// Region information, reads and writes.
#include <algorithm>
#include <bit>
#include <cerrno>
#include <source_location>

#include <ixy/pci/wrapped.hpp>
#include <ixy/sim/servers/vfio_user/regions.hpp>

namespace ixy::sim::vfio_user {

namespace {

constexpr unsigned bar_count = 6;

bool is_inside(const Card& card, const RegionAccess& access) {
    const std::uint64_t size = region_size(card, access.region);
    return access.count != 0 && access.offset < size && access.count <= size - access.offset;
}

/// How many of the `left` bytes at `offset` one access of the card covers.
unsigned next_width(const RegionAccess& access, std::uint64_t offset, std::uint64_t left) {
    if (access.region != region_config && access.count == 8 && access.offset % 8 == 0) return 8;
    const std::uint64_t aligned = offset == 0 ? 4 : std::uint64_t{1} << std::min(std::countr_zero(offset), 2);
    return static_cast<unsigned>(std::min(aligned, std::bit_floor(left)));
}

/// The source location of a driver's accesses when it is unknown.
constexpr std::source_location nowhere{};

std::uint64_t read(const Target& target, std::uint32_t region, std::uint64_t offset, unsigned width) {
    const auto config_offset = static_cast<std::uint32_t>(offset);
    if (target.between == nullptr) {
        return region == region_config ? target.card.config_read(config_offset, width)
                                       : target.card.bar_read(region, offset, width);
    }
    if (region == region_config) return target.between->config_read(config_offset, width).value_or(~0U);
    const auto bar = target.between->map_bar(region, 0);
    return bar ? read_bar(*bar, offset, width, nowhere) : ~std::uint64_t{0};
}

void write(const Target& target, std::uint32_t region, std::uint64_t offset, unsigned width, std::uint64_t value) {
    const auto config_offset = static_cast<std::uint32_t>(offset), config_value = static_cast<std::uint32_t>(value);
    if (target.between == nullptr) {
        if (region == region_config) {
            target.card.config_write(config_offset, width, config_value);
        } else {
            target.card.bar_write(region, offset, width, value);
        }
    } else if (region == region_config) {
        (void)target.between->config_write(config_offset, width, config_value);
    } else if (const auto bar = target.between->map_bar(region, 0)) {
        write_bar(*bar, offset, width, value, nowhere);
    }
}

void write(const Target& target, const RegionAccess& access, std::span<const std::byte> data) {
    for (std::uint64_t done = 0; done < access.count;) {
        const unsigned width = next_width(access, access.offset + done, access.count - done);
        std::uint64_t value = 0;  // little-endian, like PCI and the machines that this runs on
        std::memcpy(&value, data.data() + done, width);
        write(target, access.region, access.offset + done, width, value);
        done += width;
    }
}

}  // namespace

std::uint64_t region_size(const Card& card, std::uint32_t index) {
    if (index == region_config) return card.config_size();
    if (index >= bar_count) return 0;
    const BarLayout& bar = card.type().bars[index];
    return bar.kind == BarLayout::Kind::absent ? 0 : bar.size;
}

Reply region_info(const Card& card, const Message& message) {
    const auto request = take_request<RegionInfo>(message.payload);
    if (!request || request->index >= region_count) return std::unexpected(EINVAL);
    const std::uint64_t size = region_size(card, request->index);
    return bytes_of(RegionInfo{.argsz = sizeof(RegionInfo),
                               .flags = size == 0 ? 0 : region_readable | region_writable,
                               .index = request->index,
                               .cap_offset = 0,
                               .size = size,
                               .offset = 0});
}

Reply region_io_fds(const Card& card, const Message& message) {
    const auto request = take_request<RegionIoFds>(message.payload);
    if (!request || request->flags != 0 || request->count != 0 || region_size(card, request->index) == 0) {
        return std::unexpected(EINVAL);
    }
    return bytes_of(RegionIoFds{.argsz = sizeof(RegionIoFds), .flags = 0, .index = request->index, .count = 0});
}

void reset(const Target& target) {
    if (target.between != nullptr) (void)target.between->reset();
    target.card.reset();
}

Reply read_region(const Target& target, const Message& message) {
    const auto request = take<RegionAccess>(message.payload);
    if (!request || message.payload.size() != sizeof *request || request->count > largest_transfer ||
        !is_inside(target.card, *request)) {
        return std::unexpected(EINVAL);
    }
    std::vector<std::byte> reply = bytes_of(*request);
    reply.resize(sizeof *request + request->count);
    for (std::uint64_t done = 0; done < request->count;) {
        const unsigned width = next_width(*request, request->offset + done, request->count - done);
        const std::uint64_t value = read(target, request->region, request->offset + done, width);
        std::memcpy(reply.data() + sizeof *request + done, &value, width);
        done += width;
    }
    return reply;
}

Reply write_region(const Target& target, const Message& message) {
    const auto request = take<RegionAccess>(message.payload);
    if (!request || message.payload.size() - sizeof *request != request->count || !is_inside(target.card, *request)) {
        return std::unexpected(EINVAL);
    }
    write(target, *request, std::span(message.payload).subspan(sizeof *request));
    return bytes_of(*request);
}

Reply write_regions(const Target& target, const Message& message) {
    const auto count = take<std::uint64_t>(message.payload);
    if (!count || *count != (message.payload.size() - sizeof *count) / sizeof(MultiWrite) ||
        (message.payload.size() - sizeof *count) % sizeof(MultiWrite) != 0) {
        return std::unexpected(EINVAL);
    }
    std::vector<MultiWrite> writes;
    for (std::size_t at = sizeof *count; at < message.payload.size(); at += sizeof(MultiWrite)) {
        writes.push_back(*take<MultiWrite>(std::span(message.payload).subspan(at)));
    }
    const bool sound = std::ranges::all_of(writes, [&target](const MultiWrite& entry) {
        return entry.access.count <= sizeof entry.data && is_inside(target.card, entry.access);
    });
    if (!sound) return std::unexpected(EINVAL);
    for (const MultiWrite& entry : writes) write(target, entry.access, entry.data);
    return bytes_of(*count);
}

}  // namespace ixy::sim::vfio_user
