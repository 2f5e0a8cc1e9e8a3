// A card that a client drives (the vfio-user server's), as those see it who stand between the two: faults of registers,
// and the explainer. Linux' own driver is explained, and told lies, by the same code as ours.
#pragma once

#include <memory>
#include <string>

#include <ixy/pci/function.hpp>
#include <ixy/sim/address.hpp>
#include <ixy/sim/card.hpp>

namespace ixy::sim {

/// The function to hand to the server as what is between its client and `card`, which `address` has led to and `name`
/// names. Its DMA memory is the client's, for looking at only. Around it is what the address (faults=), the environment
/// and the program ask for. Errors: those of read_faults, inject, inject_if_requested and explain_if_requested.
Expected<std::unique_ptr<PciFunction>> watch(const std::shared_ptr<Card>& card, const CardAddress& address,
                                             std::string name);

}  // namespace ixy::sim
