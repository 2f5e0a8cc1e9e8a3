// General registers of the 8254x: device control and status, EEPROM, PHY access, flow control, LEDs, packet buffer.
// Manual 13.4.1 to 13.4.16.
#pragma once

#include <ixy/datasheet/register.hpp>

namespace ixy::datasheet::e1000 {

inline constexpr Meaning SPEED_VALUES[] = {{0, "10 Mb/s"}, {1, "100 Mb/s"}, {2, "1000 Mb/s"}, {3, "1000 Mb/s"}};

struct Ctrl : Register<Ctrl> {
    using Register::Register;
    Field FD{this, 0, "FD", "full duplex"};
    Field GIO_MASTER_DISABLE{this, 2, "GIO Master Disable", "block new bus master requests (82574L)"};
    Field LRST{this, 3, "LRST", "link reset (internal SerDes mode)"};
    Field ASDE{this, 5, "ASDE", "detect link speed automatically"};
    Field SLU{this, 6, "SLU", "set link up"};
    Field ILOS{this, 7, "ILOS", "invert the loss-of-signal input"};
    Field SPEED{this, {8, 2}, "SPEED", "forced link speed", SPEED_VALUES};
    Field FRCSPD{this, 11, "FRCSPD", "force link speed"};
    Field FRCDPLX{this, 12, "FRCDPLX", "force duplex mode"};
    Field SDP0_DATA{this, 18, "SDP0_DATA", "level of software-defined pin 0"};
    Field SDP1_DATA{this, 19, "SDP1_DATA", "level of software-defined pin 1"};
    Field ADVD3WUC{this, 20, "ADVD3WUC", "advertise wake-up from D3cold"};
    Field EN_PHY_PWR_MGMT{this, 21, "EN_PHY_PWR_MGMT", "PHY power management enabled"};
    Field SDP0_IODIR{this, 22, "SDP0_IODIR", "software-defined pin 0 is an output"};
    Field SDP1_IODIR{this, 23, "SDP1_IODIR", "software-defined pin 1 is an output"};
    Field RST{this, 26, "RST", "device reset; self-clearing", Access::SC};
    Field RFCE{this, 27, "RFCE", "obey received PAUSE frames"};
    Field TFCE{this, 28, "TFCE", "send PAUSE frames"};
    Field VME{this, 30, "VME", "VLAN mode: strip and insert tags"};
    Field PHY_RST{this, 31, "PHY_RST", "hold the PHY in reset while set"};
};
inline constexpr Ctrl CTRL{{.name = "CTRL",
                            .offset = 0x0000,
                            .reset = 0x0030'0a09,
                            .writable = 0xdcfc'1be9,
                            .title = "Device Control Register",
                            .section = "13.4.1"}};
/// The same register at a second offset, for chips whose reset must be written there.
inline constexpr Ctrl CTRL_DUP{{.name = "CTRL_DUP",
                                .offset = 0x0004,
                                .reset = 0x0030'0a09,
                                .writable = 0xdcfc'1be9,
                                .title = "Device Control Register, duplicate",
                                .section = "13.4.1"}};

/// The 82543's: its PHY is reached bit by bit through four pins, not through MDIC. A second view of CTRL.
struct Ctrl82543 : Register<Ctrl82543> {
    using Register::Register;
    Field MDIO{this, 20, "SWDPIN2", "MDIO: management data"};
    Field MDC{this, 21, "SWDPIN3", "MDC: management clock"};
    Field MDIO_DIR{this, 24, "SWDPIO2", "MDIO is an output"};
    Field MDC_DIR{this, 25, "SWDPIO3", "MDC is an output"};
};
inline constexpr Ctrl82543 CTRL_82543{{.name = "CTRL",
                                       .offset = 0x0000,
                                       .writable = 0xdffc'1be9,
                                       .title = "Device Control Register",
                                       .section = "13.4.1"}};

inline constexpr Meaning FUNCTION_VALUES[] = {{0, "LAN A"}, {1, "LAN B"}};
inline constexpr Meaning PCIXSPD_VALUES[] = {{0, "50-66 MHz"}, {1, "66-100 MHz"}, {2, "100-133 MHz"}};

struct Status : Register<Status> {
    using Register::Register;
    Field FD{this, 0, "FD", "full duplex"};
    Field LU{this, 1, "LU", "link up"};
    Field FUNCTION_ID{this, {2, 2}, "Function ID", "LAN port of this function", FUNCTION_VALUES};
    Field TXOFF{this, 4, "TXOFF", "transmission paused by the link partner"};
    Field TBIMODE{this, 5, "TBIMODE", "ten-bit interface or SerDes, not the internal PHY"};
    Field SPEED{this, {6, 2}, "SPEED", "link speed", SPEED_VALUES};
    Field ASDV{this, {8, 2}, "ASDV", "auto-detected link speed", SPEED_VALUES};
    Field PCI66{this, 11, "PCI66", "PCI bus runs at 66 MHz"};
    Field BUS64{this, 12, "BUS64", "64-bit PCI bus"};
    Field PCIX_MODE{this, 13, "PCIX_MODE", "PCI-X bus, not PCI"};
    Field PCIXSPD{this, {14, 2}, "PCIXSPD", "PCI-X bus speed", PCIXSPD_VALUES};
    Field GIO_MASTER_ENABLE{this, 19, "GIO Master Enable Status", "bus mastering not blocked (82574L)"};
};
inline constexpr Status STATUS{{.name = "STATUS",
                                .offset = 0x0008,
                                .access = Access::RO,
                                .writable = 0,
                                .absent = 0x0008'0000,
                                .title = "Device Status Register",
                                .section = "13.4.2"}};

inline constexpr Meaning FWE_VALUES[] = {{1, "flash writes disabled"}, {2, "flash writes enabled"}};
inline constexpr Meaning EE_SIZE_VALUES[] = {{0, "64 words"}, {1, "256 words"}};

struct Eecd : Register<Eecd> {
    using Register::Register;
    Field SK{this, 0, "SK", "EEPROM clock"};
    Field CS{this, 1, "CS", "EEPROM chip select"};
    Field DI{this, 2, "DI", "data to the EEPROM"};
    Field DO{this, 3, "DO", "data from the EEPROM", Access::RO};
    Field FWE{this, {4, 2}, "FWE", "flash write enable", FWE_VALUES};
    Field EE_REQ{this, 6, "EE_REQ", "software requests direct EEPROM access"};
    Field EE_GNT{this, 7, "EE_GNT", "direct EEPROM access granted", Access::RO};
    Field EE_PRES{this, 8, "EE_PRES", "EEPROM present", Access::RO};
    Field EE_SIZE{this, 9, "EE_SIZE", "EEPROM size", Access::RO, EE_SIZE_VALUES};
};
inline constexpr Eecd EECD{{.name = "EECD",
                            .offset = 0x0010,
                            .reset = 0x0000'0110,
                            .writable = 0x0000'0077,
                            .title = "EEPROM/Flash Control & Data Register",
                            .section = "13.4.3"}};

/// The layout in the 82540, 82545 and 82546. EERD_NARROW is the other layout of the same register.
struct Eerd : Register<Eerd> {
    using Register::Register;
    Field START{this, 0, "START", "start reading a word; self-clearing", Access::SC};
    Field DONE{this, 4, "DONE", "read complete", Access::RO};
    Field ADDR{this, {8, 8}, "ADDR", "word address"};
    Field DATA{this, {16, 16}, "DATA", "word that was read", Access::RO};
};
inline constexpr Eerd EERD{
    {.name = "EERD", .offset = 0x0014, .writable = 0x0000'ff01, .title = "EEPROM Read Register", .section = "13.4.4"}};

/// The layout in the 82541, the 82547 and the PCI Express chips (82574L).
struct EerdNarrow : Register<EerdNarrow> {
    using Register::Register;
    Field START{this, 0, "START", "start reading a word; self-clearing", Access::SC};
    Field DONE{this, 1, "DONE", "read complete", Access::RO};
    Field ADDR{this, {2, 14}, "ADDR", "word address"};
    Field DATA{this, {16, 16}, "DATA", "word that was read", Access::RO};
};
inline constexpr EerdNarrow EERD_NARROW{
    {.name = "EERD", .offset = 0x0014, .writable = 0x0000'fffd, .title = "EEPROM Read Register", .section = "13.4.4"}};

inline constexpr Meaning LINK_MODE_VALUES[] = {
    {0, "internal PHY"}, {1, "reserved"}, {2, "internal SerDes"}, {3, "ten-bit interface"}};

struct CtrlExt : Register<CtrlExt> {
    using Register::Register;
    Field GPI_EN{this, {0, 4}, "GPI_EN", "general-purpose interrupt inputs enabled, one bit per pin"};
    Field PHYINT{this, 5, "PHYINT", "level of the PHY interrupt", Access::RO};
    Field SDP6_DATA{this, 6, "SDP6_DATA", "level of software-defined pin 6"};
    Field SDP7_DATA{this, 7, "SDP7_DATA", "level of software-defined pin 7"};
    Field SDP6_IODIR{this, 10, "SDP6_IODIR", "software-defined pin 6 is an output"};
    Field SDP7_IODIR{this, 11, "SDP7_IODIR", "software-defined pin 7 is an output"};
    Field ASDCHK{this, 12, "ASDCHK", "start auto-speed detection; self-clearing", Access::SC};
    Field EE_RST{this, 13, "EE_RST", "reload from the EEPROM; self-clearing", Access::SC};
    Field SPD_BYPS{this, 15, "SPD_BYPS", "bypass speed selection"};
    Field RO_DIS{this, 17, "RO_DIS", "disable relaxed ordering on the bus"};
    Field DMA_GATING{this, 19, "DMA Dynamic Gating Enable", "DMA clock gating enabled (82574L)"};
    Field PHY_POWER_DOWN{this, 20, "PHY Power Down Enable", "PHY may power down (82574L)"};
    Field LINK_MODE{this, {22, 2}, "LINK_MODE", "interface that carries the link", LINK_MODE_VALUES};
    Field EIAME{this, 24, "EIAME", "an MSI-X message masks its causes as set in IAM (82574L)"};
    Field IAME{this, 27, "IAME", "reading or writing ICR masks the causes set in IAM (82574L)"};
    Field DRV_LOAD{this, 28, "DRV_LOAD", "driver loaded (82574L)"};
    Field INT_TIMERS_CLEAR{this, 29, "INT_TIMERS_CLEAR_ENA", "unmasking all causes ends all delays (82574L)"};
    Field PBA_SUPPORT{this, 31, "PBA_support", "unmasking a cause clears its pending bit (82574L)"};
};
inline constexpr CtrlExt CTRL_EXT{{.name = "CTRL_EXT",
                                   .offset = 0x0018,
                                   .writable = 0x00c2'bccf,
                                   .title = "Extended Device Control Register",
                                   .section = "13.4.6"}};

inline constexpr Meaning MDIC_OP_VALUES[] = {{1, "write"}, {2, "read"}};

struct Mdic : Register<Mdic> {
    using Register::Register;
    Field DATA{this, {0, 16}, "DATA", "PHY register value"};
    Field REGADD{this, {16, 5}, "REGADD", "PHY register"};
    Field PHYADD{this, {21, 5}, "PHYADD", "PHY address; the internal PHY is 1"};
    Field OP{this, {26, 2}, "OP", "operation", MDIC_OP_VALUES};
    Field R{this, 28, "R", "ready: operation complete"};
    Field I{this, 29, "I", "interrupt when the operation completes"};
    Field E{this, 30, "E", "error: the PHY did not answer", Access::RO};
};
inline constexpr Mdic MDIC{
    {.name = "MDIC", .offset = 0x0020, .writable = 0x3fff'ffff, .title = "MDI Control Register", .section = "13.4.7"}};

inline constexpr Number FCAL{
    {.name = "FCAL", .offset = 0x0028, .title = "Flow Control Address Low", .section = "13.4.8"}};
inline constexpr Number FCAH{
    {.name = "FCAH", .offset = 0x002c, .writable = 0xffff, .title = "Flow Control Address High", .section = "13.4.9"}};
inline constexpr Number FCT{
    {.name = "FCT", .offset = 0x0030, .writable = 0xffff, .title = "Flow Control Type", .section = "13.4.10"}};
inline constexpr Number VET{{.name = "VET",
                             .offset = 0x0038,
                             .reset = 0x8100,
                             .writable = 0xffff,
                             .title = "VLAN Ether Type",
                             .section = "13.4.11"}};
inline constexpr Number FCTTV{{.name = "FCTTV",
                               .offset = 0x0170,
                               .writable = 0xffff,
                               .title = "Flow Control Transmit Timer Value",
                               .section = "13.4.12"}};

struct Txcw : Register<Txcw> {
    using Register::Register;
    Field LOW{this, {0, 5}, "reserved (4:0)", "stored and sent"};
    Field FD{this, 5, "FD", "full duplex advertised"};
    Field HD{this, 6, "HD", "half duplex advertised"};
    Field PAUSE{this, {7, 2}, "PAUSE", "PAUSE abilities advertised"};
    Field MIDDLE{this, {9, 3}, "reserved (11:9)", "stored and sent"};
    Field REMOTE_FAULT{this, {12, 2}, "RemoteFault", "remote fault indication"};
    Field ACKNOWLEDGE{this, 14, "reserved (14)", "acknowledge: stored and sent"};
    Field NEXT_PAGE{this, 15, "NextPage", "next page requested"};
    Field TXCONFIG{this, 30, "TxConfig", "transmit the configuration word"};
    Field ANE{this, 31, "ANE", "auto-negotiation by the MAC"};
};
inline constexpr Txcw TXCW{{.name = "TXCW",
                            .offset = 0x0178,
                            .writable = 0xc000'ffff,
                            .title = "Transmit Configuration Word Register",
                            .section = "13.4.13"}};

struct Rxcw : Register<Rxcw> {
    using Register::Register;
    Field CONFIG{this, {0, 16}, "RxConfigWord", "received configuration word"};
    Field NOCARRIER{this, 26, "RxConfigNoCarrier", "no carrier"};
    Field INVALID{this, 27, "RxConfigInvalid", "invalid symbol received"};
    Field CHANGE{this, 28, "RxConfigChange", "configuration word changed"};
    Field RXCONFIG{this, 29, "RxConfig", "receiving configuration words"};
    Field SYNCH{this, 30, "RxSynch", "bit synchronisation"};
    Field ANC{this, 31, "ANC", "auto-negotiation complete"};
};
inline constexpr Rxcw RXCW{{.name = "RXCW",
                            .offset = 0x0180,
                            .access = Access::RO,
                            .writable = 0,
                            .title = "Receive Configuration Word Register",
                            .section = "13.4.14"}};

inline constexpr Meaning LED_MODE_VALUES[] = {
    {0, "LINK_10/1000"},  {1, "LINK_100/1000"}, {2, "LINK_UP"},    {3, "ACTIVITY"},
    {4, "LINK/ACTIVITY"}, {5, "LINK_10"},       {6, "LINK_100"},   {7, "LINK_1000"},
    {8, "PCIX_MODE"},     {9, "FULL_DUPLEX"},   {10, "COLLISION"}, {11, "BUS_SPEED"},
    {12, "BUS_SIZE"},     {13, "PAUSED"},       {14, "LED_ON"},    {15, "LED_OFF"}};

struct Ledctl : Register<Ledctl> {
    using Register::Register;
    Field LED0_MODE{this, {0, 4}, "LED0_MODE", "signal shown by LED 0", LED_MODE_VALUES};
    Field LED0_IVRT{this, 6, "LED0_IVRT", "LED 0 inverted"};
    Field LED0_BLINK{this, 7, "LED0_BLINK", "LED 0 blinks"};
    Field LED1_MODE{this, {8, 4}, "LED1_MODE", "signal shown by LED 1", LED_MODE_VALUES};
    Field LED1_IVRT{this, 14, "LED1_IVRT", "LED 1 inverted"};
    Field LED1_BLINK{this, 15, "LED1_BLINK", "LED 1 blinks"};
    Field LED2_MODE{this, {16, 4}, "LED2_MODE", "signal shown by LED 2", LED_MODE_VALUES};
    Field LED2_IVRT{this, 22, "LED2_IVRT", "LED 2 inverted"};
    Field LED2_BLINK{this, 23, "LED2_BLINK", "LED 2 blinks"};
    Field LED3_MODE{this, {24, 4}, "LED3_MODE", "signal shown by LED 3", LED_MODE_VALUES};
    Field LED3_IVRT{this, 30, "LED3_IVRT", "LED 3 inverted"};
    Field LED3_BLINK{this, 31, "LED3_BLINK", "LED 3 blinks"};
};
inline constexpr Ledctl LEDCTL{{.name = "LEDCTL",
                                .offset = 0x0e00,
                                .reset = 0x0706'8302,
                                .writable = 0xcfcf'cfcf,
                                .title = "LED Control",
                                .section = "13.4.15"}};

struct Pba : Register<Pba> {
    using Register::Register;
    Field RXA{this, {0, 16}, "RXA", "packet buffer space for receive, KB"};
    Field TXA{this, {16, 16}, "TXA", "packet buffer space for transmit (the rest), KB", Access::RO};
};
inline constexpr Pba PBA{{.name = "PBA",
                          .offset = 0x1000,
                          .reset = 0x0010'0030,
                          .writable = 0x0000'ffff,
                          .title = "Packet Buffer Allocation",
                          .section = "13.4.16"}};

}  // namespace ixy::datasheet::e1000
