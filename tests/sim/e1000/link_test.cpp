// The link: how CTRL, the PHY and the cable determine STATUS, and how Linux's driver enters loopback.
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

class LinkTest : public testing::Test {
protected:
    explicit LinkTest(Time delay = {}) : card(card_82540em.make(host, {.link_delay = delay})) {}

    std::uint32_t read(const RegisterInfo& info) { return static_cast<std::uint32_t>(card->read(0, info.offset, 4)); }
    void write(const RegisterInfo& info, std::uint32_t value) { card->write(0, info.offset, 4, value); }
    datasheet::Value<Status> status() { return STATUS.from(read(STATUS)); }
    bool up() { return static_cast<bool>(status() & STATUS.LU); }
    void set_link_up() { write(CTRL, read(CTRL) | CTRL.SLU.mask()); }

    datasheet::Value<Mdic> mdic(datasheet::Value<Mdic> command) {
        write(MDIC, command.bits);
        const auto answer = MDIC.from(read(MDIC));
        EXPECT_TRUE(answer & MDIC.R);
        return answer;
    }
    std::uint16_t phy(const RegisterInfo& info) {
        return static_cast<std::uint16_t>(MDIC.DATA.of(mdic(MDIC.OP(2) | MDIC.PHYADD(1) | MDIC.REGADD(info.offset))));
    }
    void set_phy(const RegisterInfo& info, std::uint32_t value) {
        mdic(MDIC.OP(1) | MDIC.PHYADD(1) | MDIC.REGADD(info.offset) | MDIC.DATA(value));
    }
    bool phy_link() { return static_cast<bool>(PSTATUS.from(phy(PSTATUS)) & PSTATUS.LINK); }

    TestHost host;
    std::unique_ptr<Model> card;
};

class SlowLinkTest : public LinkTest {
protected:
    SlowLinkTest() : LinkTest(2s) {}
};

// --- PHY registers -------------------------------------------------------------------------------------------------

TEST_F(LinkTest, the_phy_identifies_itself) {
    EXPECT_EQ(phy(PHY_ID1), 0x0141U);
    EXPECT_EQ(phy(PHY_ID2) & 0xfff0U, 0x0c20U);
}

TEST_F(LinkTest, every_phy_register_keeps_the_bits_of_its_row) {
    card->set_cable(false);
    for (const RegisterInfo* row : PHY_REGISTERS) {
        if (row == &PAGE) continue;  // only on the 82574L
        std::uint32_t fleeting = 0;
        for (const auto& field : row->fields())
            if (field.access == datasheet::Access::SC) fleeting |= field.mask();
        const std::uint32_t mask = row->writable & ~fleeting;
        const std::uint32_t fixed = phy(*row) & ~mask;
        for (const std::uint32_t pattern : {0x5a5aU, 0xa5a5U, 0x0000U, 0xffffU}) {
            set_phy(*row, pattern);
            EXPECT_EQ(phy(*row), (pattern & mask) | fixed) << row->name;
        }
    }
}

TEST_F(LinkTest, accessing_another_phy_address_is_an_error) {
    EXPECT_TRUE(mdic(MDIC.OP(2) | MDIC.PHYADD(2) | MDIC.REGADD(0)) & MDIC.E);
    EXPECT_TRUE(mdic(MDIC.OP(3) | MDIC.PHYADD(1)) & MDIC.E);
    EXPECT_FALSE(mdic(MDIC.OP(2) | MDIC.PHYADD(1)) & MDIC.E);
}

TEST_F(LinkTest, completion_of_an_operation_interrupts_on_request) {
    phy(PCTRL);
    EXPECT_EQ(read(ICR) & ICR.MDAC.mask(), 0U);
    mdic(MDIC.OP(2) | MDIC.PHYADD(1) | MDIC.I);
    EXPECT_EQ(read(ICR) & ICR.MDAC.mask(), ICR.MDAC.mask());
}

TEST_F(LinkTest, the_registers_of_a_link_agree) {
    set_link_up();
    EXPECT_TRUE(phy_link());
    const auto speed = PSSTAT.from(phy(PSSTAT));
    EXPECT_TRUE(speed & PSSTAT.LINK);
    EXPECT_TRUE(speed & PSSTAT.RESOLVED);
    EXPECT_TRUE(speed & PSSTAT.DUPLEX);
    EXPECT_EQ(PSSTAT.SPEED.of(speed), 2U);
    EXPECT_TRUE(PSTATUS.from(phy(PSTATUS)) & PSTATUS.AN_COMPLETE);
    EXPECT_TRUE(GSTATUS.from(phy(GSTATUS)) & GSTATUS.LP_FULL);
    EXPECT_EQ(LPA.SELECTOR.of(LPA.from(phy(LPA))), 1U);
    EXPECT_TRUE(status() & STATUS.FD);
    EXPECT_EQ(STATUS.SPEED.of(status()), 2U);
}

// --- CTRL and STATUS -----------------------------------------------------------------------------------------------

TEST_F(LinkTest, the_mac_sees_the_link_only_with_SLU) {
    EXPECT_FALSE(up());
    set_link_up();
    EXPECT_TRUE(up());
    EXPECT_EQ(read(ICR), ICR.LSC.mask());
    write(CTRL, read(CTRL) & ~CTRL.SLU.mask());
    EXPECT_FALSE(up());
    EXPECT_EQ(read(ICR), ICR.LSC.mask());
}

TEST_F(LinkTest, forced_speed_and_duplex_come_from_ctrl) {
    set_link_up();
    write(CTRL, (CTRL.SLU | CTRL.FRCSPD | CTRL.FRCDPLX | CTRL.SPEED(1)).bits);
    EXPECT_EQ(STATUS.SPEED.of(status()), 1U);
    EXPECT_FALSE(status() & STATUS.FD);
    write(CTRL, CTRL.SLU.mask());
    EXPECT_EQ(STATUS.SPEED.of(status()), 2U);
    EXPECT_TRUE(status() & STATUS.FD);
}

TEST_F(LinkTest, advertised_abilities_decide_speed_and_duplex) {
    write(CTRL, CTRL.SLU.mask());
    const auto offer = [&](datasheet::Value<Ana> ana) {
        set_phy(GCON, 0);
        set_phy(ANA, (ana | ANA.SELECTOR(1)).bits);
        set_phy(PCTRL, (PCTRL.AN_ENABLE | PCTRL.RESTART).bits);
    };
    offer(ANA.TX_FULL | ANA.TX_HALF | ANA.T10_FULL);
    EXPECT_EQ(STATUS.SPEED.of(status()), 1U);
    EXPECT_TRUE(status() & STATUS.FD);
    offer(ANA.T10_HALF);
    EXPECT_EQ(STATUS.SPEED.of(status()), 0U);
    EXPECT_FALSE(status() & STATUS.FD);
    offer({});
    EXPECT_FALSE(up());
    set_phy(PCTRL, (PCTRL.SPEED_LSB | PCTRL.DUPLEX).bits);
    EXPECT_TRUE(up());
    EXPECT_EQ(STATUS.SPEED.of(status()), 1U);
}

// --- cable, reset, negotiation -------------------------------------------------------------------------------------

TEST_F(LinkTest, pulling_the_cable_takes_the_link_down_and_interrupts) {
    set_link_up();
    read(ICR);
    card->set_cable(false);
    EXPECT_FALSE(up());
    EXPECT_FALSE(phy_link());
    EXPECT_EQ(phy(PSSTAT), 0U);
    EXPECT_EQ(read(ICR), ICR.LSC.mask());
    card->set_cable(true);
    EXPECT_TRUE(up());
    EXPECT_EQ(read(ICR), ICR.LSC.mask());
}

TEST_F(LinkTest, a_lost_link_is_reported_once_even_after_it_is_back) {
    EXPECT_TRUE(phy_link());
    card->set_cable(false);
    card->set_cable(true);
    EXPECT_FALSE(phy_link());
    EXPECT_TRUE(phy_link());
}

TEST_F(SlowLinkTest, negotiation_takes_its_time) {
    set_link_up();
    host.pass(*card, 1999ms);
    EXPECT_FALSE(up());
    EXPECT_FALSE(phy_link());
    host.pass(*card, 1ms);
    EXPECT_TRUE(up());
    EXPECT_EQ(read(ICR), ICR.LSC.mask());
    set_phy(PCTRL, phy(PCTRL) | PCTRL.RESTART.mask());
    EXPECT_FALSE(up());
    EXPECT_EQ(phy(PCTRL), 0x1140U) << "the bit clears itself";
    host.pass(*card, 2s);
    EXPECT_TRUE(up());
}

TEST_F(SlowLinkTest, a_reset_of_the_mac_leaves_the_phy_alone) {
    host.pass(*card, 2s);
    set_phy(PSCON, 0x0808);
    write(CTRL, CTRL.RST.mask());
    EXPECT_FALSE(up());
    EXPECT_TRUE(phy_link());
    EXPECT_EQ(phy(PSCON), 0x0808U);
    set_link_up();
    EXPECT_TRUE(up());
}

TEST_F(SlowLinkTest, the_mac_can_hold_the_phy_in_reset) {
    host.pass(*card, 2s);
    set_phy(PSCON, 0x0808);
    write(CTRL, CTRL.PHY_RST.mask());
    EXPECT_FALSE(phy_link());
    host.pass(*card, 10s);
    EXPECT_FALSE(phy_link());
    write(CTRL, CTRL.SLU.mask());
    EXPECT_EQ(phy(PSCON), PSCON.reset);
    host.pass(*card, 2s);
    EXPECT_TRUE(up());
}

TEST_F(SlowLinkTest, there_is_no_link_without_cable_or_power) {
    set_link_up();
    card->set_cable(false);
    host.pass(*card, 10s);
    EXPECT_FALSE(up());
    set_phy(PCTRL, (PCTRL.AN_ENABLE | PCTRL.POWER_DOWN).bits);
    card->set_cable(true);
    host.pass(*card, 10s);
    EXPECT_FALSE(up());
    set_phy(PCTRL, PCTRL.AN_ENABLE.mask());
    host.pass(*card, 2s);
    EXPECT_TRUE(up());
}

// --- loopback ------------------------------------------------------------------------------------------------------

/// The steps of Linux's self-test for the 82540 and its relatives, and back.
TEST_F(SlowLinkTest, the_linux_loopback_sequence_works_in_and_out) {
    set_link_up();
    set_phy(PSCON, 0x0808);
    set_phy(PCTRL, 0x9140);
    set_phy(PCTRL, 0x8140);
    set_phy(PCTRL, 0x4140);
    EXPECT_EQ(phy(PCTRL), 0x4140U);
    write(CTRL, (CTRL.from(read(CTRL)) | CTRL.FRCSPD | CTRL.FRCDPLX | CTRL.SPEED(2) | CTRL.FD | CTRL.ILOS).bits);
    for (const auto& [number, value] : {std::pair{29U, 0x1fU}, {30U, 0x8ffcU}, {29U, 0x1aU}, {30U, 0x8ff0U}})
        mdic(MDIC.OP(1) | MDIC.PHYADD(1) | MDIC.REGADD(number) | MDIC.DATA(value));
    EXPECT_EQ(phy(PAGE_SELECT), 0x1aU);
    EXPECT_TRUE(up()) << "inverted: the PHY has no link";
    host.pass(*card, 10s);
    EXPECT_TRUE(up());

    set_phy(PCTRL, phy(PCTRL) & ~PCTRL.LOOPBACK.mask());
    write(CTRL, CTRL.RST.mask());
    set_phy(PCTRL, PCTRL.AN_ENABLE.mask() | PCTRL.RESET.mask());
    set_link_up();
    host.pass(*card, 2s);
    EXPECT_TRUE(up());
    EXPECT_TRUE(host.reports.empty()) << host.said();
}

TEST_F(LinkTest, loopback_returns_frames_and_keeps_them_off_the_wire) {
    set_link_up();
    write(RDLEN, 128);
    write(RDBAL, 0x1000);
    host.store<std::uint64_t>({0x1000}, 0x2000);
    write(RDT, 1);
    write(RCTL, (RCTL.EN | RCTL.UPE | RCTL.SECRC).bits);
    host.store<std::uint64_t>({0x3000}, 0x4000);
    host.store<std::uint32_t>({0x3008}, 0x0b00'0064);
    host.memory[0x4000] = std::byte{0x52};
    write(TDLEN, 128);
    write(TDBAL, 0x3000);
    write(TCTL, TCTL.EN.mask());
    set_phy(PCTRL, 0x4140);
    write(TDT, 1);
    EXPECT_TRUE(host.frames.empty());
    EXPECT_EQ(host.load<std::uint16_t>({0x1008}), 100U);
    EXPECT_EQ(host.memory[0x2000], std::byte{0x52});
    card->receive(std::vector<std::byte>(60), false);
    EXPECT_EQ(read(TPR), 1U) << "frames on the wire are not received";
}

TEST_F(LinkTest, nothing_is_sent_or_received_without_a_link) {
    write(RDLEN, 128);
    write(RDBAL, 0x1000);
    write(RDT, 4);
    write(RCTL, (RCTL.EN | RCTL.UPE).bits);
    card->receive(std::vector<std::byte>(60), false);
    EXPECT_EQ(read(TPR), 0U);
    host.store<std::uint64_t>({0x3000}, 0x4000);
    host.store<std::uint32_t>({0x3008}, 0x0b00'0064);
    write(TDLEN, 128);
    write(TDBAL, 0x3000);
    write(TCTL, TCTL.EN.mask());
    write(TDT, 1);
    EXPECT_TRUE(host.frames.empty());
    set_link_up();
    EXPECT_EQ(host.frames.size(), 1U) << "the waiting frame goes out when the link comes up";
}

}  // namespace
}  // namespace ixy::sim::e1000
