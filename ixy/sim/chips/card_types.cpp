// Every kind of software card, by its name in an address.
#include <algorithm>
#include <vector>

#include <ixy/sim/chips/e1000/e1000.hpp>

namespace ixy::sim {

std::span<const CardType> card_types() {
    static const std::vector<CardType> types{e1000::card_82540em, e1000::card_82545em, e1000::card_82574l};
    return types;
}

const CardType* find_card_type(std::string_view name) {
    const auto found = std::ranges::find(card_types(), name, &CardType::name);
    return found == card_types().end() ? nullptr : &*found;
}

}  // namespace ixy::sim
