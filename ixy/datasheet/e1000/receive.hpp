// Receive registers of the 8254x. Manual 13.4.22 to 13.4.32, and the receive checksum control.
#pragma once

#include <ixy/datasheet/register.hpp>

namespace ixy::datasheet::e1000 {

inline constexpr Meaning LBM_VALUES[] = {
    {0, "no loopback"}, {1, "loopback in the MAC (82574L)"}, {3, "loopback by PHY or external SerDes"}};
inline constexpr Meaning RCTL_DTYP_VALUES[] = {{0, "one buffer per descriptor"},
                                               {1, "packet split: several buffers per descriptor"}};
inline constexpr Meaning RDMTS_VALUES[] = {{0, "half of the ring"}, {1, "a quarter"}, {2, "an eighth"}};
inline constexpr Meaning MO_VALUES[] = {
    {0, "address bits 47:36"}, {1, "bits 46:35"}, {2, "bits 45:34"}, {3, "bits 43:32"}};
inline constexpr Meaning BSIZE_VALUES[] = {{0, "2048 bytes"},
                                           {1, "1024 bytes, 16384 with BSEX"},
                                           {2, "512 bytes, 8192 with BSEX"},
                                           {3, "256 bytes, 4096 with BSEX"}};

struct Rctl : Register<Rctl> {
    using Register::Register;
    Field EN{this, 1, "EN", "receiver enabled"};
    Field SBP{this, 2, "SBP", "store bad packets"};
    Field UPE{this, 3, "UPE", "unicast promiscuous"};
    Field MPE{this, 4, "MPE", "multicast promiscuous"};
    Field LPE{this, 5, "LPE", "accept long packets: more than 1522 bytes"};
    Field LBM{this, {6, 2}, "LBM", "loopback mode", LBM_VALUES};
    Field RDMTS{this, {8, 2}, "RDMTS", "minimum threshold for free descriptors", RDMTS_VALUES};
    Field DTYP{this, {10, 2}, "DTYP", "descriptor type (82574L)", RCTL_DTYP_VALUES};
    Field MO{this, {12, 2}, "MO", "address bits that index the multicast table", MO_VALUES};
    Field BAM{this, 15, "BAM", "accept broadcast"};
    Field BSIZE{this, {16, 2}, "BSIZE", "receive buffer size", BSIZE_VALUES};
    Field VFE{this, 18, "VFE", "VLAN filter enabled"};
    Field CFIEN{this, 19, "CFIEN", "compare the canonical form indicator"};
    Field CFI{this, 20, "CFI", "canonical form indicator to accept"};
    Field DPF{this, 22, "DPF", "discard PAUSE frames"};
    Field PMCF{this, 23, "PMCF", "pass MAC control frames"};
    Field BSEX{this, 25, "BSEX", "multiply the buffer size by 16"};
    Field SECRC{this, 26, "SECRC", "strip the Ethernet CRC"};
};
inline constexpr Rctl RCTL{{.name = "RCTL",
                            .offset = 0x0100,
                            .writable = 0x06df'b3fe,
                            .title = "Receive Control Register",
                            .section = "13.4.22"}};

struct Fcrtl : Register<Fcrtl> {
    using Register::Register;
    Field RTL{this, {3, 13}, "RTL", "receive buffer level below which XON is sent, in units of 8 bytes"};
    Field XONE{this, 31, "XONE", "send XON (82544GC/EI, 82541xx, 82547GI/EI, 82574L)"};
};
inline constexpr Fcrtl FCRTL{{.name = "FCRTL",
                              .offset = 0x2160,
                              .writable = 0x0000'fff8,
                              .title = "Flow Control Receive Threshold Low",
                              .section = "13.4.23"}};
struct Fcrth : Register<Fcrth> {
    using Register::Register;
    Field RTH{this, {3, 13}, "RTH", "receive buffer level above which XOFF is sent, in units of 8 bytes"};
};
inline constexpr Fcrth FCRTH{{.name = "FCRTH",
                              .offset = 0x2168,
                              .writable = 0x0000'fff8,
                              .title = "Flow Control Receive Threshold High",
                              .section = "13.4.24"}};

inline constexpr Number RDBAL{{.name = "RDBAL",
                               .offset = 0x2800,
                               .writable = 0xffff'fff0,
                               .title = "Receive Descriptor Base Address Low",
                               .section = "13.4.25"}};
inline constexpr Number RDBAH{
    {.name = "RDBAH", .offset = 0x2804, .title = "Receive Descriptor Base Address High", .section = "13.4.26"}};
inline constexpr Number RDLEN{{.name = "RDLEN",
                               .offset = 0x2808,
                               .writable = 0x000f'ff80,
                               .title = "Receive Descriptor Length",
                               .section = "13.4.27"}};
inline constexpr Number RDH{
    {.name = "RDH", .offset = 0x2810, .writable = 0xffff, .title = "Receive Descriptor Head", .section = "13.4.28"}};
inline constexpr Number RDT{
    {.name = "RDT", .offset = 0x2818, .writable = 0xffff, .title = "Receive Descriptor Tail", .section = "13.4.29"}};

struct Rdtr : Register<Rdtr> {
    using Register::Register;
    Field DELAY{this, {0, 16}, "Delay Timer", "interrupt delay after a packet, in units of 1.024 us"};
    Field FPD{this, 31, "FPD", "flush: write back now; self-clearing", Access::SC};
};
inline constexpr Rdtr RDTR{{.name = "RDTR",
                            .offset = 0x2820,
                            .writable = 0x8000'ffff,
                            .title = "Receive Delay Timer Register",
                            .section = "13.4.30"}};

struct Radv : Register<Radv> {
    using Register::Register;
    Field DELAY{this, {0, 16}, "Delay Timer", "maximum interrupt delay, in units of 1.024 us"};
};
inline constexpr Radv RADV{{.name = "RADV",
                            .offset = 0x282c,
                            .writable = 0xffff,
                            .title = "Receive Interrupt Absolute Delay Timer",
                            .section = "13.4.31"}};

struct Rsrpd : Register<Rsrpd> {
    using Register::Register;
    Field SIZE{this, {0, 12}, "SIZE", "packets up to this many bytes raise SRPD at once"};
};
inline constexpr Rsrpd RSRPD{{.name = "RSRPD",
                              .offset = 0x2c00,
                              .writable = 0x0fff,
                              .title = "Receive Small Packet Detect Interrupt",
                              .section = "13.4.32"}};

inline constexpr Meaning GRAN_VALUES[] = {{0, "cache lines"}, {1, "descriptors"}};

struct Rxdctl : Register<Rxdctl> {
    using Register::Register;
    Field PTHRESH{this, {0, 6}, "PTHRESH", "prefetch when fewer descriptors are on the chip"};
    Field HTHRESH{this, {8, 6}, "HTHRESH", "prefetch only when at least this many are in memory"};
    Field WTHRESH{this, {16, 6}, "WTHRESH", "write back when this many descriptors are done"};
    Field GRAN{this, 24, "GRAN", "unit of the thresholds", GRAN_VALUES};
};
inline constexpr Rxdctl RXDCTL{{.name = "RXDCTL",
                                .offset = 0x2828,
                                .reset = 0x0001'0000,
                                .writable = 0x013f'3f3f,
                                .title = "Receive Descriptor Control",
                                .section = "13.4.46"}};

struct Rxcsum : Register<Rxcsum> {
    using Register::Register;
    Field PCSS{this, {0, 8}, "PCSS", "offset where the packet checksum starts"};
    Field IPOFL{this, 8, "IPOFLD", "check IP header checksums"};
    Field TUOFL{this, 9, "TUOFLD", "check TCP and UDP checksums"};
    Field IPV6OFL{this, 10, "IPV6OFL", "check TCP and UDP checksums over IPv6 too"};
    Field IPPCSE{this, 12, "IPPCSE", "IP payload checksum instead of packet checksum (82574L)"};
    Field PCSD{this, 13, "PCSD", "RSS hash instead of packet checksum (82574L)"};
};
inline constexpr Rxcsum RXCSUM{{.name = "RXCSUM",
                                .offset = 0x5000,
                                .writable = 0x0000'07ff,
                                .title = "Receive Checksum Control",
                                .section = "13.4.47"}};

}  // namespace ixy::datasheet::e1000
