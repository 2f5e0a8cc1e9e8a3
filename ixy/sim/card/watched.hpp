// What goes between a card and a client of the vfio-user server that drives it: register faults and the explainer. The
// same code explains Linux's own driver and ours, and injects faults into both.
#pragma once

#include <memory>
#include <string>

#include <ixy/pci/function.hpp>
#include <ixy/sim/address.hpp>
#include <ixy/sim/card/card.hpp>

namespace ixy::sim {

/// The function that the server puts between its client and `card`, which was opened from `address`; `name` appears in
/// messages. Its DMA memory is the client's and read-only. It is wrapped in what the address (faults=), the environment
/// and the program ask for. Errors: those of read_faults, inject, inject_if_requested and explain_if_requested.
Expected<std::unique_ptr<PciFunction>> watch(const std::shared_ptr<Card>& card, const CardAddress& address,
                                             std::string name);

}  // namespace ixy::sim
