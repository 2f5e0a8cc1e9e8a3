// A driver whose card fails: every fault ends in an error value, a counter, or nothing at all; never in a hang, a crash
// or a lost packet.
#include <gtest/gtest.h>

#include "tests/support/memory_card.hpp"
#include "tests/support/test_bed.hpp"

#include <ixy/datasheet/e1000/chips.hpp>
#include <ixy/faults/injector.hpp>

namespace ixy::faults {
namespace {

using namespace datasheet::e1000;
using namespace std::chrono_literals;

/// The life of a device from open to close.
class Life {
public:
    explicit Life(const Plan& plan) : counts_(std::make_shared<Counts>()) {
        auto card = std::make_unique<test::MemoryCard>(space());
        card_ = card.get();
        accesses_ = card->accesses();
        device_ = Device::open(inject(std::move(card), plan, counts_).value(),
                               {.rx_ring_size = 64, .tx_ring_size = 64, .pool_packets = 256, .link_timeout = 2s});
    }
    bool opened() const { return device_.has_value(); }
    const Error& error() const { return device_.error(); }
    Device& device() { return *device_; }
    test::MemoryCard& card() { return *card_; }
    std::uint64_t accesses() const { return counts_->accesses; }

    /// Sends frames both ways and makes every call that a program can make.
    void work() {
        if (!opened()) return;
        Batch<32> batch;
        for (int round = 0; round < 20; ++round) {
            deliver(10);
            device_->rx_queue(0).receive(batch);
            while (!batch.full()) batch.push(test::make_packet(*device_->pool(), test::make_frame(60)));
            device_->tx_queue(0).send(batch);
            batch.clear();
            if (!broken_ring(card_->tx_ring())) card_->report_sent();
            statistics_ = device_->statistics();
            (void)device_->link();
            (void)device_->counters();
            (void)device_->gone();
        }
        (void)device_->set_promiscuous(false);
        (void)device_->set_multicast({});
        (void)device_->set_mac_address({{2, 0, 0, 0, 0, 1}});
    }
    const Statistics& statistics() const { return statistics_; }

    void close() {
        if (!opened()) return;
        const auto pool = device_->pool();
        device_ = failure(ErrorKind::system, "closed");
        EXPECT_EQ(pool->available(), pool->size());
    }

private:
    static std::shared_ptr<ProcessSpace> space() {
        static const std::shared_ptr<ProcessSpace> shared = ProcessSpace::create().value();
        return shared;
    }
    /// Whether the card was given an address or size different from the driver's.
    template <class Ring>
    static bool broken_ring(const Ring& ring) {
        return ring.size() != 64 ||
               space()->memory_at({reinterpret_cast<std::uintptr_t>(ring.data())}, ring.size_bytes()).empty();
    }
    void deliver(std::size_t frames) {
        if (broken_ring(card_->rx_ring())) return;
        for (; frames != 0; --frames) {
            card_->write_back(next_, 60, RDESC_STATUS.DD | RDESC_STATUS.EOP);
            next_ = (next_ + 1) % 64;
            if (next_ == card_->get(RDT.offset)) break;
        }
    }

    std::shared_ptr<Counts> counts_;
    test::MemoryCard* card_ = nullptr;
    std::shared_ptr<const std::size_t> accesses_;
    Expected<Device> device_ = failure(ErrorKind::system, "not opened");
    Statistics statistics_;
    std::size_t next_ = 0;
};

/// A whole life under `plan`, which must be short and end cleanly.
void survive(const Plan& plan) {
    SCOPED_TRACE(script_of(plan));
    const auto begin = std::chrono::steady_clock::now();
    Life life(plan);
    if (!life.opened()) {
        const Error& error = life.error();
        EXPECT_TRUE(error.kind == ErrorKind::timeout || error.kind == ErrorKind::device_failed) << error.text();
        EXPECT_TRUE(error.what.starts_with("memory")) << error.text();
    } else {
        EXPECT_FALSE(life.device().mac_address().is_multicast());
    }
    life.work();
    life.close();
    EXPECT_LT(life.accesses(), 100'000U) << "it waits forever";
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
}

TEST(FaultyCard, without_faults_works) {
    Life life(Plan{});
    ASSERT_TRUE(life.opened()) << life.error().text();
    life.work();
    EXPECT_EQ(life.statistics().rx_packets, 200U);
    life.close();
}

TEST(FaultyCard, may_disappear_at_any_access) {
    std::uint64_t accesses = 0;
    std::uint64_t until_open = 0;
    {
        Life life(Plan{});
        until_open = life.accesses();
        life.work();
        life.close();
        accesses = life.accesses();
    }
    for (std::uint64_t after = 0; after < accesses; after += after < until_open + 50 ? 1 : 37) {
        survive({.faults = {{.kind = Kind::gone, .after = after}}});
    }
}

TEST(FaultyCard, disappearing_during_open_is_reported_as_gone) {
    std::uint64_t until_open = Life(Plan{}).accesses();
    for (std::uint64_t after = 0; after + 1 < until_open; ++after) {
        const Life life({.faults = {{.kind = Kind::gone, .after = after}}});
        ASSERT_FALSE(life.opened()) << after;
        EXPECT_EQ(life.error().kind, ErrorKind::device_failed) << after << ": " << life.error().text();
    }
}

TEST(FaultyCard, may_come_back) {
    for (std::uint64_t after = 0; after < 600; after += 7) {
        survive({.faults = {{.kind = Kind::gone, .after = after, .lasts = 5}}});
    }
}

TEST(FaultyCard, may_have_any_stuck_field) {
    for (const datasheet::RegisterInfo* info : CHIP_82540EM.registers) {
        Target target{.name = std::string(info->name)};
        for (const std::uint32_t value : {0U, ~0U, 0x5555'5555U}) {
            survive({.faults = {{.kind = Kind::stuck, .target = target, .value = value}}});
        }
        for (const datasheet::FieldInfo& field : info->fields()) {
            if (!CHIP_82540EM.has(*info, field)) continue;
            target.field = field.name;
            for (const std::uint32_t value : {0U, field.mask() >> field.low}) {
                survive({.faults = {{.kind = Kind::stuck, .target = target, .value = value}}});
            }
        }
    }
}

TEST(FaultyCard, may_ignore_writes_to_any_register) {
    for (const datasheet::RegisterInfo* info : CHIP_82540EM.registers) {
        survive({.faults = {{.kind = Kind::ignore, .target = {.name = std::string(info->name)}}}});
    }
}

TEST(FaultyCard, may_answer_at_random) {
    for (const datasheet::RegisterInfo* info : CHIP_82540EM.registers) {
        for (std::uint64_t seed = 0; seed < 3; ++seed) {
            survive({.seed = seed, .faults = {{.kind = Kind::random, .target = {.name = std::string(info->name)}}}});
        }
    }
}

TEST(FaultyCard, may_have_a_flapping_link) {
    for (const std::uint32_t every : {3U, 10U, 100U}) {
        const auto plan = parse_plan("flap 1000 times every " + std::to_string(every) + " accesses").value();
        Life life(plan);
        ASSERT_TRUE(life.opened()) << life.error().text();
        life.work();
        life.close();
    }
}

TEST(FaultyCard, survives_many_seeds) {
    for (std::uint64_t seed = 0; seed < 1000; ++seed) survive(random_plan(seed, CHIP_82540EM));
}

TEST(FaultyCard, with_lying_counters_shows_no_impossible_figures) {
    Life life(parse_plan("stuck GPTC 1000; stuck GOTCL 5 after 500 accesses").value());
    ASSERT_TRUE(life.opened()) << life.error().text();
    life.work();
    EXPECT_LT(life.statistics().tx_bytes, 1000U) << "fewer bytes than frames: 0, not 2^64 - 1";
    life.close();
}

TEST(FaultyCard, with_the_address_of_another_is_refused) {
    for (const char* plan : {"stuck EERD.DATA 0xffff; stuck RAL 0xffffffff; stuck RAH 0xffffffff",
                             "never EERD.DATA; never RAL; stuck RAH 0x80000000"}) {
        const Life life(parse_plan(plan).value());
        ASSERT_FALSE(life.opened());
        EXPECT_NE(life.error().what.find("address"), std::string::npos) << life.error().text();
    }
}

}  // namespace
}  // namespace ixy::faults
