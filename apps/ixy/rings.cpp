// `ixy rings`: a card's receive and transmit rings as a picture, while it runs.
#include <fmt/core.h>
#include <ixy/explain/rings.hpp>

#include "card_view.hpp"
#include "commands.hpp"

namespace ixy::app {

Expected<> print_rings(const KernelTree& tree, const std::string& device) {
    const auto view = look_at_card(tree, device);
    if (!view) return std::unexpected(view.error());
    // The rings of a card of this machine are in the memory of the program that drives it.
    const DmaSpace* const space = view->function ? view->function->dma_space().get() : nullptr;
    fmt::print("{}, {}\n", view->address, view->chip->name);
    for (const explain::RingState& ring : explain::read_rings(view->registers, *view->chip)) {
        fmt::print("\n{}", explain::draw(ring, space));
    }
    if (space == nullptr) {
        fmt::print(
            "\nOnly the program that drives the card can see what is in the descriptors; kill -USR1 makes it print "
            "that.\n");
    }
    return {};
}

}  // namespace ixy::app
