// What the 8254x and the 82574L have in common beside their registers: rings, kinds of descriptors, remarks.
#pragma once

#include <ixy/datasheet/e1000/descriptors.hpp>
#include <ixy/datasheet/e1000/pcie.hpp>
#include <ixy/datasheet/e1000/registers.hpp>
#include <ixy/datasheet/family.hpp>

namespace ixy::datasheet::e1000 {

inline constexpr Setting RECEIVER_ON = setting(RCTL, RCTL.EN);
inline constexpr Setting TRANSMITTER_ON = setting(TCTL, TCTL.EN);

/// Each queue has rows of its own: those of the second exist in the 82574L alone.
inline constexpr RingBank RINGS[] = {
    {true, 0, &RDBAL, &RDBAH, &RDLEN, &RDH, &RDT, {RECEIVER_ON}},
    {true, 1, &RDBAL1, &RDBAH1, &RDLEN1, &RDH1, &RDT1, {RECEIVER_ON}},
    {false, 0, &TDBAL, &TDBAH, &TDLEN, &TDH, &TDT, {TRANSMITTER_ON}},
    {false, 1, &TDBAL1, &TDBAH1, &TDLEN1, &TDH1, &TDT1, {TRANSMITTER_ON}},
};

// DD is bit 0 of the last word in all kinds but the extended one.
inline constexpr Mark DONE{3, RDESC_STATUS.DD.mask(), RDESC_STATUS.DD.mask()};

inline constexpr DescriptorKind RECEIVE_DESCRIPTOR{
    .name = "receive",
    .title = "Legacy receive descriptor",
    .section = "3.2.3",
    .words = {&BUFFER_ADDRESS_LOW, &BUFFER_ADDRESS_HIGH, &RDESC_LENGTH, &RDESC_STATUS},
    .done = DONE,
    .length = word_field(2, RDESC_LENGTH.LENGTH),
};
/// What the driver gives looks like a legacy descriptor; the device writes this over it.
inline constexpr DescriptorKind EXTENDED_RECEIVE_DESCRIPTOR{
    .name = "extended",
    .title = "Extended receive descriptor, write-back format",
    .section = "82574L 7.1.5",
    .words = {&EXTENDED_MRQ, &EXTENDED_HASH, &EXTENDED_STATUS, &EXTENDED_LENGTH},
    .mark = {2, EXTENDED_STATUS.DD.mask(), EXTENDED_STATUS.DD.mask()},
    .format = setting(RFCTL, RFCTL.EXSTEN),
    .done = {2, EXTENDED_STATUS.DD.mask(), EXTENDED_STATUS.DD.mask()},
    .has_buffer = false,
    .length = word_field(3, EXTENDED_LENGTH.LENGTH),
};
inline constexpr DescriptorKind TRANSMIT_DESCRIPTOR{
    .name = "legacy",
    .title = "Legacy transmit descriptor",
    .section = "3.3.3",
    .words = {&BUFFER_ADDRESS_LOW, &BUFFER_ADDRESS_HIGH, &TDESC_CMD, &TDESC_STATUS},
    .mark = {2, TDESC_CMD.DEXT.mask(), 0},
    .done = DONE,
    .length = word_field(2, TDESC_CMD.LENGTH),
};
inline constexpr DescriptorKind CONTEXT_DESCRIPTOR{
    .name = "context",
    .title = "TCP/IP context transmit descriptor",
    .section = "3.3.6",
    .words = {&CONTEXT_IP, &CONTEXT_TCP, &CONTEXT_CMD, &CONTEXT_STATUS},
    .mark = {2, CONTEXT_CMD.DTYP.mask(), 0},
    .done = DONE,
    .has_buffer = false,
};
inline constexpr DescriptorKind DATA_DESCRIPTOR{
    .name = "data",
    .title = "TCP/IP data transmit descriptor",
    .section = "3.3.7",
    .words = {&BUFFER_ADDRESS_LOW, &BUFFER_ADDRESS_HIGH, &DATA_CMD, &DATA_STATUS},
    .done = DONE,
    .length = word_field(2, DATA_CMD.DTALEN),
};
inline constexpr DescriptorKind RECEIVE_DESCRIPTORS[] = {EXTENDED_RECEIVE_DESCRIPTOR, RECEIVE_DESCRIPTOR};
inline constexpr DescriptorKind TRANSMIT_DESCRIPTORS[] = {TRANSMIT_DESCRIPTOR, CONTEXT_DESCRIPTOR, DATA_DESCRIPTOR};

inline constexpr WideCounter WIDE_COUNTERS[] = {{&GORCL, &GORCH}, {&GOTCL, &GOTCH}, {&TORL, &TORH}, {&TOTL, &TOTH}};

inline constexpr Remark REMARKS[] = {
    {setting(CTRL, CTRL.RST), true, "the card starts anew: its registers go back to their values after power-on"},
    {setting(EERD, EERD.START), true, "the card reads a word of its EEPROM; DONE is set when DATA holds it"},
    {setting(EERD_NARROW, EERD_NARROW.START), true,
     "the card reads a word of its EEPROM; DONE is set when DATA holds it"},
    {setting(MDIC, MDIC.R, 0), true, "the PHY is asked over its own bus; R is set when it has answered"},
};

inline constexpr std::string_view PIVOTAL[] = {"STATUS", "CTRL", "EERD", "EECD", "MDIC", "ICR",  "RDH",   "RDT",
                                               "TDH",    "TDT",  "RAL",  "RAH",  "RCTL", "GPTC", "GOTCL", "MPC"};

inline constexpr Family FAMILY{
    .name = "e1000",
    .vendor = 0x8086,
    .register_bytes = 0x20000,  // 13.2
    .rings = RINGS,
    .receive_descriptors = RECEIVE_DESCRIPTORS,
    .transmit_descriptors = TRANSMIT_DESCRIPTORS,
    .wide_counters = WIDE_COUNTERS,
    .remarks = REMARKS,
    .reset = setting(CTRL, CTRL.RST),  // 13.4.1
    .link_on = setting(CTRL, CTRL.SLU),
    .link_up = setting(STATUS, STATUS.LU),
    .pivotal = PIVOTAL,
    .signs_of_life = {&CTRL, &STATUS},
};

}  // namespace ixy::datasheet::e1000
