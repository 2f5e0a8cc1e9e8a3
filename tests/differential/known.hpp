// Where QEMU's e1000 differs from the chip in the manual, and so from our model. Any other difference is a failure.
// Where the manual leaves a value open, the entry says so. Sections refer to Intel's manual of the 8254x (317453).
// QEMU's e1000e shares some of the entries; known_82574l.hpp has its own.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <ixy/datasheet/e1000/chip.hpp>

namespace ixy::test {

struct KnownDifference {
    std::string_view name;
    std::string_view section;  ///< of the manual: the authority
    std::string_view what;     ///< what QEMU does
    /// A script that shows it, after preamble(): it passes if the difference is tolerated, and fails otherwise.
    std::string_view shown_by;
    /// Random scripts avoid it, because its consequences cannot be compared.
    bool avoided = false;
};

namespace known {

inline constexpr KnownDifference no_padding{
    "no padding", "13.4.33, TCTL.PSP", "QEMU sends short frames unpadded, and counts octets and sizes without padding",
    "fill 0x300000 42 1\nput 0x204000 00003000000000002a00000b00000000\nwrite TDT 1\n"};

inline constexpr KnownDifference tags_are_not_counted{
    "inserted tags are not counted", "13.7.32, 13.7.42",
    "QEMU omits the four bytes of an inserted tag from the octets sent, which go from address to check sequence",
    "set CTRL 0x40000000\nwrite VET 0x8100\nfill 0x300000 100 1\n"
    "put 0x204000 00003000000000006400004b00002300\nwrite TDT 1\nread GOTCL\n"};

inline constexpr KnownDifference stripped_bytes_are_not_counted{
    "stripped bytes are not counted", "13.7.21 to 13.7.26, 13.7.31",
    "QEMU counts what it stores: sizes without a stripped check sequence (SECRC), octets without a stripped tag",
    "write RCTL 0x400801a\nframe 60 1 ffffffffffff\nread PRC64\n"};

inline constexpr KnownDifference filtered_frames_are_not_counted{
    "filtered frames are not counted", "13.7.41, 13.7.43",
    "QEMU omits frames that no filter accepts from the total packets and octets received",
    "write RCTL 0x4000002\nframe 60 1 020000000001\nread TPR\n"};

inline constexpr KnownDifference groups_count_by_filter{
    "groups are counted by filter", "13.7.28, 13.7.29",
    "QEMU counts by the filter that accepted a frame: MPE makes broadcast multicast, and an exact match counts neither",
    "write RCTL 0x400801a\nframe 60 1 ffffffffffff\nread BPRC\n"};

inline constexpr KnownDifference length_errors_are_not_counted{
    "length errors are not counted", "13.7.15", "QEMU never counts a frame that is too long in RLEC",
    "write RCTL 0x400801a\nframe 1600 1 ffffffffffff\nread RLEC\n"};

inline constexpr KnownDifference checksums_are_not_checked{
    "received checksums are not checked", "3.2.3, 3.2.9",
    "QEMU checks no received checksum: it sets IXSM, and leaves the packet checksum 0",
    "write RCTL 0x400801a\nframe 60 1 ffffffffffff\n"};

inline constexpr KnownDifference check_sequence_is_not_stored{
    "check sequences are not stored", "13.4.22, RCTL.SECRC",
    "QEMU adds the length of an unstripped check sequence, but does not store it",
    "write RCTL 0x801a\nframe 60 1 ffffffffffff\n"};

inline constexpr KnownDifference inexact_is_not_marked{
    "inexact matches are not marked", "3.2.3.1, PIF",
    "QEMU does not set PIF on a frame that only the multicast hash accepted",
    "write MTA[0] 1\nwrite RCTL 0x4000002\nframe 60 1 010000000000\n"};

inline constexpr KnownDifference tags_are_in_every_piece{
    "tags are in every piece", "3.2.3.1",
    "QEMU sets VP and the tag in every descriptor of a frame; the manual gives them meaning only in the last",
    "set CTRL 0x40000000\nwrite VET 0x8100\nwrite RCTL 0x403801a\n"
    "frame 400 1 52540000000102000000000281000123\n"};

inline constexpr KnownDifference oversized_frames_are_not_filtered{
    "oversized frames are not filtered", "13.7.36", "QEMU counts overlong frames in ROC before it checks their address",
    "write RCTL 0x4000002\nframe 1600 1 020000000001\nread ROC\n"};

inline constexpr KnownDifference zero_ip_checksums_are_ones{
    "zero IP checksums are ones", "3.5.8, RFC 768",
    "QEMU sends an IP checksum of 0 as FFFFh; only UDP needs that, where 0 means that there is none",
    "fill 0x300000 100 1\nput 0x30000c 08004500005600004000ff0600007ba2000000000000\n"
    "put 0x204000 0e182100223200000000002300000000\nput 0x204010 00003000000000006400102b00010000\nwrite TDT 2\n"};

inline constexpr KnownDifference single_segments_are_not_counted{
    "single segments are not counted", "13.7.53", "QEMU does not count a payload that fits into one segment in TSCTC",
    "fill 0x300000 154 1\nput 0x30000c 08004500\n"
    "put 0x204000 0e182100223200006400002700369600\nput 0x204010 00003000000000009a00102f00030000\nwrite TDT 2\nread "
    "TSCTC\n"};

inline constexpr KnownDifference threshold_is_a_level{
    "the descriptor threshold is a level", "13.4.22, RCTL.RDMTS",
    "QEMU raises RXDMT0 with each frame while few descriptors are free, not when their number reaches the threshold",
    "write RCTL 0x400801a\nframe 60 1 ffffffffffff\nread ICR\nframe 60 2 ffffffffffff\nread ICR\n"};

// --- avoided -------------------------------------------------------------------------------------------------------

inline constexpr KnownDifference empty_last_segment{
    "an empty last segment", "3.5",
    "QEMU sends another segment, without payload, when the payload fills its segments exactly",
    "fill 0x300000 254 1\nput 0x30000c 08004500\n"
    "put 0x204000 0e18210022320000c800002700366400\nput 0x204010 0000300000000000fe00102f00030000\nwrite TDT 2\n",
    true};

inline constexpr KnownDifference multicast_table_is_for_all{
    "the multicast table is for all", "13.5.1", "QEMU accepts a unicast address when its hash is in MTA",
    "write MTA[0] 1\nwrite RCTL 0x4000002\nframe 60 1 020000000000\n", true};

inline constexpr KnownDifference legacy_checksums_are_not_written{
    "legacy descriptors' checksums are not written", "3.3.3.1, IC", "QEMU ignores CSO and CSS of a legacy descriptor",
    "fill 0x300000 100 1\nput 0x204000 00003000000000006400320f000e0000\nwrite TDT 1\n", true};

inline constexpr KnownDifference long_frames_are_measured_without_check_sequence{
    "long frames are measured without check sequence", "13.4.22, RCTL.LPE",
    "QEMU measures a long packet without its check sequence: it takes 1523 to 1526 bytes without LPE",
    "write RCTL 0x400801a\nframe 1520 1 ffffffffffff\n", true};

inline constexpr KnownDifference frames_wait_for_the_receiver{
    "frames wait for the receiver", "13.4.22, RCTL.EN",
    "QEMU keeps frames in the cable while the receiver is off, and for a second after RCTL was written",
    "frame 60 1 ffffffffffff\nwrite RCTL 0x400801a\n", true};

inline constexpr KnownDifference empty_doorbells_interrupt{
    "empty doorbells interrupt", "13.4.17, ICR.TXQE",
    "QEMU raises TXQE with every write of TDT and TCTL, even when nothing was sent", "write TDT 0\nread ICR\n", true};

inline constexpr KnownDifference other_after_reset{
    "other values after a reset", "13.4; 82574L 10.2",
    "QEMU's values of the registers listed by the generator differ from the manual's; VET is not one of them",
    "read MANC\n", true};

inline constexpr KnownDifference reset_does_nothing{"the reset does nothing", "13.4.1, CTRL.RST",
                                                    "QEMU clears the bit, but keeps the registers' values",
                                                    "set CTRL 0x4000000\nread RDT\n", true};

/// The differences of QEMU's model of the chip.
std::span<const KnownDifference* const> of(const datasheet::e1000::Chip& chip);

/// All scripts above start with this: link up; rings of 8 descriptors at 0x200000 (receive, buffers from 0x210000 on)
/// and 0x204000 (transmit). Enabling the receiver is up to the script.
std::string_view preamble(const datasheet::e1000::Chip& chip);

}  // namespace known
}  // namespace ixy::test
