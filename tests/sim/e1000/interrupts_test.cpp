// Interrupts: causes, masks, the line's level, throttling and delays.
#include <gtest/gtest.h>

#include <ixy/datasheet/e1000/chips.hpp>
#include <ixy/sim/chips/e1000/interrupts.hpp>

#include "tests/sim/e1000/test_host.hpp"

namespace ixy::sim::e1000 {
namespace {

using namespace datasheet::e1000;
using namespace std::chrono_literals;

class InterruptsTest : public testing::Test {
protected:
    std::uint32_t read(const datasheet::RegisterInfo& info) { return registers.read(info.offset); }
    void write(const datasheet::RegisterInfo& info, std::uint32_t value) { registers.write(info.offset, value); }
    void pass(Time duration) {
        host.pass(duration, [&](unsigned timer) { interrupts.timer(static_cast<Timer>(timer)); });
    }

    TestHost host;
    RegisterFile registers{CHIP_82540EM, host};
    Interrupts interrupts{registers};
};

/// Like Linux's self-test: each of ten causes is masked, then unmasked, then all others are masked.
TEST_F(InterruptsTest, each_cause_interrupts_when_unmasked) {
    std::uint32_t seen = 0;
    const auto handle = [&] {
        if (host.line) seen |= read(ICR);
    };
    write(IMC, ~0U);
    for (unsigned i = 0; i < 10; ++i) {
        const std::uint32_t cause = 1U << i;
        seen = 0;
        write(IMC, cause);
        write(ICS, cause);
        handle();
        EXPECT_EQ(seen & cause, 0U) << i;
        seen = 0;
        write(IMS, cause);
        handle();
        write(ICS, cause);
        handle();
        EXPECT_EQ(seen & cause, cause) << i;
        seen = 0;
        write(IMC, ~cause & 0x7fff);
        write(ICS, ~cause & 0x7fff);
        handle();
        EXPECT_EQ(seen, 0U) << i;
    }
}

TEST_F(InterruptsTest, the_line_stays_asserted_until_the_causes_are_cleared) {
    write(IMS, ICR.LSC.mask());
    interrupts.raise(ICR.LSC | ICR.TXDW);
    EXPECT_TRUE(host.line);
    EXPECT_EQ(read(ICR), (ICR.LSC | ICR.TXDW).bits) << "masked causes are reported too";
    EXPECT_FALSE(host.line);
    EXPECT_EQ(read(ICR), 0U);
}

TEST_F(InterruptsTest, written_ones_clear_causes) {
    write(IMS, (ICR.LSC | ICR.TXDW).bits);
    interrupts.raise(ICR.LSC | ICR.TXDW);
    write(ICR, ICR.LSC.mask());
    EXPECT_TRUE(host.line);
    write(ICR, ICR.TXDW.mask());
    EXPECT_FALSE(host.line);
}

TEST_F(InterruptsTest, masks_are_set_and_cleared_bit_by_bit) {
    write(IMS, 0x81);
    write(IMS, 0x04);
    EXPECT_EQ(read(IMS), 0x85U);
    write(IMC, 0x80);
    EXPECT_EQ(read(IMS), 0x05U);
    EXPECT_EQ(read(IMC), 0U) << "write-only";
}

TEST_F(InterruptsTest, masking_deasserts_the_line_and_unmasking_asserts_it) {
    interrupts.raise(ICR.LSC);
    EXPECT_FALSE(host.line);
    write(IMS, ICR.LSC.mask());
    EXPECT_TRUE(host.line);
    write(IMC, ICR.LSC.mask());
    EXPECT_FALSE(host.line);
}

TEST_F(InterruptsTest, causes_that_do_not_exist_cannot_be_set) {
    write(ICS, ~0U);
    EXPECT_EQ(read(ICR), CHIP_82540EM.writable(ICR));
}

// --- throttling ----------------------------------------------------------------------------------------------------

TEST_F(InterruptsTest, throttling_keeps_interrupts_apart) {
    write(ITR, 1000);  // 256 us
    write(IMS, ICR.RXT0.mask());
    interrupts.raise(ICR.RXT0);
    EXPECT_TRUE(host.line) << "the first fires at once";
    read(ICR);
    pass(100us);
    interrupts.raise(ICR.RXT0);
    EXPECT_FALSE(host.line);
    pass(155us);
    EXPECT_FALSE(host.line);
    pass(1us);
    EXPECT_TRUE(host.line);
    read(ICR);
    pass(1ms);
    interrupts.raise(ICR.RXT0);
    EXPECT_TRUE(host.line);
}

TEST_F(InterruptsTest, causes_read_while_throttled_do_not_interrupt_later) {
    write(ITR, 1000);
    write(IMS, ICR.RXT0.mask());
    interrupts.raise(ICR.RXT0);
    read(ICR);
    interrupts.raise(ICR.RXT0);
    read(ICR);
    pass(1s);
    EXPECT_EQ(host.times_raised, 1U);
}

TEST_F(InterruptsTest, disabling_throttling_releases_a_pending_interrupt) {
    write(ITR, 65535);
    write(IMS, ICR.RXT0.mask());
    interrupts.raise(ICR.RXT0);
    read(ICR);
    interrupts.raise(ICR.RXT0);
    EXPECT_FALSE(host.line);
    write(ITR, 0);
    EXPECT_TRUE(host.line);
}

// --- delays --------------------------------------------------------------------------------------------------------

TEST_F(InterruptsTest, without_delays_each_frame_interrupts) {
    interrupts.frame_received(64);
    EXPECT_EQ(read(ICR), ICR.RXT0.mask());
    interrupts.transmit_reported(false);
    EXPECT_EQ(read(ICR), ICR.TXDW.mask());
    interrupts.transmit_reported(true);
    EXPECT_EQ(read(ICR), ICR.TXDW.mask());
}

TEST_F(InterruptsTest, each_frame_restarts_the_delay) {
    write(RDTR, 100);  // 102.4 us
    interrupts.frame_received(64);
    pass(100us);
    interrupts.frame_received(64);
    pass(100us);
    EXPECT_EQ(read(ICR), 0U);
    pass(3us);
    EXPECT_EQ(read(ICR), ICR.RXT0.mask());
    pass(1s);
    EXPECT_EQ(read(ICR), 0U);
}

TEST_F(InterruptsTest, the_absolute_delay_ends_it) {
    write(RDTR, 100);
    write(RADV, 150);  // 153.6 us
    interrupts.frame_received(64);
    pass(100us);
    interrupts.frame_received(64);
    pass(53us);
    EXPECT_EQ(read(ICR), 0U);
    pass(1us);
    EXPECT_EQ(read(ICR), ICR.RXT0.mask());
    pass(1s);
    EXPECT_EQ(read(ICR), 0U) << "both delays have ended";
}

TEST_F(InterruptsTest, flushing_ends_the_delay_at_once) {
    write(RDTR, 1000);
    interrupts.frame_received(64);
    write(RDTR, 1000 | RDTR.FPD.mask());
    EXPECT_EQ(read(ICR), ICR.RXT0.mask());
    EXPECT_EQ(read(RDTR), 1000U);
    pass(1s);
    EXPECT_EQ(read(ICR), 0U);
}

TEST_F(InterruptsTest, transmit_delays_work_the_same_way) {
    write(TIDV, 100);
    write(TADV, 150);
    interrupts.transmit_reported(true);
    pass(100us);
    interrupts.transmit_reported(true);
    pass(53us);
    EXPECT_EQ(read(ICR), 0U);
    pass(1us);
    EXPECT_EQ(read(ICR), ICR.TXDW.mask());
    interrupts.transmit_reported(true);
    interrupts.transmit_reported(false);
    EXPECT_EQ(read(ICR), ICR.TXDW.mask()) << "one without a delay releases the others too";
    pass(1s);
    EXPECT_EQ(read(ICR), 0U);
}

TEST_F(InterruptsTest, small_packets_interrupt_on_request) {
    interrupts.frame_received(64);
    EXPECT_EQ(read(ICR), ICR.RXT0.mask());
    write(RSRPD, 100);
    interrupts.frame_received(100);
    EXPECT_EQ(read(ICR), (ICR.RXT0 | ICR.SRPD).bits);
    interrupts.frame_received(101);
    EXPECT_EQ(read(ICR), ICR.RXT0.mask());
}

TEST_F(InterruptsTest, a_reset_clears_delays_and_the_line) {
    write(RDTR, 100);
    write(IMS, ~0U);
    interrupts.frame_received(64);
    interrupts.raise(ICR.LSC);
    EXPECT_TRUE(host.line);
    interrupts.reset();
    registers.reset();
    EXPECT_FALSE(host.line);
    pass(1s);
    EXPECT_EQ(read(ICR), 0U);
}

}  // namespace
}  // namespace ixy::sim::e1000
