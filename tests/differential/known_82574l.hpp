// Where QEMU's e1000e (of QEMU 7.2) differs from the 82574L, apart from differences shared with the e1000 (known.hpp).
// Sections refer to the 82574 datasheet.
#pragma once

#include "tests/differential/known.hpp"

namespace ixy::test::known {

// --- registers ---------------------------------------------------------------------------------------------------

inline constexpr KnownDifference remembered_otherwise{"registers are stored differently", "10.2",
                                                      "QEMU reads TXCW, TIDV and the end of PBM as 0, keeps what is "
                                                      "written to WUS, and has other bits in WUC, PBA and GCR",
                                                      "write TIDV 5\nread TIDV\n", true};

// --- sending -------------------------------------------------------------------------------------------------------

inline constexpr KnownDifference check_sequence_is_not_counted{
    "check sequences are not counted", "10.2.7",
    "QEMU omits the four bytes of the check sequence from the sizes and octets sent",
    "fill 0x300000 100 1\nput 0x204000 00003000000000006400000b00000000\nwrite TDT 1\nread GOTCL\n"};

inline constexpr KnownDifference checksums_are_put_into_memory{
    "checksums are put into memory", "7.3.6.1", "QEMU also writes TCP and UDP checksums into the buffers that it sends",
    "fill 0x300000 100 1\nput 0x30000c 08004500005600004000ff060000\nput 0x30002e 50\nput 0x300032 45ce\n"
    "put 0x204000 0e182100223200000000002100000000\nput 0x204010 00003000000000006400102b00020000\nwrite TDT 2\n"};

inline constexpr KnownDifference segments_are_fragments{
    "segments are IP fragments", "7.3.6", "QEMU sends a payload that should be segmented as fragments of one IP packet",
    "fill 0x300000 254 1\nput 0x30000c 08004500\nput 0x300017 06\nput 0x30002e 50\n"
    "put 0x204000 0e18210022320000c900002700366400\nput 0x204010 0000300000000000ff00102f00030000\nwrite TDT 2\n",
    true};

// --- receiving -----------------------------------------------------------------------------------------------------

inline constexpr KnownDifference packet_checksum_is_missing{"there is no packet checksum", "7.1.10",
                                                            "QEMU leaves the packet checksum 0",
                                                            "write RCTL 0x400801a\nframe 60 1 ffffffffffff\n"};

inline constexpr KnownDifference ignore_is_not_marked{
    "IXSM is never set", "7.1.3, 7.1.5.2", "QEMU never sets IXSM on a frame whose checksums it has not checked",
    "write RCTL 0x400801a\nframe 60 1 ffffffffffff\n"};

inline constexpr KnownDifference packet_types_are_told{
    "packet types are reported", "7.1.5.2",
    "QEMU reports the packet type in bits 16 to 19 of an extended descriptor's status, which are reserved",
    "write RFCTL 0x8000\nwrite RXCSUM 0x2300\nwrite RCTL 0x400801a\n"
    "frame 60 1 ffffffffffff020000000063080045000014000000004000000000000000\n"};

inline constexpr KnownDifference identification_is_always_told{
    "the IP identification is always reported", "7.1.5.2, IPIDV",
    "QEMU reports the identification of every IPv4 packet, the chip only those of fragments",
    "write RFCTL 0x8000\nwrite RCTL 0x400801a\n"
    "frame 60 1 ffffffffffff020000000063080045000014123400004000000000000000\n"};

inline constexpr KnownDifference threshold_is_looked_at_once{
    "the descriptor threshold is checked once per frame", "10.2.5.1, RCTL.RDMTS",
    "QEMU checks the threshold once per frame, and misses it between the descriptors of a frame",
    "write RCTL 0x403811a\nframe 600 1 ffffffffffff\nread ICR\n"};

inline constexpr KnownDifference threshold_is_silent_with_messages{
    "the descriptor threshold is silent with messages", "10.2.4.1, RXDMT0", "QEMU raises no RXDMT0 in MSI-X mode",
    "messages on\nwrite RDT 5\nwrite RCTL 0x400801a\nframe 60 1 ffffffffffff\nread ICR\n"};

inline constexpr KnownDifference hashed_frames_count_twice{
    "hashed frames count twice", "10.2.7, MPRC", "QEMU counts a multicast frame accepted by its hash twice",
    "write MTA[0] 1\nwrite RCTL 0x4000002\nframe 60 1 010000000000\nread MPRC\n"};

inline constexpr KnownDifference tells_in_the_last_piece{
    "hashes are in the last piece", "7.1.5.2, EOP",
    "QEMU leaves RSS type, queue and hash 0 in all descriptors of a frame but the last; the datasheet leaves them open",
    "write RFCTL 0x8000\nwrite RXCSUM 0x2300\nwrite MRQC 0x20001\nwrite RSSRK[0] 0x12345678\nwrite RCTL 0x403801a\n"
    "frame 400 1 ffffffffffff020000000063080045000182000040004006000001020304\n"};

inline constexpr KnownDifference broadcast_is_no_multicast{
    "broadcast is not multicast", "10.2.5.1, RCTL.MPE",
    "QEMU does not accept broadcast with MPE alone, although its group bit is set; the datasheet does not say",
    "write RCTL 0x4000012\nframe 60 1 ffffffffffff\n", true};

inline constexpr KnownDifference check_sequence_alone{
    "check sequences stand alone", "7.1.3.1, Length",
    "QEMU puts an unstripped check sequence into a separate descriptor", "write RCTL 0x801a\nframe 60 1 ffffffffffff\n",
    true};

inline constexpr KnownDifference small_is_smaller{
    "small frames are smaller", "10.2.5.13, RSRPD",
    "QEMU measures small packets without their stripped check sequence; the size includes it",
    "write RSRPD 62\nwrite RCTL 0x400801a\nframe 60 1 ffffffffffff\nread ICR\n", true};

// --- interrupts ----------------------------------------------------------------------------------------------------

inline constexpr KnownDifference asserted_without_mask{
    "asserted regardless of IMS", "10.2.4.1, INT_ASSERTED",
    "QEMU sets ICR's bit 31 with any cause, even when IMS masks all of them and there was no interrupt",
    "write IMC 0xffffffff\nwrite ICS 4\nread ICR\n"};

inline constexpr KnownDifference causes_stay_when_read{
    "causes stay when they are read", "7.4.5",
    "In MSI-X mode QEMU keeps causes when ICR is read after an interrupt, unless IMS masks all",
    "messages on\nwrite IVAR 0x80000\nwrite IMS 0x1000004\nwrite ICS 4\nread ICR\nread ICR\n"};

inline constexpr KnownDifference auto_clear_masks{
    "auto-clear also masks", "10.2.4.6",
    "QEMU masks the causes that a message clears by EIAC; masking is for IAM, with EIAME",
    "write IVAR 8\nwrite EIAC 0x100000\nmessages on\nwrite IMS 0x100000\nwrite ICS 0x100000\nread IMS\n"};

inline constexpr KnownDifference clear_without_message{
    "causes are auto-cleared without a message", "10.2.4.6",
    "QEMU clears causes in EIAC even when IVAR gives them no vector, and so no message",
    "write EIAC 0x100000\nmessages on\nwrite IMS 0x100000\nwrite ICS 0x100000\nread ICR\n", true};

inline constexpr KnownDifference other_stays{
    "Other stays as long as its causes", "7.4.2",
    "After a message has cleared Other, QEMU sets it again for a cause that ICR still has",
    "write IVAR 0xb0000\nwrite EIAC 0x1000000\nmessages on\nwrite IMS 0x1000000\nwrite ICS 4\nwrite ICS 1\nread ICR\n",
    true};

inline constexpr KnownDifference other_clears_its_causes{
    "clearing Other clears its causes", "7.4.5",
    "When Other is cleared, QEMU clears LSC, RXO, MDAC, SRPD, ACK and MNG with it",
    "messages on\nwrite ICS 4\nwrite ICR 0x1000000\nread ICR\n", true};

inline constexpr KnownDifference auto_mask_of_messages{
    "messages mask IAM instead of IMS", "10.2.4.7, CTRL_EXT.EIAME",
    "When a message is sent, QEMU clears bits of IAM, and masks nothing",
    "set CTRL_EXT 0x1000000\nwrite IAM 0x100000\nwrite IVAR 8\nmessages on\nwrite IMS 0x100000\nwrite ICS 0x100000\n"
    "read IMS\n",
    true};

inline constexpr KnownDifference interrupts_are_counted_often{"interrupts are counted often", "10.2.7, IAC",
                                                              "QEMU counts in IAC each time it checks an asserted line",
                                                              "write IMS 4\nwrite ICS 4\nwrite ICS 4\nread IAC\n"};

}  // namespace ixy::test::known
