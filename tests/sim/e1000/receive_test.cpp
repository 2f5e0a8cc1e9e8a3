// The receive ring and the packet buffer (manual 3.2, 13.4.22 to 13.4.30).
#include <random>

#include "tests/sim/e1000/bench.hpp"

namespace ixy::sim::e1000 {
namespace {

constexpr auto DD = RDESC_STATUS.DD;
constexpr auto done_frame = RDESC_STATUS.DD | RDESC_STATUS.EOP | RDESC_STATUS.IXSM;

class ReceiveTest : public Bench {
protected:
    bool raised(datasheet::Value<InterruptCauses> cause) { return static_cast<bool>(read(ICR) & cause); }
};

TEST_F(ReceiveTest, one_frame_is_stored_with_its_length_and_status) {
    start_receiver(8);
    give(7);
    const Bytes frame = test_frame(100);
    arrive(frame);
    EXPECT_EQ(received(0).status.bits, done_frame.bits);
    EXPECT_EQ(received(0).address, rx_buffer(0).value);
    EXPECT_EQ(stored(0), frame);
    EXPECT_FALSE(received(1).status & DD);
    EXPECT_EQ(number(RDH), 1U);
    EXPECT_TRUE(raised(ICR.RXT0));
    EXPECT_EQ(host.said(), "");
}

TEST_F(ReceiveTest, the_word_with_DD_is_written_last) {
    start_receiver(8);
    give(7);
    arrive(test_frame(60));
    EXPECT_EQ(host.last_word, offsetof(ReceiveDescriptor, status));
}

TEST_F(ReceiveTest, head_equal_to_tail_means_no_descriptors) {
    start_receiver(8);
    for (const std::uint32_t at : {0U, 5U}) {
        write(RDH, at);
        write(RDT, at);
        arrive(test_frame(60));
        EXPECT_EQ(number(RDH), at);
        EXPECT_EQ(number(RNBC), 1U);
    }
}

TEST_F(ReceiveTest, the_ring_wraps_around_repeatedly) {
    start_receiver(8);
    give(7);
    for (unsigned i = 0; i < 100; ++i) {
        const Bytes frame = test_frame(60 + i, i);
        arrive(frame);
        ASSERT_EQ(stored(i % 8), frame) << i;
        ASSERT_EQ(number(RDH), (i + 1) % 8);
        give(1);
    }
    EXPECT_EQ(number(RNBC), 0U);
    EXPECT_EQ(host.said(), "");
}

TEST_F(ReceiveTest, frames_wait_for_descriptors_and_stay_in_order) {
    start_receiver(8);
    for (unsigned i = 0; i < 10; ++i) arrive(test_frame(64, i));
    EXPECT_EQ(number(RNBC), 10U);
    EXPECT_EQ(number(MPC), 0U);
    EXPECT_EQ(number(GPRC), 10U);
    EXPECT_FALSE(raised(ICR.RXO | ICR.RXT0));
    give(3);
    EXPECT_EQ(number(RDH), 3U);
    EXPECT_TRUE(raised(ICR.RXT0));
    arrive(test_frame(64, 10));  // after the waiting ones
    for (unsigned i = 3; i < 11; ++i) give(1);
    for (unsigned i = 3; i < 11; ++i) EXPECT_EQ(stored(i % 8), test_frame(64, i)) << i;
}

TEST_F(ReceiveTest, a_full_packet_buffer_loses_and_reports_frames) {
    start_receiver(64);
    EXPECT_TRUE(nic->can_receive());
    unsigned kept = 0;
    while (number(MPC) == 0) arrive(test_frame(1000, kept++));
    --kept;
    EXPECT_TRUE(raised(ICR.RXO));
    EXPECT_GE(kept * 1000, 47'000U) << "48 KB is the default, less a little for bookkeeping";
    EXPECT_LE(kept * 1000, 48U * 1024);
    EXPECT_FALSE(nic->can_receive());
    EXPECT_EQ(number(GPRC), kept) << "missed packets are not good packets";
    EXPECT_EQ(number(TPR), kept + 1);
    give(kept);
    for (unsigned i = 0; i < kept; ++i) ASSERT_EQ(stored(i), test_frame(1000, i));
    EXPECT_TRUE(nic->can_receive());
}

TEST_F(ReceiveTest, the_packet_buffer_has_the_configured_size) {
    write(PBA, PBA.RXA(8));
    start_receiver(8);
    unsigned kept = 0;
    while (number(MPC) == 0) arrive(test_frame(1000, kept++));
    EXPECT_EQ(kept - 1, 8U);
}

TEST_F(ReceiveTest, without_a_packet_buffer_everything_is_missed_without_holding_up_wires) {
    write(PBA, PBA.RXA(0));
    start_receiver(8);
    give(7);
    EXPECT_TRUE(nic->can_receive());
    arrive(test_frame(60));
    EXPECT_EQ(number(MPC), 1U);
    EXPECT_FALSE(received(0).status & DD);
}

TEST_F(ReceiveTest, a_disabled_receiver_drops_silently) {
    set_receive_ring(8);
    give(7);
    EXPECT_FALSE(nic->can_receive()) << "wires that can wait do";
    arrive(test_frame(60));
    for (const datasheet::Number* counter : {&TPR, &GPRC, &RNBC, &MPC}) EXPECT_EQ(number(*counter), 0U);
    EXPECT_EQ(number(RDH), 0U);
}

TEST_F(ReceiveTest, disabling_the_receiver_discards_waiting_frames) {
    start_receiver(8);
    arrive(test_frame(60));
    write(RCTL, RCTL.BAM);
    write(RCTL, RCTL.EN | RCTL.BAM | RCTL.SECRC);
    give(7);
    EXPECT_EQ(number(RDH), 0U);
    const Bytes frame = test_frame(60, 2);
    arrive(frame);
    EXPECT_EQ(stored(0), frame);
}

TEST_F(ReceiveTest, descriptors_may_be_supplied_before_the_receiver_is_on) {
    set_receive_ring(8);
    give(7);
    write(RCTL, RCTL.EN | RCTL.BAM | RCTL.SECRC);
    arrive(test_frame(60));
    EXPECT_TRUE(received(0).status & DD);
    EXPECT_EQ(host.said(), "");
}

TEST_F(ReceiveTest, long_frames_take_several_buffers_of_any_size) {
    const std::pair<datasheet::Value<Rctl>, std::size_t> sizes[] = {{RCTL.BSIZE(0), 2048},
                                                                    {RCTL.BSIZE(1), 1024},
                                                                    {RCTL.BSIZE(2), 512},
                                                                    {RCTL.BSIZE(3), 256},
                                                                    {RCTL.BSEX | RCTL.BSIZE(1), 16384},
                                                                    {RCTL.BSEX | RCTL.BSIZE(2), 8192},
                                                                    {RCTL.BSEX | RCTL.BSIZE(3), 4096}};
    for (const auto& [control, size] : sizes) {
        write(RCTL, RCTL.BAM);
        start_receiver(128, RCTL.LPE | control);
        given = 0;
        give(127);
        std::uint32_t index = 0;
        for (const std::size_t bytes : {std::size_t{60}, size - 1, size, size + 1, std::size_t{9000}}) {
            if (bytes > 16000) continue;
            const Bytes frame = test_frame(bytes);
            arrive(frame);
            Bytes all;
            while (true) {
                ASSERT_TRUE(received(index).status & DD);
                const Bytes piece = stored(index);
                ASSERT_LE(piece.size(), size);
                all.insert(all.end(), piece.begin(), piece.end());
                const bool is_last = static_cast<bool>(received(index).status & RDESC_STATUS.EOP);
                ASSERT_EQ(received(index).status.bits,
                          is_last ? done_frame.bits : datasheet::Value<RdescStatus>(DD).bits);
                ++index;
                if (is_last) break;
                ASSERT_EQ(piece.size(), size);
            }
            EXPECT_EQ(all, frame) << size << ' ' << bytes;
            EXPECT_EQ(number(RDH), index);
        }
    }
}

TEST_F(ReceiveTest, a_frame_waits_midway_when_descriptors_run_out) {
    start_receiver(8, RCTL.BSIZE(3));  // 256 bytes
    give(3);
    const Bytes frame = test_frame(1000);
    arrive(frame);
    EXPECT_EQ(number(RDH), 3U);
    EXPECT_FALSE(raised(ICR.RXT0));
    arrive(test_frame(60, 2));
    give(4);
    Bytes all;
    for (std::uint32_t i = 0; i < 4; ++i) std::ranges::copy(stored(i), std::back_inserter(all));
    EXPECT_EQ(all, frame);
    EXPECT_TRUE(received(3).status & RDESC_STATUS.EOP);
    EXPECT_EQ(stored(4), test_frame(60, 2));
    EXPECT_TRUE(raised(ICR.RXT0));
}

TEST_F(ReceiveTest, running_low_on_descriptors_raises_the_minimum_threshold_once) {
    for (std::uint32_t fraction = 0; fraction < 3; ++fraction) {
        write(RCTL, RCTL.BAM);
        start_receiver(32, RCTL.RDMTS(fraction));
        given = 0;
        give(31);
        const std::uint32_t threshold = 32U >> (fraction + 1);
        for (std::uint32_t left = 30; left > 0; --left) {
            arrive(test_frame(60));
            EXPECT_EQ(raised(ICR.RXDMT0), left == threshold) << left;
        }
    }
}

TEST_F(ReceiveTest, a_frame_of_many_descriptors_does_not_skip_the_minimum_threshold) {  // 3.2.7.3: "becomes equal"
    start_receiver(32, RCTL.BSIZE(3));                                                  // 256 bytes
    give(19);
    arrive(test_frame(60));
    arrive(test_frame(60));
    EXPECT_FALSE(raised(ICR.RXDMT0)) << "17 left";
    arrive(test_frame(1000));
    EXPECT_EQ(number(RDH), 6U);
    EXPECT_TRUE(raised(ICR.RXDMT0)) << "13 left";
    arrive(test_frame(1000));
    EXPECT_FALSE(raised(ICR.RXDMT0)) << "it was already reported";
    give(10);
    arrive(test_frame(1000));
    arrive(test_frame(60));
    EXPECT_TRUE(raised(ICR.RXDMT0)) << "low again";
}

TEST_F(ReceiveTest, a_descriptor_without_a_buffer_is_skipped_and_marked_done) {
    start_receiver(8);
    ReceiveDescriptor null{};
    null.length = RDESC_LENGTH.LENGTH(77);
    host.store(rx_ring, null);
    set_receive_descriptor(1, {});
    set_receive_descriptor(2, rx_buffer(2));
    write(RDT, 3);
    arrive(test_frame(60));
    EXPECT_EQ(received(0).status.bits, datasheet::Value<RdescStatus>(DD).bits);
    EXPECT_EQ(received(0).length.bits, 77U);
    EXPECT_EQ(stored(2), test_frame(60));
    EXPECT_EQ(number(RDH), 3U);
}

TEST_F(ReceiveTest, a_ring_of_null_descriptors_terminates) {  // CVE-2020-28916
    start_receiver(8);
    for (std::uint32_t i = 0; i < 8; ++i) set_receive_descriptor(i, {});
    write(RDT, 7);
    arrive(test_frame(60));
    EXPECT_EQ(number(RDH), 7U);
    set_receive_descriptor(7, rx_buffer(7));
    write(RDT, 0);
    EXPECT_EQ(stored(7), test_frame(60)) << "the frame had waited";
}

TEST_F(ReceiveTest, a_buffer_outside_memory_costs_only_its_frame) {
    start_receiver(8);
    set_receive_descriptor(0, {0x7000'0000});
    set_receive_descriptor(1, rx_buffer(1));
    write(RDT, 2);
    arrive(test_frame(60, 1));
    EXPECT_EQ(received(0).status.bits, (DD | RDESC_STATUS.EOP | RDESC_STATUS.RXE).bits);
    EXPECT_EQ(number(RXERRC), 1U);
    EXPECT_EQ(host.count(Misuse::dma_not_mapped), 1U);
    arrive(test_frame(60, 2));
    EXPECT_EQ(stored(1), test_frame(60, 2));
}

TEST_F(ReceiveTest, a_bad_buffer_in_the_middle_ends_the_frame) {
    start_receiver(8, RCTL.BSIZE(3));
    give(7);
    set_receive_descriptor(1, {~std::uint64_t{0}});
    write(RDH, 0);  // fetched again
    arrive(test_frame(1000));
    EXPECT_EQ(received(0).status.bits, datasheet::Value<RdescStatus>(DD).bits);
    EXPECT_TRUE(received(1).status & RDESC_STATUS.RXE);
    EXPECT_EQ(number(RDH), 2U);
    arrive(test_frame(60));
    EXPECT_EQ(stored(2), test_frame(60));
}

TEST_F(ReceiveTest, a_ring_outside_memory_is_reported_once_per_doorbell) {
    start_receiver(8);
    write(RDBAH, 1);
    write(RDT, 7);
    EXPECT_EQ(host.count(Misuse::dma_not_mapped), 1U);
    for (int i = 0; i < 5; ++i) arrive(test_frame(60, 3));
    EXPECT_EQ(host.count(Misuse::dma_not_mapped), 1U);
    EXPECT_EQ(number(RNBC), 5U);
    write(RDBAH, 0);
    for (std::uint32_t i = 0; i < 8; ++i) set_receive_descriptor(i, rx_buffer(i));
    write(RDT, 7);
    EXPECT_EQ(number(RDH), 5U);
    EXPECT_EQ(stored(4), test_frame(60, 3));
}

TEST_F(ReceiveTest, a_partly_mapped_ring_works_that_far) {
    start_receiver(8);
    const std::uint64_t base = host.memory.size() - 4 * 16;
    write(RDBAL, static_cast<std::uint32_t>(base));
    for (std::uint32_t i = 0; i < 4; ++i)
        host.store(IoAddress{base} + i * 16U, ReceiveDescriptor{rx_buffer(i).value, {}, {}});
    write(RDT, 3);
    arrive(test_frame(60));
    EXPECT_EQ(number(RDH), 1U);
    write(RDT, 6);
    EXPECT_EQ(host.count(Misuse::dma_not_mapped), 1U);
    for (int i = 0; i < 5; ++i) arrive(test_frame(60));
    EXPECT_EQ(number(RDH), 3U);
}

TEST_F(ReceiveTest, a_ring_can_be_moved) {
    start_receiver(8);
    give(7);
    arrive(test_frame(60, 1));
    write(RDBAL, 0x3'0000);
    host.store(IoAddress{0x3'0000 + 16}, ReceiveDescriptor{rx_buffer(30).value, {}, {}});
    arrive(test_frame(60, 2));
    EXPECT_EQ(host.load<ReceiveDescriptor>({0x3'0000 + 16}).status.bits, done_frame.bits);
    EXPECT_FALSE(received(1).status & DD);
    EXPECT_TRUE(std::ranges::equal(std::span(host.memory).subspan(rx_buffer(30).value, 60), test_frame(60, 2)));
}

TEST_F(ReceiveTest, a_tail_beyond_the_ring_is_reported_and_nothing_is_received) {
    start_receiver(8);
    write(RDT, 8);
    EXPECT_EQ(host.count(Misuse::tail_beyond_ring), 1U);
    for (int i = 0; i < 5; ++i) arrive(test_frame(60));
    EXPECT_EQ(number(RDH), 0U);
    EXPECT_EQ(host.faults, 0U);
    EXPECT_EQ(host.reports.size(), 1U);
    give(7);
    EXPECT_EQ(number(RDH), 5U);
}

TEST_F(ReceiveTest, a_head_beyond_the_ring_is_reported_and_nothing_is_received) {
    start_receiver(8);
    write(RDH, 0xffff);
    write(RDT, 3);
    EXPECT_EQ(host.count(Misuse::tail_beyond_ring), 1U);
    arrive(test_frame(60));
    EXPECT_EQ(number(RDH), 0xffffU);
    EXPECT_EQ(host.faults, 0U);
}

TEST_F(ReceiveTest, a_ring_that_shrinks_below_its_head_stops) {
    start_receiver(16);
    give(15);
    for (int i = 0; i < 10; ++i) arrive(test_frame(60));
    write(RDLEN, 8 * 16);
    arrive(test_frame(60));
    EXPECT_EQ(number(RDH), 10U);
    EXPECT_EQ(host.count(Misuse::tail_beyond_ring), 1U);
}

TEST_F(ReceiveTest, a_misplaced_ring_or_one_of_odd_length_is_reported_when_it_is_used) {
    set_receive_ring(8);
    write(RDBAL, static_cast<std::uint32_t>(rx_ring.value) + 8);
    write(RDLEN, 8 * 16 + 100);
    EXPECT_EQ(host.said(), "");
    write(RCTL, RCTL.EN | RCTL.BAM);
    give(3);
    EXPECT_EQ(host.count(Misuse::bad_ring), 2U);
    arrive(test_frame(60));
    EXPECT_EQ(number(RDH), 1U);
}

TEST_F(ReceiveTest, enabling_the_receiver_before_its_ring_is_reported) {
    write(RCTL, RCTL.EN | RCTL.BAM);
    EXPECT_EQ(host.count(Misuse::receive_before_ring), 1U);
    arrive(test_frame(60));
    EXPECT_EQ(number(RNBC), 1U);
}

TEST_F(ReceiveTest, a_tail_without_a_ring_is_reported) {
    write(RCTL, RCTL.EN | RCTL.BAM);
    host.reports.clear();
    write(RDT, 5);
    EXPECT_EQ(host.count(Misuse::bad_ring), 1U);
}

TEST_F(ReceiveTest, bad_registers_are_ignored_while_the_receiver_is_off) {
    write(RDT, 5);
    write(RDH, 0xffff);
    write(RDLEN, 0);
    EXPECT_EQ(host.said(), "");
}

TEST_F(ReceiveTest, a_buffer_supplied_twice_is_reported) {
    start_receiver(64);
    for (std::uint32_t i = 0; i < 40; ++i) set_receive_descriptor(i, rx_buffer(i == 33 ? 2 : i));
    write(RDT, 33);
    EXPECT_EQ(host.said(), "");
    write(RDT, 40);
    EXPECT_EQ(host.count(Misuse::descriptor_again), 1U);
}

TEST_F(ReceiveTest, a_used_buffer_may_be_supplied_again) {
    start_receiver(8);
    for (std::uint32_t i = 0; i < 100; ++i) {
        set_receive_descriptor(i % 8, rx_buffer(i % 2));
        write(RDT, (i + 1) % 8);
        arrive(test_frame(60));
    }
    EXPECT_EQ(host.said(), "");
    EXPECT_EQ(number(GPRC), 100U);
}

TEST_F(ReceiveTest, moving_the_tail_back_takes_its_descriptors_back) {
    start_receiver(8);
    give(7);
    write(RDT, 0);
    for (std::uint32_t i = 0; i < 8; ++i) set_receive_descriptor(i, rx_buffer(20 + i));
    write(RDT, 3);
    EXPECT_EQ(host.said(), "");
    arrive(test_frame(60));
    EXPECT_EQ(received(0).address, rx_buffer(20).value);
}

TEST_F(ReceiveTest, a_reset_discards_ring_and_frames) {
    start_receiver(8);
    arrive(test_frame(60, 1));
    write(CTRL, CTRL.RST);
    write(CTRL, read(CTRL) | CTRL.SLU);
    start_receiver(8);
    give(7);
    EXPECT_EQ(number(RDH), 0U);
    arrive(test_frame(60, 2));
    EXPECT_EQ(stored(0), test_frame(60, 2));
}

TEST_F(ReceiveTest, any_register_values_let_reception_end_and_stay_in_memory) {
    std::mt19937 random(4);
    const std::array registers{&RDBAL, &RDBAH, &RDLEN, &RDH, &RDT};
    const std::array<std::uint32_t, 8> numbers{0, 1, 7, 128, 0x1'0000, 0x5f'ff80, 0xffff, ~0U};
    start_receiver(8);
    for (int round = 0; round < 20'000; ++round) {
        if (random() % 3 != 0) {
            const datasheet::Number& reg = *registers[random() % registers.size()];
            write(reg, numbers[random() % numbers.size()]);
        } else if (random() % 8 == 0) {
            write(RCTL, RCTL.from(static_cast<std::uint32_t>(random()) | RCTL.EN.mask() | RCTL.BAM.mask()));
        } else {
            arrive(test_frame(60 + random() % 9000), random() % 4 == 0);
        }
        for (int i = 0; i < 64; ++i)
            host.memory[rx_ring.value + random() % 2048] = static_cast<std::byte>(random() % 64);
        host.reports.clear();
    }
}

}  // namespace
}  // namespace ixy::sim::e1000
