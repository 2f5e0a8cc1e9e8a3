// What a card may reach, and how mappings are looked up.
#include <ixy/sim/card/iommu.hpp>

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <vector>

namespace ixy::sim {
namespace {

using Access = Iommu::Access;

constexpr IoAddress at(std::uint64_t address) { return IoAddress{address}; }

class IommuTest : public testing::Test {
protected:
    bool reaches(std::uint64_t address, std::size_t bytes, Access access = Access::both) {
        return iommu.translate(at(address), bytes, access).size() == bytes;
    }
    std::vector<std::byte> memory = std::vector<std::byte>(64 << 10);
    std::span<std::byte> page(std::size_t index, std::size_t pages = 1) {
        return std::span(memory).subspan(4096 * index, 4096 * pages);
    }
    Iommu iommu;
};

TEST_F(IommuTest, maps_with_byte_granularity) {
    ASSERT_TRUE(iommu.map(at(0x10000), page(2)));
    EXPECT_EQ(iommu.translate(at(0x10010), 16, Access::both).data(), page(2).data() + 0x10);
    EXPECT_TRUE(reaches(0x10000, 4096));
    EXPECT_TRUE(reaches(0x10fff, 1));
    EXPECT_FALSE(reaches(0xffff, 1));
    EXPECT_FALSE(reaches(0xffff, 2));
    EXPECT_FALSE(reaches(0x11000, 1));
    EXPECT_FALSE(reaches(0x10fff, 2));
    EXPECT_FALSE(reaches(0x10000, 4097));
    EXPECT_FALSE(reaches(0x10010, ~std::size_t{0}));
}

TEST_F(IommuTest, refuses_overlapping_mappings) {
    ASSERT_TRUE(iommu.map(at(0x2000), page(0, 2)));
    for (const std::uint64_t begin : {0x1001U, 0x2000U, 0x2800U, 0x3fffU}) {
        const auto mapped = iommu.map(at(begin), page(4));
        ASSERT_FALSE(mapped) << begin;
        EXPECT_EQ(mapped.error().kind, ErrorKind::busy);
    }
    EXPECT_FALSE(iommu.map(at(0x1000), page(4, 8))) << "a mapping that encloses another";
    EXPECT_TRUE(iommu.map(at(0x1000), page(4)));
    EXPECT_TRUE(iommu.map(at(0x4000), page(5)));
    EXPECT_EQ(iommu.size(), 3U);
}

TEST_F(IommuTest, unmaps_exactly_what_was_mapped) {
    ASSERT_TRUE(iommu.map(at(0x2000), page(0, 2)));
    const std::pair<std::uint64_t, std::size_t> inexact[] = {{0x2000, 0x1000}, {0x3000, 0x1000}, {0x2000, 0x3000}};
    for (const auto& [begin, bytes] : inexact) {
        const auto unmapped = iommu.unmap(at(begin), bytes);
        ASSERT_FALSE(unmapped);
        EXPECT_EQ(unmapped.error().kind, ErrorKind::not_found);
    }
    EXPECT_TRUE(iommu.unmap(at(0x2000), 0x2000));
    EXPECT_FALSE(iommu.unmap(at(0x2000), 0x2000));
    EXPECT_EQ(iommu.size(), 0U);
}

TEST_F(IommuTest, the_cached_lookup_is_dropped_with_its_mapping) {
    ASSERT_TRUE(iommu.map(at(0x2000), page(0)));
    ASSERT_TRUE(iommu.map(at(0x3000), page(1)));
    EXPECT_TRUE(reaches(0x2000, 1));
    ASSERT_TRUE(iommu.unmap(at(0x2000), 4096));
    EXPECT_FALSE(reaches(0x2000, 1));
    EXPECT_TRUE(reaches(0x3000, 1));
    ASSERT_TRUE(iommu.map(at(0x2000), page(7)));
    EXPECT_EQ(iommu.translate(at(0x2000), 1, Access::read).data(), page(7).data());
    iommu.clear();
    EXPECT_FALSE(reaches(0x2000, 1));
}

TEST_F(IommuTest, adjacent_mappings_are_found_part_by_part) {
    ASSERT_TRUE(iommu.map(at(0x2000), page(5)));
    ASSERT_TRUE(iommu.map(at(0x3000), page(1)));
    EXPECT_FALSE(reaches(0x2ff0, 32));
    EXPECT_EQ(iommu.part(at(0x2ff0), 32, Access::both).size(), 16U);
    EXPECT_EQ(iommu.part(at(0x3000), 16, Access::both).data(), page(1).data());
}

TEST_F(IommuTest, directions_are_enforced) {
    ASSERT_TRUE(iommu.map(at(0x2000), page(0), Access::read));
    ASSERT_TRUE(iommu.map(at(0x3000), page(1), Access::write));
    EXPECT_TRUE(reaches(0x2000, 8, Access::read));
    EXPECT_FALSE(reaches(0x2000, 8, Access::write));
    EXPECT_FALSE(reaches(0x2000, 8, Access::both));
    EXPECT_TRUE(reaches(0x3000, 8, Access::write));
    EXPECT_FALSE(reaches(0x3000, 8, Access::read));
}

TEST_F(IommuTest, reaches_the_end_of_the_address_space_without_wrapping) {
    constexpr std::uint64_t top = ~std::uint64_t{0};
    ASSERT_TRUE(iommu.map(at(top - 4095), page(0)));
    EXPECT_TRUE(reaches(top, 1));
    EXPECT_TRUE(reaches(top - 4095, 4096));
    EXPECT_FALSE(reaches(top, 2));
    ASSERT_TRUE(iommu.map(at(0), page(1)));
    EXPECT_FALSE(reaches(top, 2));
    const auto beyond = iommu.map(at(top - 4000), page(2));
    ASSERT_FALSE(beyond);
    EXPECT_EQ(beyond.error().kind, ErrorKind::invalid_argument);
    EXPECT_FALSE(iommu.map(at(0x5000), {})) << "an empty mapping";
}

TEST_F(IommuTest, asks_for_unknown_addresses) {
    int asked = 0;
    iommu.on_miss([&](Iommu& asking, IoAddress address) {
        ++asked;
        return address.value < 0x8000 && asking.map(at(0x4000), page(3)).has_value();
    });
    EXPECT_TRUE(reaches(0x4100, 16));
    EXPECT_TRUE(reaches(0x4200, 16));
    EXPECT_EQ(asked, 1);
    EXPECT_FALSE(reaches(0x9000, 1));
    EXPECT_FALSE(reaches(0x5000, 1)) << "the new mapping lies elsewhere";
    EXPECT_EQ(asked, 3);
}

TEST_F(IommuTest, stays_fast_with_tens_of_thousands_of_mappings) {
    constexpr std::size_t count = 65535;
    for (std::size_t i = 0; i < count; ++i) ASSERT_TRUE(iommu.map(at(i * 0x2000), page(i % 16)));
    std::mt19937_64 random(1);  // random lookups: a linear search would take minutes
    for (int i = 0; i < 100'000; ++i) {
        const std::uint64_t index = random() % count;
        const auto found = iommu.translate(at(index * 0x2000 + 8), 8, Access::read);
        ASSERT_EQ(found.data(), page(index % 16).data() + 8);
    }
    EXPECT_FALSE(reaches(0x1000, 1));
    for (std::size_t i = 0; i < count; ++i) ASSERT_TRUE(iommu.unmap(at(i * 0x2000), 4096));
    EXPECT_EQ(iommu.size(), 0U);
}

}  // namespace
}  // namespace ixy::sim
