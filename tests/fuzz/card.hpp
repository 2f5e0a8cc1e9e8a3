// The fuzzed cards: one of each type, created once and reset for each input.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include <ixy/datasheet/catalogue.hpp>
#include <ixy/sim/chips/model.hpp>

#include "tests/sim/e1000/test_host.hpp"

namespace ixy::fuzz {

struct Card {
    Card(const sim::CardType& type, std::size_t memory)
        : chip(*datasheet::find_chip(type.identity.vendor, type.identity.device)),
          host(memory),
          nic(type.make(host, {})) {}

    const datasheet::Chip& chip;
    sim::TestHost host;
    std::unique_ptr<sim::Model> nic;
};

/// The number of the last one.
inline std::uint32_t last_card() { return static_cast<std::uint32_t>(sim::card_types().size() - 1); }

/// The card whose type has that number in sim::card_types(), as after power-on.
inline Card& fresh_card(std::size_t number, std::size_t memory) {
    static const std::vector<std::unique_ptr<Card>> cards = [memory] {
        std::vector<std::unique_ptr<Card>> list;
        for (const sim::CardType& type : sim::card_types()) list.push_back(std::make_unique<Card>(type, memory));
        return list;
    }();
    Card& card = *cards.at(number);
    card.nic->reset(sim::ResetKind::power_on);
    card.nic->set_cable(true);
    card.host.msi_x = false;
    return card;
}

}  // namespace ixy::fuzz
