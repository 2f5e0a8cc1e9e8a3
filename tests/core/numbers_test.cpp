// What counts as a number, and what does not.
#include <gtest/gtest.h>

#include <ixy/core/numbers.hpp>

namespace ixy {
namespace {

using namespace std::chrono_literals;

TEST(WholeNumbers, are_decimal_with_leading_zeros_and_units) {
    EXPECT_EQ(parse_whole("0").value(), 0U);
    EXPECT_EQ(parse_whole("010").value(), 10U);
    EXPECT_EQ(parse_whole("1k").value(), 1'000U);
    EXPECT_EQ(parse_whole("1.5M").value(), 1'500'000U);
    EXPECT_EQ(parse_whole("2g").value(), 2'000'000'000U);
    EXPECT_EQ(parse_whole("1.000").value(), 1U);
    EXPECT_EQ(parse_whole("18446744073709551615").value(), 18'446'744'073'709'551'615U);
}

TEST(WholeNumbers, refuse_anything_else) {
    for (const std::string_view text :
         {"", "-1", "+1", " 1", "1 ", "0x10", "1e3", "1.5", "1.", ".5", "1kk", "1.0005k", "many", "1kpps",
          "18446744073709551616", "18446744073709551615k", "18446744073.709551616G"}) {
        const auto number = parse_whole(text);
        EXPECT_FALSE(number) << text;
        if (!number) {
            EXPECT_LT(number.error().text().size(), 160U);
        }
    }
}

TEST(WholeNumbers, out_of_range_errors_name_the_range) {
    EXPECT_EQ(parse_whole("8", 8, 16).value(), 8U);
    EXPECT_EQ(parse_whole("16", 8, 16).value(), 16U);
    EXPECT_EQ(parse_whole("7", 8, 16).error().what, "\"7\" is not a whole number from 8 to 16");
    EXPECT_EQ(parse_whole("1k", 8, 16).error().what, "\"1k\" is not a whole number from 8 to 16");
    EXPECT_EQ(parse_whole("0", 1).error().what, "\"0\" is not a whole number from 1 up");
}

TEST(Times, need_a_unit_except_where_seconds_are_implied) {
    EXPECT_EQ(parse_time("10us").value(), 10us);
    EXPECT_EQ(parse_time("1.5ms").value(), 1500us);
    EXPECT_EQ(parse_time("2s").value(), 2s);
    EXPECT_EQ(parse_seconds("0.25").value(), 250ms);
    EXPECT_EQ(parse_seconds("10ms").value(), 10ms);
    for (const std::string_view text : {"", "10", "-1s", "1m", "s", "nan", "1e3s", "1.2.3s", "1000001s"})
        EXPECT_FALSE(parse_time(text)) << text;
    for (const std::string_view text : {"", "-1", "nan", "inf", "1e3"}) EXPECT_FALSE(parse_seconds(text)) << text;
}

TEST(Shares, range_from_nothing_to_everything) {
    EXPECT_DOUBLE_EQ(parse_share("0.01").value(), 0.01);
    EXPECT_DOUBLE_EQ(parse_share("1%").value(), 0.01);
    EXPECT_DOUBLE_EQ(parse_share("100%").value(), 1);
    for (const std::string_view text : {"", "1.1", "101%", "-1%", "1%%", "%"}) EXPECT_FALSE(parse_share(text)) << text;
}

TEST(Rates, are_packets_or_bits_per_second) {
    EXPECT_DOUBLE_EQ(parse_rate("1.5Mpps")->amount, 1.5e6);
    EXPECT_EQ(parse_rate("1.5Mpps")->unit, TrafficRate::Unit::packets);
    EXPECT_DOUBLE_EQ(parse_rate("1Gbit/s")->amount, 1e9);
    EXPECT_EQ(parse_rate("1gbit")->unit, TrafficRate::Unit::bits);
    EXPECT_DOUBLE_EQ(parse_bit_rate("1G").value(), 1e9);
    EXPECT_DOUBLE_EQ(parse_bit_rate("2.5Gbit/s").value(), 2.5e9);
    for (const std::string_view text : {"", "1", "1M", "0pps", "-1pps", "1xpps", "1pps/s", "1/s", "1M/s", "1e300Gbit",
                                        "10000Gpps", "0.0000001pps", "0.9bit"})
        EXPECT_FALSE(parse_rate(text)) << text;
    for (const std::string_view text : {"", "0", "-1G", "1pps", "1GG", "1/s", "1G/s", "1bit/s/s", "0.1"})
        EXPECT_FALSE(parse_bit_rate(text)) << text;
}

TEST(RegisterValues, may_be_hexadecimal) {
    EXPECT_EQ(parse_decimal_or_hex("0x10"), 16U);
    EXPECT_EQ(parse_decimal_or_hex("010"), 10U);
    for (const std::string_view text : {"", "0x", "0x1g", "x1", "-0x1", "0x10000000000000000"})
        EXPECT_FALSE(parse_decimal_or_hex(text)) << text;
}

}  // namespace
}  // namespace ixy
