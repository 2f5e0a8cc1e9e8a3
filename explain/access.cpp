// What an access means: which register, which fields, and what the register holds afterwards.
#include <ixy/explain/access.hpp>

#include <ixy/datasheet/e1000/general.hpp>

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
    if (!is_write || info == nullptr) return 0;
    return bits() & datasheet::reserved_bits(*info) & ~before.value_or(info->reset);
}

std::vector<FieldChange> changes(const Access& access) {
    if (access.info == nullptr) return {};
    std::vector<FieldChange> told;
    for (const datasheet::DecodedField& field : datasheet::decode(*access.info, access.bits())) {
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
            access.info = found->info;
            access.index = found->index;
        }
    }
    const std::uint64_t place = access.info != nullptr ? access.info->address(access.index) : access.offset;
    const auto known = values_.find({access.bar, place});
    if (known != values_.end()) access.before = known->second;
    learn(access);
}

std::optional<std::uint32_t> RegisterMemory::value(std::uint32_t offset) const {
    const auto known = values_.find({0U, std::uint64_t{offset}});
    return known == values_.end() ? std::nullopt : std::optional(known->second);
}

void RegisterMemory::learn(const Access& access) {
    const auto hold = [&](std::uint64_t place, std::uint32_t bits) { values_[{access.bar, place}] = bits; };
    if (access.info == nullptr) {
        if (access.width == 4) hold(access.offset, access.bits());
        return;
    }
    const datasheet::RegisterInfo& info = *access.info;
    const std::uint32_t place = info.address(access.index);
    const bool clears = info.access == RC || info.access == RC1;
    if (!access.is_write) {
        hold(place, clears ? 0 : access.bits());
    } else if (info.access == RW || info.access == SC) {
        hold(place, access.bits());
    } else if (access.before && (info.access == W1C || info.access == RC1)) {
        hold(place, *access.before & ~access.bits());
    } else if (access.before && info.access == W1S) {
        hold(place, *access.before | access.bits());
    }
    // 13.4.1: a reset leaves little as it was.
    using datasheet::e1000::CTRL;
    if (access.is_write && &info == &CTRL && (CTRL.from(access.bits()) & CTRL.RST)) values_.clear();
}

}  // namespace ixy::explain
