// A cable between a software NIC and the test at its far end.
#pragma once

#include <chrono>
#include <memory>
#include <span>

#include "tests/support/qemu.hpp"

#include <ixy/sim/wires/wire.hpp>

namespace ixy::test {

/// The far end. Thread rule: any thread.
class FarEnd {
public:
    /// `waits`: frames that the card has no room for stay in the cable instead of being lost in the card.
    explicit FarEnd(bool waits = true);
    /// The card's end, for one card.
    std::unique_ptr<sim::Wire> plug();
    /// Gives a frame to the card. A few frames wait in the cable while the card cannot receive; then this waits, and
    /// gives up after `limit` (false).
    bool send(std::span<const std::byte> frame, std::chrono::milliseconds limit);
    /// The next frame the card sent; empty if none came within `limit`.
    Frame receive(std::chrono::milliseconds limit);

private:
    class Cable;
    std::shared_ptr<Cable> cable_;
};

}  // namespace ixy::test
