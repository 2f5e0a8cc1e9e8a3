// The network cards of this machine, as far as the kernel shows them, without touching any.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <ixy/core/dma.hpp>
#include <ixy/core/error.hpp>
#include <ixy/pci/files.hpp>
#include <ixy/pci/function.hpp>

namespace ixy {

struct NetworkCard {
    std::string address;  ///< "0000:03:00.0"
    PciIdentity identity;
    std::string driver;                   ///< the kernel driver that it is bound to, or empty
    std::vector<std::string> interfaces;  ///< those that are visible in this network namespace
    int numa_node = any_node;
    std::optional<int> iommu_group;
    std::optional<Error> in_use;  ///< why opening it would be refused; empty: it is free
};

/// All PCI functions of the network class, by address. Needs no privilege. A machine without a PCI bus has none.
/// Errors: not_found (no sysfs, so nothing is known), permission, system.
Expected<std::vector<NetworkCard>> list_network_cards(const KernelTree& tree = {});

}  // namespace ixy
