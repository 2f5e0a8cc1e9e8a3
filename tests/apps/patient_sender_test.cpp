// What a forwarding program does with packets that the other card has no room for.
#include "apps/common/patient_sender.hpp"

#include <gtest/gtest.h>

#include <ixy/core/batch.hpp>
#include <ixy/sim/function.hpp>

namespace ixy::app::test {
namespace {

using sim::Card;
using sim::Time;

/// Busy until told otherwise.
class BusyWire final : public sim::Wire {
public:
    void send(std::span<const std::byte>, Time) override { ++sent; }
    std::optional<sim::WireFrame> receive(Time) override { return std::nullopt; }
    bool has_room(Time) const override { return !busy; }

    bool busy = true;
    unsigned sent = 0;
};

class PatientSenderTest : public ::testing::Test {
protected:
    void fill_batch() {
        EXPECT_EQ(batch.allocate(*pool, batch.capacity()), batch.capacity());
        for (Packet& packet : batch) packet.set_length(60);
    }
    /// Sends until the card has no room for a full batch.
    void fill_ring() {
        while (batch.empty()) {
            fill_batch();
            sender.send(batch);
        }
    }

    BusyWire& wire = *new BusyWire;  // the card's
    std::shared_ptr<Card> card =
        std::make_shared<Card>(*sim::find_card_type("82540em"), std::unique_ptr<sim::Wire>(&wire),
                               sim::CardOptions{.clock = std::make_shared<sim::SteppedClock>()});
    Device device =
        Device::open(make_function(card, "sim:82540em", sim::Running::manual), {.tx_ring_size = 64}).value();
    std::shared_ptr<Mempool> pool = device.create_pool().value();
    PatientSender sender = PatientSender(device);
    Batch<16> batch;
};

TEST_F(PatientSenderTest, keeps_packets_while_the_wire_is_busy) {
    fill_ring();
    const std::size_t rest = batch.size();
    for (int i = 0; i < 100; ++i) EXPECT_EQ(sender.send(batch), 0U);
    EXPECT_EQ(batch.size(), rest);
    wire.busy = false;
    card->service();
    EXPECT_EQ(sender.send(batch), rest);
    EXPECT_TRUE(batch.empty());
    EXPECT_EQ(wire.sent, sender.counters().packets.value());
    EXPECT_EQ(wire.sent % batch.capacity(), 0U) << "a packet was dropped";
}

TEST_F(PatientSenderTest, drops_packets_on_the_second_try_when_the_card_stalls_on_an_idle_wire) {
    card->set_cable(false);
    fill_ring();
    EXPECT_EQ(sender.send(batch), 0U);
    EXPECT_TRUE(batch.empty());
    fill_batch();
    EXPECT_EQ(sender.send(batch), 0U);
    EXPECT_FALSE(batch.empty()) << "each batch is offered twice";
}

}  // namespace
}  // namespace ixy::app::test
