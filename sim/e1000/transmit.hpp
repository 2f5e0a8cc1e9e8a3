// The transmit side: descriptors of all kinds, gathered into packets, with checksums, VLAN tags and segmentation
// (manual 3.3 to 3.5, 13.4.33 to 13.4.44).
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include <ixy/sim/e1000/interrupts.hpp>
#include <ixy/sim/e1000/registers.hpp>
#include <ixy/sim/e1000/statistics.hpp>

namespace ixy::sim::e1000 {

class Transmit {
public:
    /// `send` puts a finished frame on the wire, or into the receiver in loopback.
    using Send = std::function<void(std::span<const std::byte> frame)>;
    Transmit(RegisterFile& registers, Statistics& statistics, Interrupts& interrupts, Send send);

    void reset();

private:
    RegisterFile& registers_;
    Statistics& statistics_;
    Interrupts& interrupts_;
    Send send_;
};

}  // namespace ixy::sim::e1000
