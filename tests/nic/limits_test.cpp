// Options against limits: what is refused, and that each refusal says what would be accepted.
#include <gtest/gtest.h>

#include <ixy/nic/drivers.hpp>
#include <ixy/nic/limits.hpp>

namespace ixy {
namespace {

constexpr DeviceLimits four_queues{.rx_queues = 4,
                                   .tx_queues = 2,
                                   .smallest_ring = 8,
                                   .largest_ring = 1024,
                                   .ring_step = 8,
                                   .least_max_frame = 60,
                                   .most_max_frame = 9000,
                                   .most_scaled_frame = 1514,
                                   .rss_entries = 16,
                                   .rss_hashes = RssHash::ipv4 | RssHash::tcp_ipv4,
                                   .offloads = Offloads::rx_checksum};

Error refusal(const DeviceOptions& options) {
    const auto fits = check_options(options, four_queues, "card");
    return fits ? Error{ErrorKind::system, "accepted", {}} : fits.error();
}

TEST(Limits, options_inside_them_are_accepted) {
    for (const DeviceOptions& options : {DeviceOptions{},
                                         {.rx_queues = 4, .tx_queues = 2},
                                         {.max_frame = 9000},
                                         {.rx_checksum = true},
                                         {.rx_queues = 2, .rss = {.table = {0, 1, 1}}},
                                         {.rx_queues = 2, .rss = {.hashes = RssHash::ipv4}}}) {
        EXPECT_EQ(refusal(options).what, "accepted");
    }
}

TEST(Limits, options_outside_them_are_refused_with_what_would_do) {
    struct Case {
        DeviceOptions options;
        std::string what, next;
    };
    for (const Case& each :
         {Case{{.rx_queues = 5}, "5 receive queues are not possible on the card", "choose 1 to 4"},
          {{.rx_queues = 0}, "0 receive queues", "choose 1 to 4"},
          {{.tx_queues = 3}, "3 transmit queues", "choose 1 to 2"},
          {{.rx_ring_size = 12}, "receive ring of 12", "choose 8 to 1024, in steps of 8"},
          {{.tx_ring_size = 2048}, "transmit ring of 2048", "choose 8 to 1024, in steps of 8"},
          {{.max_frame = 9001}, "frames of 9001 bytes", "choose 60 to 9000"},
          {{.rx_queues = 2, .max_frame = 1515}, "with several receive queues", "choose 60 to 1514"},
          {{.tx_checksum = true}, "the card cannot write checksums", "without"},
          {{.vlan = true}, "the card cannot strip and insert VLAN tags", "without"},
          {{.rx_queues = 2, .rss = {.table = {0, 2}}}, "receive queue 2", "queues 0 to 1"},
          {{.rx_queues = 2, .rss = {.table = std::vector<std::uint16_t>(17)}}, "17 entries", "at most 16"},
          {{.rx_queues = 2, .rss = {.hashes = RssHash::udp_ipv4}}, "cannot hash", "limits"},
          {{.rx_ring_size = 512, .pool_packets = 511}, "pool of 511", "512"}}) {
        const Error error = refusal(each.options);
        EXPECT_EQ(error.kind, ErrorKind::invalid_argument) << error.text();
        EXPECT_NE(error.what.find(each.what), std::string::npos) << error.text();
        EXPECT_NE(error.next.find(each.next), std::string::npos) << error.text();
    }
}

TEST(Limits, of_one_queue_need_no_range) {
    DeviceLimits one = four_queues;
    one.rx_queues = 1;
    EXPECT_EQ(check_options({.rx_queues = 2}, one, "card").error().next, "choose 1");
}

TEST(Limits, of_every_known_card_make_sense) {
    const DeviceLimits widest = widest_limits();
    for (const DriverEntry& card : known_devices()) {
        const DeviceLimits& limits = card.limits;
        EXPECT_TRUE(check_options({}, limits, card.model)) << card.model;
        EXPECT_EQ(limits.smallest_ring % limits.ring_step, 0U);
        EXPECT_EQ(limits.largest_ring % limits.ring_step, 0U);
        EXPECT_EQ(limits.rx_queues > 1, limits.rss_entries != 0) << card.model;
        EXPECT_EQ(limits.rx_queues > 1, limits.rss_hashes != RssHash::none) << card.model;
        EXPECT_NE(limits.interrupts, InterruptKinds::none) << card.model;
        EXPECT_LE(limits.rx_queues, widest.rx_queues);
        EXPECT_LE(limits.most_max_frame, widest.most_max_frame);
    }
}

}  // namespace
}  // namespace ixy
