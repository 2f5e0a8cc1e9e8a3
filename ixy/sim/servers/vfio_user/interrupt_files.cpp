// Interrupts: what the card has, and where they go. The rules are those of VFIO_DEVICE_SET_IRQS, linux/vfio.h.
#include <algorithm>
#include <bit>
#include <cerrno>
#include <string>

#include <ixy/sim/card/event_file.hpp>
#include <ixy/sim/servers/vfio_user/interrupt_files.hpp>

namespace ixy::sim::vfio_user {

namespace {

constexpr std::uint32_t data_mask = data_none | data_bool | data_eventfd;
constexpr std::uint32_t action_bits = action_mask | action_unmask | action_trigger;

InterruptKind kind_of(std::uint32_t index) {
    return index == irq_intx ? InterruptKind::legacy : index == irq_msi ? InterruptKind::msi : InterruptKind::msi_x;
}

std::uint32_t flags_of(std::uint32_t index) {
    switch (index) {
        case irq_intx:
            return irq_eventfd | irq_maskable | irq_automasked;
        case irq_msi:
            return irq_eventfd | irq_noresize;
        default:
            return irq_eventfd;
    }
}

bool is_eventfd(const File& file) {
    return link_target_name("/proc/self/fd/" + std::to_string(file.get())) == "anon_inode:[eventfd]";
}

}  // namespace

InterruptFiles::InterruptFiles(Card& card) : card_(card) {
    for (std::uint32_t index = 0; index < irq_count; ++index) files_[index].resize(count(index));
}

std::uint32_t InterruptFiles::count(std::uint32_t index) const {
    switch (index) {
        case irq_intx:
            return 1;
        case irq_msi:
            return card_.type().msi ? 1 : 0;
        case irq_msi_x:
            return card_.type().msi_x;
        case irq_error:
            return 1;  // never fires; without it, QEMU warns
        default:
            return 0;
    }
}

Reply InterruptFiles::info(const Message& message) const {
    const auto request = take_request<IrqInfo>(message.payload);
    if (!request || request->index >= irq_count) return std::unexpected(EINVAL);
    return bytes_of(IrqInfo{.argsz = sizeof(IrqInfo),
                            .flags = count(request->index) == 0 ? 0 : flags_of(request->index),
                            .index = request->index,
                            .count = count(request->index)});
}

Reply InterruptFiles::set(Message& message) {
    const auto request = take_request<IrqSet>(message.payload);
    if (!request || !is_sound(*request, message)) return std::unexpected(EINVAL);
    return carry_out(*request, std::span(message.payload).subspan(sizeof *request), message.files);
}

bool InterruptFiles::is_sound(const IrqSet& request, const Message& message) const {
    const std::uint32_t data = request.flags & data_mask, action = request.flags & action_bits;
    if ((request.flags & ~(data_mask | action_bits)) != 0 || !std::has_single_bit(data) ||
        !std::has_single_bit(action) || request.index >= irq_count) {
        return false;
    }
    const bool maskable = (flags_of(request.index) & irq_maskable) != 0;
    if (action != action_trigger && (!maskable || (action == action_mask && data == data_eventfd))) return false;
    if (request.count == 0 && (request.start != 0 || action != action_trigger || data != data_none)) return false;
    if (request.start > count(request.index) || request.count > count(request.index) - request.start) return false;
    const std::size_t bytes = message.payload.size() - sizeof request, files = message.files.size();
    if (bytes != (data == data_bool ? request.count : 0)) return false;
    return data == data_eventfd
               ? (files == 0 || files == request.count) && std::ranges::all_of(message.files, is_eventfd)
               : files == 0;
}

Reply InterruptFiles::carry_out(const IrqSet& request, std::span<const std::byte> wanted, std::vector<File>& files) {
    if (request.count == 0) {
        disable(request.index);
        return {};
    }
    for (std::uint32_t i = 0; i < request.count; ++i) {
        const std::uint32_t vector = request.start + i;
        if ((request.flags & data_eventfd) != 0) {
            File file = files.empty() ? File() : std::move(files[i]);
            if ((request.flags & action_unmask) != 0) {
                unmask_ = std::move(file);
            } else {
                assign(request.index, vector, std::move(file));
            }
        } else if (request.index == irq_error || (!wanted.empty() && wanted[i] == std::byte{})) {
            continue;
        } else if ((request.flags & action_trigger) != 0) {
            (void)card_.trigger_interrupt(kind_of(request.index), vector);
        } else {
            (void)card_.mask_interrupt(kind_of(request.index), vector, (request.flags & action_mask) != 0);
        }
    }
    return {};
}

void InterruptFiles::assign(std::uint32_t index, std::uint32_t vector, File file) {
    // The client holds the guest's MSI-X table and masks a vector by removing its file; interrupts then stay pending.
    if (index != irq_error) (void)card_.set_event_file(kind_of(index), vector, file.get());
    files_[index][vector] = std::move(file);  // the card no longer uses the previous one
}

void InterruptFiles::disable(std::uint32_t index) {
    for (std::uint32_t vector = 0; vector < files_[index].size(); ++vector) {
        if (files_[index][vector].is_open()) assign(index, vector, File());
    }
    if (index == irq_intx) {
        unmask_ = File();
        (void)card_.mask_interrupt(InterruptKind::legacy, 0, false);
    }
}

void InterruptFiles::clear() {
    for (std::uint32_t index = 0; index < irq_count; ++index) disable(index);
}

void InterruptFiles::unmask() {
    if (take_event(unmask_.get())) (void)card_.mask_interrupt(InterruptKind::legacy, 0, false);
}

}  // namespace ixy::sim::vfio_user
