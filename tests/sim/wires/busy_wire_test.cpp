// A busy wire holds up the card and thereby its driver: nothing is lost, and everything continues in order.
#include <ixy/nic/device.hpp>
#include <ixy/sim/function.hpp>

#include "wires.hpp"

namespace ixy::sim::test {
namespace {

/// Has room for `room` frames, and is busy once only some dozens are left.
class NarrowWire final : public Wire {
public:
    void send(std::span<const std::byte> frame, Time) override {
        if (room == 0) return void(++lost_frames);
        --room;
        numbers.push_back(number_of(frame));
    }
    std::optional<WireFrame> receive(Time) override { return std::nullopt; }
    bool has_room(Time) const override { return room >= 40; }
    std::uint64_t lost() const override { return lost_frames; }

    std::size_t room = 100;
    std::uint64_t lost_frames = 0;
    std::vector<std::uint32_t> numbers;
};

class BusyWire : public ::testing::Test {
protected:
    /// Sends numbered frames until the driver has no room for another.
    void send_until_full() {
        for (;;) {
            if (batch.empty() && batch.allocate(*pool, batch.capacity()) != 0) {
                for (Packet& packet : batch) {
                    packet.set_length(60);
                    std::ranges::copy(numbered(offered++), packet.data().begin());
                }
            }
            if (device.tx_queue(0).send(batch) == 0) return;
        }
    }
    /// The number of frames the driver has given to the card.
    std::uint32_t given() const { return offered - static_cast<std::uint32_t>(batch.size()); }

    NarrowWire& wire = *new NarrowWire;  // the card's
    std::shared_ptr<SteppedClock> clock = std::make_shared<SteppedClock>();
    std::shared_ptr<Card> card =
        std::make_shared<Card>(*find_card_type("82540em"), std::unique_ptr<Wire>(&wire), CardOptions{.clock = clock});
    Device device = Device::open(make_function(card, "sim:82540em", Running::manual), {.tx_ring_size = 64}).value();
    std::shared_ptr<Mempool> pool = device.create_pool().value();
    Batch<16> batch;
    std::uint32_t offered = 0;
};

TEST_F(BusyWire, frames_stay_in_the_ring_while_it_is_busy) {
    for (std::uint32_t round = 0; round < 20; ++round) {
        send_until_full();
        const std::size_t gone = wire.numbers.size();
        EXPECT_LT(wire.room, 40U) << "the wire has room";
        EXPECT_GE(given() - gone, 32U) << "the ring is not full";
        card->service();
        EXPECT_EQ(wire.numbers.size(), gone);
        wire.room += 70;
        card->service();
        EXPECT_GT(wire.numbers.size(), gone) << "it does not continue on its own";
    }
    wire.room += 1000;
    card->service();
    EXPECT_EQ(wire.numbers, count_up(0, given()));
    EXPECT_EQ(wire.lost_frames, 0U);
    EXPECT_EQ(device.statistics().tx_packets, given());
}

TEST_F(BusyWire, closing_a_device_waits_at_most_a_second) {
    send_until_full();
    const Time begin = clock->now();
    batch.clear();
    {
        const Device closed = std::move(device);
    }
    EXPECT_LT(clock->now() - begin, 1200ms);
    wire.room += 1000;
    card->service();
    EXPECT_LT(wire.numbers.size(), offered) << "the card still reads memory that its driver no longer owns";
}

}  // namespace
}  // namespace ixy::sim::test
