// The words of a software card's address.
#include <ixy/sim/address.hpp>

#include <gtest/gtest.h>

#include <tuple>

namespace ixy::sim {
namespace {

using namespace std::chrono_literals;

TEST(CardAddressTest, a_bare_chip_name_means_all_defaults) {
    for (const char* const text : {"82540em", "sim:82540em", "sim:82540EM", "sim:82540em,"}) {
        const auto address = parse_card_address(text);
        ASSERT_TRUE(address) << address.error().text();
        EXPECT_EQ(address->type->name, "82540em");
        EXPECT_EQ(address->wire, "");
        EXPECT_FALSE(address->impairments.any());
        EXPECT_FALSE(address->mac_given || address->stepped_clock || address->own_thread);
        EXPECT_TRUE(address->strict);
    }
}

TEST(CardAddressTest, every_key_is_parsed) {
    const auto address = parse_card_address(
        "sim:82545em,wire=pcap:in.pcap:out.pcap,mac=52:54:00:0a:0B:0c,rate=2.5G,delay=1.5ms,loss=0.01,reorder=2%,"
        "corrupt=100%,seed=18446744073709551615,link=2s,clock=stepped,thread=yes,strict=off");
    ASSERT_TRUE(address) << address.error().text();
    EXPECT_EQ(address->type->name, "82545em");
    EXPECT_EQ(address->wire, "pcap:in.pcap:out.pcap");
    EXPECT_TRUE(address->mac_given);
    EXPECT_EQ(address->model.mac, (std::array<std::uint8_t, 6>{0x52, 0x54, 0, 0x0a, 0x0b, 0x0c}));
    EXPECT_EQ(address->impairments.bits_per_second, 2.5e9);
    EXPECT_EQ(address->impairments.delay, 1500us);
    EXPECT_EQ(address->impairments.loss, 0.01);
    EXPECT_EQ(address->impairments.reorder, 0.02);
    EXPECT_EQ(address->impairments.corruption, 1);
    EXPECT_EQ(address->impairments.seed, ~std::uint64_t{0});
    EXPECT_EQ(address->model.link_delay, 2s);
    EXPECT_TRUE(address->stepped_clock && address->own_thread);
    EXPECT_FALSE(address->strict);
}

TEST(CardAddressTest, units_are_those_of_the_field) {
    const std::pair<const char*, double> rates[] = {{"1", 1}, {"64k", 64e3}, {"100M", 100e6}, {"1G", 1e9}};
    for (const auto& [text, rate] : rates)
        EXPECT_EQ(parse_card_address(std::string("82540em,rate=") + text)->impairments.bits_per_second, rate);
    const std::pair<const char*, std::chrono::nanoseconds> times[] = {
        {"7ns", 7ns}, {"10us", 10us}, {"3ms", 3ms}, {"1s", 1s}};
    for (const auto& [text, time] : times)
        EXPECT_EQ(parse_card_address(std::string("82540em,delay=") + text)->impairments.delay, time);
}

TEST(CardAddressTest, errors_name_the_word_and_a_valid_example) {
    const std::tuple<const char*, const char*, const char*> mistakes[] = {
        {"sim:82541", "\"82541\"", "82540em"},
        {"sim:", "\"\"", "82540em"},
        {"sim:82540em,lose=1", "\"lose=1\"", "loss"},
        {"sim:82540em,wire", "\"wire\"", "a name"},
        {"sim:82540em,wire=", "\"wire=\"", "a name"},
        {"sim:82540em,,wire=a", "\"\"", "wire"},
        {"sim:82540em,wire=a,wire=b", "\"wire\"", "once"},
        {"sim:82540em,mac=52:54:00:00:00", "mac=", "52:54:00:00:00:01"},
        {"sim:82540em,mac=53:54:00:00:00:01", "mac=", "52:54:00:00:00:01"},
        {"sim:82540em,mac=00:00:00:00:00:00", "mac=", "52:54:00:00:00:01"},
        {"sim:82540em,mac=52.54.00.00.00.01", "mac=", "52:54:00:00:00:01"},
        {"sim:82540em,rate=1Gpps", "rate=", "1G"},
        {"sim:82540em,seed=18446744073709551616", "seed=", "whole number"},
        {"sim:82540em,loss=101%", "loss=", "1%"},
        {"sim:82540em,mac=52:54:00:00:00:0g", "mac=", "52:54:00:00:00:01"},
        {"sim:82540em,rate=fast", "\"rate=fast\"", "1G"},
        {"sim:82540em,rate=0", "\"rate=0\"", "1G"},
        {"sim:82540em,rate=-1G", "rate=", "1G"},
        {"sim:82540em,rate=1T", "rate=", "1G"},
        {"sim:82540em,rate=nan", "rate=", "1G"},
        {"sim:82540em,rate=inf", "rate=", "1G"},
        {"sim:82540em,delay=10", "\"delay=10\"", "10us"},
        {"sim:82540em,delay=1h", "delay=", "10us"},
        {"sim:82540em,delay=99999999s", "delay=", "10us"},
        {"sim:82540em,loss=1.01", "loss=", "1%"},
        {"sim:82540em,loss=101%", "loss=", "1%"},
        {"sim:82540em,loss=-1%", "loss=", "1%"},
        {"sim:82540em,seed=x", "seed=", "number"},
        {"sim:82540em,seed=-1", "seed=", "number"},
        {"sim:82540em,seed=18446744073709551616", "seed=", "number"},
        {"sim:82540em,link=soon", "link=", "2s"},
        {"sim:82540em,clock=fast", "clock=", "stepped"},
        {"sim:82540em,thread=maybe", "thread=", "yes or no"},
        {"sim:82540em,strict=very", "strict=", "print or off"},
    };
    for (const auto& [text, word, hint] : mistakes) {
        const auto address = parse_card_address(text);
        ASSERT_FALSE(address) << text;
        EXPECT_EQ(address.error().kind, ErrorKind::invalid_argument);
        EXPECT_NE(address.error().what.find(word), std::string::npos) << address.error().text();
        EXPECT_NE(address.error().next.find(hint), std::string::npos) << address.error().text();
    }
}

}  // namespace
}  // namespace ixy::sim
