// Interrupt registers of the 8254x: each cause is one bit, the same in all of them. Manual 13.4.17 to 13.4.21.
#pragma once

#include <ixy/datasheet/register.hpp>

namespace ixy::datasheet::e1000 {

/// The causes, shared by ICR, ICS, IMS and IMC: a value read from one may be written to another.
struct InterruptCauses : Register<InterruptCauses> {
    using Register::Register;
    Field TXDW{this, 0, "TXDW", "transmit descriptor written back"};
    Field TXQE{this, 1, "TXQE", "transmit queue empty"};
    Field LSC{this, 2, "LSC", "link status change"};
    Field RXSEQ{this, 3, "RXSEQ", "receive sequence error (never on the 82540EP/EM)"};
    Field RXDMT0{this, 4, "RXDMT0", "receive descriptors below the minimum threshold"};
    Field RESERVED_5{this, 5, "reserved (5)", "can be set and masked like the others"};
    Field RXO{this, 6, "RXO", "receiver overrun: no descriptors or no PCI bandwidth"};
    Field RXT0{this, 7, "RXT0", "receiver timer"};
    Field RESERVED_8{this, 8, "reserved (8)", "can be set and masked like the others"};
    Field MDAC{this, 9, "MDAC", "MDI/O access complete"};
    Field RXCFG{this, 10, "RXCFG", "receiving configuration ordered sets"};
    Field PHYINT{this, 12, "PHYINT", "PHY interrupt"};
    Field GPI_SDP6{this, 13, "GPI_SDP6", "general purpose interrupt on SDP6"};
    Field GPI_SDP7{this, 14, "GPI_SDP7", "general purpose interrupt on SDP7"};
    Field TXD_LOW{this, 15, "TXD_LOW", "transmit descriptors below the low threshold"};
    Field SRPD{this, 16, "SRPD", "small packet received"};
    Field ACK{this, 17, "ACK", "ACK frame received (82574L)"};
    Field MNG{this, 18, "MNG", "management event (82574L)"};
    Field RXQ0{this, 20, "RxQ0", "receive queue 0, in MSI-X mode (82574L)"};
    Field RXQ1{this, 21, "RxQ1", "receive queue 1, in MSI-X mode (82574L)"};
    Field TXQ0{this, 22, "TxQ0", "transmit queue 0, in MSI-X mode (82574L)"};
    Field TXQ1{this, 23, "TxQ1", "transmit queue 1, in MSI-X mode (82574L)"};
    Field OTHER{this, 24, "Other", "any other cause, in MSI-X mode (82574L)"};
    Field INT_ASSERTED{this, 31, "INT_ASSERTED", "interrupt sent (82574L)", Access::RO};
};
inline constexpr InterruptCauses ICR{{.name = "ICR",
                                      .offset = 0x00c0,
                                      .access = Access::RC1,
                                      .writable = 0x0001'f7ff,
                                      .absent = 0x8000'0000,
                                      .title = "Interrupt Cause Read Register",
                                      .section = "13.4.17"}};

struct Itr : Register<Itr> {
    using Register::Register;
    Field INTERVAL{this, {0, 16}, "INTERVAL", "minimum time between interrupts, in units of 256 ns"};
};
inline constexpr Itr ITR{{.name = "ITR",
                          .offset = 0x00c4,
                          .writable = 0xffff,
                          .title = "Interrupt Throttling Register",
                          .section = "13.4.18"}};

inline constexpr InterruptCauses ICS{{.name = "ICS",
                                      .offset = 0x00c8,
                                      .access = Access::WO,
                                      .writable = 0x0001'f7ff,
                                      .absent = 0x8000'0000,
                                      .title = "Interrupt Cause Set Register",
                                      .section = "13.4.19"}};
inline constexpr InterruptCauses IMS{{.name = "IMS",
                                      .offset = 0x00d0,
                                      .access = Access::W1S,
                                      .writable = 0x0001'f7ff,
                                      .absent = 0x8000'0000,
                                      .title = "Interrupt Mask Set/Read Register",
                                      .section = "13.4.20"}};
inline constexpr InterruptCauses IMC{{.name = "IMC",
                                      .offset = 0x00d8,
                                      .access = Access::WO,
                                      .writable = 0x0001'f7ff,
                                      .absent = 0x8000'0000,
                                      .title = "Interrupt Mask Clear Register",
                                      .section = "13.4.21"}};

}  // namespace ixy::datasheet::e1000
