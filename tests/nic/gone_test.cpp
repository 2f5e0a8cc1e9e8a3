// A card that disappears while in use: every call returns quickly and reports it.
#include "tests/nic/conformance.hpp"

namespace ixy {
namespace {

using namespace std::chrono_literals;

class Gone : public Conformance {};
INSTANTIATE_TEST_SUITE_P(Card, Gone, every_card(), subject_name);

TEST_P(Gone, the_device_reports_it_and_every_call_returns) {
    auto device = std::make_unique<Device>(open({.tx_ring_size = 64}));
    auto pool = device->pool();
    const auto frames = numbered_frames(10);
    send(*device, frames);
    for (const Frame& frame : frames) {
        ASSERT_EQ(wire_receive(), frame);
        ASSERT_TRUE(wire_send(frame));
    }
    ASSERT_EQ(receive(*device, 10), frames);
    const Statistics before = device->statistics();
    EXPECT_EQ(before.rx_packets, 10U);
    EXPECT_EQ(before.tx_packets, 10U);
    const auto counters_before = device->counters();

    bed().kill();
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_TRUE(device->gone());
    EXPECT_FALSE(device->link().up);
    EXPECT_EQ(device->link().megabits, 0U);
    EXPECT_EQ(device->mac_address().text(), "52:54:00:00:00:01");
    (void)device->set_promiscuous(false);
    (void)device->set_multicast({});
    {
        Batch<64> batch;
        EXPECT_EQ(device->rx_queue(0).receive(batch), 0U);
        for (int i = 0; i < 10; ++i) {
            while (!batch.full()) batch.push(test::make_packet(*device->pool(), test::make_frame(60)));
            device->tx_queue(0).send(batch);
        }
        EXPECT_TRUE(batch.full()) << "the ring fills up, and the batch keeps the rest";
        EXPECT_EQ(device->tx_queue(0).reclaim(), 0U);
    }
    const Statistics after = device->statistics();
    EXPECT_EQ(after.rx_packets, before.rx_packets);
    EXPECT_EQ(after.rx_bytes, before.rx_bytes);
    EXPECT_EQ(after.tx_packets, before.tx_packets);
    EXPECT_EQ(after.tx_bytes, before.tx_bytes);
    EXPECT_EQ(after.rx_missed, 0U);
    EXPECT_EQ(after.rx_errors, 0U);
    const auto counters_after = device->counters();
    ASSERT_EQ(counters_after.size(), counters_before.size());
    for (std::size_t i = 0; i < counters_after.size(); ++i) {
        EXPECT_EQ(counters_after[i].value, counters_before[i].value) << counters_after[i].name;
    }
    device.reset();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
    EXPECT_EQ(pool->available(), pool->size());
}

TEST_P(Gone, opening_reports_it) {
    const std::string address = bed().address(0);
    auto function = bed().function(0);
    bed().kill();
    const auto begin = std::chrono::steady_clock::now();
    const auto again = Device::open(std::move(function));
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().kind, ErrorKind::device_failed) << again.error().text();
    EXPECT_NE(again.error().what.find(address), std::string::npos) << again.error().text();
    EXPECT_FALSE(again.error().next.empty());

    const auto by_address = Device::open(address);
    ASSERT_FALSE(by_address);
    EXPECT_NE(by_address.error().what.find(address.substr(0, address.find(':'))), std::string::npos)
        << by_address.error().text();
    EXPECT_FALSE(by_address.error().next.empty());
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
}

}  // namespace
}  // namespace ixy
