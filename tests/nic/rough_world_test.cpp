// The rough world of the conformance suite is in fact rough.
#include <gtest/gtest.h>

#include "tests/support/far_end.hpp"
#include "tests/support/rough_world.hpp"
#include "tests/support/test_bed.hpp"

#include <ixy/datasheet/e1000/registers.hpp>
#include <ixy/sim/function.hpp>

namespace ixy::test {
namespace {

using namespace datasheet::e1000;
using namespace std::chrono_literals;

class RoughWorld : public testing::Test {
protected:
    FarEnd far_end;
    std::shared_ptr<sim::Card> card = std::make_shared<sim::Card>(
        rough_82540em(), far_end.plug(), sim::CardOptions{.clock = std::make_shared<sim::SteppedClock>()});
    std::unique_ptr<PciFunction> function() { return sim::make_function(card, "rough", sim::Running::inside); }
};

TEST_F(RoughWorld, slow_operations_are_not_done_on_the_first_read) {
    const auto used = function();
    const Bar registers = used->map_bar(0, 0x20000).value();
    for (std::uint32_t word = 0; word < 10; ++word) {
        registers.write(EERD, EERD.START | EERD.ADDR(word));
        EXPECT_FALSE(registers.read(EERD) & EERD.DONE);
        int looks = 1;
        while (!(registers.read(EERD) & EERD.DONE)) ASSERT_LT(++looks, 10);
    }
    registers.write(CTRL, CTRL.RST);
    EXPECT_TRUE(registers.read(CTRL) & CTRL.RST);
}

TEST_F(RoughWorld, frames_arrive_late_and_are_flushed_by_any_register_read) {
    auto device = Device::open(function()).value();
    std::size_t late = 0;
    for (unsigned i = 0; i < 50; ++i) {
        ASSERT_TRUE(far_end.send(make_frame(60, i), 0ms));
        Batch<4> batch;
        late += 1 - device.rx_queue(0).receive(batch);
        EXPECT_FALSE(device.gone());
        device.rx_queue(0).receive(batch);
        ASSERT_EQ(batch.size(), 1U);
        EXPECT_EQ(bytes_of(batch[0]), make_frame(60, i));
    }
    EXPECT_GT(late, 5U);
}

}  // namespace
}  // namespace ixy::test
