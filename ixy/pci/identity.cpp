// Identity and capabilities of a PCI function.
#include <ixy/pci/identity.hpp>

#include <array>
#include <cstdio>

#include <ixy/pci/files.hpp>

namespace ixy {

PciIdentity read_identity(const std::string& folder) {
    const auto number = [&folder](const char* name) { return read_number(folder + "/" + name).value_or(0); };
    return {.vendor = static_cast<std::uint16_t>(number("vendor")),
            .device = static_cast<std::uint16_t>(number("device")),
            .subsystem_vendor = static_cast<std::uint16_t>(number("subsystem_vendor")),
            .subsystem_device = static_cast<std::uint16_t>(number("subsystem_device")),
            .class_code = static_cast<std::uint32_t>(number("class")),
            .revision = static_cast<std::uint8_t>(number("revision"))};
}

std::string class_text(std::uint32_t class_code) {
    // Base classes of the PCI Code and ID Assignment Specification, by number.
    static constexpr std::array<const char*, 0x11> base = {
        "unclassified",      "storage",   "network",   "display", "multimedia", "memory",     "bridge",
        "communication",     "system",    "input",     "docking", "processor",  "serial bus", "wireless",
        "intelligent input", "satellite", "encryption"};
    char number[16];
    std::snprintf(number, sizeof number, "0x%06x", class_code);
    const std::uint32_t index = class_code >> 16;
    return std::string(number) + (index < base.size() ? " (" + std::string(base[index]) + ")" : "");
}

Expected<std::optional<std::uint32_t>> find_capability(PciFunction& function, std::uint8_t id, std::uint32_t after) {
    constexpr int most_capabilities = 48;  // 192 bytes of list, 4 bytes each at least
    const auto status = function.config_read(pci_config::status, 2);
    if (!status) return std::unexpected(status.error());
    if ((*status & pci_config::status_capabilities) == 0) return std::nullopt;
    std::uint32_t link = after == 0 ? pci_config::capabilities : after + 1;
    for (int i = 0; i < most_capabilities; ++i) {
        const auto next = function.config_read(link, 1);
        if (!next) return std::unexpected(next.error());
        const std::uint32_t offset = *next & ~3U;
        if (offset < 0x40) break;
        const auto found = function.config_read(offset, 1);
        if (!found) return std::unexpected(found.error());
        if (*found == id) return offset;
        link = offset + 1;
    }
    return std::nullopt;
}

}  // namespace ixy
