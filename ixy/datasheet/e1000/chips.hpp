// The chips that the e1000 driver supports, and the 82574L, which shares most of their registers. The 82541 and 82547
// are left out: their IGP PHY needs a different start-up.
#pragma once

#include <ixy/datasheet/e1000/chip.hpp>
#include <ixy/datasheet/e1000/family.hpp>
#include <ixy/datasheet/e1000/pcie.hpp>
#include <ixy/datasheet/e1000/registers.hpp>
#include <ixy/datasheet/e1000/time_sync.hpp>

namespace ixy::datasheet::e1000 {

/// The 82540EM's registers, by offset; the 82545 and 82546 have the same.
inline constexpr std::array REGISTERS = std::to_array<const RegisterInfo*>({
    // general and interrupts
    &CTRL,
    &STATUS,
    &EECD,
    &EERD,
    &CTRL_EXT,
    &MDIC,
    &FCAL,
    &FCAH,
    &FCT,
    &VET,
    &ICR,
    &ITR,
    &ICS,
    &IMS,
    &IMC,
    &RCTL,
    &FCTTV,
    &TXCW,
    &RXCW,
    &TCTL,
    &TIPG,
    &AIFS,
    &LEDCTL,
    &PBA,
    // receive and transmit
    &FCRTL,
    &FCRTH,
    &RDFH,
    &RDFT,
    &RDFHS,
    &RDFTS,
    &RDFPC,
    &RDBAL,
    &RDBAH,
    &RDLEN,
    &RDH,
    &RDT,
    &RDTR,
    &RXDCTL,
    &RADV,
    &RSRPD,
    &TDFH,
    &TDFT,
    &TDFHS,
    &TDFTS,
    &TDFPC,
    &TDBAL,
    &TDBAH,
    &TDLEN,
    &TDH,
    &TDT,
    &TIDV,
    &TXDCTL,
    &TADV,
    &TSPMT,
    // statistics
    &CRCERRS,
    &ALGNERRC,
    &SYMERRS,
    &RXERRC,
    &MPC,
    &SCC,
    &ECOL,
    &MCC,
    &LATECOL,
    &COLC,
    &DC,
    &TNCRS,
    &SEC,
    &CEXTERR,
    &RLEC,
    &XONRXC,
    &XONTXC,
    &XOFFRXC,
    &XOFFTXC,
    &FCRUC,
    &PRC64,
    &PRC127,
    &PRC255,
    &PRC511,
    &PRC1023,
    &PRC1522,
    &GPRC,
    &BPRC,
    &MPRC,
    &GPTC,
    &GORCL,
    &GORCH,
    &GOTCL,
    &GOTCH,
    &RNBC,
    &RUC,
    &RFC,
    &ROC,
    &RJC,
    &MGTPRC,
    &MGTPDC,
    &MGTPTC,
    &TORL,
    &TORH,
    &TOTL,
    &TOTH,
    &TPR,
    &TPT,
    &PTC64,
    &PTC127,
    &PTC255,
    &PTC511,
    &PTC1023,
    &PTC1522,
    &MPTC,
    &BPTC,
    &TSCTC,
    &TSCTFC,
    // filters, wake-up, packet buffer
    &RXCSUM,
    &MTA,
    &RAL,
    &RAH,
    &VFTA,
    &WUC,
    &WUFC,
    &WUS,
    &MANC,
    &IPAV,
    &IP4AT,
    &IP6AT,
    &WUPL,
    &WUPM,
    &FFLT,
    &FFMT,
    &FFVT,
    &PBM,
});

/// CTRL's duplicate (CTRL_DUP), and the 82542's offsets for these registers: its successors respond there too.
inline constexpr Alias ALIASES[] = {
    {0x0004, &CTRL},  {0x0040, &RAL},   {0x0044, &RAH},   {0x0108, &RDTR},  {0x0110, &RDBAL}, {0x0114, &RDBAH},
    {0x0118, &RDLEN}, {0x0120, &RDH},   {0x0128, &RDT},   {0x0160, &FCRTH}, {0x0168, &FCRTL}, {0x0200, &MTA},
    {0x0420, &TDBAL}, {0x0424, &TDBAH}, {0x0428, &TDLEN}, {0x0430, &TDH},   {0x0438, &TDT},   {0x0440, &TIDV},
    {0x0600, &VFTA},  {0x8000, &RDFH},  {0x8008, &RDFT},  {0x8010, &TDFH},  {0x8018, &TDFT},
};

// --- 82543, 82544: before interrupt throttling, EERD, LEDs and management ------------------------------------------

inline constexpr std::array SINCE_82540 =
    std::to_array<const RegisterInfo*>({&EERD, &ITR, &LEDCTL, &RADV, &TADV, &MGTPRC, &MGTPDC, &MGTPTC, &MANC});
inline constexpr std::array NOT_IN_82543 = std::to_array<const RegisterInfo*>(
    {&MDIC, &WUC, &WUFC, &WUS, &IPAV, &IP4AT, &IP6AT, &WUPL, &WUPM, &FFLT, &FFMT, &FFVT});

inline constexpr std::array ONLY_82544 = std::to_array<const RegisterInfo*>({&TXDMAC});
inline constexpr auto BEFORE_82540 = without(REGISTERS, SINCE_82540);
inline constexpr auto REGISTERS_82544 = with(BEFORE_82540, ONLY_82544);
inline constexpr auto REGISTERS_82543 = without(BEFORE_82540, NOT_IN_82543);

inline constexpr Variation VARIATIONS_82543[] = {
    {&CTRL, 0x0000'0a09, 0xdffc'1be9},  // four more pins: CTRL_82543
    {&EECD, 0, 0x0000'0037, (EECD.EE_GNT | EECD.EE_PRES | EECD.EE_SIZE).bits},
    {&TXDCTL, 0, 0x013f'3f3f},
};
inline constexpr Variation VARIATIONS_82544[] = {
    {&TCTL, 0, 0x037f'fffa},   // NRTU exists here
    {&FCRTL, 0, 0x8000'fff8},  // XONE exists here, and in the 82541 and 82547
    {&EECD, 0, 0x0000'0037, (EECD.EE_GNT | EECD.EE_PRES | EECD.EE_SIZE).bits},  // nor EE_REQ
    {&TXDCTL, 0, 0x013f'3f3f},                                                  // no LWTHRESH
    {&TDESC_CMD, 0, ~0U},
    {&TDESC_STATUS, 0, ~0U},
    {&DATA_CMD, 0, ~0U},
    {&DATA_STATUS, 0, ~0U},
};

inline constexpr PciId IDS_82543[] = {{0x1001, Medium::fiber}, {0x1004}};
inline constexpr Chip CHIP_82543GC{{"82543GC", IDS_82543, REGISTERS_82543, VARIATIONS_82543, ALIASES, &FAMILY},
                                   {.eeprom_read = EepromRead::bits,
                                    .eeprom_words_large = 64,
                                    .eeprom_arbitrated = false,
                                    .reset_write = ResetWrite::memory,
                                    .phy_id = 0x0141'0c50,
                                    .mdic = false}};

// No driver here heeds hangs_on_pcix_buffer_end: it is for a driver that runs on PCI-X.
inline constexpr Features FEATURES_82544{.eeprom_read = EepromRead::bits,
                                         .eeprom_words_large = 64,
                                         .eeprom_arbitrated = false,
                                         .phy_id = 0x0141'0c30,
                                         .hangs_on_pcix_buffer_end = true};
inline constexpr PciId IDS_82544EI[] = {{0x1008}, {0x1009, Medium::fiber}};
inline constexpr PciId IDS_82544GC[] = {{0x100c}, {0x100d, Medium::copper, "LOM"}};
inline constexpr Chip CHIP_82544EI{{"82544EI", IDS_82544EI, REGISTERS_82544, VARIATIONS_82544, ALIASES, &FAMILY},
                                   FEATURES_82544};
inline constexpr Chip CHIP_82544GC{{"82544GC", IDS_82544GC, REGISTERS_82544, VARIATIONS_82544, ALIASES, &FAMILY},
                                   FEATURES_82544};

// --- 82540, 82545, 82546 -------------------------------------------------------------------------------------------

inline constexpr Features FEATURES_82540{.phy_id = 0x0141'0c20};
inline constexpr Features FEATURES_82545GM{.reset_write = ResetWrite::duplicate, .phy_id = 0x0141'0c20};
inline constexpr Variation VARIATIONS_GM_GB[] = {{&WUC, 0, 0x8000'000f}};  // SPM exists here
inline constexpr Features FEATURES_82546EB{.phy_id = 0x0141'0c20, .ports = 2};
inline constexpr Features FEATURES_82546GB{.reset_write = ResetWrite::duplicate, .phy_id = 0x0141'0c20, .ports = 2};

inline constexpr PciId IDS_82540EM[] = {{0x100e}, {0x1015, Medium::copper, "LOM"}};
inline constexpr PciId IDS_82540EP[] = {
    {0x1017}, {0x1016, Medium::copper, "LOM"}, {0x101e, Medium::copper, "low profile"}};
inline constexpr PciId IDS_82545EM[] = {{0x100f}, {0x1011, Medium::fiber}};
inline constexpr PciId IDS_82545GM[] = {{0x1026}, {0x1027, Medium::fiber}, {0x1028, Medium::serdes}};
inline constexpr PciId IDS_82546EB[] = {{0x1010}, {0x1012, Medium::fiber}, {0x101d, Medium::copper, "quad port"}};
inline constexpr PciId IDS_82546GB[] = {{0x1079},
                                        {0x107a, Medium::fiber},
                                        {0x107b, Medium::serdes},
                                        {0x108a, Medium::copper, "PCI Express bridge"},
                                        {0x1099, Medium::copper, "quad port"},
                                        {0x10b5, Medium::copper, "quad port"}};

inline constexpr Chip CHIP_82540EM{{"82540EM", IDS_82540EM, REGISTERS, {}, ALIASES, &FAMILY}, FEATURES_82540};
inline constexpr Chip CHIP_82540EP{{"82540EP", IDS_82540EP, REGISTERS, {}, ALIASES, &FAMILY}, FEATURES_82540};
inline constexpr Chip CHIP_82545EM{{"82545EM", IDS_82545EM, REGISTERS, {}, ALIASES, &FAMILY}, FEATURES_82540};
inline constexpr Chip CHIP_82545GM{{"82545GM", IDS_82545GM, REGISTERS, VARIATIONS_GM_GB, ALIASES, &FAMILY},
                                   FEATURES_82545GM};
inline constexpr Chip CHIP_82546EB{{"82546EB", IDS_82546EB, REGISTERS, {}, ALIASES, &FAMILY}, FEATURES_82546EB};
inline constexpr Chip CHIP_82546GB{{"82546GB", IDS_82546GB, REGISTERS, VARIATIONS_GM_GB, ALIASES, &FAMILY},
                                   FEATURES_82546GB};

// --- 82574L --------------------------------------------------------------------------------------------------------

// The registers shared with the 8254x, and those that drivers use: not all flash, firmware and PCI Express registers
// are here.
inline constexpr std::array NOT_IN_82574 =
    std::to_array<const RegisterInfo*>({&EECD, &EERD, &RXCW, &TSPMT, &FFLT, &FFMT, &FFVT, &WUPM});
inline constexpr std::array ONLY_82574 = std::to_array<const RegisterInfo*>(
    {&EECD_82574, &EERD_NARROW, &EIAC,    &IAM,     &IVAR,    &EITR,    &EXTCNF_CTRL, &POEMB,      &EEWR,    &PBS,
     &PSRCTL,     &RDBAL1,      &RDBAH1,  &RDLEN1,  &RDH1,    &RDT1,    &RXDCTL1,     &TARC,       &TDBAL1,  &TDBAH1,
     &TDLEN1,     &TDH1,        &TDT1,    &TXDCTL1, &IAC,     &ICRXPTC, &ICRXATC,     &ICTXPTC,    &ICTXATC, &ICTXQEC,
     &ICTXQMTC,   &ICRXDMTC,    &ICRXOC,  &RFCTL,   &MRQC,    &GCR,     &GCR2,        &FACTPS,     &SWSM,    &FWSM,
     &RETA,       &RSSRK,       &SYSTIML, &SYSTIMH, &TIMINCA, &TIMADJL, &TIMADJH,     &TSYNCTXCTL, &TXSTMPL, &TXSTMPH,
     &TSYNCRXCTL, &RXSTMPL,     &RXSTMPH, &RXMTRL,  &RXUDP});
inline constexpr auto REGISTERS_82574 = with(without(REGISTERS, NOT_IN_82574), ONLY_82574);
inline constexpr std::uint32_t CAUSES_82574 = 0x01f7'f7ff;
inline constexpr Variation VARIATIONS_82574[] = {
    {&CTRL, 0x0010'0201, 0xdc10'1b65},
    {&STATUS, 0, 0, (STATUS.TBIMODE | STATUS.PCI66 | STATUS.BUS64 | STATUS.PCIX_MODE | STATUS.PCIXSPD).bits},
    {&CTRL_EXT, 0, 0xb9da'b000, CTRL_EXT.PHYINT.mask()},
    {&ICR, 0, CAUSES_82574},
    {&ICS, 0, CAUSES_82574, ICS.INT_ASSERTED.mask()},
    {&IMS, 0, CAUSES_82574, IMS.INT_ASSERTED.mask()},
    {&IMC, 0, CAUSES_82574, IMC.INT_ASSERTED.mask()},
    {&RCTL, 0, 0x06df'bffe},
    {&TCTL, 0, 0x7d7f'fffa},
    {&TIPG, 0x0060'2008, 0x3fff'ffff},
    {&PBA, 0x0014'0014, 0x0000'ffff},
    {&FCRTL, 0, 0x8000'fff8},
    {&TIDV, 0, 0x8000'ffff},
    {&TXDCTL, 0, 0xff7f'3f3f},
    {&RXCSUM, 0x0000'0300, 0x0000'37ff},
    {&LEDCTL, 0x0006'8302, 0x00cf'cfcf},
};
inline constexpr PciId IDS_82574L[] = {{0x10d3}};
inline constexpr Chip CHIP_82574L{{"82574L", IDS_82574L, REGISTERS_82574, VARIATIONS_82574, {}, &FAMILY, true},
                                  {.eeprom_kind = EepromKind::spi,
                                   .eeprom_read = EepromRead::eerd_narrow,
                                   .eeprom_words_large = 16384,
                                   .reset_write = ResetWrite::memory,
                                   .phy_id = 0x0141'0cb0,
                                   .phy_revision = 1,
                                   .phy_pages = true,
                                   .packet_buffer = 40,
                                   .longest_frame = 9234,
                                   .mac_loopback = true,
                                   .interrupts_by_message = true,
                                   .ipv6_header_in_length = false}};

// --- all -----------------------------------------------------------------------------------------------------------

inline constexpr std::array<const Chip*, 10> CHIPS{&CHIP_82543GC, &CHIP_82544EI, &CHIP_82544GC, &CHIP_82540EM,
                                                   &CHIP_82540EP, &CHIP_82545EM, &CHIP_82545GM, &CHIP_82546EB,
                                                   &CHIP_82546GB, &CHIP_82574L};

/// The chip with that PCI identity, or nullptr.
constexpr const Chip* find_chip(std::uint16_t vendor, std::uint16_t device) {
    for (const Chip* chip : CHIPS)
        if (vendor == INTEL && chip->serves(device)) return chip;
    return nullptr;
}

/// The chip with that name ("82540EM"), or nullptr.
constexpr const Chip* find_chip(std::string_view name) {
    for (const Chip* chip : CHIPS)
        if (chip->name == name) return chip;
    return nullptr;
}

}  // namespace ixy::datasheet::e1000
