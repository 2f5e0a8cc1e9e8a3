// `ixy regs`: a card's registers, named and decoded from the datasheet's table.
//
// The card stays with whoever drives it: its registers are mapped for reading only, and those that a read would change
// are left out unless they are asked for.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include <fmt/core.h>
#include <ixy/datasheet/decode.hpp>
#include <ixy/datasheet/e1000/chips.hpp>
#include <ixy/pci/address.hpp>
#include <ixy/pci/function.hpp>
#include <ixy/pci/identity.hpp>

#include "commands.hpp"

namespace ixy::app {
namespace {

using datasheet::Access;
using datasheet::Chip;
using datasheet::RegisterInfo;

/// A card's registers to look at, and what keeps them in reach.
struct View {
    std::string address;
    const Chip* chip = nullptr;
    Bar registers;
    std::unique_ptr<PciFunction> function;  ///< where a card has to be opened to be seen
    std::shared_ptr<void> mapping;
};

Expected<const Chip*> chip_of(const std::string& address, const PciIdentity& identity) {
    if (const Chip* chip = datasheet::e1000::find_chip(identity.vendor, identity.device)) return chip;
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
            "a kernel that keeps registers to their driver (IO_STRICT_DEVMEM) allows it after booting with "
            "iomem=relaxed, or after ixy unbind");
    }
    mapping = std::shared_ptr<void>(memory, [size](void* start) { ::munmap(start, size); });
    return Bar(static_cast<std::byte*>(memory), size);
}

Expected<View> look_at(const KernelTree& tree, const std::string& address) {
    View view{.address = address};
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
                       address + " is switched off: it does not answer to its registers' addresses",
                       "give it to its kernel driver: ixy restore " + address);
    }
    auto bar = map_for_reading(folder, view.mapping);
    if (!bar) return std::unexpected(bar.error());
    view.registers = *bar;
    return view;
}

/// A card that is no PCI function of this machine (qtest:…) can only be seen by opening it.
Expected<View> open_and_look(const std::string& address) {
    auto function = open_pci_function(address);
    if (!function) return std::unexpected(function.error());
    const auto chip = chip_of(address, (*function)->identity());
    if (!chip) return std::unexpected(chip.error());
    auto bar = (*function)->map_bar(0, 0);
    if (!bar) return std::unexpected(bar.error());
    View view{.address = address, .chip = *chip, .registers = *bar};
    view.function = std::move(*function);
    return view;
}

/// Whether reading the register does something: it clears it, or takes a semaphore (SMBI).
bool reading_changes(const RegisterInfo& info) {
    const auto clears = [](Access access) { return access == Access::RC || access == Access::RC1; };
    return clears(info.access) || std::ranges::any_of(info.fields(), [&](const datasheet::FieldInfo& field) {
               return clears(field.access) || field.name == "SMBI";
           });
}

void print_register(const RegisterInfo& info, std::size_t index, std::uint32_t value) {
    const std::string name = info.count > 1 ? fmt::format("{}[{}]", info.name, index) : std::string(info.name);
    fmt::print("0x{:05x}  {:<12} 0x{:08x}  {} ({})\n", info.address(index), name, value, info.title, info.section);
    for (const datasheet::DecodedField& field : datasheet::decode(info, value)) {
        if (field.number == 0 && field.value_meaning.empty()) continue;
        const std::string bits = field.width == 1 ? fmt::format("{}", field.low)
                                                  : fmt::format("{}:{}", field.low + field.width - 1, field.low);
        const std::string number =
            field.width < 8 ? fmt::format("{}", field.number) : fmt::format("0x{:x}", field.number);
        fmt::print("         {:>5}  {:<28} {:<6}  {}{}\n", bits, field.name, number, field.meaning,
                   field.value_meaning.empty() ? "" : fmt::format(": {}", field.value_meaning));
    }
    if (const std::uint32_t reserved = value & datasheet::reserved_bits(info); reserved != 0) {
        fmt::print("                reserved     0x{:x}\n", reserved);
    }
}

Expected<> check_alive(const View& view) {
    using namespace datasheet::e1000;
    if (view.registers.read(CTRL).bits != ~0U || view.registers.read(STATUS).bits != ~0U) return {};
    return failure(ErrorKind::device_failed, view.address + " is gone: its registers read as all ones",
                   "was it unplugged? If it only sleeps, taking its interface up wakes it");
}

Expected<> check_names(const Chip& chip, const std::vector<std::string>& names) {
    for (const std::string& name : names) {
        if (chip.find(name) != nullptr) continue;
        return failure(ErrorKind::invalid_argument, fmt::format("the {} has no register {}", chip.name, name),
                       "names are those of the datasheet, in capitals: CTRL, STATUS, RCTL, …");
    }
    return {};
}

}  // namespace

Expected<> print_registers(const KernelTree& tree, const RegisterOptions& options) {
    const auto address = parse_pci_address(options.device);
    const auto view = address ? look_at(tree, *address) : open_and_look(options.device);
    if (!view) return std::unexpected(view.error());
    const Chip* const chip = view->chip;
    if (auto known = check_names(*chip, options.names); !known) return known;
    if (auto alive = check_alive(*view); !alive) return alive;

    std::size_t left_out = 0;
    for (const RegisterInfo* info : chip->registers) {
        const bool named = std::ranges::find(options.names, info->name) != options.names.end();
        if (!named && !options.names.empty()) continue;
        if (info->access == Access::WO || info->address(info->count - 1U) + 4 > view->registers.size()) continue;
        if (reading_changes(*info) && !options.all) {
            ++left_out;
            continue;
        }
        for (std::size_t index = 0; index < info->count; ++index) {
            const auto value = view->registers.load<std::uint32_t>(info->address(index));
            if (info->count == 1 || value != 0 || options.all) print_register(*info, index, value);
        }
    }
    if (left_out != 0)
        fmt::print("{} registers that a read would change are left out; --all reads them too\n", left_out);
    return {};
}

}  // namespace ixy::app
