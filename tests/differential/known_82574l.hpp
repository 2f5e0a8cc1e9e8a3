// Where QEMU's e1000e (of QEMU 7.2) is known to differ from the 82574L, beside what it shares with the e1000:
// known.hpp. Sections are those of the 82574 datasheet.
#pragma once

#include "tests/differential/known.hpp"

namespace ixy::test::known {

// --- registers ---------------------------------------------------------------------------------------------------

inline constexpr KnownDifference remembered_otherwise{
    "registers are remembered otherwise", "10.2",
    "TXCW, TIDV and the end of PBM read as zero; WUS keeps what is written; WUC, PBA and GCR have other bits",
    "write TIDV 5\nread TIDV\n", true};

// --- sending -------------------------------------------------------------------------------------------------------

inline constexpr KnownDifference check_sequence_is_not_counted{
    "check sequences are not counted", "10.2.7",
    "sizes and octets of sent frames leave out the four bytes of the check sequence",
    "fill 0x300000 100 1\nput 0x204000 00003000000000006400000b00000000\nwrite TDT 1\nread GOTCL\n"};

inline constexpr KnownDifference checksums_are_put_into_memory{
    "checksums are put into memory", "7.3.6.1", "TCP and UDP checksums are written to the buffers that are sent, too",
    "fill 0x300000 100 1\nput 0x30000c 08004500005600004000ff060000\nput 0x30002e 50\nput 0x300032 45ce\n"
    "put 0x204000 0e182100223200000000002100000000\nput 0x204010 00003000000000006400102b00020000\nwrite TDT 2\n"};

inline constexpr KnownDifference segments_are_fragments{
    "segments are IP fragments", "7.3.6", "a payload to be segmented goes out as fragments of one IP packet",
    "fill 0x300000 254 1\nput 0x30000c 08004500\nput 0x300017 06\nput 0x30002e 50\n"
    "put 0x204000 0e18210022320000c900002700366400\nput 0x204010 0000300000000000ff00102f00030000\nwrite TDT 2\n",
    true};

// --- receiving -----------------------------------------------------------------------------------------------------

inline constexpr KnownDifference packet_checksum_is_missing{
    "there is no packet checksum", "7.1.10", "the field is zero", "write RCTL 0x400801a\nframe 60 1 ffffffffffff\n"};

inline constexpr KnownDifference ignore_is_not_marked{
    "IXSM is never set", "7.1.3, 7.1.5.2", "frames whose checksums were not looked at say so by the other bits alone",
    "write RCTL 0x400801a\nframe 60 1 ffffffffffff\n"};

inline constexpr KnownDifference packet_types_are_told{
    "packet types are told", "7.1.5.2",
    "bits 16 to 19 of an extended descriptor's status, which are reserved, tell them",
    "write RFCTL 0x8000\nwrite RXCSUM 0x2300\nwrite RCTL 0x400801a\n"
    "frame 60 1 ffffffffffff020000000063080045000014000000004000000000000000\n"};

inline constexpr KnownDifference identification_is_always_told{
    "the IP identification is always told", "7.1.5.2, IPIDV", "of all IPv4 packets, not only of fragments",
    "write RFCTL 0x8000\nwrite RCTL 0x400801a\n"
    "frame 60 1 ffffffffffff020000000063080045000014123400004000000000000000\n"};

inline constexpr KnownDifference threshold_is_looked_at_once{
    "the descriptor threshold is looked at once a frame", "10.2.5.1, RCTL.RDMTS",
    "a frame whose descriptors go past it raises no RXDMT0",
    "write RCTL 0x403811a\nframe 600 1 ffffffffffff\nread ICR\n"};

inline constexpr KnownDifference threshold_is_silent_with_messages{
    "the descriptor threshold is silent with messages", "10.2.4.1, RXDMT0", "there is no RXDMT0 in MSI-X mode",
    "messages on\nwrite RDT 5\nwrite RCTL 0x400801a\nframe 60 1 ffffffffffff\nread ICR\n"};

inline constexpr KnownDifference hashed_frames_count_twice{
    "hashed frames count twice", "10.2.7, MPRC", "multicast frames that passed by their hash are counted once more",
    "write MTA[0] 1\nwrite RCTL 0x4000002\nframe 60 1 010000000000\nread MPRC\n"};

inline constexpr KnownDifference tells_in_the_last_piece{
    "hashes are in the last piece", "7.1.5.2, EOP",
    "RSS type, queue and hash are zero in a frame's other descriptors, where the datasheet leaves them open",
    "write RFCTL 0x8000\nwrite RXCSUM 0x2300\nwrite MRQC 0x20001\nwrite RSSRK[0] 0x12345678\nwrite RCTL 0x403801a\n"
    "frame 400 1 ffffffffffff020000000063080045000182000040004006000001020304\n"};

inline constexpr KnownDifference broadcast_is_no_multicast{"broadcast is no multicast", "10.2.5.1, RCTL.MPE",
                                                           "with MPE, and without BAM, broadcast does not pass",
                                                           "write RCTL 0x4000012\nframe 60 1 ffffffffffff\n", true};

inline constexpr KnownDifference check_sequence_alone{"check sequences stand alone", "7.1.3.1, Length",
                                                      "when they are not stripped, they take a descriptor of their own",
                                                      "write RCTL 0x801a\nframe 60 1 ffffffffffff\n", true};

inline constexpr KnownDifference small_is_smaller{
    "small frames are smaller", "10.2.5.13, RSRPD",
    "frames are measured without the check sequence, when it is stripped",
    "write RSRPD 62\nwrite RCTL 0x400801a\nframe 60 1 ffffffffffff\nread ICR\n", true};

// --- interrupts ----------------------------------------------------------------------------------------------------

inline constexpr KnownDifference asserted_without_mask{"asserted whatever IMS says", "10.2.4.1, INT_ASSERTED",
                                                       "ICR's bit 31 is set when any other is",
                                                       "write IMC 0xffffffff\nwrite ICS 4\nread ICR\n"};

inline constexpr KnownDifference causes_stay_when_read{
    "causes stay when they are read", "7.4.5", "in MSI-X mode, unless all are masked, although there was an interrupt",
    "messages on\nwrite IVAR 0x80000\nwrite IMS 0x1000004\nwrite ICS 4\nread ICR\nread ICR\n"};

inline constexpr KnownDifference auto_clear_masks{
    "clearing by itself masks, too", "10.2.4.6", "a message masks the causes that EIAC has it clear",
    "write IVAR 8\nwrite EIAC 0x100000\nmessages on\nwrite IMS 0x100000\nwrite ICS 0x100000\nread IMS\n"};

inline constexpr KnownDifference clear_without_message{
    "causes clear themselves without a message", "10.2.4.6", "also those that IVAR gives no vector",
    "write EIAC 0x100000\nmessages on\nwrite IMS 0x100000\nwrite ICS 0x100000\nread ICR\n", true};

inline constexpr KnownDifference other_stays{
    "Other stays as long as its causes", "7.4.2",
    "when a message has cleared it by itself, the same cause sets it again",
    "write IVAR 0xb0000\nwrite EIAC 0x1000000\nmessages on\nwrite IMS 0x1000000\nwrite ICS 4\nwrite ICS 1\nread ICR\n",
    true};

inline constexpr KnownDifference other_clears_its_causes{
    "clearing Other clears its causes", "7.4.5", "LSC, RXO, MDAC, SRPD, ACK and MNG are cleared with it",
    "messages on\nwrite ICS 4\nwrite ICR 0x1000000\nread ICR\n", true};

inline constexpr KnownDifference auto_mask_of_messages{
    "messages mask IAM instead of IMS", "10.2.4.7, CTRL_EXT.EIAME", "a message clears bits of IAM, and masks nothing",
    "set CTRL_EXT 0x1000000\nwrite IAM 0x100000\nwrite IVAR 8\nmessages on\nwrite IMS 0x100000\nwrite ICS 0x100000\n"
    "read IMS\n",
    true};

inline constexpr KnownDifference interrupts_are_counted_often{"interrupts are counted often", "10.2.7, IAC",
                                                              "each look at an asserted line counts as an interrupt",
                                                              "write IMS 4\nwrite ICS 4\nwrite ICS 4\nread IAC\n"};

}  // namespace ixy::test::known
