// Drawing rings: head, tail, owners and descriptors.
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "tests/support/memory_card.hpp"

#include <ixy/datasheet/e1000/chips.hpp>
#include <ixy/explain/rings.hpp>
#include <ixy/explain/text.hpp>
#include <ixy/nic/device.hpp>

namespace ixy::explain {
namespace {

using namespace datasheet::e1000;

class DrawnRing : public testing::Test {
protected:
    /// A receive ring of `size` descriptors in memory.
    RingState ring(std::uint32_t size, std::uint32_t head, std::uint32_t tail) {
        memory_ = space->allocate(size * descriptor_bytes, 128).value();
        return {.place = {.chip = &CHIP_82540EM,
                          .registers = rings_of(CHIP_82540EM)[0],
                          .base = memory_.address(),
                          .size = size,
                          .kinds = {&RECEIVE_DESCRIPTOR}},
                .head = head,
                .tail = tail,
                .enabled = true};
    }
    ReceiveDescriptor& slot(std::size_t index) { return reinterpret_cast<ReceiveDescriptor*>(memory_.data())[index]; }
    static std::size_t lines(const std::string& text) {
        return static_cast<std::size_t>(std::ranges::count(text, '\n'));
    }

    std::shared_ptr<ProcessSpace> space = ProcessSpace::create().value();

private:
    DmaMemory memory_;
};

TEST_F(DrawnRing, shows_who_owns_each_slot) {
    const RingState state = ring(16, 4, 12);
    for (std::size_t i = 0; i < 4; ++i) slot(i).status = RDESC_STATUS.DD;
    slot(3).length = RDESC_LENGTH.LENGTH(60);
    EXPECT_EQ(draw(state, space.get()), "receive ring at " + hex(state.place.base.value) +
                                            ": 16 descriptors, the receiver is on\n"
                                            "  RDH 4, RDT 12: the card has 8, the driver 8\n"
                                            "            H       T\n"
                                            "    0 |....########....| 15\n"
                                            "        # the card's   . the driver's   H head   T tail   * both\n"
                                            "  the card: slots 4 to 11, to be filled\n"
                                            "  the driver: slots 12 to 15, 0 to 3; 4 have DD, filled\n"
                                            "        [  2] receive: buffer at 0x0000000000000000, DD\n"
                                            "        [  3] receive: 60 bytes at 0x0000000000000000, DD\n"
                                            "  head  [  4] receive: buffer at 0x0000000000000000\n"
                                            "        [ 10] receive: buffer at 0x0000000000000000\n"
                                            "        [ 11] receive: buffer at 0x0000000000000000\n"
                                            "  tail  [ 12] receive: buffer at 0x0000000000000000\n");
}

TEST_F(DrawnRing, wraps_around) {
    const std::string text = draw(ring(16, 12, 4), nullptr);
    EXPECT_NE(text.find("|####........####|"), std::string::npos) << text;
    EXPECT_NE(text.find("the card: slots 12 to 15, 0 to 3, to be filled\n"), std::string::npos) << text;
    EXPECT_NE(text.find("the driver: slots 4 to 11\n"), std::string::npos) << text;
}

TEST_F(DrawnRing, is_short_at_any_size) {
    for (const std::uint32_t size : {8U, 64U, 72U, 512U, 4096U, 65528U}) {
        for (const auto& [head, tail] : {std::pair(0U, size - 1), {size - 1, 0U}, {size / 2, size / 2 + 1}, {3U, 3U}}) {
            const std::string text = draw(ring(size, head, tail), space.get());
            EXPECT_LE(lines(text), 20U) << text;
            std::istringstream stream(text);
            for (std::string line; std::getline(stream, line);) EXPECT_LE(line.size(), 100U) << line;
        }
    }
    EXPECT_NE(draw(ring(512, 0, 8), nullptr).find("|#......."), std::string::npos) << "eight slots are one mark";
    EXPECT_NE(draw(ring(512, 0, 8), nullptr).find("8 slots per mark"), std::string::npos);
}

TEST_F(DrawnRing, shows_the_slot_kept_by_the_driver_at_any_scale) {
    const std::string text = draw(ring(512, 0, 511), nullptr);
    EXPECT_NE(text.find("|" + std::string(63, '#') + "+|"), std::string::npos) << text;
    EXPECT_NE(text.find("+ mixed   8 slots per mark"), std::string::npos) << text;
}

TEST_F(DrawnRing, with_head_at_tail_is_empty_and_says_what_that_means) {
    const std::string text = draw(ring(16, 5, 5), nullptr);
    EXPECT_NE(text.find("the card has no buffer: frames that arrive are lost\n"), std::string::npos) << text;
    EXPECT_NE(text.find("             B\n"), std::string::npos) << text;
    EXPECT_EQ(text.find('#'), text.find("# the card's")) << text;
}

TEST_F(DrawnRing, with_impossible_registers_says_so) {
    EXPECT_EQ(draw(ring(16, 3, 16), space.get()).find("beyond the ring") == std::string::npos, false);
    EXPECT_NE(
        draw({.place = {.registers = rings_of(CHIP_82574L)[2]}}, nullptr).find("transmit ring: not set up, TDLEN is 0"),
        std::string::npos);
}

TEST_F(DrawnRing, in_unreachable_memory_has_no_descriptors) {
    RingState state = ring(16, 4, 12);
    state.place.base.value = 16;
    const std::string text = draw(state, space.get());
    EXPECT_EQ(text.find("[  4]"), std::string::npos) << text;
    EXPECT_EQ(text.find("DD"), std::string::npos) << text;
    EXPECT_NE(text.find("the card: slots 4 to 11"), std::string::npos) << text;
}

TEST_F(DrawnRing, of_a_running_device_is_drawn_from_its_registers) {
    auto card = std::make_unique<test::MemoryCard>(space);
    auto* const function = card.get();
    const Device device = Device::open(std::move(card), {.rx_ring_size = 64, .tx_ring_size = 128}).value();
    const std::string text = draw_rings(*function);
    EXPECT_TRUE(text.starts_with("memory, 82540EM\nreceive ring at 0x")) << text;
    EXPECT_NE(text.find("64 descriptors, the receiver is on\n  RDH 0, RDT 63: the card has 63, the driver 1\n"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("128 descriptors, the transmitter is on\n  TDH 0, TDT 0: the card has 0, the driver 128\n"),
              std::string::npos)
        << text;
    function->set_identity({.vendor = 1, .device = 2});
    EXPECT_EQ(draw_rings(*function), "memory: this card's rings are unknown\n");
}

}  // namespace
}  // namespace ixy::explain
