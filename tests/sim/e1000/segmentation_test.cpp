// TCP segmentation (manual 3.3.6, 3.5.4 to 3.5.9): one packet in, segments on the wire, each parsed here.
#include "tests/sim/e1000/bench.hpp"

namespace ixy::sim::e1000 {
namespace {

constexpr auto part = DATA_CMD.TSE | DATA_CMD.IFCS;
constexpr auto end = part | DATA_CMD.EOP | DATA_CMD.RS;
constexpr auto both = DATA_STATUS.TXSM | DATA_STATUS.IXSM;

class SegmentationTest : public Bench {
protected:
    SegmentationTest() { start_transmitter(64); }

    static ContextDescriptor context(const IpFrame& of, std::size_t mss) {
        const auto ip = static_cast<std::uint32_t>(of.ip());
        const auto l4 = static_cast<std::uint32_t>(of.l4());
        auto command = CONTEXT_CMD.DEXT | CONTEXT_CMD.TSE | CONTEXT_CMD.PAYLEN(static_cast<std::uint32_t>(of.payload));
        if (of.version == 4) command |= CONTEXT_CMD.IP;
        if (of.protocol == 6) command |= CONTEXT_CMD.TCP;
        return {.ip = CONTEXT_IP.IPCSS(ip) | CONTEXT_IP.IPCSO(of.version == 4 ? ip + 10 : 0) |
                      CONTEXT_IP.IPCSE(of.version == 4 ? l4 - 1 : 0),
                .tcp = CONTEXT_TCP.TUCSS(l4) | CONTEXT_TCP.TUCSO(static_cast<std::uint32_t>(of.l4_checksum())),
                .command = command,
                .status = CONTEXT_STATUS.HDRLEN(static_cast<std::uint32_t>(of.headers())) |
                          CONTEXT_STATUS.MSS(static_cast<std::uint32_t>(mss))};
    }
    /// The packet as software hands it over: without lengths, and with the sum of a pseudo-header without a length.
    static Bytes packet(const IpFrame& of) {
        Bytes frame = unfinished(of);
        set_word(frame, of.ip() + (of.version == 4 ? 2 : 4), 0);
        set_word(frame, of.l4_checksum(), pseudo_header(frame, of, 0));
        return frame;
    }
    /// The expected segment `number`, made from the whole packet by simple rules.
    static Bytes segment(const IpFrame& whole, std::size_t mss, std::size_t number) {
        const std::size_t from = number * mss, size = std::min(mss, whole.payload - from);
        IpFrame of = whole;
        of.payload = size;
        const Bytes all = unfinished(whole);
        Bytes frame = unfinished(of);
        std::copy_n(all.begin() + static_cast<std::ptrdiff_t>(whole.headers() + from), size,
                    frame.begin() + static_cast<std::ptrdiff_t>(of.headers()));
        if (of.version == 4) {
            set_word(frame, of.ip() + 4, (word(frame, of.ip() + 4) + number) & 0xffff);
            set_word(frame, of.ip() + 10, ~simple_sum(std::span(frame).subspan(of.ip(), 20 + of.options)) & 0xffff);
        } else {  // 3.5.9: the 8254x include the header, unlike RFC 8200
            set_word(frame, of.ip() + 4, static_cast<unsigned>(of.size() - of.ip()));
        }
        if (of.protocol == 6) {
            const std::size_t at = of.l4() + 4;
            const std::uint32_t sequence =
                (word(frame, at) << 16 | word(frame, at + 2)) + static_cast<std::uint32_t>(from);
            set_word(frame, at, sequence >> 16), set_word(frame, at + 2, sequence & 0xffff);
            if (from + size < whole.payload) set_word(frame, of.l4() + 12, 0x5010);  // only ACK
        }
        const auto l4 = std::span<const std::byte>(frame).subspan(of.l4());
        const unsigned sum = ~simple_sum(l4, pseudo_header(frame, of, l4.size())) & 0xffff;
        set_word(frame, of.l4_checksum(), sum == 0 ? 0xffff : sum);
        if (frame.size() < 60) frame.resize(60);
        return frame;
    }
    void expect_segments(const IpFrame& of, std::size_t mss) {
        const std::size_t count = (of.payload + mss - 1) / mss;
        ASSERT_EQ(host.frames.size(), count);
        for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(host.frames[i], segment(of, mss, i)) << "segment " << i;
    }
    void expect_refused(std::size_t reports = 1) {
        EXPECT_TRUE(host.frames.empty());
        EXPECT_EQ(host.count(Misuse::bad_descriptor), reports) << host.said();
        EXPECT_EQ(number(TSCTFC), 1U);
        EXPECT_EQ(number(TSCTC), 0U);
        put_legacy(test_frame(60), TDESC_CMD.EOP | TDESC_CMD.IFCS);  // and sending continues
        doorbell();
        EXPECT_EQ(host.frames.size(), 1U);
    }
};

TEST_F(SegmentationTest, tcp_and_udp_over_both_versions_are_cut_into_correct_segments) {
    for (const unsigned version : {4U, 6U})
        for (const std::uint8_t protocol : {std::uint8_t{6}, std::uint8_t{17}})
            for (const std::size_t payload : {1U, 99U, 100U, 101U, 1000U, 9999U}) {
                const IpFrame of{.version = version, .protocol = protocol, .payload = payload};
                host.frames.clear();
                put(context(of, 100));
                const std::uint32_t last = put_data(packet(of), end, version == 4 ? both : DATA_STATUS.TXSM);
                doorbell();
                expect_segments(of, 100);
                EXPECT_TRUE(done(last));
            }
    EXPECT_EQ(number(TSCTC), 24U);
    EXPECT_EQ(number(TSCTFC), 0U);
    EXPECT_EQ(host.said(), "");
}

TEST_F(SegmentationTest, the_82574L_leaves_the_header_out_of_an_IPv6_payload_length) {
    const IpFrame of{.version = 6, .payload = 150};
    const auto lengths = [&] {
        start_transmitter(64);
        host.frames.clear();
        put(context(of, 100));
        put_data(packet(of), end, DATA_STATUS.TXSM);
        doorbell();
        return std::pair(word(host.frames.at(0), of.ip() + 4), word(host.frames.at(1), of.ip() + 4));
    };
    const unsigned l4 = 20;
    EXPECT_EQ(lengths(), (std::pair(40 + l4 + 100, 40 + l4 + 50))) << "3.5.9: MSS + HDRLEN - IPCSS";
    nic = card_82574l.make(host, {});
    write(CTRL, read(CTRL) | CTRL.SLU);
    posted = 0;
    EXPECT_EQ(lengths(), (std::pair(l4 + 100, l4 + 50))) << "82574L 7.3.6.2: without the 40 bytes of the header";
}

TEST_F(SegmentationTest, options_move_the_headers) {
    const IpFrame of{.payload = 3000, .options = 40};
    put(context(of, 1400));
    put_data(packet(of), end, both);
    doorbell();
    expect_segments(of, 1400);
}

TEST_F(SegmentationTest, descriptor_boundaries_do_not_matter) {
    const IpFrame of{.payload = 1000};
    const Bytes whole = packet(of);
    for (const std::size_t piece : {1U, 7U, 53U, 54U, 55U, 100U, 154U, 500U, 1053U}) {
        write(TCTL, TCTL.PSP);
        host.frames.clear();
        posted = 0;
        start_transmitter(2048);
        put(context(of, 100));
        for (std::size_t from = 0; from < whole.size(); from += piece) {
            const std::size_t size = std::min(piece, whole.size() - from);
            put_data(std::span(whole).subspan(from, size), from + size == whole.size() ? end : part, both);
            doorbell();
        }
        expect_segments(of, 100);
    }
    EXPECT_EQ(host.said(), "");
}

TEST_F(SegmentationTest, a_megabyte_is_segmented_with_bounded_storage) {
    write(TDLEN, 2048 * 16);
    const IpFrame of{.payload = 500'000};
    const Bytes whole = packet(of);
    put(context(of, 1460));
    for (std::size_t from = 0; from < whole.size(); from += 16'000) {
        const std::size_t size = std::min<std::size_t>(16'000, whole.size() - from);
        put_data(std::span(whole).subspan(from, size), from + size == whole.size() ? end : part, both);
        doorbell();
    }
    ASSERT_EQ(host.frames.size(), 343U);
    EXPECT_EQ(host.frames.back().size(), 54 + 500'000 - 342 * 1460U);
    EXPECT_EQ(number(TSCTC), 1U);
    EXPECT_EQ(number(GPTC), 343U);
}

TEST_F(SegmentationTest, both_kinds_of_context_are_kept_side_by_side) {
    const IpFrame of{.payload = 250}, plain{.version = 6, .protocol = 17};
    put(context(of, 100));
    put(ContextDescriptor{.ip = {},
                          .tcp = CONTEXT_TCP.TUCSS(static_cast<std::uint32_t>(plain.l4())) |
                                 CONTEXT_TCP.TUCSO(static_cast<std::uint32_t>(plain.l4_checksum())),
                          .command = CONTEXT_CMD.DEXT,
                          .status = {}});
    Bytes seeded = unfinished(plain);
    set_word(seeded, plain.l4_checksum(), pseudo_header(seeded, plain, plain.size() - plain.l4()));
    for (int i = 0; i < 3; ++i) {
        host.frames.clear();
        put_data(seeded, DATA_CMD.EOP | DATA_CMD.IFCS, DATA_STATUS.TXSM);
        put_data(packet(of), end, both);
        doorbell();
        ASSERT_EQ(host.frames.size(), 4U);
        EXPECT_EQ(host.frames[0], finished(plain));
        host.frames.erase(host.frames.begin());
        expect_segments(of, 100);
    }
}

TEST_F(SegmentationTest, each_segment_gets_the_tag) {
    write(VET, 0x8100);
    write(CTRL, read(CTRL) | CTRL.VME);
    const IpFrame of{.payload = 250};
    put(context(of, 100));
    const Bytes whole = packet(of);
    // VLE in the first descriptor counts, according to 3.3.7.1.
    put_data(std::span(whole).first(120), part | DATA_CMD.VLE, both | DATA_STATUS.VLAN(0x123));
    put_data(std::span(whole).subspan(120), end);
    doorbell();
    ASSERT_EQ(host.frames.size(), 3U);
    for (std::size_t i = 0; i < 3; ++i) {
        Bytes& frame = host.frames[i];
        EXPECT_EQ(word(frame, 12), 0x8100U);
        EXPECT_EQ(word(frame, 14), 0x0123U);
        frame.erase(frame.begin() + 12, frame.begin() + 16);
    }
    expect_segments(of, 100);
}

TEST_F(SegmentationTest, unrequested_checksums_are_left_alone) {
    const IpFrame of{.payload = 150};
    put(context(of, 100));
    put_data(packet(of), end);
    doorbell();
    ASSERT_EQ(host.frames.size(), 2U);
    EXPECT_EQ(word(host.frames[0], of.ip() + 10), 0U);
    EXPECT_EQ(word(host.frames[1], of.l4_checksum()), word(packet(of), of.l4_checksum()));
}

TEST_F(SegmentationTest, without_a_context_the_packet_is_refused) {
    put_data(packet({}), end, both);
    doorbell();
    expect_refused();
}

TEST_F(SegmentationTest, a_checksum_context_is_not_enough) {
    ContextDescriptor plain = context({}, 100);
    plain.command &= ~CONTEXT_CMD.TSE;
    put(plain);
    put_data(packet({}), end, both);
    doorbell();
    expect_refused();
}

TEST_F(SegmentationTest, an_MSS_of_zero_is_refused) {
    put(context({}, 0));
    put_data(packet({}), end, both);
    doorbell();
    expect_refused();
}

TEST_F(SegmentationTest, headers_longer_than_HDRLEN_are_refused) {
    for (const std::uint32_t headers : {0U, 14U, 33U, 53U}) {
        host.reports.clear();
        host.frames.clear();
        ContextDescriptor bad = context({}, 100);
        bad.status = CONTEXT_STATUS.HDRLEN(headers) | CONTEXT_STATUS.MSS(100);
        put(bad);
        put_data(packet({}), end, both);
        doorbell();
        expect_refused();
    }
}

TEST_F(SegmentationTest, header_offsets_beyond_the_headers_are_refused) {
    for (const bool ip : {true, false}) {
        host.reports.clear();
        host.frames.clear();
        ContextDescriptor bad = context({}, 100);
        (ip ? bad.ip.bits : bad.tcp.bits) |= 0xff;
        put(bad);
        put_data(packet({}), end, both);
        doorbell();
        expect_refused();
    }
}

TEST_F(SegmentationTest, segments_longer_than_the_packet_buffer_are_refused) {
    put(context({}, 16'288 - 53));
    put_data(packet({}), end, both);
    doorbell();
    expect_refused();
}

TEST_F(SegmentationTest, a_packet_ending_in_its_headers_is_refused) {
    for (const std::size_t size : {std::size_t{1}, std::size_t{53}, std::size_t{54}}) {
        host.reports.clear();
        host.frames.clear();
        put(context({}, 100));
        const Bytes whole = packet({});
        put_data(std::span(whole).first(size), end, both);
        doorbell();
        expect_refused();
    }
}

TEST_F(SegmentationTest, a_PAYLEN_unequal_to_the_payload_length_is_reported_and_counted) {
    const IpFrame of{.payload = 250};
    for (const auto& [payload, frames] : {std::pair{0U, 0U}, {1U, 0U}, {249U, 2U}, {251U, 3U}, {0xfffffU, 3U}}) {
        host.reports.clear();
        host.frames.clear();
        ContextDescriptor wrong = context(of, 100);
        wrong.command = (wrong.command & ~CONTEXT_CMD.PAYLEN) | CONTEXT_CMD.PAYLEN(payload);
        put(wrong);
        put_data(packet(of), end, both);
        doorbell();
        EXPECT_EQ(host.frames.size(), frames) << "nothing beyond PAYLEN";
        EXPECT_EQ(host.count(Misuse::bad_descriptor), 1U);
        EXPECT_EQ(number(TSCTFC), 1U);
    }
}

TEST_F(SegmentationTest, a_packet_of_ten_thousand_segments_takes_several_turns) {
    const IpFrame of{.payload = 10'000};
    put(context(of, 1));
    const std::uint32_t last = put_data(packet(of), end, both);
    doorbell();
    EXPECT_GT(host.frames.size(), 1000U);
    EXPECT_LT(host.frames.size(), 5000U);
    EXPECT_FALSE(done(last));
    host.pass(*nic, std::chrono::microseconds(1));
    expect_segments(of, 1);
    EXPECT_TRUE(done(last));
    EXPECT_EQ(number(TSCTC), 1U);
    EXPECT_EQ(number(TDH), last + 1);
    EXPECT_EQ(host.said(), "");
}

TEST_F(SegmentationTest, a_reset_ends_a_packet_that_takes_several_turns) {
    const IpFrame of{.payload = 10'000};
    put(context(of, 1));
    put_data(packet(of), end, both);
    doorbell();
    write(CTRL, CTRL.RST);
    write(CTRL, CTRL.SLU);
    host.frames.clear();
    host.pass(*nic, std::chrono::seconds(1));
    EXPECT_TRUE(host.frames.empty());
    posted = 0;
    start_transmitter(64);
    put_legacy(test_frame(60), TDESC_CMD.EOP | TDESC_CMD.IFCS);
    doorbell();
    EXPECT_EQ(host.frames.size(), 1U);
}

TEST_F(SegmentationTest, a_buffer_outside_memory_ends_the_packet) {
    const IpFrame of{.payload = 1000};
    const Bytes whole = packet(of);
    put(context(of, 100));
    put_data(std::span(whole).first(300), part, both);
    put(DataDescriptor{0x7000'0000, part | DATA_CMD.DEXT | DATA_CMD.DTYP(1) | DATA_CMD.DTALEN(0xfffff), {}});
    put_data(std::span(whole).subspan(300), end, both);
    doorbell();
    EXPECT_EQ(host.faults, 1U);
    EXPECT_EQ(host.frames.size(), 2U) << "only the complete ones";
    EXPECT_EQ(number(TSCTFC), 1U);
}

TEST_F(SegmentationTest, a_context_in_the_middle_does_not_change_the_packet) {
    const IpFrame of{.payload = 1000};
    const Bytes whole = packet(of);
    put(context(of, 100));
    put_data(std::span(whole).first(300), part, both);
    ContextDescriptor other = context(of, 9);
    other.status = CONTEXT_STATUS.HDRLEN(255) | CONTEXT_STATUS.MSS(1);
    put(other);
    put_data(std::span(whole).subspan(300), end, both);
    doorbell();
    expect_segments(of, 100);
    EXPECT_EQ(host.count(Misuse::bad_descriptor), 1U);
}

TEST_F(SegmentationTest, looped_segments_return_as_frames_with_correct_checksums) {
    write(MDIC, MDIC.PHYADD(1) | MDIC.OP(1) | MDIC.REGADD(0) | MDIC.DATA(0x4140));  // PCTRL.LOOPBACK
    write(RXCSUM, RXCSUM.IPOFL | RXCSUM.TUOFL);
    start_receiver(64);
    give(63);
    for (const std::uint8_t protocol : {std::uint8_t{6}, std::uint8_t{17}}) {
        const IpFrame of{.protocol = protocol, .payload = 1000};
        put(context(of, 100));
        put_data(packet(of), end, both);
        doorbell();
    }
    EXPECT_EQ(number(RDH), 20U);
    for (std::uint32_t i = 0; i < 20; ++i) {
        EXPECT_TRUE(received(i).status & RDESC_STATUS.TCPCS);
        EXPECT_FALSE(received(i).status & (RDESC_STATUS.TCPE | RDESC_STATUS.IPE));
    }
}

}  // namespace
}  // namespace ixy::sim::e1000
