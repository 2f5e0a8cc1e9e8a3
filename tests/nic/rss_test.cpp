// Several receive queues: which one a frame goes to, and the hash that says why.
#include "tests/nic/conformance.hpp"
#include "tests/support/rss_vectors.hpp"

namespace ixy {
namespace {

constexpr std::uint8_t tcp = 6, udp = 17;

/// Where a frame arrived.
struct Arrival {
    std::size_t queue = ~std::size_t{0};
    PacketFlags flags{};
    std::uint32_t hash = 0;
};

class Rss : public Conformance {
protected:
    Arrival arrival_of(Device& device, const Frame& frame) {
        Arrival arrival;
        EXPECT_TRUE(wire_send(frame));
        EXPECT_TRUE(test::eventually([&] {
            for (std::size_t queue = 0; queue < device.limits().rx_queues; ++queue) {
                Batch<4> batch;
                if (device.rx_queue(queue).receive(batch) == 0) continue;
                EXPECT_EQ(test::bytes_of(batch[0]), frame);
                arrival = {queue, batch[0].flags(), batch[0].hash()};
                return true;
            }
            return false;
        }));
        return arrival;
    }
    static void expect_hashed(const Arrival& arrival, std::uint32_t hash, const RssOptions& rss = {}) {
        EXPECT_TRUE(has(arrival.flags, PacketFlags::rss_hash));
        EXPECT_EQ(arrival.hash, hash);
        EXPECT_EQ(arrival.queue, rss_queue(rss, hash % limits().rss_entries, limits().rx_queues));
    }
};
INSTANTIATE_TEST_SUITE_P(Card, Rss, testing::ValuesIn(test::with_several_queues(test::every_subject())), subject_name);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Rss);

TEST_P(Rss, spreads_flows_as_the_published_hashes_say) {
    auto device = open();
    std::vector<std::size_t> per_queue(limits().rx_queues);
    for (const test::RssVector& vector : test::rss_vectors) {
        for (const bool tagged : {false, true}) {
            const Arrival by_ports = arrival_of(device, vector.frame(tcp, tagged));
            expect_hashed(by_ports, vector.ports_hash);
            expect_hashed(arrival_of(device, vector.frame(udp, tagged)), vector.addresses_hash);  // no UDP ports here
            ++per_queue[by_ports.queue];
        }
    }
    EXPECT_EQ(std::ranges::count(per_queue, 0U), 0) << "each queue has its share";
}

TEST_P(Rss, frames_that_are_not_hashed_go_to_queue_0) {
    auto device = open({.rss = {.table = {1}}});
    const Arrival plain = arrival_of(device, test::make_frame(60));
    EXPECT_EQ(plain.queue, 0U);
    EXPECT_FALSE(has(plain.flags, PacketFlags::rss_hash));
}

TEST_P(Rss, a_table_of_ones_own_decides) {
    const RssOptions rss{.table = {1, 1, 1, 0}};
    auto device = open({.rss = rss});
    for (const test::RssVector& vector : test::rss_vectors)
        expect_hashed(arrival_of(device, vector.frame(tcp)), vector.ports_hash, rss);
}

TEST_P(Rss, a_key_of_ones_own_decides) {
    RssOptions rss;
    for (std::size_t i = 0; i < rss.key.size(); ++i) rss.key[i] = static_cast<std::uint8_t>(7 * i + 1);
    auto device = open({.rss = rss});
    for (const test::RssVector& vector : test::rss_vectors)
        expect_hashed(arrival_of(device, vector.frame(tcp)), rss_hash(rss.key, vector.input()));
}

TEST_P(Rss, with_the_symmetric_key_both_directions_of_a_flow_meet) {
    auto device = open({.rss = {.key = symmetric_rss_key}});
    for (const test::RssVector& vector : test::rss_vectors) {
        const Arrival there = arrival_of(device, vector.frame(tcp));
        const Arrival back = arrival_of(device, vector.reversed().frame(tcp));
        EXPECT_EQ(there.hash, back.hash);
        EXPECT_EQ(there.queue, back.queue);
    }
}

TEST_P(Rss, only_the_kinds_asked_for_are_hashed) {
    auto device = open({.rss = {.hashes = RssHash::ipv4}});
    for (const test::RssVector& vector : test::rss_vectors) {
        const Arrival arrival = arrival_of(device, vector.frame(tcp));
        if (vector.version == 4) {
            expect_hashed(arrival, vector.addresses_hash);
        } else {
            EXPECT_EQ(arrival.queue, 0U);
            EXPECT_FALSE(has(arrival.flags, PacketFlags::rss_hash));
        }
    }
}

TEST_P(Rss, the_hash_stands_beside_what_else_the_card_found_out) {
    auto device = open({.rx_checksum = true, .vlan = true});
    const test::InternetFrame like{.version = 4, .protocol = tcp, .payload = 100, .tagged = true};
    const Frame frame = like.complete();
    ASSERT_TRUE(wire_send(frame));
    Batch<4> batch;
    ASSERT_TRUE(test::eventually(
        [&] { return device.rx_queue(0).receive(batch) == 1 || device.rx_queue(1).receive(batch) == 1; }));
    EXPECT_TRUE(has(batch[0].flags(), PacketFlags::vlan_stripped));
    EXPECT_TRUE(has(batch[0].flags(), PacketFlags::ip_checksum_good));
    EXPECT_TRUE(has(batch[0].flags(), PacketFlags::l4_checksum_good));
    EXPECT_TRUE(has(batch[0].flags(), PacketFlags::rss_hash));
    EXPECT_NE(batch[0].hash(), 0U);
}

TEST_P(Rss, one_queue_gets_everything_and_no_hash) {
    {
        auto device = open();
    }  // the settings of an earlier program are forgotten
    auto device = Device::open(bed().function(0)).value();
    for (const test::RssVector& vector : test::rss_vectors) {
        ASSERT_TRUE(wire_send(vector.frame(tcp)));
        Batch<4> batch;
        ASSERT_TRUE(test::eventually([&] { return device.rx_queue(0).receive(batch) == 1; }));
        EXPECT_EQ(batch[0].flags(), PacketFlags::none);
    }
}

TEST_P(Rss, impossible_options_are_refused) {
    for (const DeviceOptions& options : {DeviceOptions{.rx_queues = 2, .rss = {.table = {2}}},
                                         {.rx_queues = 2, .max_frame = 9000},
                                         {.rx_queues = 2, .rss = {.hashes = RssHash::udp_ipv4}}}) {
        const auto device = Device::open(bed().function(0), options);
        ASSERT_FALSE(device);
        EXPECT_EQ(device.error().kind, ErrorKind::invalid_argument) << device.error().text();
    }
}

}  // namespace
}  // namespace ixy
