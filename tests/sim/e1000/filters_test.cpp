// Which frames pass (manual 3.2.1, 9.3, 13.5).
#include "tests/sim/e1000/bench.hpp"

namespace ixy::sim::e1000 {
namespace {

using Address = std::array<std::uint8_t, 6>;

Bytes frame_to(const Address& destination, const Address& source = {2, 2, 2, 2, 2, 2}) {
    Bytes frame = test_frame(60);
    for (std::size_t i = 0; i < 6; ++i) {
        frame[i] = std::byte{destination[i]};
        frame[6 + i] = std::byte{source[i]};
    }
    return frame;
}

Bytes tagged(unsigned tag) {
    Bytes frame = test_frame(64);
    set_word(frame, 12, 0x8100);
    set_word(frame, 14, tag);
    return frame;
}

class FiltersTest : public Bench {
protected:
    FiltersTest() {
        for (std::size_t i = 0; i < RAH.count; ++i) write(RAH[i], {});  // not even our own address
    }
    void set_address(std::size_t index, const Address& a, datasheet::Value<Rah> high = RAH.AV) {
        std::array<std::uint32_t, 2> words{};
        std::memcpy(words.data(), a.data(), a.size());
        write(RAL[index], words[0]);
        write(RAH[index], high | RAH.ADDRESS(words[1]));
    }
    void receive_with(datasheet::Value<Rctl> control) {
        set_receive_ring(64);
        write(RCTL, RCTL.EN | RCTL.SECRC | control);
        give(63 - given);
    }
    /// True when the frame reached memory; `inexact` is the descriptor's flag.
    bool passes(const Bytes& frame) {
        const std::uint32_t before = number(RDH);
        arrive(frame);
        inexact = static_cast<bool>(received(before).status & RDESC_STATUS.PIF);
        return number(RDH) != before;
    }
    bool inexact = false;
};

constexpr Address ours{0x52, 0x54, 0x00, 0x12, 0x34, 0x56};
constexpr Address others{0x52, 0x54, 0x00, 0x12, 0x34, 0x57};
constexpr Address group{0x01, 0x00, 0x5e, 0x7f, 0x12, 0x34};
constexpr Address everyone{0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

TEST_F(FiltersTest, without_any_filter_nothing_passes) {
    receive_with({});
    for (const Address& each : {ours, group, everyone, Address{}}) EXPECT_FALSE(passes(frame_to(each)));
    EXPECT_EQ(number(TPR), 4U);
    EXPECT_EQ(number(GPRC), 0U);
}

TEST_F(FiltersTest, each_of_the_sixteen_exact_addresses_is_compared_while_valid) {
    receive_with({});
    for (std::size_t i = 0; i < 16; ++i) {
        set_address(i, ours);
        EXPECT_TRUE(passes(frame_to(ours))) << i;
        EXPECT_FALSE(inexact);
        EXPECT_FALSE(passes(frame_to(others)));
        set_address(i, ours, {});
        EXPECT_FALSE(passes(frame_to(ours))) << i;
    }
    set_address(3, group);
    EXPECT_TRUE(passes(frame_to(group)));
    EXPECT_FALSE(inexact);
}

TEST_F(FiltersTest, an_exact_address_may_match_the_source) {
    receive_with({});
    set_address(5, ours, RAH.AV | RAH.AS(1));
    EXPECT_FALSE(passes(frame_to(ours)));
    EXPECT_TRUE(passes(frame_to(others, ours)));
}

TEST_F(FiltersTest, broadcast_unicast_and_multicast_each_have_a_switch) {
    receive_with(RCTL.BAM);
    EXPECT_TRUE(passes(frame_to(everyone)));
    EXPECT_FALSE(passes(frame_to(group)));
    write(RCTL, RCTL.EN | RCTL.SECRC | RCTL.UPE);
    EXPECT_TRUE(passes(frame_to(others)));
    EXPECT_FALSE(passes(frame_to(group)));
    EXPECT_FALSE(passes(frame_to(everyone)));
    write(RCTL, RCTL.EN | RCTL.SECRC | RCTL.MPE);
    EXPECT_FALSE(passes(frame_to(others)));
    EXPECT_TRUE(passes(frame_to(group)));
    EXPECT_FALSE(inexact);
}

TEST_F(FiltersTest, the_multicast_table_is_indexed_by_twelve_bits_at_four_offsets) {
    // The last two bytes are the number bc9ah; these are its twelve bits from bit 4, 3, 2 and 0 up (13.4.22, MO).
    constexpr std::array<unsigned, 4> index{0xbc9, 0x793, 0xf26, 0xc9a};
    const Address example{0x13, 0x34, 0x56, 0x78, 0x9a, 0xbc};  // with the group bit set
    for (std::uint32_t offset = 0; offset < 4; ++offset) {
        receive_with(RCTL.MO(offset));
        EXPECT_FALSE(passes(frame_to(example)));
        write(MTA[index[offset] / 32], 1U << index[offset] % 32);
        EXPECT_TRUE(passes(frame_to(example))) << offset;
        EXPECT_TRUE(inexact);
        EXPECT_FALSE(passes(frame_to({0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc}))) << "the table is only for groups";
        write(MTA[index[offset] / 32], ~(1U << index[offset] % 32));
        EXPECT_FALSE(passes(frame_to(example)));
        write(MTA[index[offset] / 32], 0);
    }
}

TEST_F(FiltersTest, an_exact_match_is_never_reported_as_inexact) {
    receive_with({});
    for (std::size_t i = 0; i < MTA.count; ++i) write(MTA[i], ~0U);
    set_address(0, group);
    EXPECT_TRUE(passes(frame_to(group)));
    EXPECT_FALSE(inexact);
}

TEST_F(FiltersTest, tagged_frames_are_looked_up_in_the_vlan_table) {
    write(VET, 0x8100);
    receive_with(RCTL.BAM | RCTL.VFE);
    EXPECT_TRUE(passes(test_frame(60))) << "not tagged";
    EXPECT_FALSE(passes(tagged(0x123)));
    write(VFTA[0x123 / 32], 1U << 0x123 % 32);
    EXPECT_TRUE(passes(tagged(0x123)));
    EXPECT_TRUE(passes(tagged(0xf123))) << "priority and CFI do not matter";
    EXPECT_FALSE(passes(tagged(0x124)));
    EXPECT_FALSE(passes(tagged(0x923)));
    write(RCTL, RCTL.EN | RCTL.BAM | RCTL.SECRC);
    EXPECT_TRUE(passes(tagged(0x124)));
}

TEST_F(FiltersTest, the_canonical_form_indicator_can_be_required) {
    write(VET, 0x8100);
    for (std::size_t i = 0; i < VFTA.count; ++i) write(VFTA[i], ~0U);
    receive_with(RCTL.BAM | RCTL.VFE | RCTL.CFIEN);
    EXPECT_TRUE(passes(tagged(0x0005)));
    EXPECT_FALSE(passes(tagged(0x1005)));
    write(RCTL, RCTL.EN | RCTL.BAM | RCTL.SECRC | RCTL.VFE | RCTL.CFIEN | RCTL.CFI);
    EXPECT_FALSE(passes(tagged(0x0005)));
    EXPECT_TRUE(passes(tagged(0x1005)));
}

TEST_F(FiltersTest, the_vlan_ether_type_register_defines_a_tag) {
    write(VET, 0x9100);
    receive_with(RCTL.BAM | RCTL.VFE);
    EXPECT_TRUE(passes(tagged(0x123)));
}

}  // namespace
}  // namespace ixy::sim::e1000
