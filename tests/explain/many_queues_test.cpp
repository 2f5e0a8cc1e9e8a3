// Rings of a chip whose ring registers are arrays in two blocks, as large cards have them.
#include <gtest/gtest.h>

#include <map>

#include <ixy/core/process_space.hpp>
#include <ixy/datasheet/family.hpp>
#include <ixy/explain/ring_watch.hpp>
#include <ixy/explain/rings.hpp>
#include <ixy/explain/sentence.hpp>

namespace ixy::explain {
namespace {

using namespace datasheet;

constexpr std::uint16_t queues = 64;
constexpr Number BASE_LOW = {{.name = "BAL", .offset = 0x1000, .count = queues, .stride = 0x40}};
constexpr Number BASE_HIGH = {{.name = "BAH", .offset = 0x1004, .count = queues, .stride = 0x40}};
constexpr Number LENGTH = {{.name = "LEN", .offset = 0x1008, .count = queues, .stride = 0x40}};
constexpr Number HEAD = {{.name = "H", .offset = 0x1010, .count = queues, .stride = 0x40}};
constexpr Number TAIL = {{.name = "T", .offset = 0x1018, .count = queues, .stride = 0x40}};
constexpr Number CONTROL = {{.name = "DCTL", .offset = 0x1028, .count = queues, .stride = 0x40}};
constexpr Number BASE_LOW_2 = {{.name = "BAL", .offset = 0xd000, .count = queues, .stride = 0x40}};
constexpr Number BASE_HIGH_2 = {{.name = "BAH", .offset = 0xd004, .count = queues, .stride = 0x40}};
constexpr Number LENGTH_2 = {{.name = "LEN", .offset = 0xd008, .count = queues, .stride = 0x40}};
constexpr Number HEAD_2 = {{.name = "H", .offset = 0xd010, .count = queues, .stride = 0x40}};
constexpr Number TAIL_2 = {{.name = "T", .offset = 0xd018, .count = queues, .stride = 0x40}};
constexpr Number CONTROL_2 = {{.name = "DCTL", .offset = 0xd028, .count = queues, .stride = 0x40}};
constexpr Number RECEIVER = {{.name = "RXCTRL", .offset = 0x3000}};
constexpr Number WORD = {{.name = "word", .offset = 0}};

constexpr RingBank BANKS[] = {
    {true, 0, &BASE_LOW, &BASE_HIGH, &LENGTH, &HEAD, &TAIL, {{{&RECEIVER, 1, 1}, {&CONTROL, 2, 2}}}},
    {true, queues, &BASE_LOW_2, &BASE_HIGH_2, &LENGTH_2, &HEAD_2, &TAIL_2, {{{&RECEIVER, 1, 1}, {&CONTROL_2, 2, 2}}}},
};
constexpr DescriptorKind KINDS[] = {
    {.name = "plain", .title = "Plain", .words = {&WORD, &WORD, &WORD, &WORD}, .done = {3, 1, 1}}};
constexpr Family FAMILY{.name = "large",
                        .vendor = 1,
                        .register_bytes = 0x20000,
                        .rings = BANKS,
                        .receive_descriptors = KINDS,
                        .transmit_descriptors = KINDS};
constexpr std::array<const RegisterInfo*, 13> REGISTERS{&BASE_LOW, &BASE_HIGH, &LENGTH,     &HEAD,        &TAIL,
                                                        &CONTROL,  &RECEIVER,  &BASE_LOW_2, &BASE_HIGH_2, &LENGTH_2,
                                                        &HEAD_2,   &TAIL_2,    &CONTROL_2};
constexpr datasheet::Chip CHIP{"large", {}, REGISTERS, {}, {}, &FAMILY};

TEST(many_queues, each_queue_has_its_ring_at_its_index) {
    const auto rings = rings_of(CHIP);
    ASSERT_EQ(rings.size(), 128U);
    EXPECT_EQ(rings[70].queue(), 70U);
    EXPECT_EQ(rings[70].name(), "receive ring 70");
    EXPECT_EQ(rings[70].address(TAIL_2), 0xd018U + 6 * 0x40);
    EXPECT_EQ(rings[70].address(RECEIVER), 0x3000U) << "a register that all queues share";
}

TEST(many_queues, a_ring_is_in_use_when_the_receiver_and_its_queue_are_on) {
    std::map<std::uint32_t, std::uint32_t> values{{RECEIVER.offset, 1}, {CONTROL_2.address(6), 2}};
    const auto read = [&](std::uint32_t offset) { return values[offset]; };
    const auto rings = rings_of(CHIP);
    EXPECT_TRUE(is_enabled(CHIP, rings[70], read));
    EXPECT_FALSE(is_enabled(CHIP, rings[6], read)) << "the other block's queue of the same index";
    EXPECT_FALSE(is_enabled(CHIP, rings[71], read));
    values[RECEIVER.offset] = 0;
    EXPECT_FALSE(is_enabled(CHIP, rings[70], read));
}

TEST(many_queues, a_doorbell_belongs_to_the_queue_of_its_index) {
    const auto space = ProcessSpace::create().value();
    const DmaMemory memory = space->allocate(8 * descriptor_bytes, 128).value();
    RegisterMemory registers(&CHIP);
    RingWatch watch(CHIP, *space);
    const auto write = [&](const RegisterInfo& info, std::size_t index, std::uint64_t value) {
        Access access{.is_write = true, .offset = info.address(index), .value = value};
        registers.look_up(access);
        return watch.look(access, registers);
    };
    write(BASE_LOW_2, 6, memory.address().value & 0xffff'ffff);
    write(BASE_HIGH_2, 6, memory.address().value >> 32);
    write(LENGTH_2, 6, memory.size());
    EXPECT_TRUE(write(TAIL_2, 5, 4).empty()) << "a ring that is not set up";
    const auto events = write(TAIL_2, 6, 4);
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].ring.registers.queue(), 70U);
    EXPECT_EQ(events[0].count, 4U);
    EXPECT_NE(handover_text(events[0]).find("receive ring 70"), std::string::npos);
}

}  // namespace
}  // namespace ixy::explain
