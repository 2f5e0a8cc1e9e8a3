// What an access means: which register, which fields, and what the register holds afterwards.
#include <ixy/explain/access.hpp>

namespace ixy::explain {

using datasheet::Access::RC;
using datasheet::Access::RC1;
using datasheet::Access::RW;
using datasheet::Access::SC;
using datasheet::Access::W1C;
using datasheet::Access::W1S;
using datasheet::Access::WO;

bool Access::ones_act() const {
    if (!is_write || info == nullptr) return false;
    return info->access == W1C || info->access == RC1 || info->access == W1S || info->access == WO;
}

std::uint32_t Access::reserved_bits_set() const {
    if (!is_write || info == nullptr || ones_act()) return 0;
    return bits() & datasheet::reserved_bits(*info, chip) & ~before.value_or(info->reset);
}

std::vector<FieldChange> changes(const Access& access) {
    if (access.info == nullptr) return {};
    std::vector<FieldChange> told;
    for (const datasheet::DecodedField& field : datasheet::decode(*access.info, access.bits(), access.chip)) {
        if (access.ones_act() || !access.before) {
            if (field.number != 0) told.push_back({field, {}});
            continue;
        }
        const datasheet::FieldInfo place{.low = field.low, .width = field.width};
        const std::uint32_t before = place.extract(*access.before);
        if (before != field.number) told.push_back({field, before});
    }
    return told;
}

void RegisterMemory::look_up(Access& access) {
    if (chip_ != nullptr && access.bar == 0 && access.width == 4) {
        if (const auto found = chip_->find(static_cast<std::uint32_t>(access.offset))) {
            access.chip = chip_;
            access.info = found->info;
            access.index = found->index;
        }
    }
    const std::uint64_t place = access.info != nullptr ? access.info->address(access.index) : access.offset;
    const auto known = values_.find({access.bar, place});
    if (known != values_.end()) access.before = known->second;
    if (access.info != nullptr && !access.is_write) access.read_effect = read_effect(*access.info);
    learn(access);
}

std::optional<std::uint32_t> RegisterMemory::value(std::uint32_t offset) const {
    const auto known = values_.find({0U, std::uint64_t{offset}});
    return known == values_.end() ? std::nullopt : std::optional(known->second);
}

ReadEffect RegisterMemory::read_effect(const datasheet::RegisterInfo& info) const {
    for (const auto& [low, high] : chip_->family->wide_counters) {
        if (&info == low) return ReadEffect::high_half_clears;
        if (&info == high) return ReadEffect::clears_both;
    }
    if (info.access == RC) return ReadEffect::clears;
    if (info.access != RC1) return ReadEffect::none;
    return chip_->causes_may_stay ? ReadEffect::may_clear : ReadEffect::clears;
}

void RegisterMemory::learn_read(const Access& access) {
    const std::uint32_t place = access.info->address(access.index);
    const auto hold = [&](std::uint64_t where, std::uint32_t bits) { values_[{access.bar, where}] = bits; };
    switch (access.read_effect) {
        case ReadEffect::none:
        case ReadEffect::high_half_clears:
            return hold(place, access.bits());
        case ReadEffect::clears:
            return hold(place, 0);
        case ReadEffect::clears_both:
            return hold(place, 0), hold(place - 4, 0);
        case ReadEffect::may_clear:
            values_.erase({access.bar, place});
    }
}

void RegisterMemory::learn(const Access& access) {
    const auto hold = [&](std::uint64_t place, std::uint32_t bits) { values_[{access.bar, place}] = bits; };
    if (access.info == nullptr) {
        if (access.width == 4) hold(access.offset, access.bits());
        return;
    }
    if (!access.is_write) return learn_read(access);
    const datasheet::RegisterInfo& info = *access.info;
    const std::uint32_t place = info.address(access.index);
    if (info.access == RW || info.access == SC) {
        hold(place, access.bits());
    } else if (access.before && (info.access == W1C || info.access == RC1)) {
        hold(place, *access.before & ~access.bits());
    } else if (access.before && info.access == W1S) {
        hold(place, *access.before | access.bits());
    }
    // A reset leaves little unchanged.
    const datasheet::Setting& reset = chip_->family->reset;
    if (&info == reset.info && reset.holds_in(access.bits())) values_.clear();
}

}  // namespace ixy::explain
