// Registers that the 82574L has but the 8254x lack: MSI-X, two queues, RSS, semaphores. Sections are those of the 82574
// datasheet, chapter 10.2.
#pragma once

#include <ixy/datasheet/e1000/receive.hpp>
#include <ixy/datasheet/e1000/transmit.hpp>
#include <ixy/datasheet/register.hpp>

namespace ixy::datasheet::e1000 {

inline constexpr Meaning NVM_KIND_VALUES[] = {{0, "EEPROM"}, {1, "flash"}};

/// The 82574L's EECD, which encodes the memory's size and type differently.
struct Eecd82574 : Register<Eecd82574> {
    using Register::Register;
    Field SK{this, 0, "EE_SK", "EEPROM clock"};
    Field CS{this, 1, "EE_CS", "EEPROM chip select"};
    Field DI{this, 2, "EE_DI", "data to the EEPROM"};
    Field DO{this, 3, "EE_DO", "data from the EEPROM", Access::RO};
    Field FWE{this, {4, 2}, "FWE", "flash write enable"};
    Field EE_REQ{this, 6, "EE_REQ", "software requests direct EEPROM access"};
    Field EE_GNT{this, 7, "EE_GNT", "direct EEPROM access granted", Access::RO};
    Field EE_PRES{this, 8, "EE_PRES", "NVM present and valid", Access::RO};
    Field AUTO_RD{this, 9, "Auto_RD", "hardware has read its configuration", Access::RO};
    Field EE_ADDR_SIZE{this, 10, "EE_ADDR_SIZE", "two address bytes, not one", Access::RO};
    Field EE_SIZE{this, {11, 4}, "EE_SIZE", "NVM size: 2 to the power of this, times 64 words", Access::RO};
    Field NVADDS{this, {15, 2}, "NVADDS", "NVM address size", Access::RO};
    Field AUDE{this, 20, "AUDE", "flash is updated automatically"};
    Field SEC1VAL{this, 22, "SEC1VAL", "flash sector 1 is the valid one", Access::RO};
    Field NVMTYPE{this, 23, "NVMTYPE", "NVM type", Access::RO, NVM_KIND_VALUES};
};
inline constexpr Eecd82574 EECD_82574{{.name = "EECD",
                                       .offset = 0x0010,
                                       .reset = 0x0000'0310,
                                       .writable = 0x0010'0077,
                                       .title = "EEPROM/Flash Control Register",
                                       .section = "82574L 10.2.2.3"}};

struct Eewr : Register<Eewr> {
    using Register::Register;
    Field START{this, 0, "START", "start writing a word; self-clearing", Access::SC};
    Field DONE{this, 1, "DONE", "write complete", Access::RO};
    Field ADDR{this, {2, 14}, "ADDR", "word address"};
    Field DATA{this, {16, 16}, "DATA", "word to write"};
};
inline constexpr Eewr EEWR{{.name = "EEWR",
                            .offset = 0x102c,
                            .reset = 0x0000'0002,
                            .writable = 0xffff'fffd,
                            .title = "EEPROM Write Register",
                            .section = "82574L 10.2.2"}};

struct ExtcnfCtrl : Register<ExtcnfCtrl> {
    using Register::Register;
    Field RESERVED_3{this, 3, "reserved (3)", "set after a reset; keep it"};
    Field MDIO_SW{this, 5, "MDIO_SW_OWNERSHIP", "software requests and owns the PHY and NVM"};
    Field MDIO_HW{this, 6, "MDIO_HW_OWNERSHIP", "hardware owns the PHY and NVM", Access::RO};
};
inline constexpr ExtcnfCtrl EXTCNF_CTRL{{.name = "EXTCNF_CTRL",
                                         .offset = 0x0f00,
                                         .reset = 0x0000'0008,
                                         .writable = 0x0000'0028,
                                         .title = "Extended Configuration Control",
                                         .section = "82574L 10.2.2.13"}};

struct Poemb : Register<Poemb> {
    using Register::Register;
    Field SPD{this, 0, "SPD", "smart power down"};
    Field D0_LPLU{this, 1, "LPLUD0A", "low power link up in D0"};
    Field LPLU{this, 2, "LPLU", "low power link up outside D0"};
    Field NO_GIGABIT{this, 3, "AN1000DIS", "no 1000 Mb/s outside D0"};
    Field NO_GIGABIT_D0{this, 6, "AN1000DISD0", "no 1000 Mb/s at all"};
    Field REVERSED{this, 8, "Reverse AN", "lowest speed first"};
    Field CLASS_AB{this, 9, "class A/B", "driver class"};
};
inline constexpr Poemb POEMB{{.name = "POEMB",
                              .offset = 0x0f10,
                              .reset = 0x0000'030d,
                              .writable = 0x0000'034f,
                              .title = "PHY OEM Bits Register",
                              .section = "82574L 10.2.2"}};

inline constexpr Number EIAC{{.name = "EIAC",
                              .offset = 0x00dc,
                              .writable = 0x01f0'0000,
                              .title = "Extended Interrupt Auto Clear",
                              .section = "82574L 10.2.4.6"}};
inline constexpr Number IAM{
    {.name = "IAM", .offset = 0x00e0, .title = "Interrupt Acknowledge Auto-Mask", .section = "82574L 10.2.4.7"}};

struct Ivar : Register<Ivar> {
    using Register::Register;
    Field RXQ0{this, {0, 3}, "INT_Alloc[0]", "MSI-X vector of receive queue 0"};
    Field RXQ0_VALID{this, 3, "INT_Alloc_val[0]", "vector of receive queue 0 is valid"};
    Field RXQ1{this, {4, 3}, "INT_Alloc[1]", "MSI-X vector of receive queue 1"};
    Field RXQ1_VALID{this, 7, "INT_Alloc_val[1]", "vector of receive queue 1 is valid"};
    Field TXQ0{this, {8, 3}, "INT_Alloc[2]", "MSI-X vector of transmit queue 0"};
    Field TXQ0_VALID{this, 11, "INT_Alloc_val[2]", "vector of transmit queue 0 is valid"};
    Field TXQ1{this, {12, 3}, "INT_Alloc[3]", "MSI-X vector of transmit queue 1"};
    Field TXQ1_VALID{this, 15, "INT_Alloc_val[3]", "vector of transmit queue 1 is valid"};
    Field OTHER{this, {16, 3}, "INT_Alloc[4]", "MSI-X vector of the other causes"};
    Field OTHER_VALID{this, 19, "INT_Alloc_val[4]", "vector of the other causes is valid"};
    Field EVERY_WRITE_BACK{this, 31, "Interrupt on every WB", "transmit interrupt even without RS"};
};
inline constexpr Ivar IVAR{{.name = "IVAR",
                            .offset = 0x00e4,
                            .writable = 0x800f'ffff,
                            .title = "Interrupt Vector Allocation Registers",
                            .section = "82574L 10.2.4.8"}};

struct Eitr : Register<Eitr> {
    using Register::Register;
    Field INTERVAL{this, {0, 16}, "INTERVAL", "minimum time between this vector's interrupts, in units of 256 ns"};
};
inline constexpr Eitr EITR{{.name = "EITR",
                            .offset = 0x00e8,
                            .writable = 0xffff,
                            .count = 5,
                            .title = "Extended Interrupt Throttle",
                            .section = "82574L 10.2.4.9"}};

struct Rfctl : Register<Rfctl> {
    using Register::Register;
    Field ISCSI_DIS{this, 0, "ISCSI_DIS", "disable iSCSI filter"};
    Field ISCSI_DWC{this, {1, 5}, "ISCSI_DWC", "size of an iSCSI header, in dwords"};
    Field NFSW_DIS{this, 6, "NFSW_DIS", "disable NFS write filter"};
    Field NFSR_DIS{this, 7, "NFSR_DIS", "disable NFS read filter"};
    Field NFS_VER{this, {8, 2}, "NFS_VER", "NFS version to recognise"};
    Field IPV6_DIS{this, 10, "IPv6_DIS", "disable IPv6 filter"};
    Field IPV6_XSUM_DIS{this, 11, "IP6Xsum_DIS", "disable IPv6 checksum"};
    Field ACK_DIS{this, 12, "ACKDIS", "disable ACK acceleration"};
    Field ACKD_DIS{this, 13, "ACKD_DIS", "disable interrupt on ACK"};
    Field IPFRSP_DIS{this, 14, "IPFRSP_DIS", "disable splitting of fragments"};
    Field EXSTEN{this, 15, "EXSTEN", "extended receive descriptors"};
    Field IPV6_EX_DIS{this, 16, "IPv6_ExDIS", "disable IPv6 extension headers"};
    Field NEW_IPV6_EXT_DIS{this, 17, "NEW_IPV6_EXT_DIS", "disable new IPv6 extension headers"};
};
inline constexpr Rfctl RFCTL{{.name = "RFCTL",
                              .offset = 0x5008,
                              .writable = 0x0003'ffff,
                              .title = "Receive Filter Control",
                              .section = "82574L 10.2.5.16"}};

inline constexpr Meaning MRQE_VALUES[] = {{0, "one queue"}, {1, "two queues, chosen by RSS"}};

struct Psrctl : Register<Psrctl> {
    using Register::Register;
    Field BSIZE0{this, {0, 7}, "BSIZE0", "size of buffer 0, in units of 128 bytes"};
    Field BSIZE1{this, {8, 6}, "BSIZE1", "size of buffer 1, in units of 1024 bytes"};
    Field BSIZE2{this, {16, 6}, "BSIZE2", "size of buffer 2, in units of 1024 bytes"};
    Field BSIZE3{this, {24, 6}, "BSIZE3", "size of buffer 3, in units of 1024 bytes"};
};
inline constexpr Psrctl PSRCTL{{.name = "PSRCTL",
                                .offset = 0x2170,
                                .reset = 0x0004'0402,
                                .writable = 0x3f3f'3f7f,
                                .title = "Packet Split Receive Control Register",
                                .section = "82574L 10.2.5"}};

struct Mrqc : Register<Mrqc> {
    using Register::Register;
    Field MRQE{this, {0, 2}, "Multiple Receive Queues Enable", "queue selection", MRQE_VALUES};
    Field TCP_IPV4{this, 16, "TcpIPv4", "hash TCP over IPv4"};
    Field IPV4{this, 17, "IPv4", "hash IPv4"};
    Field TCP_IPV6{this, 18, "TcpIPv6", "hash TCP over IPv6"};
    Field IPV6_EX{this, 19, "IPv6Ex", "hash IPv6 with extensions"};
    Field IPV6{this, 20, "IPv6", "hash IPv6"};
    Field TCP_IPV6_EX{this, 21, "TcpIPv6Ex", "hash TCP over IPv6 with extensions"};
};
inline constexpr Mrqc MRQC{{.name = "MRQC",
                            .offset = 0x5818,
                            .writable = 0x003f'0003,
                            .title = "Multiple Receive Queues Command Register",
                            .section = "82574L 10.2.5.17"}};
/// 128 entries of a byte, four per register: bit 7 of each is the queue.
inline constexpr std::size_t RETA_ENTRIES = 128;
inline constexpr unsigned RETA_QUEUE = 7;
inline constexpr Number RETA{
    {.name = "RETA", .offset = 0x5c00, .count = 32, .title = "Redirection Table", .section = "82574L 10.2.5.18"}};
inline constexpr Number RSSRK{{.name = "RSSRK",
                               .offset = 0x5c80,
                               .count = 10,
                               .title = "RSS Random Key Register",
                               .section = "82574L 10.2.5.19"}};

// The second queue; the first is RDBAL to RXDCTL and TDBAL to TXDCTL.
inline constexpr Number RDBAL1{{.name = "RDBAL1",
                                .offset = 0x2900,
                                .writable = 0xffff'fff0,
                                .title = "Receive Descriptor Base Address Low, queue 1",
                                .section = "82574L 10.2.5.5"}};
inline constexpr Number RDBAH1{{.name = "RDBAH1",
                                .offset = 0x2904,
                                .title = "Receive Descriptor Base Address High, queue 1",
                                .section = "82574L 10.2.5.6"}};
inline constexpr Number RDLEN1{{.name = "RDLEN1",
                                .offset = 0x2908,
                                .writable = 0x000f'ff80,
                                .title = "Receive Descriptor Length, queue 1",
                                .section = "82574L 10.2.5.7"}};
inline constexpr Number RDH1{{.name = "RDH1",
                              .offset = 0x2910,
                              .writable = 0xffff,
                              .title = "Receive Descriptor Head, queue 1",
                              .section = "82574L 10.2.5.8"}};
inline constexpr Number RDT1{{.name = "RDT1",
                              .offset = 0x2918,
                              .writable = 0xffff,
                              .title = "Receive Descriptor Tail, queue 1",
                              .section = "82574L 10.2.5.9"}};
inline constexpr Rxdctl RXDCTL1{{.name = "RXDCTL1",
                                 .offset = 0x2928,
                                 .reset = 0x0001'0000,
                                 .writable = 0x013f'3f3f,
                                 .title = "Receive Descriptor Control, queue 1",
                                 .section = "82574L 10.2.5"}};
inline constexpr Number TDBAL1{{.name = "TDBAL1",
                                .offset = 0x3900,
                                .writable = 0xffff'fff0,
                                .title = "Transmit Descriptor Base Address Low, queue 1",
                                .section = "82574L 10.2.6.5"}};
inline constexpr Number TDBAH1{{.name = "TDBAH1",
                                .offset = 0x3904,
                                .title = "Transmit Descriptor Base Address High, queue 1",
                                .section = "82574L 10.2.6.6"}};
inline constexpr Number TDLEN1{{.name = "TDLEN1",
                                .offset = 0x3908,
                                .writable = 0x000f'ff80,
                                .title = "Transmit Descriptor Length, queue 1",
                                .section = "82574L 10.2.6.7"}};
inline constexpr Number TDH1{{.name = "TDH1",
                              .offset = 0x3910,
                              .writable = 0xffff,
                              .title = "Transmit Descriptor Head, queue 1",
                              .section = "82574L 10.2.6.8"}};
inline constexpr Number TDT1{{.name = "TDT1",
                              .offset = 0x3918,
                              .writable = 0xffff,
                              .title = "Transmit Descriptor Tail, queue 1",
                              .section = "82574L 10.2.6.9"}};

inline constexpr Txdctl TXDCTL1{{.name = "TXDCTL1",
                                 .offset = 0x3928,
                                 .writable = 0xff7f'3f3f,
                                 .title = "Transmit Descriptor Control, queue 1",
                                 .section = "82574L 10.2.6"}};

struct Tarc : Register<Tarc> {
    using Register::Register;
    Field COUNT{this, {0, 7}, "COUNT", "packets sent from this queue before the other's turn"};
    Field ENABLE{this, 10, "ENABLE", "queue enabled"};
    Field RESERVED_26{this, 26, "reserved (26)", "must be written as 1"};
    Field RESERVED_27{this, {27, 4}, "reserved (30:27)", "must be written as 0"};
};
inline constexpr Tarc TARC{{.name = "TARC",
                            .offset = 0x3840,
                            .reset = 0x0000'0403,
                            .writable = 0x7c00'047f,
                            .count = 2,
                            .stride = 0x100,
                            .title = "Transmit Arbitration Count",
                            .section = "82574L 10.2.6.13"}};

struct Swsm : Register<Swsm> {
    using Register::Register;
    Field SMBI{this, 0, "SMBI", "software semaphore: reading 0 acquires it", Access::RS};
    Field SWESMBI{this, 1, "SWESMBI", "semaphore between software and firmware"};
    Field DRV_LOAD{this, 3, "DRV_LOAD", "driver loaded"};
};
inline constexpr Swsm SWSM{{.name = "SWSM",
                            .offset = 0x5b50,
                            .writable = 0x0000'000b,
                            .title = "Software Semaphore",
                            .section = "82574L 10.2.8.16"}};
inline constexpr Number FWSM{{.name = "FWSM",
                              .offset = 0x5b54,
                              .access = Access::RO,
                              .writable = 0,
                              .title = "Firmware Semaphore",
                              .section = "82574L 10.2.8.17"}};
inline constexpr Number PBS{{.name = "PBS",
                             .offset = 0x1008,
                             .reset = 0x0000'0028,
                             .writable = 0x0000'ffff,
                             .title = "Packet Buffer Size, KB",
                             .section = "82574L 10.2.2"}};
struct Factps : Register<Factps> {
    using Register::Register;
    Field LAN0_POWER{this, {0, 2}, "Func0 Power State", "power state: 0 is D0 uninitialized, 1 D0 active, 2 D3"};
    Field LAN0_VALID{this, 2, "LAN0 Valid", "port enabled"};
    Field MNG_CLOCK_GATED{this, 29, "MNGCG", "management clock off"};
    Field CHANGED{this, 31, "PM State Changed", "power state changed"};
};
inline constexpr Factps FACTPS{{.name = "FACTPS",
                                .offset = 0x5b30,
                                .access = Access::RO,
                                .reset = 0x2000'0004,
                                .writable = 0,
                                .title = "Function Active and Power State to Manageability",
                                .section = "82574L 10.2.8"}};
struct Gcr : Register<Gcr> {
    using Register::Register;
    Field NO_SNOOP{this, {0, 6}, "No Snoop", "kinds of transfers that need not be snooped"};
    Field RESERVED_6{this, {6, 16}, "reserved (21:6)", "to be kept as found"};
    Field RESERVED_22{this, 22, "reserved (22)", "must be written as 1: completions get lost otherwise"};
    Field RESERVED_23{this, {23, 4}, "reserved (26:23)", "to be kept as found"};
    Field L1_WITHOUT_L0S{this, 27, "L1 Act Without L0s Rx", "enter L1 even if the receiver is not in L0s"};
    Field RESERVED_28{this, {28, 4}, "reserved (31:28)", "to be kept as found"};
};
inline constexpr Gcr GCR{
    {.name = "GCR", .offset = 0x5b00, .title = "3GIO Control Register", .section = "82574L 10.2.8.1"}};

struct Gcr2 : Register<Gcr2> {
    using Register::Register;
    Field RESERVED_0{this, 0, "reserved (0)", "must be written as 1: the transmitter may hang otherwise"};
    Field RESERVED_1{this, {1, 31}, "reserved (31:1)", "to be kept as found"};
};
inline constexpr Gcr2 GCR2{
    {.name = "GCR2", .offset = 0x5b64, .title = "3GIO Control Register 2", .section = "82574L 10.2.8"}};

}  // namespace ixy::datasheet::e1000
