// Two sets of words behind other registers: the PHY's registers (through MDIC, manual 13.4.7.1) and the EEPROM's words
// (through EERD or EECD, manual 5.6). Both are 16 bits wide; an offset here is a register number or a word number.
#pragma once

#include <ixy/datasheet/register.hpp>

namespace ixy::datasheet::e1000 {

// --- PHY: IEEE 802.3 registers 0 to 15, those of the Marvell 88E10xx core from 16 ----------------------------------

struct Pctrl : Register<Pctrl> {
    using Register::Register;
    Field SPEED_MSB{this, 6, "Speed Selection (MSB)", "with the LSB: 0 is 10, 1 is 100, 2 is 1000 Mb/s"};
    Field COLLISION_TEST{this, 7, "Collision Test", "assert COL during transmission"};
    Field DUPLEX{this, 8, "Duplex Mode", "full duplex"};
    Field RESTART{this, 9, "Restart Auto-Negotiation", "restart negotiation; self-clearing", Access::SC};
    Field ISOLATE{this, 10, "Isolate", "isolate the PHY from the bus"};
    Field POWER_DOWN{this, 11, "Power Down", "power the PHY down"};
    Field AN_ENABLE{this, 12, "Auto-Negotiation Enable", "negotiate speed and duplex"};
    Field SPEED_LSB{this, 13, "Speed Selection (LSB)", "with the MSB: 0 is 10, 1 is 100, 2 is 1000 Mb/s"};
    Field LOOPBACK{this, 14, "Loopback", "loop transmitted data back to receive"};
    Field RESET{this, 15, "Reset", "PHY reset; self-clearing", Access::SC};
};
inline constexpr Pctrl PCTRL{{.name = "PCTRL",
                              .offset = 0,
                              .reset = 0x1140,
                              .writable = 0xffc0,
                              .title = "PHY Control Register",
                              .section = "13.4.7.1.1"}};

struct Pstatus : Register<Pstatus> {
    using Register::Register;
    Field EXTENDED{this, 0, "Extended Capability", "extended register set present"};
    Field JABBER{this, 1, "Jabber Detect", "jabber detected; latched until read"};
    Field LINK{this, 2, "Link Status", "link up; a loss is latched until read"};
    Field AN_ABLE{this, 3, "Auto-Negotiation Ability", "able to negotiate"};
    Field REMOTE_FAULT{this, 4, "Remote Fault", "partner reported a fault; latched until read"};
    Field AN_COMPLETE{this, 5, "Auto-Negotiation Complete", "negotiation complete"};
    Field PREAMBLE{this, 6, "MF Preamble Suppression", "MDIO accepted without preamble"};
    Field EXTENDED_STATUS{this, 8, "Extended Status", "register 15 lists the gigabit abilities"};
    Field T2_HALF{this, 9, "100BASE-T2 Half", "100BASE-T2 half duplex"};
    Field T2_FULL{this, 10, "100BASE-T2 Full", "100BASE-T2 full duplex"};
    Field T10_HALF{this, 11, "10BASE-T Half", "10BASE-T half duplex"};
    Field T10_FULL{this, 12, "10BASE-T Full", "10BASE-T full duplex"};
    Field TX_HALF{this, 13, "100BASE-X Half", "100BASE-X half duplex"};
    Field TX_FULL{this, 14, "100BASE-X Full", "100BASE-X full duplex"};
    Field T4{this, 15, "100BASE-T4", "100BASE-T4"};
};
inline constexpr Pstatus PSTATUS{{.name = "PSTATUS",
                                  .offset = 1,
                                  .access = Access::RO,
                                  .reset = 0x7949,
                                  .writable = 0,
                                  .title = "PHY Status Register",
                                  .section = "13.4.7.1.2"}};

inline constexpr Number PHY_ID1{{.name = "PHY ID 1",
                                 .offset = 2,
                                 .access = Access::RO,
                                 .reset = 0x0141,
                                 .writable = 0,
                                 .title = "PHY Identifier Register (MSB)",
                                 .section = "13.4.7.1.3"}};
inline constexpr Number PHY_ID2{{.name = "PHY ID 2",
                                 .offset = 3,
                                 .access = Access::RO,
                                 .reset = 0x0c20,
                                 .writable = 0,
                                 .title = "PHY Identifier Register (LSB)",
                                 .section = "13.4.7.1.4"}};

struct Ana : Register<Ana> {
    using Register::Register;
    Field SELECTOR{this, {0, 5}, "Selector Field", "1: IEEE 802.3"};
    Field T10_HALF{this, 5, "10BASE-T", "advertise 10 Mb/s half duplex"};
    Field T10_FULL{this, 6, "10BASE-T Full", "advertise 10 Mb/s full duplex"};
    Field TX_HALF{this, 7, "100BASE-TX", "advertise 100 Mb/s half duplex"};
    Field TX_FULL{this, 8, "100BASE-TX Full", "advertise 100 Mb/s full duplex"};
    Field T4{this, 9, "100BASE-T4", "advertise 100BASE-T4"};
    Field PAUSE{this, 10, "PAUSE", "advertise symmetric PAUSE"};
    Field ASM_DIR{this, 11, "ASM_DIR", "advertise asymmetric PAUSE"};
    Field REMOTE_FAULT{this, 13, "Remote Fault", "report a fault"};
    Field NEXT_PAGE{this, 15, "Next Page", "send next pages"};
};
inline constexpr Ana ANA{{.name = "ANA",
                          .offset = 4,
                          .reset = 0x0de1,
                          .writable = 0xafff,
                          .title = "Auto-Negotiation Advertisement Register",
                          .section = "13.4.7.1.5"}};

struct Lpa : Register<Lpa> {
    using Register::Register;
    Field SELECTOR{this, {0, 5}, "Selector Field", "1: IEEE 802.3"};
    Field T10_HALF{this, 5, "10BASE-T", "partner advertises 10 Mb/s half duplex"};
    Field T10_FULL{this, 6, "10BASE-T Full", "partner advertises 10 Mb/s full duplex"};
    Field TX_HALF{this, 7, "100BASE-TX", "partner advertises 100 Mb/s half duplex"};
    Field TX_FULL{this, 8, "100BASE-TX Full", "partner advertises 100 Mb/s full duplex"};
    Field T4{this, 9, "100BASE-T4", "partner advertises 100BASE-T4"};
    Field PAUSE{this, 10, "LP PAUSE", "partner advertises symmetric PAUSE"};
    Field ASM_DIR{this, 11, "LP ASM_DIR", "partner advertises asymmetric PAUSE"};
    Field REMOTE_FAULT{this, 13, "Remote Fault", "partner reports a fault"};
    Field ACKNOWLEDGE{this, 14, "Acknowledge", "partner has received our word"};
    Field NEXT_PAGE{this, 15, "Next Page", "partner sends next pages"};
};
inline constexpr Lpa LPA{{.name = "LPA",
                          .offset = 5,
                          .access = Access::RO,
                          .writable = 0,
                          .title = "Link Partner Ability Register",
                          .section = "13.4.7.1.6"}};

struct Ane : Register<Ane> {
    using Register::Register;
    Field LP_AN_ABLE{this, 0, "LP AutoNeg Able", "partner is able to negotiate"};
    Field PAGE_RECEIVED{this, 1, "Page Received", "page received; latched until read"};
    Field NEXT_PAGE_ABLE{this, 2, "Next Page Able", "next pages supported locally"};
    Field LP_NEXT_PAGE_ABLE{this, 3, "LP Next Page Able", "next pages supported by the partner"};
    Field FAULT{this, 4, "Parallel Detection Fault", "both detections failed; latched until read"};
};
inline constexpr Ane ANE{{.name = "ANE",
                          .offset = 6,
                          .access = Access::RO,
                          .reset = 0x0004,
                          .writable = 0,
                          .title = "Auto-Negotiation Expansion Register",
                          .section = "13.4.7.1.7"}};

struct Gcon : Register<Gcon> {
    using Register::Register;
    Field HALF{this, 8, "1000BASE-T Half", "advertise 1000 Mb/s half duplex"};
    Field FULL{this, 9, "1000BASE-T Full", "advertise 1000 Mb/s full duplex"};
    Field PORT_TYPE{this, 10, "Port Type", "prefer to be master"};
    Field MASTER{this, 11, "M/S Value", "master, if configured manually"};
    Field MANUAL{this, 12, "M/S Enable", "configure master or slave manually"};
    Field TEST{this, {13, 3}, "Test Mode", "transmitter test mode"};
};
inline constexpr Gcon GCON{{.name = "GCON",
                            .offset = 9,
                            .reset = 0x0300,
                            .writable = 0xff00,
                            .title = "1000BASE-T Control Register",
                            .section = "13.4.7.1.10"}};

struct Gstatus : Register<Gstatus> {
    using Register::Register;
    Field IDLE_ERRORS{this, {0, 8}, "Idle Error Count", "idle errors since the last read"};
    Field LP_HALF{this, 10, "LP 1000BASE-T Half", "partner advertises 1000 Mb/s half duplex"};
    Field LP_FULL{this, 11, "LP 1000BASE-T Full", "partner advertises 1000 Mb/s full duplex"};
    Field REMOTE_OK{this, 12, "Remote Receiver Status", "partner's receiver is OK"};
    Field LOCAL_OK{this, 13, "Local Receiver Status", "local receiver is OK"};
    Field MASTER{this, 14, "M/S Resolution", "local PHY is master"};
    Field FAULT{this, 15, "M/S Fault", "master/slave resolution failed; latched until read"};
};
inline constexpr Gstatus GSTATUS{{.name = "GSTATUS",
                                  .offset = 10,
                                  .access = Access::RO,
                                  .writable = 0,
                                  .title = "1000BASE-T Status Register",
                                  .section = "13.4.7.1.11"}};

struct Estatus : Register<Estatus> {
    using Register::Register;
    Field T_HALF{this, 12, "1000BASE-T Half", "1000BASE-T half duplex"};
    Field T_FULL{this, 13, "1000BASE-T Full", "1000BASE-T full duplex"};
    Field X_HALF{this, 14, "1000BASE-X Half", "1000BASE-X half duplex"};
    Field X_FULL{this, 15, "1000BASE-X Full", "1000BASE-X full duplex"};
};
inline constexpr Estatus ESTATUS{{.name = "ESTATUS",
                                  .offset = 15,
                                  .access = Access::RO,
                                  .reset = 0x3000,
                                  .writable = 0,
                                  .title = "Extended Status Register",
                                  .section = "13.4.7.1.12"}};

inline constexpr Meaning CROSSOVER_VALUES[] = {{0, "MDI"}, {1, "MDIX"}, {3, "automatic"}};

struct Pscon : Register<Pscon> {
    using Register::Register;
    Field JABBER_OFF{this, 0, "Disable Jabber", "disable jabber detection"};
    Field POLARITY_OFF{this, 1, "Polarity Reversal", "disable polarity reversal"};
    Field SQE{this, 2, "SQE Test", "enable SQE test"};
    Field CROSSOVER{this, {5, 2}, "MDI Crossover Mode", "crossover", CROSSOVER_VALUES};
    Field DISTANCE{this, 7, "10BASE-T Extended Distance", "lower receive threshold"};
    Field ENERGY_DETECT{this, {8, 2}, "Energy Detect", "energy detection"};
    Field FORCE_LINK{this, 10, "Force Link Good", "force link good"};
    Field CRS_ON_TX{this, 11, "Assert CRS on Transmit", "assert carrier sense while transmitting"};
    Field RX_FIFO{this, {12, 2}, "Receive FIFO Depth", "depth of the receive FIFO"};
    Field TX_FIFO{this, {14, 2}, "Transmit FIFO Depth", "depth of the transmit FIFO"};
};
inline constexpr Pscon PSCON{{.name = "PSCON",
                              .offset = 16,
                              .reset = 0x0068,
                              .writable = 0xffff,
                              .title = "PHY Specific Control Register",
                              .section = "13.4.7.1.13"}};

inline constexpr Meaning PHY_SPEED_VALUES[] = {{0, "10 Mb/s"}, {1, "100 Mb/s"}, {2, "1000 Mb/s"}};
inline constexpr Meaning CABLE_VALUES[] = {
    {0, "under 50 m"}, {1, "50-80 m"}, {2, "80-110 m"}, {3, "110-140 m"}, {4, "over 140 m"}};

struct Psstat : Register<Psstat> {
    using Register::Register;
    Field JABBER{this, 0, "Jabber", "jabber"};
    Field POLARITY{this, 1, "Polarity", "polarity reversed"};
    Field DOWNSHIFT{this, 5, "Downshift", "slower than negotiated"};
    Field MDIX{this, 6, "MDI Crossover Status", "crossed over"};
    Field CABLE{this, {7, 3}, "Cable Length", "cable length, at 100 and 1000 Mb/s", CABLE_VALUES};
    Field LINK{this, 10, "Link", "link up (current state)"};
    Field RESOLVED{this, 11, "Speed and Duplex Resolved", "speed and duplex valid"};
    Field PAGE_RECEIVED{this, 12, "Page Received", "page received"};
    Field DUPLEX{this, 13, "Duplex", "full duplex"};
    Field SPEED{this, {14, 2}, "Speed", "speed", PHY_SPEED_VALUES};
};
inline constexpr Psstat PSSTAT{{.name = "PSSTAT",
                                .offset = 17,
                                .access = Access::RO,
                                .writable = 0,
                                .title = "PHY Specific Status Register",
                                .section = "13.4.7.1.14"}};

struct Epscon1 : Register<Epscon1> {
    using Register::Register;
    Field TX_CLOCK{this, {4, 3}, "MAC Interface Speed", "transmit clock while the link is down"};
    Field DOWNSHIFT{this, {8, 4}, "Downshift", "attempts as master and as slave before downshifting"};
};
inline constexpr Epscon1 EPSCON1{{.name = "EPSCON1",
                                  .offset = 20,
                                  .reset = 0x0d60,
                                  .writable = 0x0f70,
                                  .title = "Extended PHY Specific Control Register 1",
                                  .section = "13.4.7.1.17"}};
inline constexpr Number PREC{{.name = "PREC",
                              .offset = 21,
                              .access = Access::RC,
                              .writable = 0,
                              .title = "PHY Receive Error Counter",
                              .section = "13.4.7.1.18"}};

inline constexpr Number PAGE{{.name = "Page",
                              .offset = 22,
                              .writable = 0xffff,
                              .title = "Page of Registers 16 to 28 (82574L)",
                              .section = "82574L 10.2.2"}};
inline constexpr Number PAGE_SELECT{{.name = "Page Select",
                                     .offset = 29,
                                     .writable = 0xffff,
                                     .title = "Register Accessed Through Register 30",
                                     .section = "13.4.7.1"}};
inline constexpr Number GENERAL_CONTROL{{.name = "General Control",
                                         .offset = 30,
                                         .writable = 0xffff,
                                         .title = "Register Selected by Register 29: Factory Settings",
                                         .section = "13.4.7.1"}};

/// The PHY's registers, in order.
inline constexpr std::array<const RegisterInfo*, 17> PHY_REGISTERS{
    &PCTRL,   &PSTATUS, &PHY_ID1, &PHY_ID2, &ANA,  &LPA,  &ANE,         &GCON,           &GSTATUS,
    &ESTATUS, &PSCON,   &PSSTAT,  &EPSCON1, &PREC, &PAGE, &PAGE_SELECT, &GENERAL_CONTROL};

// --- EEPROM words (5.6) --------------------------------------------------------------------------------------------

inline constexpr std::uint16_t EEPROM_SUM = 0xbaba;  ///< sum of words 0 to 3Fh

inline constexpr Number EEPROM_MAC{{.name = "Ethernet Address",
                                    .offset = 0x00,
                                    .count = 3,
                                    .stride = 1,
                                    .title = "MAC address, two bytes per word, the first in the low byte",
                                    .section = "5.6.1"}};

inline constexpr Number EEPROM_COMPATIBILITY{
    {.name = "Compatibility", .offset = 0x03, .title = "Kind of adapter", .section = "5.6"}};

struct EepromControl1 : Register<EepromControl1> {
    using Register::Register;
    Field LOAD_VENDOR{this, 0, "Load Vendor/Device IDs", "load PCI vendor and device ID from the EEPROM"};
    Field LOAD_SUBSYSTEM{this, 1, "Load Subsystem IDs", "load PCI subsystem IDs from the EEPROM"};
    Field SIGNATURE{this, {14, 2}, "Signature", "1: EEPROM contents are valid"};
};
inline constexpr EepromControl1 EEPROM_CONTROL1{{.name = "Initialization Control Word 1",
                                                 .offset = 0x0a,
                                                 .title = "Initialization Control Word 1",
                                                 .section = "5.6"}};
inline constexpr Number EEPROM_SUBSYSTEM{
    {.name = "Subsystem ID", .offset = 0x0b, .title = "PCI subsystem ID", .section = "5.6"}};
inline constexpr Number EEPROM_SUBVENDOR{
    {.name = "Subsystem Vendor ID", .offset = 0x0c, .title = "PCI subsystem vendor ID", .section = "5.6"}};
inline constexpr Number EEPROM_DEVICE{
    {.name = "Device ID", .offset = 0x0d, .title = "PCI device ID", .section = "5.6"}};
inline constexpr Number EEPROM_VENDOR{
    {.name = "Vendor ID", .offset = 0x0e, .title = "PCI vendor ID", .section = "5.6"}};
inline constexpr Meaning PAUSE_VALUES[] = {{0, "none"}, {1, "obey received PAUSE"}, {2, "send PAUSE"}, {3, "both"}};

struct EepromControl2 : Register<EepromControl2> {
    using Register::Register;
    Field PAUSE{this, {12, 2}, "PAUSE Capability", "flow control to advertise", PAUSE_VALUES};
};
inline constexpr EepromControl2 EEPROM_CONTROL2{{.name = "Initialization Control Word 2",
                                                 .offset = 0x0f,
                                                 .title = "Initialization Control Word 2",
                                                 .section = "5.6"}};

struct EepromControl3 : Register<EepromControl3> {
    using Register::Register;
    Field APM_ENABLE{this, 10, "APM Enable", "wake on magic packet: WUC.APME after a reset"};
};
inline constexpr EepromControl3 EEPROM_CONTROL3{{.name = "Initialization Control 3",
                                                 .offset = 0x24,
                                                 .title = "Initialization Control 3 (LAN A; LAN B's is word 14h)",
                                                 .section = "5.6"}};
inline constexpr Number EEPROM_CHECKSUM{
    {.name = "Checksum", .offset = 0x3f, .title = "Checksum: words 0 to 3Fh add up to BABAh", .section = "5.6.35"}};

/// The EEPROM's words that have a meaning here, in order.
inline constexpr std::array<const RegisterInfo*, 10> EEPROM_WORDS{
    &EEPROM_MAC,    &EEPROM_COMPATIBILITY, &EEPROM_CONTROL1, &EEPROM_SUBSYSTEM, &EEPROM_SUBVENDOR,
    &EEPROM_DEVICE, &EEPROM_VENDOR,        &EEPROM_CONTROL2, &EEPROM_CONTROL3,  &EEPROM_CHECKSUM};

}  // namespace ixy::datasheet::e1000
