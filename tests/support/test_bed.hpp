// A card under test and the far end of its cable, whatever implements them. A driver's conformance suite runs on these.
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

/// Some cards, each with a cable, and the test at the far end of each cable. Failures throw.
class TestBed {
public:
    virtual ~TestBed() = default;
    /// Opens `card`. Only one user at a time may have it.
    virtual std::unique_ptr<PciFunction> function(std::size_t card) = 0;
    /// The address for Device::open.
    virtual std::string address(std::size_t card) const = 0;
    /// Gives a frame to the card. False if the cable stayed full for `limit` because the card cannot receive.
    virtual bool send(std::span<const std::byte> frame, std::size_t card, std::chrono::milliseconds limit) = 0;
    /// The next frame the card sent; empty if none came within `limit`.
    virtual Frame receive(std::size_t card, std::chrono::milliseconds limit) = 0;
    virtual void set_link(std::size_t card, bool up) = 0;
    /// The cards disappear, as if pulled out.
    virtual void kill() = 0;
    /// The misuse that the cards reported, if they report any; empty: none.
    virtual std::string complaints() const { return {}; }
};

/// A kind of card to test: a factory of beds.
struct Subject {
    std::string name;    ///< part of the tests' names
    std::string model;   ///< what Device::model() must say
    std::string driver;  ///< what Device::driver_name() must say
    /// Pads short frames, counts as in the manual; QEMU's cards do not.
    bool by_the_book = false;
    bool checks_received = true;  ///< checks the checksums of received frames
    bool obeys_contexts = true;   ///< sums what the context descriptor says, not what it takes for headers and payload
    bool waits_for_room = true;   ///< keeps a frame that is larger than the free ring until there are buffers
    bool counts_fcs = true;       ///< octets and sizes of sent frames include check sequences
    std::size_t queues = 1;       ///< how many the tests open in each direction
    /// Makes a bed with `cards` cards, each with a cable to the test or (cabled) all on one cable.
    std::function<std::unique_ptr<TestBed>(std::size_t cards, bool cabled)> make;
};
void PrintTo(const Subject& subject, std::ostream* out);

/// Those of `subjects` with several queues.
std::vector<Subject> with_several_queues(std::vector<Subject> subjects);

/// QEMU's cards that have a driver here.
std::vector<Subject> qemu_subjects();

/// The bytes of all pieces of a packet.
Frame bytes_of(const Packet& packet);
/// A packet from `pool` that contains `frame`, in as many pieces as needed. Null if the pool is exhausted.
Packet* make_packet(Mempool& pool, const Frame& frame);

}  // namespace ixy::test
