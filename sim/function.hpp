// A software NIC as a driver sees it: the PciFunction in front of a Card, and the addresses "sim:…".
//
//   ixy::sim::add_scheme();                                        // once, in main
//   auto device = ixy::Device::open("sim:82540em,wire=a");
//
// The model runs inside the register access, in the driver's thread: a debugger steps from the doorbell into the card.
#pragma once

#include <memory>
#include <string_view>

#include <ixy/pci/function.hpp>
#include <ixy/sim/address.hpp>
#include <ixy/sim/card.hpp>

namespace ixy::sim {

/// Lets every opener of devices know the addresses "sim:…". Without effect when it was called before.
void add_scheme();

/// Opens "sim:CHIP[,KEY=VALUE]…"; the keys are in address.hpp. Errors: invalid_argument, those of open_wire().
Expected<std::unique_ptr<PciFunction>> open_sim_function(std::string_view address, const PciOpenOptions& options = {});

/// The card that an address names, on its wire, with nobody in front of it yet; `name` stands in reports and errors.
/// Errors: those of open_wire().
Expected<std::shared_ptr<Card>> make_card(CardAddress address, std::string name);

/// How a function's card is run.
enum class Running : std::uint8_t {
    inside,  ///< in the register access; what time and the wire bring, in a thread that sleeps, where there is such
    thread,  ///< register accesses too are carried out by the card's own thread; writes are posted, as on a real bus
    manual,  ///< inside, and the caller calls service(): nothing happens behind its back
};

/// A function in front of `card`, whose DMA memory is the process's (ProcessSpace::shared()). The card lives as long as
/// somebody has it; functions in front of one card come one after the other. Null when no thread can be started that
/// `running` needs.
std::unique_ptr<PciFunction> make_function(std::shared_ptr<Card> card, std::string address, Running running);

/// The card behind `function`, which may be wrapped in others; null when it is not made of software.
Card* find_card(PciFunction& function);

}  // namespace ixy::sim
