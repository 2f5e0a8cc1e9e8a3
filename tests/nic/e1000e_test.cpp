// What the 82574L's driver does to its card that the 8254x do not have: the order of initialisation, its firmware, a
// PHY that an earlier driver has put to sleep.
#include "tests/nic/conformance.hpp"

#include <ixy/datasheet/e1000/phy.hpp>

namespace ixy {
namespace {

using namespace datasheet::e1000;

std::vector<test::Subject> cards() {
    std::vector<test::Subject> subjects = test::every_subject();
    std::erase_if(subjects, [](const test::Subject& subject) { return subject.driver != "e1000e"; });
    return subjects;
}

class E1000e : public Conformance {
protected:
    static bool writes(const RegisterAccess& access, const datasheet::RegisterInfo& info) {
        return access.is_write() && info.covers(static_cast<std::uint32_t>(access.offset));
    }
    /// The position in the log of the first write to a register that has all of `bits`.
    std::size_t first(const datasheet::RegisterInfo& info, std::uint32_t bits = 0) {
        const auto accesses = log().accesses();
        const auto found = std::ranges::find_if(accesses, [&](const RegisterAccess& access) {
            return writes(access, info) && (access.value & bits) == bits;
        });
        EXPECT_NE(found, accesses.end()) << info.name << " is never written";
        return static_cast<std::size_t>(found - accesses.begin());
    }
    std::size_t last(const datasheet::RegisterInfo& info) {
        const auto accesses = log().accesses();
        std::size_t found = 0;
        for (std::size_t i = 0; i < accesses.size(); ++i)
            if (writes(accesses[i], info)) found = i;
        EXPECT_NE(found, 0U) << info.name << " is never written";
        return found;
    }
    std::uint32_t last_written(const datasheet::RegisterInfo& info) {
        return static_cast<std::uint32_t>(log().written(info.offset).back());
    }
};
INSTANTIATE_TEST_SUITE_P(Card, E1000e, testing::ValuesIn(cards()), subject_name);

TEST_P(E1000e, the_bus_is_quiet_and_the_phy_is_ours_during_the_reset) {
    auto device = open_logged();
    const std::size_t reset = first(CTRL, CTRL.RST.mask());
    EXPECT_LT(first(CTRL, CTRL.GIO_MASTER_DISABLE.mask()), reset);
    EXPECT_EQ(last_written(CTRL) & CTRL.GIO_MASTER_DISABLE.mask(), 0U) << "and allowed again";
    EXPECT_LT(first(EXTCNF_CTRL, EXTCNF_CTRL.MDIO_SW.mask()), reset);
    EXPECT_EQ(last_written(EXTCNF_CTRL) & EXTCNF_CTRL.MDIO_SW.mask(), 0U) << "the firmware has the PHY again";
}

TEST_P(E1000e, receive_and_transmit_are_set_up_before_they_are_enabled) {
    auto device = open_logged();
    const std::size_t reset = first(CTRL, CTRL.RST.mask());
    const std::size_t receiver_on = first(RCTL, RCTL.EN.mask());
    const std::size_t transmitter_on = first(TCTL, TCTL.EN.mask());
    std::vector<const datasheet::RegisterInfo*> receive{&RFCTL, &RXCSUM, &MRQC, &RXDCTL, &RXDCTL1, &RDTR, &RADV, &RDT};
    std::vector<const datasheet::RegisterInfo*> transmit{&TARC, &TXDCTL, &TXDCTL1, &TIDV, &TADV, &TIPG, &TDLEN, &TDT};
    if (GetParam().queues == 2) {
        receive.insert(receive.end(), {&RSSRK, &RETA, &RDBAL1, &RDBAH1, &RDLEN1, &RDH1, &RDT1});
        transmit.insert(transmit.end(), {&TDBAL1, &TDBAH1, &TDLEN1, &TDH1, &TDT1});
    }
    for (const datasheet::RegisterInfo* info : receive) {
        EXPECT_LT(reset, first(*info)) << info->name;
        EXPECT_LT(last(*info), receiver_on) << info->name;
    }
    for (const datasheet::RegisterInfo* info : transmit) {
        EXPECT_LT(reset, first(*info)) << info->name;
        EXPECT_LT(last(*info), transmitter_on) << info->name;
    }
    EXPECT_LT(first(RFCTL), first(RDT)) << "the kind of descriptors is chosen before the first are given";
    EXPECT_TRUE(last_written(RFCTL) & RFCTL.EXSTEN.mask());
    EXPECT_EQ(last_written(MRQC) & MRQC.MRQE.mask(), GetParam().queues - 1);
    EXPECT_EQ((last_written(RXCSUM) & RXCSUM.PCSD.mask()) != 0, GetParam().queues == 2) << "hash instead of checksum";
}

TEST_P(E1000e, what_the_datasheet_and_its_errata_demand_is_set) {
    auto device = open_logged();
    EXPECT_TRUE(last_written(CTRL_EXT) & CTRL_EXT.DRV_LOAD.mask());
    EXPECT_TRUE(last_written(GCR) & GCR.RESERVED_22.mask());
    EXPECT_TRUE(last_written(GCR2) & GCR2.RESERVED_0.mask());
    EXPECT_TRUE(last_written(RFCTL) & RFCTL.ACK_DIS.mask());
    EXPECT_TRUE(last_written(TXDCTL) & TXDCTL.COUNT_DESC.mask());
    EXPECT_EQ(last_written(TXDCTL), last_written(TXDCTL1));
    EXPECT_TRUE(last_written(TARC) & TARC.RESERVED_26.mask());
}

// As Linux leaves it when its interface goes down: a reset of the card does not wake the PHY.
TEST_P(E1000e, a_phy_that_was_powered_down_is_woken) {
    {
        const auto function = bed().function(0);
        const Bar registers = function->map_bar(0, 0x20000).value();
        registers.write(MDIC,
                        MDIC.OP(1) | MDIC.PHYADD(1) | MDIC.REGADD(PCTRL.offset) | MDIC.DATA(PCTRL.POWER_DOWN.mask()));
    }
    auto device = open();
    EXPECT_TRUE(device.link().up);
    const Bar registers = device.pci_function()->map_bar(0, 0x20000).value();
    registers.write(MDIC, MDIC.OP(2) | MDIC.PHYADD(1) | MDIC.REGADD(PCTRL.offset));
    const auto control = PCTRL.from(MDIC.DATA.of(registers.read(MDIC)));
    EXPECT_FALSE(control & PCTRL.POWER_DOWN);
    const Frame frame = test::make_frame(100);
    send(device, frame);
    EXPECT_EQ(wire_receive(), frame);
    ASSERT_TRUE(wire_send(frame));
    EXPECT_EQ(receive_one(device), frame);
}

}  // namespace
}  // namespace ixy
