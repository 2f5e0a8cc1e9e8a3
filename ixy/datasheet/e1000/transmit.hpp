// Transmit registers of the 8254x. Manual 13.4.33 to 13.4.45.
#pragma once

#include <ixy/datasheet/e1000/receive.hpp>
#include <ixy/datasheet/register.hpp>

namespace ixy::datasheet::e1000 {

struct Tctl : Register<Tctl> {
    using Register::Register;
    Field EN{this, 1, "EN", "transmitter enabled"};
    Field PSP{this, 3, "PSP", "pad short packets to 64 bytes"};
    Field CT{this, {4, 8}, "CT", "collision threshold: attempts before giving up"};
    Field COLD{this, {12, 10}, "COLD", "collision distance, in byte times"};
    Field SWXOFF{this, 22, "SWXOFF", "send one XOFF frame; self-clearing", Access::SC};
    Field RTLC{this, 24, "RTLC", "retransmit on late collision"};
    Field NRTU{this, 25, "NRTU", "no retransmission on underrun (82544GC/EI)"};
    Field TXDSCMT{this, {26, 2}, "TXDSCMT", "minimum number of descriptors to fetch (82574L)"};
    Field MULR{this, 28, "MULR", "several outstanding read requests (82574L)"};
    Field RRTHRESH{this, {29, 2}, "RRTHRESH", "read request threshold (82574L)"};
};
inline constexpr Tctl TCTL{{.name = "TCTL",
                            .offset = 0x0400,
                            .writable = 0x017f'fffa,
                            .title = "Transmit Control Register",
                            .section = "13.4.33"}};

struct Tipg : Register<Tipg> {
    using Register::Register;
    Field IPGT{this, {0, 10}, "IPGT", "inter-packet gap, back to back"};
    Field IPGR1{this, {10, 10}, "IPGR1", "first part of the gap, half duplex"};
    Field IPGR2{this, {20, 10}, "IPGR2", "whole gap, half duplex"};
};
inline constexpr Tipg TIPG{{.name = "TIPG",
                            .offset = 0x0410,
                            .writable = 0x3fff'ffff,
                            .title = "Transmit Inter Packet Gap",
                            .section = "13.4.34"}};

inline constexpr Number AIFS{
    {.name = "AIFS", .offset = 0x0458, .writable = 0xffff, .title = "Adaptive IFS Throttle", .section = "13.4.35"}};

inline constexpr Number TDBAL{{.name = "TDBAL",
                               .offset = 0x3800,
                               .writable = 0xffff'fff0,
                               .title = "Transmit Descriptor Base Address Low",
                               .section = "13.4.36"}};
inline constexpr Number TDBAH{
    {.name = "TDBAH", .offset = 0x3804, .title = "Transmit Descriptor Base Address High", .section = "13.4.37"}};
inline constexpr Number TDLEN{{.name = "TDLEN",
                               .offset = 0x3808,
                               .writable = 0x000f'ff80,
                               .title = "Transmit Descriptor Length",
                               .section = "13.4.38"}};
inline constexpr Number TDH{
    {.name = "TDH", .offset = 0x3810, .writable = 0xffff, .title = "Transmit Descriptor Head", .section = "13.4.39"}};
inline constexpr Number TDT{
    {.name = "TDT", .offset = 0x3818, .writable = 0xffff, .title = "Transmit Descriptor Tail", .section = "13.4.40"}};

struct Tidv : Register<Tidv> {
    using Register::Register;
    Field IDV{this, {0, 16}, "IDV", "interrupt delay after a write-back, in units of 1.024 us"};
    Field FPD{this, 31, "FPD", "flush: interrupt now; self-clearing (82574L)", Access::SC};
};
inline constexpr Tidv TIDV{{.name = "TIDV",
                            .offset = 0x3820,
                            .writable = 0xffff,
                            .title = "Transmit Interrupt Delay Value",
                            .section = "13.4.41"}};

struct Txdmac : Register<Txdmac> {
    using Register::Register;
    Field DPP{this, 0, "DPP", "disable packet data prefetch"};
};
inline constexpr Txdmac TXDMAC{{.name = "TXDMAC",
                                .offset = 0x3000,
                                .writable = 1,
                                .title = "TX DMA Control (82544GC/EI only)",
                                .section = "13.4.42"}};

struct Txdctl : Register<Txdctl> {
    using Register::Register;
    Field PTHRESH{this, {0, 6}, "PTHRESH", "prefetch when fewer descriptors are on the chip"};
    Field HTHRESH{this, {8, 6}, "HTHRESH", "prefetch only when at least this many are in memory"};
    Field WTHRESH{this, {16, 6}, "WTHRESH", "write back when this many descriptors are done"};
    Field COUNT_DESC{this, 22, "reserved (22)", "must be written as 1 (82574L)"};
    Field GRAN{this, 24, "GRAN", "unit of the thresholds", GRAN_VALUES};
    Field LWTHRESH{this, {25, 7}, "LWTHRESH", "TXD_LOW interrupt below this, in units of 8 descriptors"};
};
inline constexpr Txdctl TXDCTL{{.name = "TXDCTL",
                                .offset = 0x3828,
                                .writable = 0xff3f'3f3f,
                                .title = "Transmit Descriptor Control",
                                .section = "13.4.43"}};

struct Tadv : Register<Tadv> {
    using Register::Register;
    Field IDV{this, {0, 16}, "IDV", "maximum interrupt delay, in units of 1.024 us"};
};
inline constexpr Tadv TADV{{.name = "TADV",
                            .offset = 0x382c,
                            .writable = 0xffff,
                            .title = "Transmit Absolute Interrupt Delay Value",
                            .section = "13.4.44"}};

struct Tspmt : Register<Tspmt> {
    using Register::Register;
    Field TSMT{this, {0, 16}, "TSMT", "minimum packet size that segmentation waits for"};
    Field TSPBP{this, {16, 16}, "TSPBP", "padding reserved in the packet buffer"};
};
inline constexpr Tspmt TSPMT{{.name = "TSPMT",
                              .offset = 0x3830,
                              .reset = 0x0100'0400,
                              .title = "TCP Segmentation Pad And Minimum Threshold",
                              .section = "13.4.45"}};

}  // namespace ixy::datasheet::e1000
