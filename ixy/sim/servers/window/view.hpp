// The other end of a window: a software card of another process, as a PCI function that can only be looked at.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <ixy/pci/function.hpp>

namespace ixy::sim {

/// True for "sim:@1234" and "sim:@1234/1": card 0, or 1, of the process 1234.
bool is_card_elsewhere(std::string_view address);

/// Opens that card for looking. Registers that a read would change read as all ones, as if the card were gone; writes
/// are ignored. Its DMA space gives copies of memory, which last until the function is destroyed. Errors:
/// invalid_argument (the address), not_found (no such process, or one without software cards), permission, timeout (it
/// is stopped).
Expected<std::unique_ptr<PciFunction>> look_at_card_elsewhere(std::string_view address);

/// A card that can be looked at.
struct CardElsewhere {
    std::string address;  ///< "sim:@1234/0"
    std::string name;     ///< as its program calls it: "sim:82540em,wire=a"
    std::string program;  ///< "ixy-fwd"
    PciIdentity identity;
};
struct CardsElsewhere {
    std::vector<CardElsewhere> cards;
    std::vector<Error> unseen;  ///< why a process's cards are not among them: it is stopped
};
/// All software cards that this user can look at. `proc` is where proc is mounted. Waits two seconds for each process
/// that does not answer.
CardsElsewhere list_cards_elsewhere(const std::string& proc = "/proc");

}  // namespace ixy::sim
