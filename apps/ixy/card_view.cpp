// Looking at a card that another program may be driving.
#include "card_view.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>

#include <fmt/core.h>
#include <ixy/datasheet/catalogue.hpp>
#include <ixy/pci/address.hpp>
#include <ixy/pci/identity.hpp>
#include <ixy/sim/servers/window/view.hpp>

namespace ixy::app {
namespace {

Expected<const datasheet::Chip*> chip_of(const std::string& address, const PciIdentity& identity) {
    if (const datasheet::Chip* chip = datasheet::find_chip(identity.vendor, identity.device)) return chip;
    return failure(ErrorKind::unsupported, fmt::format("{} is a {:04x}:{:04x}, whose registers ixy does not know",
                                                       address, identity.vendor, identity.device));
}

Expected<Bar> map_for_reading(const std::string& folder, std::shared_ptr<void>& mapping) {
    const std::string path = folder + "/resource0";
    const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.is_open()) return file_failure("cannot open " + path, errno);
    struct stat status{};
    const std::size_t size = ::fstat(file.get(), &status) == 0 ? static_cast<std::size_t>(status.st_size) : 0;
    void* const memory = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file.get(), 0);
    if (memory == MAP_FAILED) {
        return system_failure(
            "cannot map " + path, errno,
            "a kernel that reserves registers for their driver (IO_STRICT_DEVMEM) allows it after booting with "
            "iomem=relaxed, or after ixy unbind");
    }
    mapping = std::shared_ptr<void>(memory, [size](void* start) { ::munmap(start, size); });
    return Bar(static_cast<std::byte*>(memory), size);
}

Expected<CardView> look_at(const KernelTree& tree, const std::string& address) {
    CardView view{.address = address};
    const std::string folder = tree.pci_folder(address);
    if (!exists(folder)) return failure(ErrorKind::not_found, "there is no PCI device " + address, "see: ixy list");
    const auto chip = chip_of(address, read_identity(folder));
    if (!chip) return std::unexpected(chip.error());
    view.chip = *chip;
    const std::string config = read_text(folder + "/config").value_or("");
    const bool decodes = config.size() > pci_config::command &&
                         (static_cast<unsigned char>(config[pci_config::command]) & pci_config::command_memory) != 0;
    if (!decodes) {
        return failure(ErrorKind::device_failed,
                       address + " is switched off: it does not respond at its registers' addresses",
                       "give it to its kernel driver: ixy restore " + address);
    }
    auto bar = map_for_reading(folder, view.mapping);
    if (!bar) return std::unexpected(bar.error());
    view.registers = *bar;
    return view;
}

/// A card that is not a PCI function of this machine (qtest:…) can only be seen by opening it. A software NIC is seen
/// through the window that its program has: opening it would make another one.
Expected<CardView> open_and_look(const std::string& address) {
    const bool is_elsewhere = sim::is_card_elsewhere(address);
    if (address.starts_with("sim:") && !is_elsewhere) {
        return failure(ErrorKind::unsupported, address + " would be a new software NIC, and none that is in use",
                       "`ixy list` shows those of running programs: look at sim:@PID");
    }
    auto function = is_elsewhere ? sim::look_at_card_elsewhere(address) : open_pci_function(address);
    if (!function) return std::unexpected(function.error());
    const auto chip = chip_of(address, (*function)->identity());
    if (!chip) return std::unexpected(chip.error());
    auto bar = (*function)->map_bar(0, 0);
    if (!bar) return std::unexpected(bar.error());
    CardView view{.address = address, .chip = *chip, .registers = *bar};
    view.function = std::move(*function);
    return view;
}

Expected<> check_alive(const CardView& view) {
    for (const datasheet::RegisterInfo* sign : view.chip->family->signs_of_life)
        if (view.registers.load<std::uint32_t>(sign->offset) != ~0U) return {};
    return failure(ErrorKind::device_failed, view.address + " is gone: its registers read as all ones",
                   "was it unplugged? If it is only asleep, bringing its interface up wakes it");
}

}  // namespace

Expected<CardView> look_at_card(const KernelTree& tree, const std::string& device) {
    const auto address = parse_pci_address(device);
    const bool is_elsewhere = device.starts_with("qtest:") || device.starts_with("sim:");
    if (!address && !is_elsewhere) return std::unexpected(address.error());
    auto view = address ? look_at(tree, *address) : open_and_look(device);
    if (!view) return view;
    if (auto alive = check_alive(*view); !alive) return std::unexpected(alive.error());
    return view;
}

}  // namespace ixy::app
