// What a frame looks like in memory, and which frames are bad (manual 3.2.1 to 3.2.3, 9, 13.4.22, 13.7).
#include <random>

#include "tests/sim/e1000/bench.hpp"

namespace ixy::sim::e1000 {
namespace {

class ReceiveFramesTest : public Bench {
protected:
    void start(datasheet::Value<Rctl> control) {
        set_receive_ring(64);
        write(RCTL, RCTL.EN | RCTL.BAM | control);
        give(63);
    }
    std::uint32_t status(std::uint32_t index) { return received(index).status.bits; }
    static std::uint32_t bits(datasheet::Value<RdescStatus> more) {
        return (RDESC_STATUS.DD | RDESC_STATUS.EOP | more).bits;
    }
    static Bytes tagged_frame(std::size_t size, unsigned tag) {
        Bytes frame = test_frame(size);
        set_word(frame, 12, 0x8100);
        set_word(frame, 14, tag);
        return frame;
    }
    static Bytes without_tag(Bytes frame) {
        frame.erase(frame.begin() + 12, frame.begin() + 16);
        return frame;
    }
};

TEST_F(ReceiveFramesTest, the_check_sequence_is_stored_unless_it_is_stripped) {
    start({});
    std::mt19937 random(5);
    for (std::uint32_t i = 0; i < 20; ++i) {
        const Bytes frame = test_frame(60 + random() % 1400, i);
        arrive(frame);
        EXPECT_EQ(stored(i), with_check_sequence(frame));
    }
    write(RCTL, RCTL.EN | RCTL.BAM | RCTL.SECRC);
    arrive(test_frame(60));
    EXPECT_EQ(stored(20), test_frame(60));
}

TEST_F(ReceiveFramesTest, a_check_sequence_may_extend_into_the_next_buffer) {
    start(RCTL.BSIZE(3));
    const Bytes frame = test_frame(254);
    arrive(frame);
    Bytes all = stored(0);
    std::ranges::copy(stored(1), std::back_inserter(all));
    EXPECT_EQ(all, with_check_sequence(frame));
    EXPECT_EQ(length(received(1)), 2U);
    EXPECT_FALSE(received(0).status & RDESC_STATUS.EOP);
}

TEST_F(ReceiveFramesTest, short_frames_from_software_are_padded_with_zeros) {
    start(RCTL.SECRC);
    for (const std::size_t size : {14U, 42U, 59U}) {
        const std::uint32_t index = number(RDH);
        Bytes frame = test_frame(size);
        arrive(frame);
        frame.resize(60);
        EXPECT_EQ(stored(index), frame);
    }
    EXPECT_EQ(number(PRC64), 3U);
    EXPECT_EQ(number(RUC), 0U);
}

TEST_F(ReceiveFramesTest, without_LPE_the_limit_is_1522_bytes) {
    start(RCTL.SECRC);
    arrive(test_frame(1518));
    EXPECT_EQ(stored(0), test_frame(1518));
    arrive(test_frame(1519));
    EXPECT_EQ(number(RDH), 1U);
    EXPECT_EQ(number(ROC), 1U);
    EXPECT_EQ(number(RLEC), 1U);
    EXPECT_EQ(number(GPRC), 1U);
    EXPECT_EQ(number(TPR), 2U);
}

TEST_F(ReceiveFramesTest, with_LPE_the_limit_is_16384_bytes) {
    start(RCTL.SECRC | RCTL.LPE | RCTL.BSEX | RCTL.BSIZE(1));
    arrive(test_frame(16380));
    EXPECT_EQ(stored(0), test_frame(16380));
    arrive(test_frame(16381));
    EXPECT_EQ(number(RDH), 1U);
    EXPECT_EQ(number(ROC), 1U);
}

TEST_F(ReceiveFramesTest, filtered_frames_do_not_count_as_oversized) {
    start({});
    arrive(test_frame(3000, 1, 0x44));
    arrive(test_frame(100, 1, 0x44), true);
    EXPECT_EQ(number(ROC), 0U);
    EXPECT_EQ(number(CRCERRS), 0U);
    EXPECT_EQ(number(TPR), 2U);
}

TEST_F(ReceiveFramesTest, damaged_frames_are_counted_by_their_size_and_dropped) {
    start({});
    arrive(test_frame(60), true);
    arrive(test_frame(40), true);
    arrive(test_frame(1519), true);
    EXPECT_EQ(number(RDH), 0U);
    for (const datasheet::Number* counter : {&CRCERRS, &RFC, &RJC}) EXPECT_EQ(number(*counter), 1U);
    for (const datasheet::Number* counter : {&GPRC, &RUC, &ROC, &PRC64}) EXPECT_EQ(number(*counter), 0U);
    EXPECT_EQ(number(TPR), 3U);
}

TEST_F(ReceiveFramesTest, damaged_frames_can_be_stored_with_their_damage) {
    start(RCTL.SBP);
    arrive(test_frame(100), true);
    EXPECT_EQ(status(0), bits(RDESC_STATUS.IXSM | RDESC_STATUS.CE));
    Bytes frame = stored(0);
    const Bytes right = with_check_sequence(test_frame(100));
    EXPECT_NE(frame, right);
    frame.resize(100);
    EXPECT_EQ(frame, test_frame(100));
    EXPECT_EQ(number(CRCERRS), 1U);
    EXPECT_EQ(number(GPRC), 0U);
    arrive(test_frame(2000));
    EXPECT_EQ(length(received(1)), 2004U) << "so can overlong ones";
    EXPECT_EQ(number(ROC), 1U);
}

TEST_F(ReceiveFramesTest, a_short_frame_looped_back_counts_as_undersize) {
    start(RCTL.SECRC);
    write(MDIC, MDIC.PHYADD(1) | MDIC.OP(1) | MDIC.REGADD(0) | MDIC.DATA(0x4140));  // PCTRL.LOOPBACK
    start_transmitter(8, {});                                                       // no padding
    put_legacy(test_frame(59), TDESC_CMD.EOP | TDESC_CMD.IFCS);
    put_legacy(test_frame(60), TDESC_CMD.EOP | TDESC_CMD.IFCS);
    doorbell();
    EXPECT_EQ(number(RUC), 1U);
    EXPECT_EQ(number(RDH), 1U);
    EXPECT_EQ(stored(0), test_frame(60));
    EXPECT_TRUE(host.frames.empty());
}

TEST_F(ReceiveFramesTest, a_tag_is_moved_into_the_descriptor) {
    ASSERT_EQ(number(VET), 0x8100U) << "the reset value";
    write(CTRL, read(CTRL) | CTRL.VME);
    start(RCTL.SECRC);
    const Bytes frame = tagged_frame(100, 0xb123);
    arrive(frame);
    EXPECT_EQ(stored(0), without_tag(frame));
    EXPECT_EQ(status(0), bits(RDESC_STATUS.IXSM | RDESC_STATUS.VP | RDESC_STATUS.VLAN(0x123) | RDESC_STATUS.CFI |
                              RDESC_STATUS.PRI(5)));
    arrive(test_frame(100));
    EXPECT_EQ(stored(1), test_frame(100));
    EXPECT_EQ(status(1), bits(RDESC_STATUS.IXSM));
}

TEST_F(ReceiveFramesTest, without_VME_a_tag_stays) {
    write(VET, 0x8100);
    start(RCTL.SECRC);
    const Bytes frame = tagged_frame(100, 0x123);
    arrive(frame);
    EXPECT_EQ(stored(0), frame);
    EXPECT_EQ(status(0), bits(RDESC_STATUS.IXSM));
}

TEST_F(ReceiveFramesTest, the_check_sequence_after_a_stripped_tag_is_the_one_on_the_wire) {
    write(VET, 0x8100);
    write(CTRL, read(CTRL) | CTRL.VME);
    start({});
    const Bytes frame = tagged_frame(100, 7);
    arrive(frame);
    EXPECT_EQ(stored(0), without_tag(with_check_sequence(frame)));
}

TEST_F(ReceiveFramesTest, a_minimum_tagged_frame_is_four_bytes_shorter_in_memory) {
    write(VET, 0x8100);
    write(CTRL, read(CTRL) | CTRL.VME);
    start(RCTL.SECRC);
    arrive(tagged_frame(20, 7));
    EXPECT_EQ(length(received(0)), 56U);
}

TEST_F(ReceiveFramesTest, checksums_are_also_checked_after_a_stripped_tag) {
    write(VET, 0x8100);
    write(CTRL, read(CTRL) | CTRL.VME);
    write(RXCSUM, RXCSUM.IPOFL | RXCSUM.TUOFL);
    start(RCTL.SECRC);
    const IpFrame of{.tagged = true};
    Bytes frame = finished(of);
    arrive(frame);
    const auto tag = RDESC_STATUS.VP | RDESC_STATUS.VLAN(0x123);
    EXPECT_EQ(status(0), bits(tag | RDESC_STATUS.IPCS | RDESC_STATUS.TCPCS));
    frame.back() ^= std::byte{1};
    arrive(frame);
    EXPECT_EQ(status(1), bits(tag | RDESC_STATUS.IPCS | RDESC_STATUS.TCPCS | RDESC_STATUS.TCPE));
}

TEST_F(ReceiveFramesTest, the_packet_checksum_starts_at_PCSS_and_covers_the_stored_bytes) {
    const auto checksum = [this](std::uint32_t i) { return RDESC_LENGTH.CHECKSUM.of(received(i).length); };
    const Bytes frame = test_frame(101);
    start(RCTL.SECRC);
    arrive(frame);
    EXPECT_EQ(checksum(0), ~simple_sum(frame) & 0xffff);
    write(RXCSUM, RXCSUM.PCSS(14));
    arrive(frame);
    EXPECT_EQ(checksum(1), ~simple_sum(std::span(frame).subspan(14)) & 0xffff);
    write(RCTL, RCTL.EN | RCTL.BAM);
    arrive(frame);
    const Bytes whole = with_check_sequence(frame);
    EXPECT_EQ(checksum(2), ~simple_sum(std::span(whole).subspan(14)) & 0xffff);
    write(RXCSUM, RXCSUM.PCSS(255));
    arrive(frame);
    EXPECT_EQ(checksum(3), 0xffffU) << "the checksum of no bytes";
}

TEST_F(ReceiveFramesTest, a_small_frame_raises_its_own_cause) {
    start(RCTL.SECRC);
    write(RSRPD, RSRPD.SIZE(100));
    arrive(test_frame(97));
    EXPECT_FALSE(read(ICR) & ICR.SRPD);
    arrive(test_frame(96));
    EXPECT_TRUE(read(ICR) & ICR.SRPD);
}

class FlowControlTest : public ReceiveFramesTest {
protected:
    FlowControlTest() {
        write(FCAL, 0x00c2'8001);
        write(FCAH, 0x0100);
        write(FCT, 0x8808);
        write(RAL[0], 0x5634'1202);
        write(RAH[0], RAH.ADDRESS(0x9a78) | RAH.AV);
    }
    static Bytes control_frame(std::uint64_t destination, unsigned opcode, unsigned time = 0) {
        Bytes frame = test_frame(60);
        for (unsigned i = 0; i < 3; ++i) set_word(frame, 2 * i, destination >> (32 - 16 * i) & 0xffff);
        set_word(frame, 12, 0x8808);
        set_word(frame, 14, opcode);
        set_word(frame, 16, time);
        return frame;
    }
    static constexpr std::uint64_t group = 0x0180'c200'0001, station = 0x0212'3456'789a;
    static constexpr unsigned pause = 1, another = 2;
};

TEST_F(FlowControlTest, pause_frames_are_always_counted_and_are_not_good_packets) {
    start(RCTL.MPE | RCTL.SECRC);
    arrive(control_frame(group, pause, 0xffff));
    arrive(control_frame(station, pause, 1));
    arrive(control_frame(group, pause));
    EXPECT_EQ(number(XOFFRXC), 2U);
    EXPECT_EQ(number(XONRXC), 1U);
    EXPECT_EQ(number(RDH), 3U);
    EXPECT_EQ(number(TPR), 3U);
    for (const auto* counter : {&GPRC, &MPRC, &PRC64, &GORCL}) EXPECT_EQ(number(*counter), 0U) << counter->name;
}

TEST_F(FlowControlTest, pause_frames_to_the_station_are_discarded_with_DPF) {
    start(RCTL.MPE | RCTL.DPF);
    arrive(control_frame(station, pause, 1));
    EXPECT_EQ(number(RDH), 0U);
    arrive(control_frame(group, pause, 1));
    EXPECT_EQ(number(RDH), 1U) << "only the filters decide on these";
    EXPECT_EQ(number(XOFFRXC), 2U);
}

TEST_F(FlowControlTest, other_control_frames_pass_on_request) {
    start(RCTL.MPE);
    arrive(control_frame(group, another));
    EXPECT_EQ(number(RDH), 0U);
    write(RCTL, RCTL.EN | RCTL.MPE | RCTL.PMCF);
    arrive(control_frame(group, another));
    EXPECT_EQ(number(RDH), 1U);
    EXPECT_EQ(number(FCRUC), 2U);
    EXPECT_EQ(number(GPRC), 0U);
}

TEST_F(FlowControlTest, the_registers_define_a_pause_frame) {
    start(RCTL.MPE | RCTL.UPE);
    arrive(control_frame(group + 1, pause, 1));
    arrive(control_frame(station + 1, pause, 1));
    arrive(control_frame(group, pause, 1), true);
    EXPECT_EQ(number(XOFFRXC), 0U);
    EXPECT_EQ(number(GPRC), 2U);
    write(FCAH, 0x0200);
    arrive(control_frame(group + 1, pause, 1));
    EXPECT_EQ(number(XOFFRXC), 1U);
    write(FCT, 0);
    Bytes frame = control_frame(station, another);
    set_word(frame, 12, 0);
    arrive(frame);
    EXPECT_EQ(number(FCRUC), 0U) << "no type is set";
    EXPECT_EQ(number(GPRC), 1U);
}

TEST_F(ReceiveFramesTest, frames_shorter_than_their_header_do_no_harm) {
    start(RCTL.SBP | RCTL.UPE | RCTL.MPE | RCTL.VFE);
    write(CTRL, read(CTRL) | CTRL.VME);
    for (std::size_t size = 0; size < 20; ++size) {
        arrive(Bytes(size), true);
        arrive(Bytes(size), false);
    }
    EXPECT_EQ(number(TPR), 40U);
}

TEST_F(ReceiveFramesTest, counters_match_ten_thousand_random_frames) {
    std::mt19937 random(6);
    start(RCTL.SECRC);
    std::uint64_t octets = 0, broadcasts = 0, all_octets = 0;
    for (int i = 0; i < 10'000; ++i) {
        const std::size_t size = 60 + random() % 1459;
        const bool is_broadcast = random() % 2 == 0;
        arrive(test_frame(size, static_cast<unsigned>(i), is_broadcast ? 0xff : 0x22));
        all_octets += size + 4;
        if (!is_broadcast) continue;
        ++broadcasts;
        octets += size + 4;
        give(1);
    }
    EXPECT_EQ(number(TPR), 10'000U);
    EXPECT_EQ(number(GPRC), broadcasts);
    EXPECT_EQ(number(BPRC), broadcasts);
    EXPECT_EQ(number(GORCL), octets);
    EXPECT_EQ(number(TORL), all_octets);
    EXPECT_EQ(number(RNBC) + number(MPC), 0U);
}

}  // namespace
}  // namespace ixy::sim::e1000
