// The fuzzed cards: one of each family, created once and reset for each input.
#pragma once

#include <array>
#include <cstddef>
#include <memory>

#include <ixy/datasheet/e1000/chips.hpp>
#include <ixy/sim/chips/e1000/e1000.hpp>

#include "tests/sim/e1000/test_host.hpp"

namespace ixy::fuzz {

struct Card {
    Card(const sim::CardType& type, const datasheet::e1000::Chip& which, std::size_t memory)
        : chip(which), host(memory), nic(type.make(host, {})) {}

    const datasheet::e1000::Chip& chip;
    sim::TestHost host;
    std::unique_ptr<sim::Model> nic;
};

/// Card `number` of two, as after power-on.
inline Card& fresh_card(std::size_t number, std::size_t memory) {
    using namespace sim::e1000;
    static std::array<Card, 2> cards{Card{card_82540em, datasheet::e1000::CHIP_82540EM, memory},
                                     Card{card_82574l, datasheet::e1000::CHIP_82574L, memory}};
    Card& card = cards.at(number);
    card.nic->reset(sim::ResetKind::power_on);
    card.nic->set_cable(true);
    return card;
}

}  // namespace ixy::fuzz
