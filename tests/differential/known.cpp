// The differences of each of QEMU's models.
#include "tests/differential/known.hpp"

#include <array>

#include "tests/differential/known_82574l.hpp"

namespace ixy::test::known {

namespace {

constexpr std::array of_e1000 = {&no_padding,
                                 &tags_are_not_counted,
                                 &stripped_bytes_are_not_counted,
                                 &filtered_frames_are_not_counted,
                                 &groups_count_by_filter,
                                 &length_errors_are_not_counted,
                                 &checksums_are_not_checked,
                                 &check_sequence_is_not_stored,
                                 &inexact_is_not_marked,
                                 &tags_are_in_every_piece,
                                 &oversized_frames_are_not_filtered,
                                 &zero_ip_checksums_are_ones,
                                 &single_segments_are_not_counted,
                                 &threshold_is_a_level,
                                 &empty_last_segment,
                                 &multicast_table_is_for_all,
                                 &legacy_checksums_are_not_written,
                                 &long_frames_are_measured_without_check_sequence,
                                 &frames_wait_for_the_receiver,
                                 &empty_doorbells_interrupt,
                                 &other_after_reset,
                                 &reset_does_nothing};

constexpr std::array of_e1000e = {&no_padding,
                                  &stripped_bytes_are_not_counted,
                                  &filtered_frames_are_not_counted,
                                  &length_errors_are_not_counted,
                                  &inexact_is_not_marked,
                                  &oversized_frames_are_not_filtered,
                                  &check_sequence_is_not_counted,
                                  &checksums_are_put_into_memory,
                                  &packet_checksum_is_missing,
                                  &ignore_is_not_marked,
                                  &packet_types_are_told,
                                  &identification_is_always_told,
                                  &threshold_is_looked_at_once,
                                  &threshold_is_silent_with_messages,
                                  &hashed_frames_count_twice,
                                  &tells_in_the_last_piece,
                                  &asserted_without_mask,
                                  &causes_stay_when_read,
                                  &auto_clear_masks,
                                  &interrupts_are_counted_often,
                                  &multicast_table_is_for_all,
                                  &legacy_checksums_are_not_written,
                                  &long_frames_are_measured_without_check_sequence,
                                  &frames_wait_for_the_receiver,
                                  &empty_doorbells_interrupt,
                                  &other_after_reset,
                                  &reset_does_nothing,
                                  &segments_are_fragments,
                                  &remembered_otherwise,
                                  &broadcast_is_no_multicast,
                                  &check_sequence_alone,
                                  &small_is_smaller,
                                  &clear_without_message,
                                  &other_stays,
                                  &other_clears_its_causes,
                                  &auto_mask_of_messages};

#define IXY_RINGS                                                                                                 \
    "write RDBAL 0x200000\nwrite RDLEN 128\nwrite RDH 0\nwrite RDT 0\n"                                           \
    "put 0x200000 00002100000000000000000000000000\nput 0x200010 00082100000000000000000000000000\n"              \
    "put 0x200020 00102100000000000000000000000000\nput 0x200030 00182100000000000000000000000000\nwrite RDT 4\n" \
    "write TDBAL 0x204000\nwrite TDLEN 128\nwrite TDH 0\nwrite TDT 0\nwrite TCTL 0x4010a\ndrop ICR\n"

}  // namespace

std::span<const KnownDifference* const> of(const datasheet::e1000::Chip& chip) {
    if (chip.features.interrupts_by_message) return of_e1000e;
    return of_e1000;
}

std::string_view preamble(const datasheet::e1000::Chip& chip) {
    return chip.features.interrupts_by_message ? "write CTRL 0x100241\n" IXY_RINGS : "write CTRL 0x300249\n" IXY_RINGS;
}

}  // namespace ixy::test::known
