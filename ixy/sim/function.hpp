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
#include <ixy/sim/card/card.hpp>

namespace ixy::sim {

/// Registers the scheme "sim:" for everything that opens devices. Calling it again has no effect.
void add_scheme();

/// Opens "sim:CHIP[,KEY=VALUE]…"; the keys are in address.hpp. Errors: invalid_argument, those of open_wire().
Expected<std::unique_ptr<PciFunction>> open_sim_function(std::string_view address, const PciOpenOptions& options = {});

/// The card that an address names, on its wire, without a function in front of it; `name` appears in reports and
/// errors. Errors: those of open_wire().
Expected<std::shared_ptr<Card>> make_card(CardAddress address, std::string name);

/// Which thread runs a function's card.
enum class Running : std::uint8_t {
    inside,  ///< the thread that accesses a register; a sleeping thread handles timers and the wire, if there are any
    thread,  ///< the card's own thread, which carries out register accesses too; writes are posted, as on a real bus
    manual,  ///< as inside, but the caller calls service(): nothing happens in the background
};

/// A function in front of `card`, whose DMA memory is the process's (ProcessSpace::shared()). It shares ownership of
/// the card; a card has one function at a time. Null when a thread that `running` needs cannot be started.
std::unique_ptr<PciFunction> make_function(std::shared_ptr<Card> card, std::string address, Running running);

/// The card behind `function`, which may be wrapped in others; null when it is not a software card.
Card* find_card(PciFunction* function);

}  // namespace ixy::sim
