// The receive side: a frame is judged when it arrives, waits in the packet buffer, and is written to memory as the ring
// has descriptors for it (manual 3.2, 13.4.22 to 13.4.30).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include <ixy/sim/e1000/filters.hpp>
#include <ixy/sim/e1000/interrupts.hpp>
#include <ixy/sim/e1000/link.hpp>
#include <ixy/sim/e1000/receive_ring.hpp>
#include <ixy/sim/e1000/registers.hpp>
#include <ixy/sim/e1000/statistics.hpp>

namespace ixy::sim::e1000 {

class Receive {
public:
    Receive(RegisterFile& registers, Filters& filters, Statistics& statistics, Interrupts& interrupts);

    /// True while the packet buffer (PBA) has room for the longest frame, or the receiver is off.
    bool can_receive() const;
    /// A frame from the wire, without its check sequence; one that is too short has lost the padding that it would have
    /// had on a wire of copper.
    void frame(std::span<const std::byte> bytes, bool damaged);
    /// A frame from our own transmitter, in loopback: it is as long as it was sent.
    void looped(std::span<const std::byte> bytes) { arrive(bytes, false); }
    void reset();

private:
    /// A frame that waits in the packet buffer.
    struct Waiting {
        ReceivedFrame frame;
        std::vector<std::byte> bytes;  ///< that `frame` refers to
    };
    bool enabled() const;
    void arrive(std::span<const std::byte> bytes, bool damaged);
    bool is_pause(std::span<const std::byte> bytes);
    bool count_damage(std::size_t size, bool damaged);
    ReceivedFrame prepare(std::span<const std::byte> bytes, bool damaged, bool inexact);
    void wait(const ReceivedFrame& frame);
    void drain();
    void control_written(std::uint32_t before);

    RegisterFile& registers_;
    Filters& filters_;
    Statistics& statistics_;
    Interrupts& interrupts_;
    ReceiveRing ring_;
    std::vector<std::byte> scratch_;  ///< a frame as memory shall have it, where that is not as the wire had it

    // The packet buffer: waiting_[first_] is the next of `count_`. Their storage stays when they go.
    std::vector<Waiting> waiting_;
    std::size_t first_ = 0, count_ = 0;
    std::size_t used_ = 0;  ///< bytes of the packet buffer
};

}  // namespace ixy::sim::e1000
