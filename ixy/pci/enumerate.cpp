// Listing the network cards.
#include <ixy/pci/enumerate.hpp>

#include <cstdlib>

#include <ixy/pci/identity.hpp>
#include <ixy/pci/in_use.hpp>

namespace ixy {
namespace {

std::optional<Error> reason_to_refuse(const UsageFacts& facts) {
    if (facts.locked_by) return taken_by_another_ixy(facts.address, *facts.locked_by);
    return reason_in_use(facts);
}

}  // namespace

Expected<std::vector<NetworkCard>> list_network_cards(const KernelTree& tree) {
    std::vector<NetworkCard> cards;
    const auto addresses = list_folder(tree.sys + "/bus/pci/devices");
    if (!addresses && addresses.error().kind == ErrorKind::not_found) {
        if (exists(tree.sys + "/bus")) return cards;
        return failure(ErrorKind::not_found, "there is no sysfs at " + tree.sys + ", which lists the cards",
                       "mount it: mount -t sysfs sysfs " + tree.sys);
    }
    if (!addresses) return std::unexpected(addresses.error());
    for (const std::string& address : *addresses) {
        const std::string folder = tree.pci_folder(address);
        if (!read_identity(folder).is_network_card()) continue;
        const UsageFacts facts = gather_usage(tree, address);
        NetworkCard card{.address = address,
                         .identity = facts.identity,
                         .driver = facts.driver,
                         .numa_node = static_cast<int>(read_number(folder + "/numa_node").value_or(any_node)),
                         .in_use = reason_to_refuse(facts)};
        for (const InterfaceFacts& interface : facts.interfaces) card.interfaces.push_back(interface.name);
        if (const std::string group = link_target_name(folder + "/iommu_group"); !group.empty()) {
            card.iommu_group = std::atoi(group.c_str());
        }
        cards.push_back(std::move(card));
    }
    return cards;
}

}  // namespace ixy
