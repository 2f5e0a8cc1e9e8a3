// The transmit side: descriptors of all kinds are fetched from the ring, and packets made of them are sent (manual 3.3
// to 3.5, 13.4.33 to 13.4.44).
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include <ixy/datasheet/e1000/descriptors.hpp>
#include <ixy/sim/e1000/interrupts.hpp>
#include <ixy/sim/e1000/link.hpp>
#include <ixy/sim/e1000/outgoing.hpp>
#include <ixy/sim/e1000/registers.hpp>
#include <ixy/sim/e1000/ring.hpp>
#include <ixy/sim/e1000/statistics.hpp>

namespace ixy::sim::e1000 {

class Transmit {
public:
    /// `send` puts a finished frame on the wire, or into the receiver in loopback.
    using Send = std::function<void(std::span<const std::byte> frame)>;
    Transmit(RegisterFile& registers, Statistics& statistics, Interrupts& interrupts, const Link& link, Send send);

    /// Sends all that the ring holds, unless the transmitter is off or there is no link. To be called when the link
    /// comes up; registers that set it going call it themselves.
    void run();
    void reset();

private:
    /// What has happened in one run, to be told when it ends.
    struct Outcome {
        bool reported = false;          ///< a descriptor was written back,
        bool reported_delayed = false;  ///< and another whose interrupt may wait
    };
    /// Does what the next `count` descriptors say. False when they cannot be fetched.
    bool process(std::uint32_t count, Outcome& outcome);
    void write_back(std::uint32_t index, const datasheet::e1000::TransmitDescriptor& descriptor, Outcome& outcome);

    RegisterFile& registers_;
    Interrupts& interrupts_;
    const Link& link_;
    Ring ring_;
    Outgoing packet_;
};

}  // namespace ixy::sim::e1000
