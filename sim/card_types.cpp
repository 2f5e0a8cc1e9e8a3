// Every kind of software card, by the name that stands in its address.
#include <algorithm>
#include <vector>

#include <ixy/sim/model.hpp>

namespace ixy::sim {

std::span<const CardType> card_types() {
    static const std::vector<CardType> types{};
    return types;
}

const CardType* find_card_type(std::string_view name) {
    const auto found = std::ranges::find(card_types(), name, &CardType::name);
    return found == card_types().end() ? nullptr : &*found;
}

}  // namespace ixy::sim
