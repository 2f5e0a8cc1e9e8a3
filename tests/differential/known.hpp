// Where QEMU's e1000 is known to differ from the chip that the manual describes, and so from our model. Whatever is not
// listed here is a failure. Sections are those of Intel's manual of the 8254x (317453). Some of it is true of QEMU's
// e1000e as well; what only that one has is in known_82574l.hpp.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <ixy/datasheet/chip.hpp>

namespace ixy::test {

struct KnownDifference {
    std::string_view name;
    std::string_view section;  ///< of the manual, that settles it
    std::string_view what;     ///< how QEMU has it; the manual has it otherwise
    /// A script that shows it, after preamble(): it passes while the difference is tolerated, and fails when it is not.
    std::string_view shown_by;
    /// Random scripts stay away from it: what it leads to cannot be compared.
    bool avoided = false;
};

namespace known {

inline constexpr KnownDifference no_padding{
    "no padding", "13.4.33, TCTL.PSP", "short frames go out as they are; octets and sizes count without the padding",
    "fill 0x300000 42 1\nput 0x204000 00003000000000002a00000b00000000\nwrite TDT 1\n"};

inline constexpr KnownDifference tags_are_not_counted{
    "inserted tags are not counted", "13.7.32, 13.7.42", "octets sent leave out the four bytes of an inserted tag",
    "set CTRL 0x40000000\nwrite VET 0x8100\nfill 0x300000 100 1\n"
    "put 0x204000 00003000000000006400004b00002300\nwrite TDT 1\nread GOTCL\n"};

inline constexpr KnownDifference stripped_bytes_are_not_counted{
    "stripped bytes are not counted", "13.7.21 to 13.7.26, 13.7.31",
    "sizes of received frames leave out a check sequence that is stripped (SECRC); octets leave out a stripped tag",
    "write RCTL 0x400801a\nframe 60 1 ffffffffffff\nread PRC64\n"};

inline constexpr KnownDifference filtered_frames_are_not_counted{
    "filtered frames are not counted", "13.7.41, 13.7.43",
    "total packets and octets received leave out frames that no filter lets through",
    "write RCTL 0x4000002\nframe 60 1 020000000001\nread TPR\n"};

inline constexpr KnownDifference groups_count_by_filter{
    "groups are counted by filter", "13.7.28, 13.7.29",
    "multicast promiscuous mode counts broadcast as multicast, and an exact match counts no multicast",
    "write RCTL 0x400801a\nframe 60 1 ffffffffffff\nread BPRC\n"};

inline constexpr KnownDifference length_errors_are_not_counted{
    "length errors are not counted", "13.7.15", "RLEC stays zero when frames are too long",
    "write RCTL 0x400801a\nframe 1600 1 ffffffffffff\nread RLEC\n"};

inline constexpr KnownDifference checksums_are_not_checked{"received checksums are not checked", "3.2.3, 3.2.9",
                                                           "every frame is marked IXSM, and has no packet checksum",
                                                           "write RCTL 0x400801a\nframe 60 1 ffffffffffff\n"};

inline constexpr KnownDifference check_sequence_is_not_stored{
    "check sequences are not stored", "13.4.22, RCTL.SECRC",
    "when they are not stripped, their length counts, and not they are written to memory",
    "write RCTL 0x801a\nframe 60 1 ffffffffffff\n"};

inline constexpr KnownDifference inexact_is_not_marked{
    "inexact matches are not marked", "3.2.3.1, PIF", "frames that came through the multicast hash alone lack PIF",
    "write MTA[0] 1\nwrite RCTL 0x4000002\nframe 60 1 010000000000\n"};

inline constexpr KnownDifference tags_are_in_every_piece{
    "tags are in every piece", "3.2.3.1", "VP and the tag stand in all descriptors of a frame, not only in the last",
    "set CTRL 0x40000000\nwrite VET 0x8100\nwrite RCTL 0x403801a\n"
    "frame 400 1 52540000000102000000000281000123\n"};

inline constexpr KnownDifference oversized_frames_are_not_filtered{
    "oversized frames are not filtered", "13.7.36", "ROC counts frames that are too long whoever they are for",
    "write RCTL 0x4000002\nframe 1600 1 020000000001\nread ROC\n"};

inline constexpr KnownDifference zero_ip_checksums_are_ones{
    "zero IP checksums are ones", "3.5.6, RFC 768", "as only UDP has it, where zero says that there is none",
    "fill 0x300000 100 1\nput 0x30000c 08004500005600004000ff0600007ba2000000000000\n"
    "put 0x204000 0e182100223200000000002300000000\nput 0x204010 00003000000000006400102b00010000\nwrite TDT 2\n"};

inline constexpr KnownDifference single_segments_are_not_counted{
    "single segments are not counted", "13.7.53", "TSCTC leaves out payloads that fit into one segment",
    "fill 0x300000 154 1\nput 0x30000c 08004500\n"
    "put 0x204000 0e182100223200006400002700369600\nput 0x204010 00003000000000009a00102f00030000\nwrite TDT 2\nread "
    "TSCTC\n"};

inline constexpr KnownDifference threshold_is_a_level{
    "the descriptor threshold is a level", "13.4.22, RCTL.RDMTS",
    "RXDMT0 is raised by each frame while free descriptors are few, not only when they become so",
    "write RCTL 0x400801a\nframe 60 1 ffffffffffff\nread ICR\nframe 60 2 ffffffffffff\nread ICR\n"};

// --- avoided -------------------------------------------------------------------------------------------------------

inline constexpr KnownDifference empty_last_segment{
    "an empty last segment", "3.5", "a payload that fills its segments exactly is followed by one without payload",
    "fill 0x300000 254 1\nput 0x30000c 08004500\n"
    "put 0x204000 0e18210022320000c800002700366400\nput 0x204010 0000300000000000fe00102f00030000\nwrite TDT 2\n",
    true};

inline constexpr KnownDifference multicast_table_is_for_all{
    "the multicast table is for all", "13.5.1", "a unicast address, too, passes when its hash is in MTA",
    "write MTA[0] 1\nwrite RCTL 0x4000002\nframe 60 1 020000000000\n", true};

inline constexpr KnownDifference legacy_checksums_are_not_written{
    "legacy descriptors' checksums are not written", "3.3.3.1, IC", "CSO and CSS are ignored",
    "fill 0x300000 100 1\nput 0x204000 00003000000000006400320f000e0000\nwrite TDT 1\n", true};

inline constexpr KnownDifference long_frames_are_measured_without_check_sequence{
    "long frames are measured without check sequence", "13.4.22, RCTL.LPE", "frames of 1523 to 1526 bytes are received",
    "write RCTL 0x400801a\nframe 1520 1 ffffffffffff\n", true};

inline constexpr KnownDifference frames_wait_for_the_receiver{
    "frames wait for the receiver", "13.4.22, RCTL.EN",
    "while it is off, and for a second after RCTL was written, frames stay in the cable instead of being lost",
    "frame 60 1 ffffffffffff\nwrite RCTL 0x400801a\n", true};

inline constexpr KnownDifference empty_doorbells_interrupt{
    "empty doorbells interrupt", "13.4.17, ICR.TXQE", "TXQE is raised by every write of TDT and TCTL, also for nothing",
    "write TDT 0\nread ICR\n", true};

inline constexpr KnownDifference other_after_reset{
    "other values after a reset", "13.4; 82574L 10.2",
    "the registers that the generator lists begin with values that the manual does not give them", "read MANC\n", true};

inline constexpr KnownDifference reset_does_nothing{"the reset does nothing", "13.4.1, CTRL.RST",
                                                    "the bit clears itself, and registers keep what they hold",
                                                    "set CTRL 0x4000000\nread RDT\n", true};

/// Those that QEMU's model of the chip has.
std::span<const KnownDifference* const> of(const datasheet::Chip& chip);

/// What all the scripts above begin with: link up; rings of 8 descriptors at 0x200000 (receive, buffers from 0x210000
/// on) and 0x204000 (transmit). The receiver is left to the script.
std::string_view preamble(const datasheet::Chip& chip);

}  // namespace known
}  // namespace ixy::test
