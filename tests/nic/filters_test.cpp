// Which frames pass the filters: own and foreign addresses, broadcast, multicast groups, promiscuous mode.
#include "tests/nic/conformance.hpp"

namespace ixy {
namespace {

constexpr std::string_view own = "52:54:00:00:00:01";
constexpr std::string_view foreign = "52:54:00:00:00:77";
constexpr std::string_view group = "01:00:5e:00:00:fb";
constexpr std::string_view other_group = "33:33:00:00:12:34";

class Filters : public Conformance {
protected:
    /// Whether a frame to `destination` passes: sends it, then a broadcast, and checks which of them arrive.
    bool comes_through(Device& device, std::string_view destination) {
        const Frame frame = test::make_frame(60, ++count_, destination);
        const Frame last = test::make_frame(60, ++count_);
        EXPECT_TRUE(wire_send(frame));
        EXPECT_TRUE(wire_send(last));
        const Frame first = receive_one(device);
        if (first == last) return false;
        EXPECT_EQ(first, frame);
        EXPECT_EQ(receive_one(device), last);
        return true;
    }
    static std::vector<MacAddress> addresses(std::initializer_list<std::string_view> texts) {
        std::vector<MacAddress> list;
        for (const std::string_view text : texts) list.push_back(MacAddress::parse(text).value());
        return list;
    }

private:
    unsigned count_ = 0;
};
INSTANTIATE_TEST_SUITE_P(Card, Filters, every_card(), subject_name);

TEST_P(Filters, promiscuous_receives_everything) {
    auto device = open();
    for (const std::string_view address : {own, foreign, group, other_group}) {
        EXPECT_TRUE(comes_through(device, address)) << address;
    }
}

TEST_P(Filters, otherwise_only_own_broadcast_and_joined_groups_pass) {
    auto device = open({.promiscuous = false});
    EXPECT_TRUE(comes_through(device, own));
    EXPECT_FALSE(comes_through(device, foreign));
    EXPECT_FALSE(comes_through(device, "00:00:00:00:00:00"));
    EXPECT_FALSE(comes_through(device, group));

    ASSERT_TRUE(device.set_multicast(addresses({group, other_group})));
    EXPECT_TRUE(comes_through(device, group));
    EXPECT_TRUE(comes_through(device, other_group));
    EXPECT_FALSE(comes_through(device, "01:00:5e:00:00:fc"));
    EXPECT_FALSE(comes_through(device, foreign));
    EXPECT_TRUE(comes_through(device, own));

    ASSERT_TRUE(device.set_multicast(addresses({other_group})));
    EXPECT_FALSE(comes_through(device, group));
    EXPECT_TRUE(comes_through(device, other_group));
    ASSERT_TRUE(device.set_multicast({}));
    EXPECT_FALSE(comes_through(device, other_group));
    EXPECT_EQ(device.statistics().rx_errors, 0U);
}

class FiltersMore : public Filters {};
INSTANTIATE_TEST_SUITE_P(Card, FiltersMore, one_card(), subject_name);

TEST_P(FiltersMore, promiscuous_mode_can_be_toggled) {
    auto device = open();
    for (int round = 0; round < 3; ++round) {
        ASSERT_TRUE(device.set_promiscuous(false));
        EXPECT_FALSE(comes_through(device, foreign));
        EXPECT_FALSE(comes_through(device, group));
        EXPECT_TRUE(comes_through(device, own));
        ASSERT_TRUE(device.set_promiscuous(true));
        EXPECT_TRUE(comes_through(device, foreign));
        EXPECT_TRUE(comes_through(device, group));
    }
}

TEST_P(FiltersMore, an_assigned_address_is_received_instead) {
    auto device = open({.promiscuous = false});
    const MacAddress address = MacAddress::parse(foreign).value();
    ASSERT_TRUE(device.set_mac_address(address));
    EXPECT_EQ(device.mac_address(), address);
    EXPECT_TRUE(comes_through(device, foreign));
    EXPECT_FALSE(comes_through(device, own));
}

TEST_P(FiltersMore, reopening_restores_the_eeprom_address) {
    {
        auto device = open();
        ASSERT_TRUE(device.set_mac_address(MacAddress::parse(foreign).value()));
    }
    auto device = open({.promiscuous = false});
    EXPECT_EQ(device.mac_address().text(), own);
    EXPECT_TRUE(comes_through(device, own));
    EXPECT_FALSE(comes_through(device, foreign));
}

TEST_P(FiltersMore, reopening_leaves_all_groups) {
    {
        ASSERT_TRUE(open().set_multicast(addresses({group})));
    }
    auto device = open({.promiscuous = false});
    EXPECT_FALSE(comes_through(device, group));
}

TEST_P(FiltersMore, invalid_addresses_are_refused_and_change_nothing) {
    auto device = open({.promiscuous = false});
    for (const std::string_view text : {"00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01"}) {
        const auto set = device.set_mac_address(MacAddress::parse(text).value());
        ASSERT_FALSE(set) << text;
        EXPECT_EQ(set.error().kind, ErrorKind::invalid_argument);
        EXPECT_NE(set.error().what.find(text), std::string::npos) << set.error().text();
    }
    EXPECT_EQ(device.mac_address().text(), own);
    EXPECT_TRUE(comes_through(device, own));

    ASSERT_TRUE(device.set_multicast(addresses({other_group})));
    const auto joined = device.set_multicast(addresses({group, foreign}));
    ASSERT_FALSE(joined);
    EXPECT_EQ(joined.error().kind, ErrorKind::invalid_argument);
    EXPECT_NE(joined.error().what.find(foreign), std::string::npos) << joined.error().text();
    EXPECT_FALSE(comes_through(device, group));
    EXPECT_TRUE(comes_through(device, other_group));
}

TEST_P(FiltersMore, every_group_of_many_comes_through) {
    auto device = open({.promiscuous = false});
    std::mt19937 random(7);
    std::vector<MacAddress> groups;
    for (int i = 0; i < 40; ++i) {
        MacAddress address;
        for (auto& byte : address.bytes) byte = static_cast<std::uint8_t>(random());
        address.bytes[0] |= 1;
        groups.push_back(address);
    }
    ASSERT_TRUE(device.set_multicast(groups));
    for (const MacAddress& address : groups) EXPECT_TRUE(comes_through(device, address.text())) << address.text();
}

}  // namespace
}  // namespace ixy
