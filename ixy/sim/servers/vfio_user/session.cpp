// The commands of a client.
#include <cerrno>

#include <ixy/sim/servers/vfio_user/session.hpp>
#include <ixy/sim/servers/vfio_user/version.hpp>

namespace ixy::sim::vfio_user {

Reply Session::handle(Message& request) {
    Reply reply = is_sound(request) ? carry_out(request) : std::unexpected(EINVAL);
    if (!agreed_) {
        agreed_ = reply.has_value();
        failed_ = !agreed_;
    }
    return reply;
}

/// True for a command without files, unless it takes some; the first one, and no other, must negotiate the version.
bool Session::is_sound(const Message& request) const {
    const Command command = request.header.command;
    const bool takes_files = command == Command::dma_map || command == Command::device_set_irqs;
    return (request.header.flags & type_mask) == type_command && (takes_files || request.files.empty()) &&
           (command == Command::version) != agreed_;
}

Reply Session::carry_out(Message& request) {
    switch (request.header.command) {
        case Command::version:
            return negotiate(request.payload);
        case Command::dma_map:
            return memory_.map(request);
        case Command::dma_unmap:
            return memory_.unmap(request);
        case Command::device_get_info:
            return device_info(request);
        case Command::device_get_region_info:
            return region_info(card_, request);
        case Command::device_get_region_io_fds:
            return region_io_fds(card_, request);
        case Command::device_get_irq_info:
            return interrupts_.info(request);
        case Command::device_set_irqs:
            return interrupts_.set(request);
        case Command::region_read:
            return read_region(target_, request);
        case Command::region_write:
            return write_region(target_, request);
        case Command::region_write_multi:
            return write_regions(target_, request);
        case Command::device_reset:
            reset(target_);
            return {};
        case Command::device_feature:
        case Command::migration_data_read:
        case Command::migration_data_write:
            return std::unexpected(ENOTSUP);
        case Command::dma_read:
        case Command::dma_write:
            break;  // these go the other way
    }
    return std::unexpected(EINVAL);
}

Reply Session::device_info(const Message& message) const {
    if (!take_request<DeviceInfo>(message.payload)) return std::unexpected(EINVAL);
    return bytes_of(DeviceInfo{.argsz = sizeof(DeviceInfo),
                               .flags = device_resets | device_is_pci,
                               .num_regions = region_count,
                               .num_irqs = irq_count});
}

}  // namespace ixy::sim::vfio_user
