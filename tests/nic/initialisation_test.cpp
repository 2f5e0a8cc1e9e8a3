// Opening and closing a card: how it identifies itself, the link, refused options, and that nothing is left behind.
#include "tests/nic/conformance.hpp"

namespace ixy {
namespace {

using namespace std::chrono_literals;

class Initialisation : public Conformance {};
INSTANTIATE_TEST_SUITE_P(Card, Initialisation, every_card(), subject_name);

TEST_P(Initialisation, identifies_itself_and_works) {
    auto device = open();
    EXPECT_EQ(device.model(), GetParam().model);
    EXPECT_EQ(device.driver_name(), GetParam().driver);
    EXPECT_EQ(device.address(), bed().address(0));
    EXPECT_EQ(device.mac_address().text(), "52:54:00:00:00:01");
    EXPECT_FALSE(device.gone());
    const Link link = device.link();
    EXPECT_TRUE(link.up);
    EXPECT_TRUE(link.full_duplex);
    EXPECT_EQ(link.megabits, 1000U);

    const auto frames = numbered_frames(5);
    send(device, frames);
    for (const Frame& frame : frames) EXPECT_EQ(wire_receive(), frame);
    for (const Frame& frame : frames) ASSERT_TRUE(wire_send(frame));
    EXPECT_EQ(receive(device, 5), frames);
}

TEST_P(Initialisation, opens_by_address) {
    auto device = Device::open(bed().address(0));
    ASSERT_TRUE(device) << device.error().text();
    EXPECT_EQ(device->model(), GetParam().model);
}

TEST_P(Initialisation, reopened_is_as_good_as_new) {
    for (unsigned round = 0; round < 3; ++round) {
        auto device = open();
        const Statistics zero = device.statistics();
        EXPECT_EQ(zero.rx_packets + zero.tx_packets + zero.tx_bytes + zero.rx_missed + zero.rx_errors, 0U);
        for (const NamedCounter& counter : device.counters()) EXPECT_EQ(counter.value, 0U) << counter.name;
        const auto frames = numbered_frames(20 + round, {60, 1514});
        for (std::size_t i = 0; i < 10; ++i) ASSERT_TRUE(wire_send(frames[i]));
        send(device, frames);
        for (const Frame& frame : frames) EXPECT_EQ(wire_receive(), frame);
        EXPECT_EQ(receive(device, 10), std::vector(frames.begin(), frames.begin() + 10));
    }
}

class Opening : public Conformance {
protected:
    Error refusal(const DeviceOptions& options) {
        auto device = try_open(options);
        return device ? Error{ErrorKind::system, "it was opened", {}} : device.error();
    }
};
INSTANTIATE_TEST_SUITE_P(Card, Opening, one_card(), subject_name);

// 64 MiB of memory hold 13 of the pools: leaking one each time would be noticed.
TEST_P(Opening, closes_and_opens_a_hundred_times_with_traffic) {
    for (unsigned round = 0; round < 100; ++round) {
        auto device = open();
        const Frame frame = test::make_frame(60 + round, round);
        if (round % 3 == 0) {
            ASSERT_TRUE(wire_send(frame));  // may still be in the cable when the card closes
        }
        if (round % 3 == 1) {
            send(device, frame);
            ASSERT_EQ(wire_receive(), frame);
        }
        if (round % 3 == 2) {
            receive(device, 1, 1ms);  // from the round before
            ASSERT_TRUE(wire_send(frame));
            const auto received = receive(device, 1);
            ASSERT_EQ(received.size(), 1U);
            ASSERT_EQ(received[0], frame);
        }
    }
}

TEST_P(Opening, a_card_has_one_owner_at_a_time) {
    auto device = open();
    auto again = Device::open(bed().address(0));
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().kind, ErrorKind::busy) << again.error().text();
    send(device, test::make_frame(60));
    EXPECT_FALSE(wire_receive().empty());
}

TEST_P(Opening, refuses_impossible_ring_sizes) {
    for (const std::size_t size : {0U, 1U, 7U, 12U, 100U, 4104U, 8192U, 65536U}) {
        for (const bool transmit : {false, true}) {
            DeviceOptions options{.pool_packets = 100'000};
            (transmit ? options.tx_ring_size : options.rx_ring_size) = size;
            const Error error = refusal(options);
            EXPECT_EQ(error.kind, ErrorKind::invalid_argument) << size << ": " << error.text();
            EXPECT_NE(error.text().find(std::to_string(size)), std::string::npos) << error.text();
        }
    }
}

TEST_P(Opening, refuses_rings_too_small_for_the_longest_frame_and_names_the_smallest) {
    struct Case {
        std::size_t longest, ring, smallest;
        bool transmit;
    };
    for (const Case& each : {Case{9014, 8, 16, false},
                             {8185, 8, 16, false},
                             {16124, 8, 16, false},
                             {9014, 8, 16, true},
                             {16124, 8, 24, true},
                             {16124, 16, 24, true}}) {
        if (each.longest > limits().most_max_frame) continue;
        DeviceOptions options{.max_frame = each.longest};
        (each.transmit ? options.tx_ring_size : options.rx_ring_size) = each.ring;
        const Error error = refusal(options);
        EXPECT_EQ(error.kind, ErrorKind::invalid_argument) << error.text();
        for (const std::string& word :
             {std::string(each.transmit ? "transmit" : "receive"), std::to_string(each.longest)})
            EXPECT_NE(error.what.find(word), std::string::npos) << error.text();
        EXPECT_NE(error.next.find(" " + std::to_string(each.smallest) + " "), std::string::npos) << error.text();
        (each.transmit ? options.tx_ring_size : options.rx_ring_size) = each.smallest;
        EXPECT_TRUE(try_open(options)) << each.longest;
    }
}

TEST_P(Opening, accepts_the_limits_and_refuses_one_more) {
    const DeviceLimits limits = Opening::limits();
    const std::size_t ring = limits.largest_ring;
    EXPECT_TRUE(try_open(
        {.rx_ring_size = ring, .tx_ring_size = ring, .pool_packets = ring, .max_frame = limits.most_max_frame}));
    EXPECT_TRUE(try_open({.rx_ring_size = limits.smallest_ring,
                          .tx_ring_size = limits.smallest_ring,
                          .max_frame = limits.least_max_frame}));
    EXPECT_EQ(refusal({.max_frame = limits.most_max_frame + 1}).kind, ErrorKind::invalid_argument);
    EXPECT_EQ(refusal({.max_frame = limits.least_max_frame - 1}).kind, ErrorKind::invalid_argument);
}

TEST_P(Opening, refuses_impossible_options) {
    EXPECT_EQ(refusal({.rx_queues = limits().rx_queues + 1}).kind, ErrorKind::invalid_argument);
    EXPECT_EQ(refusal({.rx_queues = 0}).kind, ErrorKind::invalid_argument);
    EXPECT_EQ(refusal({.tx_queues = limits().tx_queues + 1}).kind, ErrorKind::invalid_argument);
    EXPECT_EQ(refusal({.tx_queues = 0}).kind, ErrorKind::invalid_argument);
    EXPECT_EQ(refusal({.rx_ring_size = 512, .pool_packets = 511}).kind, ErrorKind::invalid_argument);
    EXPECT_EQ(refusal({.max_frame = 59}).kind, ErrorKind::invalid_argument);
    EXPECT_EQ(refusal({.max_frame = limits().most_max_frame + 1}).kind, ErrorKind::invalid_argument);
    auto device = open();  // none of these attempts keeps the card
    EXPECT_TRUE(device.link().up);
}

class OpeningInLittleMemory : public Opening {};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(OpeningInLittleMemory);
INSTANTIATE_TEST_SUITE_P(Card, OpeningInLittleMemory, testing::ValuesIn(test::subjects_in_little_memory()),
                         subject_name);

TEST_P(OpeningInLittleMemory, refuses_a_pool_that_does_not_fit) {
    const Error error = refusal({.pool_packets = 100'000});
    EXPECT_EQ(error.kind, ErrorKind::no_memory) << error.text();
    auto device = open();
    send(device, test::make_frame(60));
    EXPECT_FALSE(wire_receive().empty());
}

TEST_P(Opening, without_a_link_times_out_and_says_so) {
    bed().set_link(0, false);
    const auto begin = std::chrono::steady_clock::now();
    const Error error = refusal({.link_timeout = 300ms});
    EXPECT_EQ(error.kind, ErrorKind::timeout);
    EXPECT_NE(error.what.find("no link after 300 ms"), std::string::npos) << error.text();
    EXPECT_NE(error.what.find(bed().address(0)), std::string::npos) << error.text();
    EXPECT_NE(error.next.find("cable"), std::string::npos) << error.text();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
    bed().set_link(0, true);
    auto device = open();
    EXPECT_TRUE(device.link().up);
}

TEST_P(Opening, does_not_wait_for_the_link_when_told_so) {
    bed().set_link(0, false);
    auto device = open({.link_timeout = 0ms});
    EXPECT_FALSE(device.link().up);
    EXPECT_EQ(device.link().megabits, 0U);

    bed().set_link(0, true);
    ASSERT_TRUE(test::eventually([&] { return device.link().up; }));
    const Frame frame = test::make_frame(100);
    send(device, frame);
    EXPECT_EQ(wire_receive(), frame);
    ASSERT_TRUE(wire_send(frame));
    EXPECT_EQ(receive_one(device), frame);
}

TEST_P(Opening, continues_when_the_link_comes_back) {
    auto device = open();
    for (int round = 0; round < 3; ++round) {
        bed().set_link(0, false);
        EXPECT_TRUE(test::eventually([&] { return !device.link().up; }));
        bed().set_link(0, true);
        EXPECT_TRUE(test::eventually([&] { return device.link().up; }));
        const Frame frame = test::make_frame(70);
        send(device, frame);
        EXPECT_EQ(wire_receive(), frame);
        ASSERT_TRUE(wire_send(frame));
        EXPECT_EQ(receive_one(device), frame);
    }
}

TEST_P(Opening, closes_promptly_while_the_link_is_down) {
    auto device = std::make_unique<Device>(open());
    bed().set_link(0, false);
    Batch<8> batch;
    batch.push(test::make_packet(*device->pool(), test::make_frame(60)));
    device->tx_queue(0).send(batch);
    const auto begin = std::chrono::steady_clock::now();
    device.reset();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
}

TEST_P(Opening, a_device_can_be_moved) {
    auto first = open();
    const Frame frame = test::make_frame(80);
    Device second = std::move(first);
    send(second, frame);
    EXPECT_EQ(wire_receive(), frame);

    RxQueue rx = std::move(second.rx_queue(0));  // as when handed to a thread
    Device third = std::move(second);
    ASSERT_TRUE(wire_send(frame));
    Batch<4> batch;
    ASSERT_TRUE(test::eventually([&] { return rx.receive(batch) == 1; }));
    EXPECT_EQ(test::bytes_of(batch[0]), frame);
    batch.clear();

    use_bed(2, false);
    auto one = open({}, 0);
    one = open({}, 1);  // closes the first
    EXPECT_EQ(one.mac_address().text(), "52:54:00:00:00:02");
    auto other = open({}, 0);
    send(one, frame);
    EXPECT_EQ(wire_receive(1), frame);
}

}  // namespace
}  // namespace ixy
