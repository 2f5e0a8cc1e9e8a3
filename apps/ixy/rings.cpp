// `ixy rings`: a card's receive and transmit rings as a picture, while it runs.
#include <fmt/core.h>
#include <ixy/explain/rings.hpp>

#include "card_view.hpp"
#include "commands.hpp"

namespace ixy::app {

Expected<> print_rings(const KernelTree& tree, const std::string& device) {
    const auto view = look_at_card(tree, device);
    if (!view) return std::unexpected(view.error());
    // The rings of a card of this machine lie in the memory of the program that drives it.
    const DmaSpace* const space = view->function ? view->function->dma_space().get() : nullptr;
    fmt::print("{}, {}\n", view->address, view->chip->name);
    for (const explain::RingState& ring : explain::read_rings(view->registers, *view->chip)) {
        fmt::print("\n{}", explain::draw(ring, space));
    }
    if (space == nullptr) {
        fmt::print(
            "\nWhat is in the descriptors only the program that drives the card can see: it prints that when it is "
            "asked to, kill -USR1.\n");
    }
    return {};
}

}  // namespace ixy::app
