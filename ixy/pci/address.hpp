// The address of a PCI function, as the kernel writes it: domain:bus:device.function, "0000:03:00.0".
#pragma once

#include <string>
#include <string_view>

#include <ixy/core/error.hpp>

namespace ixy {

/// `text` as the kernel writes it: lower case, with the domain. "03:00.0" and upper case are accepted.
/// Errors: invalid_argument, which names the expected form.
Expected<std::string> parse_pci_address(std::string_view text);

}  // namespace ixy
