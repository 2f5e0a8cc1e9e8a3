// The hash that spreads flows, computed in software.
#include <gtest/gtest.h>

#include <ixy/nic/rss.hpp>

#include "tests/support/rss_vectors.hpp"

namespace ixy {
namespace {

TEST(Toeplitz, matches_the_published_hashes) {
    for (const test::RssVector& vector : test::rss_vectors) {
        const auto input = vector.input();
        EXPECT_EQ(rss_hash(default_rss_key, input), vector.ports_hash) << vector.source;
        EXPECT_EQ(rss_hash(default_rss_key, std::span(input).first(input.size() - 4)), vector.addresses_hash);
    }
}

TEST(Toeplitz, the_symmetric_key_gives_both_directions_one_hash) {
    for (const test::RssVector& vector : test::rss_vectors) {
        EXPECT_EQ(rss_hash(symmetric_rss_key, vector.input()), rss_hash(symmetric_rss_key, vector.reversed().input()));
        EXPECT_NE(rss_hash(default_rss_key, vector.input()), rss_hash(default_rss_key, vector.reversed().input()));
    }
}

TEST(Toeplitz, zeros_hash_to_zero) {
    EXPECT_EQ(rss_hash(default_rss_key, {}), 0U);
    EXPECT_EQ(rss_hash(default_rss_key, std::vector<std::byte>(36)), 0U);
}

TEST(RssTable, is_round_robin_unless_one_is_given_and_repeats_that) {
    for (std::size_t i = 0; i < 12; ++i) {
        EXPECT_EQ(rss_queue({}, i, 3), i % 3);
        EXPECT_EQ(rss_queue({.table = {1, 0, 0, 2}}, i, 3), (std::array{1U, 0U, 0U, 2U})[i % 4]);
    }
}

}  // namespace
}  // namespace ixy
