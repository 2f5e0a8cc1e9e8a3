// A PCI function's identity, from its files in sysfs, and its list of capabilities. PCI Local Bus Specification 3.0,
// 6.2 and 6.7.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <ixy/pci/function.hpp>

namespace ixy {

/// The identity in the files vendor, device, class, … of a function's sysfs `folder`; zero where they cannot be read.
PciIdentity read_identity(const std::string& folder);

/// The number and, where the base class is known, its name: "0x020000 (network)".
std::string class_text(std::uint32_t class_code);

/// The offset of capability `id` (pci_config::capability_…) in configuration space; empty if the function has none.
/// `after` is one found before: the search continues after it (virtio has several vendor capabilities). The search ends
/// even if the list is circular. Errors: those of config_read.
Expected<std::optional<std::uint32_t>> find_capability(PciFunction& function, std::uint8_t id, std::uint32_t after = 0);

}  // namespace ixy
