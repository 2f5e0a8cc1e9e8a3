// Filter registers of the 8254x: the addresses and VLANs to receive. Manual 13.5.
#pragma once

#include <ixy/datasheet/register.hpp>

namespace ixy::datasheet::e1000 {

/// 4096 bits, indexed by twelve bits of the destination address, which RCTL.MO selects.
inline constexpr Number MTA{
    {.name = "MTA", .offset = 0x5200, .count = 128, .title = "Multicast Table Array", .section = "13.5.1"}};

inline constexpr Number RAL{
    {.name = "RAL", .offset = 0x5400, .count = 16, .stride = 8, .title = "Receive Address Low", .section = "13.5.2"}};

inline constexpr Meaning AS_VALUES[] = {{0, "destination address"}, {1, "source address"}};

struct Rah : Register<Rah> {
    using Register::Register;
    Field ADDRESS{this, {0, 16}, "RAH", "last two bytes of the address"};
    Field AS{this, {16, 2}, "AS", "frame address to compare", AS_VALUES};
    Field AV{this, 31, "AV", "address valid"};
};
inline constexpr Rah RAH{{.name = "RAH",
                          .offset = 0x5404,
                          .writable = 0x8003'ffff,
                          .count = 16,
                          .stride = 8,
                          .title = "Receive Address High",
                          .section = "13.5.3"}};

/// 4096 bits, indexed by the VLAN identifier.
inline constexpr Number VFTA{
    {.name = "VFTA", .offset = 0x5600, .count = 128, .title = "VLAN Filter Table Array", .section = "13.5.4"}};

}  // namespace ixy::datasheet::e1000
