// A card in a world that is rough on its driver, and within its rights: a driver that keeps to the manual and to the
// rules of the bus notices nothing.
//
//   writes to memory   are posted: they come late, in bursts, a frame's parts in any order, but all before its
//                      descriptor; reading a register pushes them (PCI Local Bus Specification 3.0, 3.2.5)
//   write-backs        come twice, the second time before the ring's next one; what they do not define is garbage
//   registers          that take time do: EERD, MDIC, CTRL.RST
//   the link           is negotiated after each opening, not before
//   interrupts         come for no reason
#pragma once

#include <atomic>
#include <chrono>

#include <ixy/sim/card/clock.hpp>
#include <ixy/sim/chips/model.hpp>

namespace ixy::test {

/// An 82540EM in such a world. Its time has to pass by itself.
const sim::CardType& rough_82540em();

/// The machine's time, but for what is waited for: that has passed at once.
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
