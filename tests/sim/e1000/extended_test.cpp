// Receive features of the 82574L: extended descriptors, packet split, two queues.
#include "tests/sim/e1000/bench.hpp"

#include <ixy/datasheet/e1000/pcie.hpp>

namespace ixy::sim::e1000 {
namespace {

class ExtendedTest : public Bench {
protected:
    ExtendedTest() {
        nic = card_82574l.make(host, {});
        write(CTRL, read(CTRL) | CTRL.SLU);
        write(RFCTL, RFCTL.EXSTEN);
    }
    ExtendedReceiveWriteBack extended(std::uint32_t index) {
        return host.load<ExtendedReceiveWriteBack>(rx_ring + index * 16U);
    }
    static std::size_t length(const ExtendedReceiveWriteBack& of) { return EXTENDED_LENGTH.LENGTH.of(of.length); }
    Bytes memory(IoAddress at, std::size_t size) {
        const auto begin = host.memory.begin() + static_cast<std::ptrdiff_t>(at.value);
        return {begin, begin + static_cast<std::ptrdiff_t>(size)};
    }
};

TEST_F(ExtendedTest, length_status_and_checksum_are_in_their_new_places) {
    write(RXCSUM, RXCSUM.IPOFL | RXCSUM.TUOFL | RXCSUM.PCSS(14));
    start_receiver(8);
    give(7);
    const Bytes frame = finished({});
    arrive(frame);
    const auto done = extended(0);
    EXPECT_EQ(done.status.bits, (EXTENDED_STATUS.DD | EXTENDED_STATUS.EOP | EXTENDED_STATUS.IPCS |
                                 EXTENDED_STATUS.TCPCS | EXTENDED_STATUS.ACK)
                                    .bits);
    EXPECT_EQ(length(done), frame.size());
    EXPECT_EQ(done.hash >> 16, ~simple_sum(std::span(frame).subspan(14)) & 0xffff);
    EXPECT_EQ(memory(rx_buffer(0), frame.size()), frame);
    EXPECT_EQ(host.last_word, offsetof(ExtendedReceiveWriteBack, status));
    EXPECT_EQ(host.said(), "");
}

TEST_F(ExtendedTest, a_wrong_checksum_and_a_tag_are_reported) {
    write(RXCSUM, RXCSUM.IPOFL | RXCSUM.TUOFL);
    write(VET, VET.from(0x8100));
    write(CTRL, read(CTRL) | CTRL.VME);
    start_receiver(8);
    give(7);
    Bytes frame = finished({.tagged = true});
    frame.back() ^= std::byte{1};
    arrive(frame);
    const auto done = extended(0);
    EXPECT_TRUE(done.status & EXTENDED_STATUS.TCPE);
    EXPECT_FALSE(done.status & EXTENDED_STATUS.IPE);
    EXPECT_TRUE(done.status & EXTENDED_STATUS.VP);
    EXPECT_EQ(EXTENDED_LENGTH.VLAN.of(done.length), 0x123U);
    EXPECT_EQ(length(done), frame.size() - 4);
}

TEST_F(ExtendedTest, udp_is_distinguished_from_tcp) {
    start_receiver(8);
    give(7);
    arrive(finished({}));
    arrive(finished({.protocol = 17}));
    EXPECT_TRUE(extended(0).status & EXTENDED_STATUS.TCPCS);
    EXPECT_FALSE(extended(0).status & EXTENDED_STATUS.UDPCS);
    EXPECT_TRUE(extended(1).status & EXTENDED_STATUS.TCPCS);
    EXPECT_TRUE(extended(1).status & EXTENDED_STATUS.UDPCS);
}

TEST_F(ExtendedTest, checksums_over_ipv6_are_checked_unless_rfctl_disables_it) {
    start_receiver(8);
    give(7);
    const Bytes frame = finished({.version = 6});
    arrive(frame);
    write(RFCTL, RFCTL.EXSTEN | RFCTL.IPV6_XSUM_DIS);
    arrive(frame);
    EXPECT_TRUE(extended(0).status & EXTENDED_STATUS.TCPCS);
    EXPECT_FALSE(extended(1).status & EXTENDED_STATUS.TCPCS);
    EXPECT_TRUE(extended(1).status & EXTENDED_STATUS.IXSM);
}

TEST_F(ExtendedTest, acknowledgements_are_reported_and_interrupt) {
    const Bytes empty = finished({.payload = 0}), full = finished({.payload = 10});
    Bytes other = empty;
    other[34 + 13] = std::byte{0x02};  // SYN
    start_receiver(8);
    give(7);
    const auto told = [&](const Bytes& frame) {
        const std::uint32_t slot = number(RDH);
        (void)read(ICR);
        arrive(frame);
        return std::pair(static_cast<bool>(extended(slot).status & EXTENDED_STATUS.ACK),
                         static_cast<bool>(read(ICR) & ICR.ACK));
    };
    EXPECT_EQ(told(full), std::pair(true, true));
    EXPECT_EQ(told(other), std::pair(false, false));
    write(RFCTL, RFCTL.EXSTEN | RFCTL.ACKD_DIS);
    EXPECT_EQ(told(full), std::pair(false, false)) << "it has data";
    EXPECT_EQ(told(empty), std::pair(true, true));
    write(RFCTL, RFCTL.EXSTEN | RFCTL.ACK_DIS);
    EXPECT_EQ(told(empty), std::pair(true, false));
}

TEST_F(ExtendedTest, fragments_are_reported_with_their_identification_and_payload_checksum) {
    Bytes first = finished({.protocol = 17}), later = first;
    set_word(first, 20, 0x2000);  // more fragments
    set_word(later, 20, 0x0010);
    constexpr auto all = EXTENDED_STATUS.IPIDV | EXTENDED_STATUS.UDPV | EXTENDED_STATUS.UDPCS | EXTENDED_STATUS.TCPCS;
    const auto told = [&](const Bytes& frame) {
        const std::uint32_t slot = number(RDH);
        arrive(frame);
        return std::pair((extended(slot).status & all).bits, extended(slot).hash);
    };
    const auto checksum = [](const Bytes& frame, std::size_t from) {
        return (~simple_sum(std::span(frame).subspan(from)) & 0xffff) << 16;
    };
    start_receiver(32);
    give(31);
    EXPECT_EQ(told(first), std::pair(EXTENDED_STATUS.IPIDV.mask(), checksum(first, 0) | 0xfffe));
    write(RXCSUM, RXCSUM.IPOFL | RXCSUM.TUOFL | RXCSUM.IPPCSE);
    const auto sums = EXTENDED_STATUS.IPIDV | EXTENDED_STATUS.UDPCS;
    EXPECT_EQ(told(first), std::pair((sums | EXTENDED_STATUS.UDPV).bits, checksum(first, 34) | 0xfffe));
    EXPECT_EQ(told(later), std::pair(sums.bits, checksum(later, 34) | 0xfffe));
    const Bytes whole = finished({});
    EXPECT_EQ(told(whole), std::pair(EXTENDED_STATUS.TCPCS.mask(), checksum(whole, 0)));
    set_word(first, 40, 0);  // no UDP checksum
    EXPECT_EQ(told(first).first, sums.bits);
    write(RXCSUM, RXCSUM.PCSD);
    EXPECT_EQ(told(first), std::pair(0U, 0U)) << "the RSS hash takes their place, and there is none";
}

TEST_F(ExtendedTest, a_stripped_tag_does_not_count_in_the_size_of_a_small_frame) {
    write(VET, VET.from(0x8100));
    write(CTRL, read(CTRL) | CTRL.VME);
    start_receiver(8);
    give(7);
    const Bytes frame = finished({.tagged = true});
    const auto size = static_cast<std::uint32_t>(frame.size());  // minus four bytes of tag, plus four of check sequence
    write(RSRPD, RSRPD.SIZE(size));
    (void)read(ICR);
    arrive(frame);
    EXPECT_TRUE(read(ICR) & ICR.SRPD);
    write(RSRPD, RSRPD.SIZE(size - 1));
    arrive(frame);
    EXPECT_FALSE(read(ICR) & ICR.SRPD);
}

TEST_F(ExtendedTest, a_long_frame_spans_several_descriptors) {
    start_receiver(8, RCTL.LPE);
    give(7);
    const Bytes frame = test_frame(5000);
    arrive(frame);
    EXPECT_EQ(extended(0).status.bits, EXTENDED_STATUS.DD.mask());
    EXPECT_EQ(extended(1).status.bits, EXTENDED_STATUS.DD.mask());
    EXPECT_TRUE(extended(2).status & EXTENDED_STATUS.EOP);
    EXPECT_EQ(length(extended(0)) + length(extended(1)) + length(extended(2)), frame.size());
}

TEST_F(ExtendedTest, a_descriptor_without_a_buffer_is_marked_done) {
    start_receiver(8);
    give(7);
    set_receive_descriptor(0, {0});
    write(RDH, 0);
    arrive(test_frame(60));
    EXPECT_EQ(extended(0).status.bits, EXTENDED_STATUS.DD.mask());
    EXPECT_TRUE(extended(1).status & EXTENDED_STATUS.EOP);
}

// --- packet split --------------------------------------------------------------------------------------------------

class SplitTest : public ExtendedTest {
protected:
    /// Four buffers: one of 128 bytes, the others of 4 KB; all ones means no buffer.
    void start(std::uint32_t pages) {
        write(PSRCTL, PSRCTL.BSIZE0(1) | PSRCTL.BSIZE1(4) | PSRCTL.BSIZE2(pages > 1 ? 4 : 0) |
                          PSRCTL.BSIZE3(pages > 2 ? 4 : 0));
        start_receiver(16, RCTL.LPE | RCTL.DTYP(1));
        for (std::uint32_t i = 0; i < 8; ++i) {
            SplitReceiveRead descriptor{};
            for (std::uint32_t j = 0; j < 4; ++j)
                descriptor.addresses[j] = j <= pages ? rx_buffer(i * 4 + j).value : ~std::uint64_t{0};
            host.store(rx_ring + i * 32U, descriptor);
        }
        write(RDT, 14);  // counts units of 16 bytes, and is even
    }
    SplitReceiveWriteBack split(std::uint32_t index) { return host.load<SplitReceiveWriteBack>(rx_ring + index * 32U); }
};

TEST_F(SplitTest, a_frame_fills_its_buffers_in_turn) {
    start(3);
    const Bytes frame = test_frame(9000);
    arrive(frame);
    const auto done = split(0);
    EXPECT_TRUE(done.first.status & EXTENDED_STATUS.EOP);
    EXPECT_EQ(length(done.first), 128U);
    EXPECT_EQ(done.lengths[0], 4096U);
    EXPECT_EQ(done.lengths[1], 4096U);
    EXPECT_EQ(done.lengths[2], 9000U - 128 - 8192);
    Bytes whole;
    for (const auto& [buffer, size] : {std::pair{0U, 128U}, {1U, 4096U}, {2U, 4096U}, {3U, 680U}}) {
        const Bytes piece = memory(rx_buffer(buffer), size);
        whole.insert(whole.end(), piece.begin(), piece.end());
    }
    EXPECT_EQ(whole, frame);
    EXPECT_EQ(number(RDH), 2U);
    EXPECT_EQ(host.said(), "");
}

TEST_F(SplitTest, a_short_frame_fits_in_the_first_buffer) {
    start(1);
    arrive(test_frame(60));
    EXPECT_EQ(length(split(0).first), 60U);
    EXPECT_EQ(split(0).lengths[0], 0U);
}

TEST_F(SplitTest, overflow_continues_in_the_next_descriptor) {
    start(1);
    arrive(test_frame(5000));
    EXPECT_FALSE(split(0).first.status & EXTENDED_STATUS.EOP);
    EXPECT_TRUE(split(1).first.status & EXTENDED_STATUS.EOP);
    EXPECT_EQ(length(split(1).first), 128U);
    EXPECT_EQ(split(1).lengths[0], 5000U - 128 - 4096 - 128);
    EXPECT_EQ(number(RDH), 4U);
}

TEST_F(SplitTest, the_last_descriptor_is_not_used_in_part) {
    start(1);
    for (int i = 0; i < 9; ++i) arrive(test_frame(60));
    EXPECT_EQ(number(RDH), 14U);
    EXPECT_EQ(number(RNBC), 2U);
    EXPECT_EQ(host.faults, 0U);
}

TEST_F(SplitTest, an_odd_head_is_reported_and_nothing_is_written_past_the_ring) {
    start(1);
    write(RDH, 15);
    arrive(test_frame(60));
    EXPECT_EQ(host.count(Misuse::bad_ring), 1U);
    EXPECT_EQ(number(RDH), 15U);
    EXPECT_EQ(memory(rx_ring + 16 * 16U, 16), Bytes(16));
}

// --- two queues ----------------------------------------------------------------------------------------------------

class QueuesTest : public ExtendedTest {
protected:
    /// RSS sends all hashed frames to queue 1, which has `buffers` buffers in a ring of 8; queue 0 has 7.
    void start_queues(std::uint32_t buffers);
    static constexpr IoAddress second{rx_ring.value + 0x1000};
};

void QueuesTest::start_queues(std::uint32_t buffers) {
    host.msi_x = true;
    write(IVAR, IVAR.RXQ0_VALID | IVAR.RXQ0(0) | IVAR.RXQ1_VALID | IVAR.RXQ1(3));
    write(IMS, IMS.RXQ0 | IMS.RXQ1);
    write(EIAC, ICR.RXQ0.mask() | ICR.RXQ1.mask());
    write(MRQC, MRQC.MRQE(1) | MRQC.IPV4 | MRQC.TCP_IPV4);
    write(RXCSUM, RXCSUM.PCSD);
    for (std::size_t i = 0; i < RSSRK.count; ++i) write(RSSRK[i], 0x1234'5678U * static_cast<std::uint32_t>(i + 1));
    for (std::size_t i = 0; i < RETA.count; ++i) write(RETA[i], 0x8080'8080);
    start_receiver(8);
    give(7);
    write(RDBAL1, static_cast<std::uint32_t>(second.value));
    write(RDLEN1, 128);
    host.store<std::uint64_t>(second, rx_buffer(20).value);
    write(RDT1, buffers);
}

TEST_F(QueuesTest, the_hash_chooses_the_queue_and_its_interrupt) {
    start_queues(4);
    const Bytes frame = finished({});
    arrive(frame);
    arrive(test_frame(60));

    const auto hashed = host.load<ExtendedReceiveWriteBack>(second);
    EXPECT_TRUE(hashed.status & EXTENDED_STATUS.EOP);
    EXPECT_EQ(EXTENDED_MRQ.QUEUE.of(hashed.mrq), 1U);
    EXPECT_EQ(EXTENDED_MRQ.RSS_TYPE.of(hashed.mrq), 1U);
    EXPECT_NE(hashed.hash, 0U);
    EXPECT_EQ(memory(rx_buffer(20), frame.size()), frame);
    EXPECT_EQ(number(RDH1), 1U);
    EXPECT_EQ(number(RDH), 1U) << "anything but IP goes to queue 0";
    EXPECT_EQ(host.messages, (std::vector{3U, 0U}));
}

TEST_F(QueuesTest, low_descriptors_are_a_separate_cause_for_each_queue) {
    start_queues(5);
    write(EIAC, 0);
    arrive(finished({}));  // leaves 4 of 8
    EXPECT_TRUE(read(ICR) & ICR.RXDMT0);
    EXPECT_EQ(host.messages, std::vector{3U}) << "queue 0 has nothing to report";
}

}  // namespace
}  // namespace ixy::sim::e1000
