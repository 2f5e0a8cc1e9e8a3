// Properties of a device that need no card: MAC addresses, and which cards have a driver.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/support/memory_card.hpp"

#include <ixy/nic/device.hpp>
#include <ixy/nic/drivers.hpp>

namespace ixy {
namespace {

TEST(MacAddress, is_parsed_and_formatted_as_six_pairs) {
    const auto address = MacAddress::parse("52:54:00:ab:CD:ef");
    ASSERT_TRUE(address);
    EXPECT_EQ(address->bytes, (std::array<std::uint8_t, 6>{0x52, 0x54, 0x00, 0xab, 0xcd, 0xef}));
    EXPECT_EQ(address->text(), "52:54:00:ab:cd:ef");
    EXPECT_EQ(MacAddress::parse("52-54-00-AB-cd-EF").value(), *address);
    EXPECT_EQ(MacAddress{}.text(), "00:00:00:00:00:00");
}

TEST(MacAddress, tells_multicast_from_unicast) {
    EXPECT_TRUE(MacAddress::parse("ff:ff:ff:ff:ff:ff")->is_multicast());
    EXPECT_TRUE(MacAddress::parse("01:00:5e:00:00:01")->is_multicast());
    EXPECT_FALSE(MacAddress::parse("52:54:00:12:34:56")->is_multicast());
}

TEST(MacAddress, anything_else_is_refused_and_quoted) {
    for (const std::string_view text :
         {"", "52", "52:54:00:12:34", "52:54-00:12-34:56", "52:54:00:12:34:5", "52:54:00:12:34:567",
          "52:54:00:12:34:56:78", "52:54:00:12:34:5g", "5254.0012.3456", "525400123456", "52:54:00:12:34: 6",
          " 52:54:00:12:34:56", "+2:54:00:12:34:56", "52 54 00 12 34 56", "52:54:00:12:34:56\n"}) {
        const auto address = MacAddress::parse(text);
        ASSERT_FALSE(address) << text;
        EXPECT_EQ(address.error().kind, ErrorKind::invalid_argument);
        EXPECT_NE(address.error().what.find("'" + std::string(text) + "'"), std::string::npos)
            << address.error().text();
        EXPECT_FALSE(address.error().next.empty());
    }
}

const DriverEntry* find(std::uint16_t device, std::uint16_t vendor = 0x8086) {
    return find_driver({.vendor = vendor, .device = device});
}

TEST(KnownDevices, have_a_driver_and_a_model) {
    ASSERT_NE(find(0x100e), nullptr);
    EXPECT_EQ(find(0x100e)->driver, "e1000");
    EXPECT_EQ(find(0x100e)->model, "82540EM");
    ASSERT_NE(find(0x10d3), nullptr);
    EXPECT_EQ(find(0x10d3)->driver, "e1000e");
    EXPECT_EQ(find(0x10d3)->model, "82574L");
    for (const std::uint16_t id :
         std::initializer_list<std::uint16_t>{0x1004, 0x1008, 0x100c, 0x100f, 0x1010, 0x1079}) {
        EXPECT_NE(find(id), nullptr) << std::hex << id;
    }
    std::set<std::pair<std::uint16_t, std::uint16_t>> seen;
    for (const DriverEntry& entry : known_devices()) {
        EXPECT_TRUE(seen.emplace(entry.vendor, entry.device).second) << std::hex << entry.device << " is listed twice";
        EXPECT_EQ(find(entry.device, entry.vendor), &entry);
        EXPECT_NE(entry.open, nullptr);
        EXPECT_FALSE(entry.model.empty());
    }
}

TEST(KnownDevices, omit_what_the_drivers_do_not_support) {
    for (const std::uint16_t fiber :
         std::initializer_list<std::uint16_t>{0x1001, 0x1009, 0x1011, 0x1012, 0x1027, 0x1028, 0x107a, 0x107b}) {
        EXPECT_EQ(find(fiber), nullptr) << std::hex << fiber;
    }
    EXPECT_EQ(find(0x100e, 0x1af4), nullptr) << "the id with another vendor";
    EXPECT_EQ(find(0x10fb), nullptr);
    EXPECT_EQ(find(0xffff, 0xffff), nullptr);
}

TEST(KnownDevices, a_card_without_a_driver_is_named_by_its_id) {
    auto card = std::make_unique<test::MemoryCard>();
    card->set_identity({.vendor = 0x8086, .device = 0x10c9, .class_code = 0x020000});
    const auto accesses = card->accesses();
    const auto device = Device::open(std::move(card));
    ASSERT_FALSE(device);
    EXPECT_EQ(device.error().kind, ErrorKind::unsupported);
    EXPECT_NE(device.error().what.find("8086:10c9"), std::string::npos) << device.error().text();
    EXPECT_NE(device.error().what.find("memory"), std::string::npos) << device.error().text();
    EXPECT_FALSE(device.error().next.empty());
    EXPECT_EQ(*accesses, 0U) << "and not touched";
}

TEST(Device, a_malformed_address_is_refused) {
    for (const std::string_view address : {"", "nonsense", "qtest:", "sim:82540em", "0000:00:00"}) {
        const auto device = Device::open(address);
        ASSERT_FALSE(device) << address;
        EXPECT_FALSE(device.error().what.empty());
    }
}

/// The loop from the README, on a card that takes seven of the 64 packets and sends none of them.
TEST(MainLoop, touches_each_frame_once_even_when_the_card_takes_only_some) {
    auto card = std::make_unique<test::MemoryCard>();
    test::MemoryCard& hardware = *card;
    auto device = Device::open(std::move(card), {.rx_ring_size = 128, .tx_ring_size = 8});
    ASSERT_TRUE(device);
    hardware.deliver(64, 60);
    Batch<64> batch;
    std::size_t touched = 0;
    for (int round = 0; round < 20; ++round) {
        device->rx_queue(0).receive(batch);
        for (Packet& packet : batch) {
            EXPECT_EQ(packet.data()[0], std::byte{0});
            packet.data()[0] = std::byte{1};
            ++touched;
        }
        device->tx_queue(0).send(batch);
    }
    EXPECT_EQ(touched, 64U);
    EXPECT_EQ(device->tx_queue(0).counters().packets.value(), 7U);
    EXPECT_TRUE(batch.empty());
}

}  // namespace
}  // namespace ixy
