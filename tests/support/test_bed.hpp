// A card under test and the far end of its cable, whatever is behind them: what the conformance suite of a driver runs
// on.
//
// Beds are made of QEMUs (here) or of software NICs (sim_bed.hpp), some of them in a rough world (rough_world.hpp).
#pragma once

#include <functional>
#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/qemu.hpp"

#include <ixy/nic/device.hpp>
#include <ixy/pci/function.hpp>

namespace ixy::test {

/// Some cards, each with a cable, and a person at the other end of each cable. What fails here throws.
class TestBed {
public:
    virtual ~TestBed() = default;
    /// Takes `card`. Only one at a time may have it.
    virtual std::unique_ptr<PciFunction> function(std::size_t card) = 0;
    /// What Device::open takes.
    virtual std::string address(std::size_t card) const = 0;
    /// Gives a frame to the card. False when the cable was full for `limit`, since the card cannot receive.
    virtual bool send(std::span<const std::byte> frame, std::size_t card, std::chrono::milliseconds limit) = 0;
    /// The next frame that the card sent; empty when there was none for `limit`.
    virtual Frame receive(std::size_t card, std::chrono::milliseconds limit) = 0;
    virtual void set_link(std::size_t card, bool up) = 0;
    /// The cards disappear, as if pulled out.
    virtual void kill() = 0;
    /// What the cards have to say of how they were used, where they are ones that do; empty: nothing.
    virtual std::string complaints() const { return {}; }
};

/// A kind of card to test: a maker of beds.
struct Subject {
    std::string name;   ///< part of the tests' names
    std::string model;  ///< what Device::model() must say
    /// Pads short frames, checks what it receives, counts by the manual: QEMU's cards do not.
    bool by_the_book = false;
    /// Makes a bed with `cards` cards, each with a far end to its cable or (cabled) all on one cable.
    std::function<std::unique_ptr<TestBed>(std::size_t cards, bool cabled)> make;
};
void PrintTo(const Subject& subject, std::ostream* out);

/// QEMU's three cards that the e1000 driver serves.
std::vector<Subject> qemu_e1000_subjects();

/// The bytes of a packet with all its pieces.
Frame bytes_of(const Packet& packet);
/// A packet of `pool` with `frame` in it, in as many pieces as it takes. Null when the pool is used up.
Packet* make_packet(Mempool& pool, const Frame& frame);

}  // namespace ixy::test
