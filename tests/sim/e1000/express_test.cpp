// Features of the 82574L that the 8254x lack: MSI-X, semaphores, its EEPROM and PHY, its rules for ICR.
#include <gtest/gtest.h>

#include <ixy/datasheet/e1000/chips.hpp>
#include <ixy/datasheet/e1000/phy.hpp>
#include <ixy/sim/chips/e1000/e1000.hpp>

#include "tests/sim/e1000/test_host.hpp"

namespace ixy::sim::e1000 {
namespace {

using namespace datasheet::e1000;
using namespace std::chrono_literals;
using datasheet::RegisterInfo;

class ExpressTest : public testing::Test {
protected:
    std::uint32_t read(const RegisterInfo& info) { return static_cast<std::uint32_t>(card->read(0, info.offset, 4)); }
    void write(const RegisterInfo& info, std::uint32_t value, std::size_t index = 0) {
        card->write(0, info.address(index), 4, value);
    }
    std::uint16_t phy(std::uint32_t number) {
        write(MDIC, (MDIC.OP(2) | MDIC.PHYADD(1) | MDIC.REGADD(number)).bits);
        return static_cast<std::uint16_t>(MDIC.DATA.of(MDIC.from(read(MDIC))));
    }
    void set_phy(std::uint32_t number, std::uint32_t value) {
        write(MDIC, (MDIC.OP(1) | MDIC.PHYADD(1) | MDIC.REGADD(number) | MDIC.DATA(value)).bits);
    }

    TestHost host;
    std::unique_ptr<Model> card = card_82574l.make(host, {.mac = {1, 2, 3, 4, 5, 6}});
};

// --- EEPROM, PHY, semaphores ---------------------------------------------------------------------------------------

TEST_F(ExpressTest, words_sum_to_baba_and_are_written_through_eewr) {
    const auto word = [&](std::uint32_t address) {
        write(EERD_NARROW, (EERD_NARROW.START | EERD_NARROW.ADDR(address)).bits);
        const auto answer = EERD_NARROW.from(read(EERD_NARROW));
        EXPECT_TRUE(answer & EERD_NARROW.DONE);
        return EERD_NARROW.DATA.of(answer);
    };
    std::uint32_t sum = 0;
    for (std::uint32_t i = 0; i < 64; ++i) sum += word(i);
    EXPECT_EQ(sum & 0xffff, EEPROM_SUM);
    EXPECT_EQ(word(1), 0x0403U);
    EXPECT_TRUE(EEWR.from(read(EEWR)) & EEWR.DONE) << "ready for the first word";
    write(EEWR, (EEWR.START | EEWR.ADDR(1) | EEWR.DATA(0x1234)).bits);
    EXPECT_TRUE(EEWR.from(read(EEWR)) & EEWR.DONE);
    EXPECT_EQ(word(1), 0x1234U);
}

TEST_F(ExpressTest, the_configuration_is_reported_as_read) {
    EXPECT_TRUE(EECD_82574.from(read(EECD_82574)) & EECD_82574.AUTO_RD);
    EXPECT_TRUE(EECD_82574.from(read(EECD_82574)) & EECD_82574.EE_PRES);
    write(EECD_82574, EECD_82574.EE_REQ.mask());
    EXPECT_TRUE(EECD_82574.from(read(EECD_82574)) & EECD_82574.EE_GNT);
}

TEST_F(ExpressTest, the_phy_has_pages) {
    EXPECT_EQ(phy(PHY_ID1.offset), 0x0141U);
    EXPECT_EQ(phy(PHY_ID2.offset), 0x0cb1U);
    const std::uint16_t first_page = phy(20);
    set_phy(PAGE.offset, 769);
    set_phy(20, 0x0400);
    EXPECT_EQ(phy(20), 0x0400U);
    EXPECT_EQ(phy(PHY_ID2.offset), 0x0cb1U) << "the first sixteen registers are on all pages";
    set_phy(PAGE.offset, 2);
    EXPECT_EQ(phy(20), 0U);
    set_phy(PAGE.offset, 0);
    EXPECT_EQ(phy(20), first_page);
}

TEST_F(ExpressTest, reading_the_semaphore_as_zero_acquires_it) {
    EXPECT_FALSE(SWSM.from(read(SWSM)) & SWSM.SMBI);
    EXPECT_TRUE(SWSM.from(read(SWSM)) & SWSM.SMBI);
    write(SWSM, 0);
    EXPECT_FALSE(SWSM.from(read(SWSM)) & SWSM.SMBI);
    write(EXTCNF_CTRL, EXTCNF_CTRL.MDIO_SW.mask());
    EXPECT_TRUE(EXTCNF_CTRL.from(read(EXTCNF_CTRL)) & EXTCNF_CTRL.MDIO_SW);
}

TEST_F(ExpressTest, bus_mastering_is_blocked_on_request) {
    EXPECT_TRUE(STATUS.from(read(STATUS)) & STATUS.GIO_MASTER_ENABLE);
    write(CTRL, read(CTRL) | CTRL.GIO_MASTER_DISABLE.mask());
    EXPECT_FALSE(STATUS.from(read(STATUS)) & STATUS.GIO_MASTER_ENABLE);
}

TEST_F(ExpressTest, the_mac_can_loop_back_on_its_own) {
    write(CTRL, read(CTRL) | CTRL.SLU.mask());
    write(RDLEN, 128);
    write(RDBAL, 0x1000);
    host.store<std::uint64_t>({0x1000}, 0x2000);
    write(RDT, 1);
    write(RCTL, (RCTL.EN | RCTL.UPE | RCTL.LBM(1)).bits);
    host.store<std::uint64_t>({0x3000}, 0x4000);
    host.store<std::uint32_t>({0x3008}, 0x0b00'0064);
    write(TDLEN, 128);
    write(TDBAL, 0x3000);
    write(TCTL, TCTL.EN.mask());
    write(TDT, 1);
    EXPECT_TRUE(host.frames.empty());
    EXPECT_EQ(read(GPRC), 1U);
}

// --- ICR -----------------------------------------------------------------------------------------------------------

TEST_F(ExpressTest, a_read_clears_without_messages) {
    write(IMS, ICR.RXT0.mask());
    write(ICS, ICR.LSC.mask());
    EXPECT_EQ(read(ICR), ICR.LSC.mask());
    EXPECT_EQ(read(ICR), 0U);

    write(ICS, (ICR.LSC | ICR.RXT0).bits);
    EXPECT_TRUE(host.line);
    EXPECT_EQ(read(ICR), (ICR.LSC | ICR.RXT0 | ICR.INT_ASSERTED).bits);
    EXPECT_FALSE(host.line);
    EXPECT_EQ(read(ICR), 0U);
}

TEST(InterruptCounters, saturate) {
    TestHost host;
    RegisterFile registers(CHIP_82574L, host);
    Interrupts interrupts(registers);
    for (const auto* counter : {&IAC, &ICTXQEC, &ICRXATC}) registers.set(*counter, 0xffff'fffe);
    registers.set(IMS, IMS.from(ICR.TXQE.mask()));
    for (int i = 0; i < 3; ++i) {
        interrupts.raise(ICR.TXQE);
        interrupts.timer(receive_absolute_delay);
        (void)registers.read(ICR.offset);
    }
    for (const auto* counter : {&IAC, &ICTXQEC, &ICRXATC}) EXPECT_EQ(registers.number(*counter), ~0U) << counter->name;
    host.msi_x = true;
    registers.set(IVAR, IVAR.OTHER_VALID);
    registers.set(IMS, IMS.from(ICR.OTHER.mask()));
    registers.set(IAC, ~0U);
    interrupts.raise(ICR.LSC);
    EXPECT_EQ(host.messages.size(), 1U);
    EXPECT_EQ(registers.number(IAC), ~0U);
}

TEST_F(ExpressTest, reading_masks_the_causes_set_in_iam) {
    write(CTRL_EXT, CTRL_EXT.IAME.mask());
    write(IAM, ~ICR.LSC.mask());
    write(IMS, (ICR.LSC | ICR.RXT0).bits);
    read(ICR);
    EXPECT_EQ(read(IMS), (ICR.LSC | ICR.RXT0).bits) << "nothing was sent";
    write(ICS, ICR.RXT0.mask());
    read(ICR);
    EXPECT_EQ(read(IMS), ICR.LSC.mask());
}

// --- MSI-X ---------------------------------------------------------------------------------------------------------

/// As Linux's driver sets it up: receive, transmit and the rest on vectors 0, 1 and 2; a message masks its cause.
class MessagesTest : public ExpressTest {
protected:
    MessagesTest() {
        host.msi_x = true;
        write(
            IVAR,
            (IVAR.RXQ0_VALID | IVAR.RXQ0(0) | IVAR.TXQ0_VALID | IVAR.TXQ0(1) | IVAR.OTHER_VALID | IVAR.OTHER(2)).bits);
        write(IAM, ~0U);
        write(CTRL_EXT, (CTRL_EXT.EIAME | CTRL_EXT.PBA_SUPPORT).bits);
        write(EIAC, (ICR.RXQ0 | ICR.TXQ0).bits);
        write(IMS, (ICR.RXQ0 | ICR.TXQ0 | ICR.OTHER | ICR.LSC).bits);
    }
    std::vector<unsigned> fired() { return std::exchange(host.messages, {}); }
};

TEST_F(MessagesTest, each_cause_has_its_own_vector) {
    write(ICS, ICR.RXQ0.mask());
    EXPECT_EQ(fired(), std::vector{0U});
    write(ICS, ICR.TXQ0.mask());
    EXPECT_EQ(fired(), std::vector{1U});
    write(CTRL, read(CTRL) | CTRL.SLU.mask());  // the link comes up
    EXPECT_EQ(fired(), std::vector{2U});
    EXPECT_FALSE(host.line);
    EXPECT_EQ(read(ICR), (ICR.LSC | ICR.OTHER | ICR.INT_ASSERTED).bits) << "the queues' causes cleared themselves";
    EXPECT_EQ(read(ICR), 0U);
}

TEST_F(MessagesTest, a_message_masks_its_cause_until_the_driver_unmasks_it) {
    write(ICS, ICR.RXQ0.mask());
    write(ICS, ICR.RXQ0.mask());
    EXPECT_EQ(fired(), std::vector{0U});
    EXPECT_EQ(read(IMS) & ICR.RXQ0.mask(), 0U);
    write(IMS, ICR.RXQ0.mask());
    EXPECT_EQ(fired(), std::vector{0U}) << "the cause raised meanwhile interrupts now";
}

TEST_F(MessagesTest, causes_stay_set_without_auto_clear) {
    write(EIAC, 0);
    write(CTRL_EXT, 0);
    write(ICS, ICR.RXQ0.mask());
    write(ICS, ICR.RXQ0.mask());
    EXPECT_EQ(fired(), std::vector{0U}) << "once, until it is cleared";
    write(ICR, ICR.RXQ0.mask());
    EXPECT_EQ(read(ICR), 0U);
    write(ICS, ICR.RXQ0.mask());
    EXPECT_EQ(fired(), std::vector{0U});
}

TEST_F(MessagesTest, causes_without_a_vector_are_silent) {
    write(IMS, ICR.RXQ1.mask());
    write(ICS, ICR.RXQ1.mask());
    EXPECT_TRUE(fired().empty());
    write(IVAR, (IVAR.RXQ1_VALID | IVAR.RXQ1(7)).bits);
    write(ICS, ICR.RXQ1.mask());
    EXPECT_TRUE(fired().empty()) << "there is no vector 7";
}

TEST_F(MessagesTest, vectors_are_throttled_individually) {
    write(EITR, 1000, 0);  // 256 us
    write(ICS, ICR.RXQ0.mask());
    write(IMS, ICR.RXQ0.mask());
    write(ICS, (ICR.RXQ0 | ICR.TXQ0).bits);
    EXPECT_EQ(fired(), (std::vector{0U, 1U}));
    host.pass(*card, 255us);
    EXPECT_TRUE(fired().empty());
    host.pass(*card, 1us);
    EXPECT_EQ(fired(), std::vector{0U});
}

TEST_F(MessagesTest, a_received_frame_interrupts_on_its_queue) {
    write(CTRL, read(CTRL) | CTRL.SLU.mask());
    fired();
    write(RDLEN, 128);
    write(RDBAL, 0x1000);
    host.store<std::uint64_t>({0x1000}, 0x2000);
    write(RDT, 7);
    write(RCTL, (RCTL.EN | RCTL.UPE).bits);
    card->receive(std::vector<std::byte>(60), false);
    EXPECT_EQ(fired(), std::vector{0U});
    EXPECT_EQ(read(ICR) & ICR.RXT0.mask(), 0U);
    EXPECT_EQ(read(IAC), 2U);
}

TEST_F(MessagesTest, a_reset_discards_deferred_interrupts) {
    write(EITR, 60000, 0);
    for (int i = 0; i < 2; ++i) {
        write(ICS, ICR.RXQ0.mask());
        write(IMS, ICR.RXQ0.mask());
    }
    EXPECT_EQ(fired(), std::vector{0U});
    write(CTRL, CTRL.RST.mask());
    host.pass(*card, 1s);
    EXPECT_TRUE(fired().empty());
}

}  // namespace
}  // namespace ixy::sim::e1000
