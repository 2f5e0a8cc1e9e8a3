// Our driver on our model with failing memory: faults cost frames and are counted, but never lose a buffer, crash or
// hang.
#include <gtest/gtest.h>

#include "tests/support/far_end.hpp"
#include "tests/support/test_bed.hpp"

#include <ixy/sim/card/faults.hpp>
#include <ixy/sim/function.hpp>

namespace ixy::sim {
namespace {

using namespace std::chrono_literals;
using test::Frame;

/// A card whose memory fails according to a plan, its driver, and the far end of its cable.
class FaultyCard {
public:
    explicit FaultyCard(const faults::Plan& plan,
                        DeviceOptions options = {.rx_ring_size = 64, .tx_ring_size = 64, .pool_packets = 256}) {
        faults::Plan copy = plan;
        card_ = std::make_shared<Card>(*find_card_type("82540em"), far_end_.plug(),
                                       CardOptions{.name = "faulty",
                                                   .clock = std::make_shared<SteppedClock>(),
                                                   .wrap = wrap_in_faults,
                                                   .wrap_context = &copy});
        device_ =
            std::make_unique<Device>(Device::open(make_function(card_, "faulty", Running::inside), options).value());
        pool_ = device_->pool();
    }
    explicit FaultyCard(std::string_view script) : FaultyCard(faults::parse_plan(script).value()) {}
    ~FaultyCard() {
        device_.reset();
        EXPECT_EQ(pool_->available(), pool_->size()) << "buffers were lost or freed twice";
    }

    Device& device() { return *device_; }
    const RxQueueCounters& counters() { return device_->rx_queue(0).counters(); }

    /// Sends a frame to the card and returns the frames the program receives, each of a valid length.
    std::vector<Frame> receive(const Frame& frame) {
        (void)far_end_.send(frame, 0ms);
        std::vector<Frame> frames;
        Batch<64> batch;
        for (int polls = 0; polls < 20; ++polls) {
            device_->rx_queue(0).receive(batch);
            for (const Packet& packet : batch) {
                EXPECT_GT(packet.frame_length(), 0U);
                EXPECT_LE(packet.frame_length(), device_->driver().options().max_frame + 4);
                frames.push_back(test::bytes_of(packet));
            }
            batch.clear();
        }
        return frames;
    }
    /// The same, but the program polls only once after each sleep. Returns how many arrived.
    std::size_t receive_by_waiting(const Frame& frame) {
        (void)far_end_.send(frame, 0ms);
        Batch<64> batch;
        std::size_t received = 0;
        while (device_->rx_queue(0).wait(5ms).value()) received += device_->rx_queue(0).receive(batch);
        return received;
    }
    /// The same, but the program polls only at every `pause`th frame.
    std::vector<Frame> receive_after(unsigned pause, const Frame& frame) {
        if (++kept_waiting_ > pause) {
            kept_waiting_ = 0;
            return receive(frame);
        }
        (void)far_end_.send(frame, 0ms);
        return {};
    }
    /// Receives and discards.
    void poll(int times) {
        Batch<64> batch;
        for (; times != 0; --times) {
            device_->rx_queue(0).receive(batch);
            batch.clear();
        }
    }
    /// True when the card accepts the frame within `attempts`.
    bool send(const Frame& frame, int attempts = 1) {
        Batch<4> batch;
        Packet* const packet = test::make_packet(*pool_, frame);
        if (packet == nullptr) return false;
        batch.push(packet);
        for (; attempts != 0; --attempts) {
            if (device_->tx_queue(0).send(batch) == 1) return true;
        }
        return false;
    }
    std::vector<Frame> sent() {
        std::vector<Frame> frames;
        for (Frame frame = far_end_.receive(0ms); !frame.empty(); frame = far_end_.receive(0ms))
            frames.push_back(frame);
        return frames;
    }

private:
    test::FarEnd far_end_;
    std::shared_ptr<Card> card_;
    std::unique_ptr<Device> device_;
    std::shared_ptr<Mempool> pool_;
    unsigned kept_waiting_ = 0;
};

Frame frame(unsigned number) { return test::make_frame(60 + number % 1400, number); }

TEST(MemoryFaults, a_lost_write_back_costs_only_its_frame) {
    FaultyCard card("lose write-back after 10 write-backs for 3 write-backs");
    std::size_t received = 0;
    for (unsigned i = 0; i < 500; ++i) received += card.receive(frame(i)).size();
    EXPECT_EQ(received, 497U);
    EXPECT_EQ(card.counters().errors.value(), 3U);
}

TEST(MemoryFaults, the_head_makes_up_for_lost_transmit_write_backs) {
    for (const std::string_view script : {"lose write-back for 3 write-backs", "lose write-back"}) {
        FaultyCard card(script);
        std::size_t taken = 0;
        for (unsigned i = 0; i < 300; ++i) taken += card.send(frame(i), 1 << 17);
        EXPECT_EQ(taken, 300U);
        EXPECT_EQ(card.sent().size(), 300U);
    }
}

TEST(MemoryFaults, a_lost_write_back_does_not_keep_a_sleeping_program_asleep) {
    FaultyCard card("lose write-back after 3 write-backs for 1 write-backs");
    std::size_t received = 0;
    for (unsigned i = 0; i < 10; ++i) received += card.receive_by_waiting(frame(i));
    EXPECT_EQ(received, 9U);
    EXPECT_EQ(card.counters().errors.value(), 1U);
}

TEST(MemoryFaults, a_card_that_never_reports_keeps_only_its_ring) {
    FaultyCard card("lose write-back");
    std::size_t taken = 0;
    for (unsigned i = 0; i < 200; ++i) taken += card.send(frame(i));
    EXPECT_EQ(taken, 63U);
    for (unsigned i = 0; i < 200; ++i) EXPECT_TRUE(card.receive(frame(i)).empty());
}

/// They hit slots that the card owns again. Frames go wrong, as do the buffers they are in, but not permanently.
TEST(MemoryFaults, repeated_write_backs_do_not_stop_reception) {
    for (unsigned seed = 0; seed < 100; seed += 3) {
        const std::string number = std::to_string(seed);
        FaultyCard card("seed " + number + "; double write-back after " + number + " write-backs for 200 write-backs");
        std::size_t received = 0;
        for (unsigned i = 0; i < 600; ++i) received += card.receive_after(seed % 40, frame(i)).size();
        EXPECT_LE(received, 600U + 200U);
        for (unsigned i = 0; i < 20; ++i) {  // the last of them are still pending
            card.poll(1 << 15);
            for (unsigned j = 0; j < 10; ++j) card.receive(frame(j));
        }
        card.poll(1 << 16);
        for (unsigned i = 0; i < 200; ++i) ASSERT_EQ(card.receive(frame(i)), std::vector<Frame>(1, frame(i))) << seed;
    }
}

TEST(MemoryFaults, wrong_lengths_count_as_damage_or_truncate_the_frame) {
    for (const std::string length : {"0", "2049", "65535"}) {
        FaultyCard card("length " + length + " after 5 write-backs for 5 write-backs");
        std::size_t received = 0;
        for (unsigned i = 0; i < 100; ++i) received += card.receive(frame(i)).size();
        EXPECT_EQ(received, 95U) << length;
        EXPECT_EQ(card.counters().errors.value(), 5U) << length;
    }
    FaultyCard card("length 20 for 1 write-back");
    EXPECT_EQ(card.receive(frame(100)).at(0).size(), 20U);
    EXPECT_EQ(card.receive(frame(100)).at(0), frame(100));
}

TEST(MemoryFaults, failing_dma_costs_frames_until_it_works_again) {
    FaultyCard card("fail DMA after 200 transfers for 50 transfers");
    for (unsigned i = 0; i < 300; ++i) {
        card.receive(frame(i));
        card.send(frame(i));
    }
    card.sent();
    EXPECT_EQ(card.receive(frame(7)), std::vector<Frame>(1, frame(7)));
    EXPECT_TRUE(card.send(frame(8)));
}

/// Frames both ways, statistics, and closing: every seed comes to an end.
TEST(MemoryFaults, the_driver_survives_any_of_them) {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed) + ":\n" + script_of(random_memory_faults(seed)));
        const bool jumbo = seed % 3 == 0;
        const std::size_t smallest = jumbo ? 16 : 8;
        FaultyCard card(random_memory_faults(seed), {.rx_ring_size = smallest << seed % 5,
                                                     .tx_ring_size = smallest << seed % 4,
                                                     .pool_packets = 256,
                                                     .max_frame = jumbo ? 9000U : 1514U,
                                                     .rx_checksum = seed % 2 == 0,
                                                     .vlan = seed % 5 == 0});
        for (unsigned i = 0; i < 400; ++i) {
            card.receive(test::make_frame(jumbo && i % 7 == 0 ? 5000 : 60 + i, i));
            card.send(test::make_frame(i % 11 == 0 ? 4000 : 60 + i, i));
            card.sent();
        }
        const Statistics statistics = card.device().statistics();
        EXPECT_LE(statistics.rx_packets, 10'000U);
        if (HasFailure()) return;
    }
}

}  // namespace
}  // namespace ixy::sim
