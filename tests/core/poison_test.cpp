// What AddressSanitizer knows about DMA memory: only owned memory may be touched.
#include <gtest/gtest.h>
#include <sanitizer/asan_interface.h>

#include "tests/core/pool_fixture.hpp"

namespace ixy::test {
namespace {

bool may_touch(const std::byte* byte) { return __asan_address_is_poisoned(byte) == 0; }

TEST(Poison, an_owned_piece_may_be_touched_to_its_last_byte) {
    const auto space = *ProcessSpace::create();
    auto piece = *space->allocate(100);
    const std::byte* const begin = piece.data();
    EXPECT_TRUE(may_touch(begin));
    EXPECT_TRUE(may_touch(begin + 99));
    EXPECT_FALSE(may_touch(begin + 100)) << "nobody owns the rest of its cache line";
    piece = DmaMemory();
    EXPECT_FALSE(may_touch(begin));
}

TEST(Poison, a_packets_buffer_may_be_touched_only_while_allocated) {
    const auto pool = make_pool(16);
    Packet* const packet = pool->allocate();
    EXPECT_TRUE(may_touch(packet->buffer()));
    EXPECT_TRUE(may_touch(packet->buffer() + packet->capacity() - 1));
    free_packets({&packet, 1});
    EXPECT_FALSE(may_touch(packet->start()));
}

TEST(Poison, the_next_mapping_at_a_spaces_address_is_unpoisoned) {
    const std::byte* place = nullptr;
    {
        const auto space = *ProcessSpace::create();
        place = space->allocate(64)->data();
    }
    EXPECT_TRUE(may_touch(place));
}

}  // namespace
}  // namespace ixy::test
