// Time stamping (IEEE 1588, 802.1AS) of the 82574L: registers that a driver sets up even if it stamps no frames.
// 82574 datasheet, 10.2.9.
#pragma once

#include <ixy/datasheet/register.hpp>

namespace ixy::datasheet::e1000 {

inline constexpr Number SYSTIML{
    {.name = "SYSTIML", .offset = 0xb600, .title = "System Time, low", .section = "82574L 10.2.9"}};
inline constexpr Number SYSTIMH{
    {.name = "SYSTIMH", .offset = 0xb604, .title = "System Time, high", .section = "82574L 10.2.9"}};

struct Timinca : Register<Timinca> {
    using Register::Register;
    Field VALUE{this, {0, 24}, "Incvalue", "increment added to the time"};
    Field PERIOD{this, {24, 8}, "Incperiod", "clocks between increments"};
};
inline constexpr Timinca TIMINCA{
    {.name = "TIMINCA", .offset = 0xb608, .title = "Increment Attributes", .section = "82574L 10.2.9"}};
inline constexpr Number TIMADJL{
    {.name = "TIMADJL", .offset = 0xb60c, .title = "Time Adjustment, low", .section = "82574L 10.2.9"}};
inline constexpr Number TIMADJH{
    {.name = "TIMADJH", .offset = 0xb610, .title = "Time Adjustment, high", .section = "82574L 10.2.9"}};

struct Tsynctxctl : Register<Tsynctxctl> {
    using Register::Register;
    Field VALID{this, 0, "TXTT", "TXSTMP holds a frame's time", Access::RO};
    Field ENABLE{this, 4, "EN", "time-stamp sent frames"};
};
inline constexpr Tsynctxctl TSYNCTXCTL{{.name = "TSYNCTXCTL",
                                        .offset = 0xb614,
                                        .writable = 0x0000'0010,
                                        .title = "Transmit Time Sync Control",
                                        .section = "82574L 10.2.9"}};
inline constexpr Number TXSTMPL{{.name = "TXSTMPL",
                                 .offset = 0xb618,
                                 .access = Access::RO,
                                 .writable = 0,
                                 .title = "Transmit Time Stamp, low",
                                 .section = "82574L 10.2.9"}};
inline constexpr Number TXSTMPH{{.name = "TXSTMPH",
                                 .offset = 0xb61c,
                                 .access = Access::RO,
                                 .writable = 0,
                                 .title = "Transmit Time Stamp, high",
                                 .section = "82574L 10.2.9"}};

struct Tsyncrxctl : Register<Tsyncrxctl> {
    using Register::Register;
    Field VALID{this, 0, "RXTT", "RXSTMP holds a frame's time", Access::RO};
    Field TYPE{this, {1, 3}, "Type", "frames to time-stamp"};
    Field ENABLE{this, 4, "EN", "time-stamp received frames"};
};
inline constexpr Tsyncrxctl TSYNCRXCTL{{.name = "TSYNCRXCTL",
                                        .offset = 0xb620,
                                        .writable = 0x0000'001e,
                                        .title = "Receive Time Sync Control",
                                        .section = "82574L 10.2.9"}};
inline constexpr Number RXSTMPL{{.name = "RXSTMPL",
                                 .offset = 0xb624,
                                 .access = Access::RO,
                                 .writable = 0,
                                 .title = "Receive Time Stamp, low",
                                 .section = "82574L 10.2.9"}};
inline constexpr Number RXSTMPH{{.name = "RXSTMPH",
                                 .offset = 0xb628,
                                 .access = Access::RO,
                                 .writable = 0,
                                 .title = "Receive Time Stamp, high",
                                 .section = "82574L 10.2.9"}};
inline constexpr Number RXMTRL{{.name = "RXMTRL",
                                .offset = 0xb634,
                                .reset = 0x0000'88f7,
                                .title = "Receive Time Sync Ethertype and Message Type",
                                .section = "82574L 10.2.9"}};
inline constexpr Number RXUDP{{.name = "RXUDP",
                               .offset = 0xb638,
                               .reset = 0x0000'0319,
                               .writable = 0xffff,
                               .title = "Receive Time Sync UDP Port",
                               .section = "82574L 10.2.9"}};

}  // namespace ixy::datasheet::e1000
