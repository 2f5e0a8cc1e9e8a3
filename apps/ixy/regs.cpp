// `ixy regs`: a card's registers, named and decoded from the datasheet's table.
//
// The card stays with the program that drives it: its registers are mapped read-only, and those that a read would
// change are left out unless requested.
#include <algorithm>

#include <fmt/core.h>
#include <ixy/datasheet/decode.hpp>
#include <ixy/sim/servers/window/view.hpp>

#include "card_view.hpp"
#include "commands.hpp"

namespace ixy::app {
namespace {

using datasheet::Access;
using datasheet::Chip;
using datasheet::reading_changes;
using datasheet::RegisterInfo;

void print_register(const Chip& chip, const RegisterInfo& info, std::size_t index, std::uint32_t value) {
    const std::string name = info.count > 1 ? fmt::format("{}[{}]", info.name, index) : std::string(info.name);
    fmt::print("0x{:05x}  {:<12} 0x{:08x}  {} ({})\n", info.address(index), name, value, info.title, info.section);
    for (const datasheet::DecodedField& field : datasheet::decode(info, value, &chip)) {
        if (field.number == 0 && field.value_meaning.empty()) continue;
        const std::string bits = field.width == 1 ? fmt::format("{}", field.low)
                                                  : fmt::format("{}:{}", field.low + field.width - 1, field.low);
        const std::string number =
            field.width < 8 ? fmt::format("{}", field.number) : fmt::format("0x{:x}", field.number);
        fmt::print("         {:>5}  {:<28} {:<6}  {}{}\n", bits, field.name, number, field.meaning,
                   field.value_meaning.empty() ? "" : fmt::format(": {}", field.value_meaning));
    }
    if (const std::uint32_t reserved = value & datasheet::reserved_bits(info, &chip); reserved != 0) {
        fmt::print("                reserved     0x{:x}\n", reserved);
    }
}

Expected<> check_names(const Chip& chip, const std::vector<std::string>& names) {
    for (const std::string& name : names) {
        if (chip.find(name) != nullptr) continue;
        return failure(ErrorKind::invalid_argument, fmt::format("the {} has no register {}", chip.name, name),
                       "names are those of the datasheet, in capitals: CTRL, STATUS, RCTL, …");
    }
    return {};
}

}  // namespace

Expected<> print_registers(const KernelTree& tree, const RegisterOptions& options) {
    const auto view = look_at_card(tree, options.device);
    if (!view) return std::unexpected(view.error());
    const Chip* const chip = view->chip;
    if (auto known = check_names(*chip, options.names); !known) return known;

    const bool may_change = options.all && !sim::is_card_elsewhere(options.device);
    std::size_t left_out = 0;
    for (const RegisterInfo* info : chip->registers) {
        const bool named = std::ranges::find(options.names, info->name) != options.names.end();
        if (!named && !options.names.empty()) continue;
        if (info->access == Access::WO || info->address(info->count - 1U) + 4 > view->registers.size()) continue;
        if (reading_changes(*info) && !may_change) {
            ++left_out;
            continue;
        }
        for (std::size_t index = 0; index < info->count; ++index) {
            const auto value = view->registers.load<std::uint32_t>(info->address(index));
            if (info->count == 1 || value != 0 || options.all) print_register(*chip, *info, index, value);
        }
    }
    if (left_out != 0) {
        fmt::print("{} registers that a read would change are left out{}\n", left_out,
                   sim::is_card_elsewhere(options.device) ? ": they belong to the program that drives the card"
                                                          : "; --all reads them too");
    }
    return {};
}

}  // namespace ixy::app
