// The transmit ring and its descriptors, and their misuse (manual 3.3, 3.4).
#include <random>

#include <ixy/datasheet/e1000/pcie.hpp>

#include "tests/sim/e1000/bench.hpp"

namespace ixy::sim::e1000 {
namespace {

class TransmitTest : public Bench {
protected:
    bool raised(datasheet::Value<InterruptCauses> cause) { return static_cast<bool>(read(ICR) & cause); }
    std::size_t bad_descriptors() const { return host.count(Misuse::bad_descriptor); }
};

TEST_F(TransmitTest, one_legacy_descriptor_is_one_frame_on_the_wire) {
    start_transmitter(8);
    const Bytes frame = test_frame(100);
    const std::uint32_t index = put_legacy(frame, whole | TDESC_CMD.RS);
    doorbell();
    ASSERT_EQ(host.frames.size(), 1U);
    EXPECT_EQ(host.frames[0], frame);
    EXPECT_TRUE(done(index));
    EXPECT_EQ(number(TDH), 1U);
    EXPECT_TRUE(raised(ICR.TXDW));
    EXPECT_EQ(number(GPTC), 1U);
    EXPECT_EQ(number(GOTCL), 104U);
    EXPECT_EQ(host.said(), "");
}

TEST_F(TransmitTest, only_descriptors_with_RS_are_written_back) {
    start_transmitter(16);
    for (int i = 0; i < 8; ++i) put_legacy(test_frame(60), i % 3 == 2 ? whole | TDESC_CMD.RS : whole);
    doorbell();
    EXPECT_EQ(host.frames.size(), 8U);
    for (std::uint32_t i = 0; i < 8; ++i) EXPECT_EQ(done(i), i % 3 == 2) << i;
}

TEST_F(TransmitTest, a_write_back_changes_only_the_status) {
    start_transmitter(8);
    const auto options = TDESC_STATUS.EC | TDESC_STATUS.LC | TDESC_STATUS.CSS(7) | TDESC_STATUS.VLAN(0x123);
    const std::uint32_t index = put_legacy(test_frame(60), whole | TDESC_CMD.RS, options);
    const TransmitDescriptor before = transmitted(index);
    doorbell();
    const TransmitDescriptor after = transmitted(index);
    EXPECT_EQ(after.address, before.address);
    EXPECT_EQ(after.command.bits, before.command.bits);
    EXPECT_EQ(after.status.bits, (TDESC_STATUS.DD | TDESC_STATUS.CSS(7) | TDESC_STATUS.VLAN(0x123)).bits);
}

TEST_F(TransmitTest, short_frames_are_padded_with_PSP) {
    start_transmitter(8, TCTL.PSP);
    put_legacy(Bytes(200, std::byte{0xee}), whole);  // leaves something in the card's buffer
    put_legacy(test_frame(42), whole);
    doorbell();
    Bytes padded = test_frame(42);
    padded.resize(60);
    EXPECT_EQ(host.frames.at(1), padded);
    write(TCTL, TCTL.EN);
    put_legacy(test_frame(42), whole);
    doorbell();
    EXPECT_EQ(host.frames.at(2), test_frame(42));
}

TEST_F(TransmitTest, the_ring_wraps_around_repeatedly) {
    start_transmitter(8);
    for (unsigned i = 0; i < 100; ++i) {
        for (unsigned k = 0; k <= i % 7; ++k) put_legacy(test_frame(60 + i, i + k), whole | TDESC_CMD.RS);
        doorbell();
        ASSERT_EQ(host.frames.size(), i % 7 + 1);
        for (unsigned k = 0; k <= i % 7; ++k) ASSERT_EQ(host.frames[k], test_frame(60 + i, i + k));
        ASSERT_EQ(number(TDH), posted % 8);
        host.frames.clear();
    }
    EXPECT_EQ(host.said(), "");
}

TEST_F(TransmitTest, a_frame_is_gathered_from_many_descriptors) {
    start_transmitter(64);
    for (std::size_t pieces = 2; pieces <= 40; ++pieces) {
        const Bytes frame = test_frame(60 + pieces * 37);
        for (std::size_t i = 0; i < pieces; ++i) {
            const std::size_t from = frame.size() * i / pieces, to = frame.size() * (i + 1) / pieces;
            put_legacy(std::span(frame).subspan(from, to - from), i + 1 == pieces ? whole : TDESC_CMD.IFCS);
        }
        doorbell();
        ASSERT_EQ(host.frames.size(), 1U);
        EXPECT_EQ(host.frames[0], frame) << pieces;
        host.frames.clear();
    }
}

TEST_F(TransmitTest, an_unfinished_frame_is_held_until_its_end_arrives) {
    start_transmitter(8);
    const Bytes frame = test_frame(100);
    const std::uint32_t first = put_legacy(std::span(frame).first(30), TDESC_CMD.RS);
    doorbell();
    EXPECT_TRUE(host.frames.empty());
    EXPECT_TRUE(done(first)) << "its data has been fetched";
    put_legacy(std::span(frame).subspan(30), whole);
    doorbell();
    EXPECT_EQ(host.frames.at(0), frame);
}

TEST_F(TransmitTest, descriptors_without_data_complete_and_send_nothing) {
    start_transmitter(16);
    const Bytes frame = test_frame(80);
    put(TransmitDescriptor{tx_buffer(0).value, TDESC_CMD.EOP | TDESC_CMD.IFCS | TDESC_CMD.RS, {}});
    put(TransmitDescriptor{0, whole | TDESC_CMD.LENGTH(60) | TDESC_CMD.RS, {}});
    doorbell();
    EXPECT_TRUE(host.frames.empty());
    EXPECT_TRUE(done(0) && done(1));
    put_legacy(std::span(frame).first(40), TDESC_CMD.IFCS);
    put(TransmitDescriptor{0, TDESC_CMD.LENGTH(60), {}});
    put(TransmitDescriptor{tx_buffer(0).value, {}, {}});
    put_legacy(std::span(frame).subspan(40), TDESC_CMD.IFCS);
    put(TransmitDescriptor{tx_buffer(0).value, whole, {}});
    doorbell();
    EXPECT_EQ(host.frames.at(0), frame);
    EXPECT_EQ(host.said(), "");
}

TEST_F(TransmitTest, a_disabled_transmitter_resumes_when_enabled) {
    start_transmitter(8);
    write(TCTL, TCTL.PSP);
    put_legacy(test_frame(60), whole);
    doorbell();
    EXPECT_TRUE(host.frames.empty());
    EXPECT_EQ(number(TDH), 0U);
    write(TCTL, TCTL.EN | TCTL.PSP);
    EXPECT_EQ(host.frames.size(), 1U);
}

TEST_F(TransmitTest, frames_wait_for_a_link) {
    nic->set_cable(false);
    start_transmitter(8);
    put_legacy(test_frame(60), whole | TDESC_CMD.RS);
    doorbell();
    EXPECT_TRUE(host.frames.empty());
    EXPECT_FALSE(done(0));
    nic->set_cable(true);
    host.pass(*nic, std::chrono::seconds(5));
    EXPECT_EQ(host.frames.size(), 1U);
    EXPECT_TRUE(done(0));
}

TEST_F(TransmitTest, loopback_returns_frames_and_sends_none_out) {
    write(MDIC, MDIC.PHYADD(1) | MDIC.OP(1) | MDIC.REGADD(0) | MDIC.DATA(0x4140));  // PCTRL.LOOPBACK
    start_receiver(64);
    give(63);
    start_transmitter(64);
    for (unsigned i = 0; i < 60; ++i) put_legacy(test_frame(60 + i, i), whole);
    doorbell();
    EXPECT_TRUE(host.frames.empty());
    for (unsigned i = 0; i < 60; ++i) EXPECT_EQ(stored(i), test_frame(60 + i, i));
}

TEST_F(TransmitTest, empty_and_low_rings_raise_their_causes) {
    start_transmitter(32);
    write(TXDCTL, TXDCTL.LWTHRESH(1));
    doorbell();
    EXPECT_FALSE(raised(ICR.TXQE));
    for (int i = 0; i < 7; ++i) put_legacy(test_frame(60), whole);
    doorbell();
    EXPECT_EQ(read(ICR).bits, ICR.TXQE.mask()) << "it was already low";
    for (int i = 0; i < 8; ++i) put_legacy(test_frame(60), whole);
    doorbell();
    EXPECT_EQ(read(ICR).bits, (ICR.TXQE | ICR.TXD_LOW).bits);
}

TEST_F(TransmitTest, delayable_interrupts_wait_unless_an_immediate_one_fires) {
    start_transmitter(32);
    write(TIDV, TIDV.IDV(100));
    put_legacy(test_frame(60), whole | TDESC_CMD.RS | TDESC_CMD.IDE);
    doorbell();
    EXPECT_TRUE(done(0)) << "the write-back itself does not wait";
    EXPECT_FALSE(raised(ICR.TXDW));
    host.pass(*nic, std::chrono::microseconds(103));
    EXPECT_TRUE(raised(ICR.TXDW));
    put_legacy(test_frame(60), whole | TDESC_CMD.RS);
    put_legacy(test_frame(60), whole | TDESC_CMD.RS | TDESC_CMD.IDE);
    doorbell();
    EXPECT_TRUE(raised(ICR.TXDW));
    host.pass(*nic, std::chrono::microseconds(103));
    EXPECT_TRUE(raised(ICR.TXDW));
    put_legacy(test_frame(60), whole | TDESC_CMD.RS | TDESC_CMD.IDE);
    put_legacy(test_frame(60), whole | TDESC_CMD.RS);
    doorbell();
    EXPECT_TRUE(raised(ICR.TXDW));
    host.pass(*nic, std::chrono::milliseconds(1));
    EXPECT_FALSE(raised(ICR.TXDW)) << "the immediate interrupt covered it";
}

TEST_F(TransmitTest, a_second_queue_has_its_own_ring_and_can_be_paused) {
    nic = card_82574l.make(host, {});
    write(CTRL, read(CTRL) | CTRL.SLU);
    start_transmitter(8);
    write(TDBAL1, static_cast<std::uint32_t>(tx_ring.value) + 0x1000);
    write(TDLEN1, 8 * 16);
    write(TARC[1], TARC.COUNT(3));
    const Bytes half = test_frame(100, 1), other = test_frame(80, 2);
    put_legacy(std::span(half).first(40), TDESC_CMD.IFCS);
    doorbell();
    const std::uint64_t at = place(other).value;
    host.store(tx_ring + 0x1000, TransmitDescriptor{at, whole | TDESC_CMD.RS | TDESC_CMD.LENGTH(80), {}});
    write(TDT1, 1);
    EXPECT_TRUE(host.frames.empty()) << "its TARC pauses it";
    write(TARC[1], TARC.COUNT(3) | TARC.ENABLE);
    ASSERT_EQ(host.frames.size(), 1U);
    EXPECT_EQ(host.frames[0], other) << "it does not contain queue 0's half frame";
    put_legacy(std::span(half).subspan(40), whole);
    doorbell();
    EXPECT_EQ(host.frames.at(1), half);
    EXPECT_EQ(number(TDH), 2U);
    EXPECT_EQ(number(TDH1), 1U);
    EXPECT_EQ(host.said(), "");
}

// --- misuse --------------------------------------------------------------------------------------------------------

TEST_F(TransmitTest, the_longest_frame_is_sent_and_a_longer_one_is_refused) {
    start_transmitter(16);
    put_legacy(test_frame(16288), whole);
    put_legacy(test_frame(16289), whole | TDESC_CMD.RS);
    put_legacy(test_frame(16000), TDESC_CMD.IFCS);
    put_legacy(test_frame(300), TDESC_CMD.IFCS);
    put_legacy(test_frame(300), whole | TDESC_CMD.RS);
    put_legacy(test_frame(60), whole);
    doorbell();
    ASSERT_EQ(host.frames.size(), 2U);
    EXPECT_EQ(host.frames[0], test_frame(16288));
    EXPECT_EQ(host.frames[1], test_frame(60));
    EXPECT_EQ(bad_descriptors(), 2U);
    EXPECT_TRUE(done(1) && done(4));
}

TEST_F(TransmitTest, a_smaller_packet_buffer_lowers_the_longest_frame) {
    write(PBA, PBA.RXA(60));
    start_transmitter(8);
    put_legacy(test_frame(4 * 1024 - 80), whole);
    put_legacy(test_frame(4 * 1024 - 79), whole);
    doorbell();
    EXPECT_EQ(host.frames.size(), 1U);
    write(PBA, PBA.RXA(64));
    put_legacy(test_frame(60), whole);
    doorbell();
    EXPECT_EQ(host.frames.size(), 1U);
    EXPECT_EQ(bad_descriptors(), 2U);
}

TEST_F(TransmitTest, a_tail_or_head_beyond_the_ring_is_reported_and_nothing_is_sent) {  // CVE-2021-20257
    start_transmitter(8);
    put_legacy(test_frame(60), whole);
    for (const std::uint32_t tail : {8U, 9U, 0xffffU}) write(TDT, tail);
    write(TDH, 0xfff0);
    write(TDT, 1);
    EXPECT_EQ(host.count(Misuse::tail_beyond_ring), 4U);
    EXPECT_TRUE(host.frames.empty());
    EXPECT_EQ(host.faults, 0U);
    write(TDH, 0);
    write(TDT, 1);
    EXPECT_EQ(host.frames.size(), 1U);
}

TEST_F(TransmitTest, a_ring_without_descriptors_is_reported) {
    start_transmitter(0);
    write(TDT, 3);
    EXPECT_EQ(host.count(Misuse::bad_ring), 1U);
    EXPECT_TRUE(host.frames.empty());
}

TEST_F(TransmitTest, a_misplaced_ring_or_one_of_odd_length_is_reported_when_it_is_used) {
    start_transmitter(8);
    write(TDBAL, static_cast<std::uint32_t>(tx_ring.value) + 8);
    write(TDLEN, 8 * 16 + 100);
    EXPECT_EQ(host.said(), "") << "it can still be fixed";
    for (int i = 0; i < 2; ++i) put_legacy(test_frame(60), whole), doorbell();
    EXPECT_EQ(host.count(Misuse::bad_ring), 2U) << "each once";
    EXPECT_EQ(host.frames.size(), 2U) << "the chip ignores the odd bits";
    write(TDBAL, 8);
    write(TDLEN, 100);
    write(TDBAL, static_cast<std::uint32_t>(tx_ring.value));
    write(TDLEN, 8 * 16);
    put_legacy(test_frame(60), whole);
    doorbell();
    EXPECT_EQ(host.reports.size(), 2U) << "it was fixed";
}

TEST_F(TransmitTest, head_and_tail_both_beyond_the_ring_are_reported) {
    start_transmitter(8);
    write(TDH, 3000);
    write(TDT, 3000);
    EXPECT_EQ(host.count(Misuse::tail_beyond_ring), 1U);
}

TEST_F(TransmitTest, moving_the_tail_back_is_reported_and_supplies_descriptors_again) {
    start_transmitter(8);
    for (int i = 0; i < 3; ++i) put_legacy(test_frame(60), whole | TDESC_CMD.RS);
    doorbell();
    EXPECT_EQ(host.said(), "");
    write(TDT, 1);  // all around the ring: the first one again
    EXPECT_EQ(host.frames.size(), 4U);
    EXPECT_EQ(host.count(Misuse::descriptor_again), 1U) << host.said();
}

TEST_F(TransmitTest, a_ring_of_many_thousands_takes_several_turns) {
    constexpr std::uint32_t many = 20'000;
    const IoAddress buffer = place(test_frame(60));
    write(TDBAL, 0x30'0000);
    write(TDLEN, (many + 480) * 16);
    for (std::uint32_t i = 0; i < many; ++i)
        host.store(IoAddress{0x30'0000 + i * 16}, TransmitDescriptor{buffer.value, whole | TDESC_CMD.LENGTH(60), {}});
    write(TCTL, TCTL.EN);
    write(TDT, many);
    EXPECT_EQ(host.frames.size(), 1024U);
    EXPECT_FALSE(raised(ICR.TXQE));
    host.pass(*nic, std::chrono::microseconds(1));
    EXPECT_EQ(host.frames.size(), many);
    EXPECT_TRUE(raised(ICR.TXQE));
}

TEST_F(TransmitTest, a_ring_outside_memory_is_reported_once_per_doorbell_and_can_be_fixed) {
    start_transmitter(8);
    write(TDBAH, 1);
    put_legacy(test_frame(60), whole);
    put_legacy(test_frame(60), whole);
    doorbell();
    EXPECT_EQ(host.reports.size(), 1U);
    EXPECT_EQ(number(TDH), 0U);
    EXPECT_FALSE(raised(ICR.TXQE));
    write(TDBAH, 0);
    doorbell();
    EXPECT_EQ(host.frames.size(), 2U);
}

TEST_F(TransmitTest, a_buffer_outside_memory_costs_only_its_frame) {
    start_transmitter(8);
    put_legacy(test_frame(60, 1), TDESC_CMD.IFCS);
    put(TransmitDescriptor{0x7000'0000, TDESC_CMD.LENGTH(60), {}});
    put_legacy(test_frame(60, 1), whole | TDESC_CMD.RS);
    put_legacy(test_frame(60, 2), whole | TDESC_CMD.RS);
    doorbell();
    EXPECT_EQ(host.frames.size(), 1U);
    EXPECT_EQ(host.frames.at(0), test_frame(60, 2));
    EXPECT_TRUE(done(2) && done(3));
    EXPECT_EQ(host.count(Misuse::dma_not_mapped), 1U);
}

TEST_F(TransmitTest, descriptors_of_mixed_kinds_make_no_frame) {
    start_transmitter(16);
    put_legacy(test_frame(60), TDESC_CMD.IFCS);
    put_data(test_frame(60), whole_data);
    put_data(test_frame(60), DATA_CMD.IFCS);
    put_legacy(test_frame(60), whole);
    put_data(test_frame(60), DATA_CMD.IFCS);
    put_data(test_frame(60), whole_data | DATA_CMD.TSE);
    put_legacy(test_frame(60), whole);
    doorbell();
    EXPECT_EQ(host.frames.size(), 1U);
    EXPECT_EQ(bad_descriptors(), 3U);
}

TEST_F(TransmitTest, an_unknown_type_is_reported_and_skipped) {
    start_transmitter(8);
    put(DataDescriptor{tx_buffer(0).value, DATA_CMD.DEXT | DATA_CMD.DTYP(5) | DATA_CMD.DTALEN(60) | whole_data, {}});
    put_legacy(test_frame(60), whole);
    doorbell();
    EXPECT_EQ(bad_descriptors(), 1U);
    EXPECT_EQ(host.frames.size(), 1U);
}

TEST_F(TransmitTest, a_context_in_the_middle_of_a_frame_is_reported_and_does_not_change_it) {
    start_transmitter(8);
    const IpFrame of;
    const Bytes frame = seeded(of);
    put(checksums(of));
    put_data(std::span(frame).first(25), DATA_CMD.IFCS, DATA_STATUS.TXSM | DATA_STATUS.IXSM);
    put(checksums({.version = 6}));
    put_data(std::span(frame).subspan(25), whole_data);
    doorbell();
    EXPECT_EQ(host.frames.at(0), finished(of));
    EXPECT_EQ(bad_descriptors(), 1U);
}

TEST_F(TransmitTest, restarting_a_ring_discards_half_a_frame) {
    start_transmitter(8);
    put_legacy(test_frame(60, 1), TDESC_CMD.IFCS);
    doorbell();
    posted = 0;
    start_transmitter(8);
    put_legacy(test_frame(60, 2), whole);
    doorbell();
    EXPECT_EQ(host.frames.at(0), test_frame(60, 2));
}

TEST_F(TransmitTest, a_reset_discards_half_a_frame_and_the_context) {
    start_transmitter(8);
    put(checksums({}));
    put_data(test_frame(60), DATA_CMD.IFCS);
    doorbell();
    write(CTRL, CTRL.RST);
    write(CTRL, read(CTRL) | CTRL.SLU);
    posted = 0;
    start_transmitter(8);
    put_data(seeded({}), whole_data, DATA_STATUS.TXSM);
    doorbell();
    EXPECT_EQ(host.frames.at(0), seeded({}));
    EXPECT_EQ(bad_descriptors(), 1U);
}

TEST_F(TransmitTest, counters_match_ten_thousand_random_frames) {
    std::mt19937 random(7);
    start_transmitter(256);
    std::uint64_t octets = 0, multicasts = 0;
    for (int i = 0; i < 10'000; ++i) {
        const bool is_group = random() % 2 == 0;
        const std::size_t size = 20 + random() % 1400;
        put_legacy(test_frame(size, 1, is_group ? 0x33 : 0x22), whole);
        multicasts += is_group;
        octets += std::max<std::size_t>(size, 60) + 4;
        if (random() % 8 == 0) doorbell();
        if (posted % 200 == 0) doorbell();
        if (host.frames.size() > 100) host.frames.clear();
    }
    doorbell();
    EXPECT_EQ(number(GPTC), 10'000U);
    EXPECT_EQ(number(TPT), 10'000U);
    EXPECT_EQ(number(MPTC), multicasts);
    EXPECT_EQ(number(GOTCL), octets);
}

TEST_F(TransmitTest, any_ring_and_register_values_let_a_doorbell_end_and_stay_in_memory) {
    std::mt19937 random(8);
    const auto any = [&] { return static_cast<std::uint32_t>(random()); };
    for (int round = 0; round < 1000; ++round) {
        start_transmitter(16, TCTL.from(any()));
        write(CTRL, random() % 2 == 0 ? CTRL.SLU | CTRL.VME : CTRL.SLU);
        for (std::uint32_t i = 0; i < 16; ++i) {
            std::array<std::uint32_t, 4> words{any(), any(), any(), any()};
            const bool is_data = random() % 3 != 0;
            if (is_data) words[0] = 0x40'0000 + any() % 0x1f'0000, words[1] = 0;
            words[2] = (words[2] & 0xff0f'3fff) | (is_data ? 1U << 20 : 0U) | (random() % 4 != 0 ? 1U << 29 : 0U);
            words[3] = (words[3] & 0xffff) | (200 + any() % 1000) << 16;  // as an MSS, not too small
            host.store(tx_ring + i * 16U, words);
        }
        if (random() % 8 == 0) write(TDLEN, any());
        if (random() % 8 == 0) write(TDH, any());
        if (random() % 8 == 0) write(TDBAL, any());
        write(TDT, random() % 8 == 0 ? any() : 15U);
        for (const auto& frame : host.frames) ASSERT_LE(frame.size(), 16292U);
        host.frames.clear();
        host.reports.clear();
    }
}

}  // namespace
}  // namespace ixy::sim::e1000
