// Which frames are received. 82574 datasheet, 7.1.1: receive addresses, the multicast table, promiscuous mode.
#include <algorithm>
#include <array>

#include <ixy/nic/e1000e/e1000e.hpp>

#include <ixy/datasheet/e1000/registers.hpp>

namespace ixy::e1000e {

using namespace datasheet::e1000;

/// 10.2.5.22, 10.2.5.23: entry `index` of the receive addresses; an address of zeros clears it.
void E1000e::write_receive_address(std::size_t index, const MacAddress& address) {
    const auto& b = address.bytes;
    const std::uint32_t low = b[0] | std::uint32_t{b[1]} << 8 | std::uint32_t{b[2]} << 16 | std::uint32_t{b[3]} << 24;
    const std::uint32_t high = b[4] | std::uint32_t{b[5]} << 8;
    const bool valid = address != MacAddress{};
    registers_.write(RAH[index], RAH.from(0));  // invalid while only half of it is new
    registers_.write(RAL[index], low);
    registers_.write(RAH[index], valid ? RAH.from(high) | RAH.AV : RAH.from(high));
}

Expected<> E1000e::set_mac_address(const MacAddress& address) {
    if (!address.is_station()) {
        return fail(ErrorKind::invalid_argument, address.text() + " cannot be a card's own address",
                    "it must not be zero, and the first byte must be even");
    }
    mac_ = address;
    write_receive_address(0, address);
    registers_.read(STATUS);  // posted writes have arrived when this returns
    return {};
}

/// 10.2.5.21: twelve bits of the group's address select one of 4096 bits (RCTL.MO = 0: bits 47 to 36).
Expected<> E1000e::set_multicast(std::span<const MacAddress> groups) {
    std::array<std::uint32_t, 128> table{};
    for (const MacAddress& group : groups) {
        if (!group.is_multicast())
            return fail(ErrorKind::invalid_argument, group.text() + " is not a multicast address");
        const unsigned hash = group.bytes[4] >> 4 | unsigned{group.bytes[5]} << 4;
        table[hash / 32] |= 1U << hash % 32;
    }
    for (std::size_t i = 0; i < table.size(); ++i) registers_.write(MTA[i], table[i]);
    registers_.read(STATUS);
    return {};
}

/// RCTL is written only if that changes something, see start_receive().
Expected<> E1000e::set_promiscuous(bool on) {
    const auto before = registers_.read(RCTL);
    const auto all = RCTL.UPE | RCTL.MPE;
    const auto after = on ? before | all : before & ~all;
    if (after != before) registers_.write(RCTL, after);
    registers_.read(STATUS);
    options_.promiscuous = on;
    return {};
}

}  // namespace ixy::e1000e
