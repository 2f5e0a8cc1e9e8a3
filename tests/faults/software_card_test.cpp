// The driver on a software 82540EM whose registers fail: the card then behaves as a real one would, including its DMA.
// The driver's own waits advance its clock, so no test waits.
#include <gtest/gtest.h>

#include "tests/support/test_bed.hpp"

#include <ixy/datasheet/e1000/chips.hpp>
#include <ixy/faults/injector.hpp>
#include <ixy/sim/function.hpp>

namespace ixy::faults {
namespace {

using namespace std::chrono_literals;
using datasheet::e1000::CHIP_82540EM;

struct Outcome {
    Expected<> opened;
    std::uint64_t received = 0;
    std::uint64_t accesses = 0;
};

/// Opens a card with a loopback wire, sends and receives, closes it.
Outcome live(const Plan& plan) {
    SCOPED_TRACE(script_of(plan));
    const auto begin = std::chrono::steady_clock::now();
    auto counts = std::make_shared<Counts>();
    Outcome outcome;
    auto card = sim::open_sim_function("sim:82540em,wire=loop,clock=stepped,strict=off");
    EXPECT_TRUE(card) << card.error().text();
    auto device = Device::open(inject(std::move(*card), plan, counts).value(),
                               {.rx_ring_size = 64, .tx_ring_size = 64, .pool_packets = 256, .link_timeout = 2s});
    if (!device) {
        outcome.opened = std::unexpected(device.error());
        EXPECT_TRUE(device.error().kind == ErrorKind::timeout || device.error().kind == ErrorKind::device_failed)
            << device.error().text();
    } else {
        const auto pool = device->pool();
        Batch<32> batch;
        for (int round = 0; round < 20; ++round) {
            while (batch.size() < 16) batch.push(test::make_packet(*pool, test::make_frame(60)));
            device->tx_queue(0).send(batch);
            batch.clear();
            outcome.received += device->rx_queue(0).receive(batch);
            batch.clear();
            (void)device->statistics();
            (void)device->link();
        }
        (void)device->set_promiscuous(false);
        (void)device->set_multicast({});
        device = failure(ErrorKind::system, "closed");
        EXPECT_EQ(pool->available(), pool->size());
    }
    outcome.accesses = counts->accesses;
    EXPECT_LT(outcome.accesses, 100'000U) << "it waits forever";
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
    return outcome;
}

TEST(FaultySoftwareCard, without_faults_works) {
    const Outcome outcome = live({});
    ASSERT_TRUE(outcome.opened) << outcome.opened.error().text();
    EXPECT_GT(outcome.received, 200U);
}

TEST(FaultySoftwareCard, may_disappear_at_any_time) {
    const std::uint64_t accesses = live({}).accesses;
    for (std::uint64_t after = 0; after < accesses; after += 29) {
        live({.faults = {{.kind = Kind::gone, .after = after}}});
        live({.faults = {{.kind = Kind::gone, .after = after, .lasts = 3}}});
    }
}

TEST(FaultySoftwareCard, may_ignore_writes_or_answer_at_random) {
    for (const datasheet::RegisterInfo* info : CHIP_82540EM.registers) {
        if (info->access == datasheet::Access::RC) continue;  // counters: tested on the card made of memory
        const Target target{.name = std::string(info->name)};
        live({.faults = {{.kind = Kind::ignore, .target = target}}});
        live({.faults = {{.kind = Kind::random, .target = target}}});
    }
}

TEST(FaultySoftwareCard, survives_many_seeds) {
    for (std::uint64_t seed = 0; seed < 200; ++seed) live(random_plan(seed, CHIP_82540EM));
}

TEST(FaultySoftwareCard, with_a_flapping_link_gets_its_frames_through) {
    const Outcome outcome = live(parse_plan("flap 1000 times every 10 accesses").value());
    ASSERT_TRUE(outcome.opened) << outcome.opened.error().text();
    EXPECT_GT(outcome.received, 200U);
}

}  // namespace
}  // namespace ixy::faults
