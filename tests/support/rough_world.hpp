// A card in a world that is rough on its driver but within its rights: a driver that follows the manual and the rules
// of the bus notices nothing.
//
//   writes to memory   are posted: they arrive late, in bursts, a frame's parts in any order, but all before its
//                      descriptor; reading a register flushes them (PCI Local Bus Specification 3.0, 3.2.5)
//   write-backs        arrive twice, the second time before the ring's next one; undefined fields are garbage
//   registers          with slow operations take their time: EERD, MDIC, CTRL.RST
//   the link           is negotiated after each opening, not before
//   interrupts         fire for no reason
#pragma once

#include <atomic>
#include <chrono>

#include <ixy/sim/card/clock.hpp>
#include <ixy/sim/chips/model.hpp>

namespace ixy::test {

/// Cards in such a world. Their clock must advance on its own.
const sim::CardType& rough_82540em();
const sim::CardType& rough_82574l();

/// The machine's time, except that waits take no time: what is waited for has passed at once.
class BriskClock final : public sim::Clock {
public:
    sim::Time now() const override { return std::chrono::steady_clock::now() - start_ + sim::Time(skipped_.load()); }
    void pass(sim::Time duration) override { skipped_ += duration.count(); }
    bool is_stepped() const override { return false; }

private:
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
    std::atomic<sim::Time::rep> skipped_ = 0;
};

}  // namespace ixy::test
