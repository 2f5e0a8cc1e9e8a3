// A card to look at: its registers, without taking it from the program that drives it.
#pragma once

#include <memory>
#include <string>

#include <ixy/core/error.hpp>
#include <ixy/datasheet/chip.hpp>
#include <ixy/pci/files.hpp>
#include <ixy/pci/function.hpp>

namespace ixy::app {

/// A card's registers, and what keeps them accessible.
struct CardView {
    std::string address;
    const datasheet::Chip* chip = nullptr;
    Bar registers;
    std::unique_ptr<PciFunction> function;  ///< where a card has to be opened to be seen
    std::shared_ptr<void> mapping;
};

/// Maps the registers of a PCI function of this machine read-only, or opens a device that is not one (qtest:…). Errors:
/// not_found, unsupported (a chip whose registers ixy does not know), device_failed (switched off, or gone), and those
/// of opening.
Expected<CardView> look_at_card(const KernelTree& tree, const std::string& device);

}  // namespace ixy::app
