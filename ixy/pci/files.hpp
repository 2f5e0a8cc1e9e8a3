// Where the kernel's files about devices are.
#pragma once

#include <string>
#include <string_view>

#include <ixy/core/files.hpp>

namespace ixy {

/// Where the kernel shows its devices. Tests put a fake tree into a temporary folder.
struct KernelTree {
    std::string sys = "/sys";
    std::string proc = "/proc";

    /// "/sys/bus/pci/devices/0000:03:00.0"
    std::string pci_folder(std::string_view address) const { return sys + "/bus/pci/devices/" + std::string(address); }
};

}  // namespace ixy
