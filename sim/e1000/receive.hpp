// The receive side: the packet buffer, the descriptor ring, checks and write-back (manual 3.2, 13.4.22 to 13.4.30).
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include <ixy/sim/e1000/filters.hpp>
#include <ixy/sim/e1000/interrupts.hpp>
#include <ixy/sim/e1000/link.hpp>
#include <ixy/sim/e1000/registers.hpp>
#include <ixy/sim/e1000/statistics.hpp>

namespace ixy::sim::e1000 {

class Receive {
public:
    Receive(RegisterFile& registers, Filters& filters, Statistics& statistics, Interrupts& interrupts);

    /// True while the packet buffer (PBA) has room for the longest frame, or the receiver is off.
    bool can_receive() const;
    /// A frame from the wire, or from our own transmitter in loopback; without its check sequence.
    void frame(std::span<const std::byte> bytes, bool damaged);
    void reset();

private:
    RegisterFile& registers_;
    Filters& filters_;
    Statistics& statistics_;
    Interrupts& interrupts_;
};

}  // namespace ixy::sim::e1000
