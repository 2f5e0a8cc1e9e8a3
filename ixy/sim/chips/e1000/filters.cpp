// The cheap checks come first: most frames are for us, for everybody, or for a card that takes all.
#include <ixy/sim/chips/e1000/filters.hpp>

#include <array>
#include <bit>
#include <cstring>

#include <ixy/datasheet/e1000/filters.hpp>
#include <ixy/datasheet/e1000/general.hpp>
#include <ixy/datasheet/e1000/receive.hpp>
#include <ixy/sim/chips/e1000/offload.hpp>

namespace ixy::sim::e1000 {

using namespace datasheet::e1000;

namespace {

constexpr std::uint64_t broadcast = 0xffff'ffff'ffff;

/// An address of the frame, its first byte lowest, as RAL and RAH hold it.
std::uint64_t load_address(std::span<const std::byte> frame, std::size_t offset) {
    std::uint64_t address = 0;
    static_assert(std::endian::native == std::endian::little);
    std::memcpy(&address, &frame[offset], 6);
    return address;
}

bool bit_of(const RegisterFile& registers, const datasheet::Number& table, std::uint32_t bit) {
    return (registers.number(table[bit / 32]) >> bit % 32 & 1) != 0;
}

}  // namespace

std::uint64_t Filters::destination(std::span<const std::byte> frame) { return load_address(frame, 0); }

Filters::Verdict Filters::judge(std::span<const std::byte> frame) const {
    if (frame.size() < ethernet_header || !accepts_vlan(frame)) return {};
    const auto control = registers_.get(RCTL);
    const std::uint64_t destination = load_address(frame, 0);
    const bool group = (destination & 1) != 0;
    if (control & (group ? RCTL.MPE : RCTL.UPE)) return {.accepted = true};
    if (destination == broadcast && (control & RCTL.BAM)) return {.accepted = true};
    if (is_exact(destination, load_address(frame, 6))) return {.accepted = true};
    const bool hashed = group && in_multicast_table(destination);
    return {.accepted = hashed, .inexact = hashed};
}

/// 13.5.2: sixteen addresses, each compared with the frame's destination, or with its source.
bool Filters::is_exact(std::uint64_t destination, std::uint64_t source) const {
    for (std::size_t i = 0; i < RAL.count; ++i) {
        const auto high = registers_.get(RAH[i]);
        if (!(high & RAH.AV)) continue;
        const std::uint64_t address = std::uint64_t{RAH.ADDRESS.of(high)} << 32 | registers_.number(RAL[i]);
        const std::uint32_t select = RAH.AS.of(high);
        if (select == 0 && address == destination) return true;
        if (select == 1 && address == source) return true;
    }
    return false;
}

/// 13.5.1: twelve of the address's last sixteen bits, chosen by RCTL.MO, index a table of bits.
bool Filters::in_multicast_table(std::uint64_t destination) const {
    constexpr std::array<unsigned, 4> lowest_bit{36, 35, 34, 32};
    const unsigned lowest = lowest_bit[RCTL.MO.of(registers_.get(RCTL))];
    return bit_of(registers_, MTA, static_cast<std::uint32_t>(destination >> lowest & 0xfff));
}

/// 9.3: tagged frames must belong to a VLAN in the table, and have the right canonical form indicator.
bool Filters::accepts_vlan(std::span<const std::byte> frame) const {
    const auto control = registers_.get(RCTL);
    if (!(control & RCTL.VFE) || frame.size() < ethernet_header + vlan_tag_size) return true;
    if (load16(frame, 12) != registers_.number(VET)) return true;
    const std::uint16_t tag = load16(frame, 14);
    const bool indicator = (tag >> 12 & 1) != 0;
    if ((control & RCTL.CFIEN) && indicator != static_cast<bool>(control & RCTL.CFI)) return false;
    return bit_of(registers_, VFTA, tag & 0xfff);
}

}  // namespace ixy::sim::e1000
