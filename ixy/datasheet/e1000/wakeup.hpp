// Wake-up and management registers of the 8254x. They are not in the 82543 and, except for WUC to WUS, not needed by a
// driver. Manual 13.6.
#pragma once

#include <ixy/datasheet/register.hpp>

namespace ixy::datasheet::e1000 {

struct Wuc : Register<Wuc> {
    using Register::Register;
    Field APME{this, 0, "APME", "wake on magic packet without a driver"};
    Field PME_EN{this, 1, "PME_En", "signal wake-up events"};
    Field PME_STATUS{this, 2, "PME_Status", "wake-up event occurred", Access::W1C};
    Field APMPME{this, 3, "APMPME", "assert PME on a magic packet"};
    Field SPM{this, 31, "SPM", "SerDes power management (82545GM, 82546GB)"};
};
inline constexpr Wuc WUC{{.name = "WUC",
                          .offset = 0x5800,
                          .writable = 0x0000'000f,
                          .title = "Wakeup Control Register",
                          .section = "13.6.1"}};

struct Wufc : Register<Wufc> {
    using Register::Register;
    Field LNKC{this, 0, "LNKC", "wake on link status change"};
    Field MAG{this, 1, "MAG", "wake on magic packet"};
    Field EX{this, 2, "EX", "wake on directed exact packet"};
    Field MC{this, 3, "MC", "wake on directed multicast packet"};
    Field BC{this, 4, "BC", "wake on broadcast packet"};
    Field ARP{this, 5, "ARP", "wake on ARP request"};
    Field IPV4{this, 6, "IPv4", "wake on directed IPv4 packet"};
    Field IPV6{this, 7, "IPv6", "wake on directed IPv6 packet"};
    Field IGNORE_TCO{this, 15, "Ignore_TCO", "ignore management packets"};
    Field FLX{this, {16, 4}, "FLX", "wake on flexible filter match, one bit per filter"};
};
inline constexpr Wufc WUFC{{.name = "WUFC",
                            .offset = 0x5808,
                            .writable = 0x000f'80ff,
                            .title = "Wakeup Filter Control Register",
                            .section = "13.6.2"}};

struct Wus : Register<Wus> {
    using Register::Register;
    Field LNKC{this, 0, "LNKC", "link status changed"};
    Field MAG{this, 1, "MAG", "magic packet"};
    Field EX{this, 2, "EX", "directed exact packet"};
    Field MC{this, 3, "MC", "directed multicast packet"};
    Field BC{this, 4, "BC", "broadcast packet"};
    Field ARP{this, 5, "ARP", "ARP request"};
    Field IPV4{this, 6, "IPv4", "directed IPv4 packet"};
    Field IPV6{this, 7, "IPv6", "directed IPv6 packet"};
    Field FLX{this, {16, 4}, "FLX", "flexible filter matched, one bit per filter"};
};
inline constexpr Wus WUS{{.name = "WUS",
                          .offset = 0x5810,
                          .access = Access::W1C,
                          .writable = 0x000f'00ff,
                          .title = "Wakeup Status Register",
                          .section = "13.6.3"}};

struct Manc : Register<Manc> {
    using Register::Register;
    Field SMBUS_EN{this, 0, "SMBUS_EN", "SMBus enabled", Access::RO};
    Field ASF_EN{this, 1, "ASF_EN", "alert standard format enabled", Access::RO};
    Field R_ON_FORCE{this, 2, "R_ON_FORCE", "reset when a TCO reset is forced"};
    Field RMCP_EN{this, 8, "RMCP_EN", "filter UDP port 26Fh (RMCP)"};
    Field PORT_298_EN{this, 9, "0298_EN", "filter UDP port 298h"};
    Field IPV4_EN{this, 10, "IPv4_EN", "filter IPv4 requests"};
    Field IPV6_EN{this, 11, "IPv6_EN", "filter IPv6 requests"};
    Field SNAP_EN{this, 12, "SNAP_EN", "accept LLC/SNAP"};
    Field ARP_EN{this, 13, "ARP_EN", "filter ARP requests: firmware answers them"};
    Field NEIGHBOR_EN{this, 14, "NEIGHBOR_EN", "filter neighbour discovery"};
    Field ARP_RES_EN{this, 15, "ARP_RES_EN", "filter ARP responses"};
    Field TCO_RESET{this, 16, "TCO_RESET", "TCO reset occurred"};
    Field RCV_TCO_EN{this, 17, "RCV_TCO_EN", "receive management packets"};
    Field REPORT_STATUS{this, 18, "REPORT_STATUS", "status reports enabled"};
    Field RCV_ALL{this, 19, "RCV_ALL", "receive everything for management"};
    Field EN_MNG2HOST{this, 21, "EN_MNG2HOST", "management packets reach the host too"};
    Field SMB{this, {24, 6}, "SMB", "direct control of the SMBus pins", Access::RO};
};
inline constexpr Manc MANC{{.name = "MANC",
                            .offset = 0x5820,
                            .writable = 0x002f'ff04,
                            .title = "Management Control Register",
                            .section = "13.6"}};

struct Ipav : Register<Ipav> {
    using Register::Register;
    Field V40{this, 0, "V40", "IPv4 address 0 valid"};
    Field V41{this, 1, "V41", "IPv4 address 1 valid"};
    Field V42{this, 2, "V42", "IPv4 address 2 valid"};
    Field V43{this, 3, "V43", "IPv4 address 3 valid"};
    Field V60{this, 16, "V60", "IPv6 address valid"};
};
inline constexpr Ipav IPAV{
    {.name = "IPAV", .offset = 0x5838, .writable = 0x0001'000f, .title = "IP Address Valid", .section = "13.6.4"}};
inline constexpr Number IP4AT{
    {.name = "IP4AT", .offset = 0x5840, .count = 4, .stride = 8, .title = "IPv4 Address Table", .section = "13.6.5"}};
inline constexpr Number IP6AT{
    {.name = "IP6AT", .offset = 0x5880, .count = 4, .title = "IPv6 Address Table", .section = "13.6.6"}};

struct Wupl : Register<Wupl> {
    using Register::Register;
    Field LEN{this, {0, 12}, "LEN", "length of the packet that caused the wake-up"};
};
inline constexpr Wupl WUPL{{.name = "WUPL",
                            .offset = 0x5900,
                            .access = Access::RO,
                            .writable = 0,
                            .title = "Wakeup Packet Length",
                            .section = "13.6.7"}};
inline constexpr Number WUPM{{.name = "WUPM",
                              .offset = 0x5a00,
                              .access = Access::RO,
                              .writable = 0,
                              .count = 32,
                              .title = "Wakeup Packet Memory",
                              .section = "13.6.8"}};

struct Fflt : Register<Fflt> {
    using Register::Register;
    Field LEN{this, {0, 11}, "LEN", "minimum packet length for this flexible filter"};
};
inline constexpr Fflt FFLT{{.name = "FFLT",
                            .offset = 0x5f00,
                            .writable = 0x07ff,
                            .count = 4,
                            .stride = 8,
                            .title = "Flexible Filter Length Table",
                            .section = "13.6.9"}};
struct Ffmt : Register<Ffmt> {
    using Register::Register;
    Field MASK{this, {0, 4}, "Mask", "compare this byte, one bit per filter"};
};
inline constexpr Ffmt FFMT{{.name = "FFMT",
                            .offset = 0x9000,
                            .writable = 0x0f,
                            .count = 128,
                            .stride = 8,
                            .title = "Flexible Filter Mask Table",
                            .section = "13.6.10"}};
struct Ffvt : Register<Ffvt> {
    using Register::Register;
    Field VALUE0{this, {0, 8}, "Value 0", "byte that filter 0 expects"};
    Field VALUE1{this, {8, 8}, "Value 1", "byte that filter 1 expects"};
    Field VALUE2{this, {16, 8}, "Value 2", "byte that filter 2 expects"};
    Field VALUE3{this, {24, 8}, "Value 3", "byte that filter 3 expects"};
};
inline constexpr Ffvt FFVT{{.name = "FFVT",
                            .offset = 0x9800,
                            .count = 128,
                            .stride = 8,
                            .title = "Flexible Filter Value Table",
                            .section = "13.6.11"}};

}  // namespace ixy::datasheet::e1000
