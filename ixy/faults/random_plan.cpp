// Faults from a seed, in the registers that matter most.
#include <random>
#include <string_view>
#include <vector>

#include <ixy/faults/plan.hpp>

namespace ixy::faults {
namespace {

/// Numbers below `limit`. Not from the standard library's distributions, which differ between implementations.
class Dice {
public:
    explicit Dice(std::uint64_t seed) : generator_(seed) {}
    std::uint64_t below(std::uint64_t limit) { return generator_() % limit; }

private:
    std::mt19937_64 generator_;
};

Target random_target(Dice& dice, const datasheet::Chip& chip, bool fields_too) {
    const datasheet::RegisterInfo* info = nullptr;
    const auto pivotal = chip.family->pivotal;
    while (info == nullptr) info = chip.find(pivotal[dice.below(pivotal.size())]);
    Target target{.name = std::string(info->name)};
    std::vector<std::string_view> fields;
    for (const datasheet::FieldInfo& field : info->fields())
        if (chip.has(*info, field)) fields.push_back(field.name);
    if (fields_too && !fields.empty() && dice.below(4) != 0) {
        const std::string_view name = fields[dice.below(fields.size())];
        if (name.find(' ') == std::string_view::npos) target.field = name;
    }
    return target;
}

/// How many values the target can hold.
std::uint64_t values(const datasheet::Chip& chip, const Target& target) {
    for (const datasheet::FieldInfo& field : chip.find(target.name)->fields()) {
        if (field.name == target.field) return std::uint64_t{field.mask() >> field.low} + 1;
    }
    return 1ULL << 32;
}

Fault random_fault(Dice& dice, const datasheet::Chip& chip) {
    Fault fault{.kind = static_cast<Kind>(dice.below(static_cast<std::uint64_t>(Kind::gone) + 1))};
    if (fault.kind != Kind::gone && fault.kind != Kind::flap) {
        fault.target = random_target(dice, chip, fault.kind == Kind::stuck || fault.kind == Kind::flip);
    }
    if (fault.kind == Kind::stuck)
        fault.value = dice.below(2) == 0 ? 0 : static_cast<std::uint32_t>(dice.below(values(chip, fault.target)));
    if (fault.kind == Kind::flap) {
        fault.value = static_cast<std::uint32_t>(1 + dice.below(5));
        fault.every = static_cast<std::uint32_t>(1 + dice.below(200));
    }
    if (dice.below(2) != 0) fault.after = dice.below(2000);
    if (fault.kind != Kind::flap && dice.below(2) != 0) fault.lasts = 1 + dice.below(500);
    return fault;
}

}  // namespace

Plan random_plan(std::uint64_t seed, const datasheet::Chip& chip) {
    Dice dice(seed);
    Plan plan{.seed = seed};
    for (std::uint64_t faults = 1 + dice.below(2); faults != 0; --faults)
        plan.faults.push_back(random_fault(dice, chip));
    return plan;
}

}  // namespace ixy::faults
