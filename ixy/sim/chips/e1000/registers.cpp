// The register file: one table look-up from an offset to its register, then masks, then the chapter in charge.
#include <ixy/sim/chips/e1000/registers.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include <ixy/datasheet/decode.hpp>
#include <ixy/datasheet/e1000/interrupt.hpp>

namespace ixy::sim::e1000 {

using datasheet::Access;
using datasheet::FieldInfo;
using datasheet::RegisterInfo;

namespace {

constexpr std::uint32_t register_space = 0x2'0000;  // 13.2: what BAR 0 maps
constexpr std::size_t most_reported = 16'384;       // unknown offsets

std::string hexadecimal(std::uint32_t number) {
    std::array<char, 8> digits{};
    return {digits.data(), std::to_chars(digits.begin(), digits.end(), number, 16).ptr};
}

}  // namespace

RegisterFile::RegisterFile(const datasheet::e1000::Chip& chip, Host& host)
    : chip_(chip), host_(host), entries_(1), places_(register_space / 4), values_(register_space / 4) {
    entries_.reserve(chip.registers.size() + 1);
    for (const RegisterInfo* info : chip.registers) add(*info);
    for (const datasheet::Alias& alias : chip.aliases) {
        const auto entry = std::ranges::find(entries_, alias.info, &Entry::info);
        if (entry != entries_.end()) place(alias.offset, static_cast<std::size_t>(entry - entries_.begin()));
    }
    reset();
}

/// Sorts a register's bits by what a write does to them: its access mode, which individual fields may override.
void RegisterFile::add(const RegisterInfo& info) {
    Entry entry{.info = &info};
    const auto sort_in = [&entry](Access access, std::uint32_t bits) {
        if (access == Access::RW || access == Access::WO || access == Access::RS) entry.plain |= bits;
        if (access != Access::RW && access != Access::RO && access != Access::RS) entry.acts |= bits;
        if (access == Access::W1C || access == Access::RC1) entry.clears |= bits;
        if (access == Access::W1S) entry.sets |= bits;  // self-clearing bits act and are not remembered
    };
    std::uint32_t rest = chip_.writable(info);
    for (const FieldInfo& field : info.fields()) {
        sort_in(field.access, rest & field.mask());
        rest &= ~field.mask();
    }
    sort_in(info.access, rest);
    // Where ones set or clear bits, ones for absent bits are harmless, and usual: IMC is written as ~0.
    if (info.access == Access::RW) entry.reserved = datasheet::reserved_bits(info, &chip_);
    entries_.push_back(std::move(entry));
    place(info.offset, entries_.size() - 1);
}

void RegisterFile::place(std::uint32_t offset, std::size_t entry) {
    const RegisterInfo& info = *entries_[entry].info;
    for (std::size_t i = 0; i < info.count; ++i)
        places_[(offset + i * info.stride) / 4] = {static_cast<std::uint16_t>(entry), static_cast<std::uint16_t>(i)};
}

RegisterFile::Entry& RegisterFile::entry_of(const RegisterInfo& info) {
    return entries_[places_[info.offset / 4].entry];
}

const RegisterFile::Place* RegisterFile::find(std::uint32_t offset) {
    const bool aligned = offset % 4 == 0 && offset < register_space;
    if (aligned && places_[offset / 4].entry != 0) return &places_[offset / 4];
    if (unknown_.size() < most_reported && unknown_.insert(offset).second)
        host_.report(Misuse::unknown_register, "there is no register at offset " + hexadecimal(offset) + "h");
    return nullptr;
}

std::uint32_t RegisterFile::held(std::uint32_t offset) const {
    if (offset >= register_space) return 0;
    const Place place = places_[offset / 4];
    return place.entry == 0 ? 0 : values_[entries_[place.entry].info->address(place.index) / 4];
}

std::uint32_t RegisterFile::harmless(std::uint32_t offset) const {
    if (offset >= register_space) return 0;
    return held(offset) & ~entries_[places_[offset / 4].entry].acts;
}

std::uint32_t RegisterFile::read(std::uint32_t offset) {
    const Place* place = find(offset);
    if (place == nullptr) return 0;
    Entry& entry = entries_[place->entry];
    if (entry.on_read) return entry.on_read(place->index);
    std::uint32_t& value = values_[entry.info->address(place->index) / 4];
    if (entry.info->access == Access::WO) return 0;
    const std::uint32_t read = value;
    if (entry.info->access == Access::RC || entry.info->access == Access::RC1) value = 0;
    return read;
}

void RegisterFile::write(std::uint32_t offset, std::uint32_t value) {
    const Place* place = find(offset);
    if (place == nullptr) return;
    Entry& entry = entries_[place->entry];
    std::uint32_t& held = values_[entry.info->address(place->index) / 4];
    const std::uint32_t before = held;
    if (const std::uint32_t wrong = (value ^ before) & entry.reserved; wrong != 0)
        report(Misuse::reserved_bits, *entry.info, "bits " + hexadecimal(wrong) + "h are reserved");
    held = (before & ~entry.plain) | (value & entry.plain);
    held &= ~(value & entry.clears);
    held |= value & entry.sets;
    if (entry.on_write) entry.on_write(value, before, place->index);
}

void RegisterFile::on_read(const RegisterInfo& info, OnRead act) {
    if (chip_.has(info)) entry_of(info).on_read = std::move(act);
}

void RegisterFile::on_write(const RegisterInfo& info, OnWrite act) {
    if (chip_.has(info)) entry_of(info).on_write = std::move(act);
}

void RegisterFile::reset() {
    std::ranges::fill(values_, 0);
    for (const Entry& entry : entries_) {
        if (entry.info == nullptr || chip_.reset(*entry.info) == 0) continue;
        for (std::size_t i = 0; i < entry.info->count; ++i)
            values_[entry.info->address(i) / 4] = chip_.reset(*entry.info);
    }
}

void RegisterFile::report(Misuse kind, const RegisterInfo& info, std::string_view what) const {
    host_.report(kind, std::string(info.name) + ": " + std::string(what) + " (" + std::string(info.section) + ")");
}

}  // namespace ixy::sim::e1000
