// The transmit side: fetches descriptors from the ring, makes packets of them, and writes back their status
// (manual 3.3, 3.4, 13.4.33 to 13.4.44).
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include <ixy/datasheet/e1000/descriptors.hpp>
#include <ixy/sim/chips/e1000/interrupts.hpp>
#include <ixy/sim/chips/e1000/link.hpp>
#include <ixy/sim/chips/e1000/outgoing.hpp>
#include <ixy/sim/chips/e1000/registers.hpp>
#include <ixy/sim/chips/e1000/ring.hpp>
#include <ixy/sim/chips/e1000/statistics.hpp>

namespace ixy::sim::e1000 {

class Transmit {
public:
    /// `send` puts a finished frame on the wire, or into the receiver in loopback.
    using Send = std::function<void(std::span<const std::byte> frame)>;
    Transmit(RegisterFile& registers, Statistics& statistics, Interrupts& interrupts, const Link& link,
             const Send& send);

    /// Sends everything in the ring, unless the transmitter is off, there is no link or the wire is busy. To be called
    /// when the link comes up, when the wire is free again and for Timer::transmit_more; writes to the registers that
    /// start transmission are noticed here.
    void run();
    void reset();

private:
    using Descriptor = datasheet::e1000::TransmitDescriptor;
    struct Queue {
        unsigned number;
        Ring ring;
        Outgoing packet;
    };
    /// Interrupts requested by the descriptors of one run.
    struct Reports {
        bool at_once = false;
        bool delayed = false;  ///< IDE; an immediate one also covers those before
    };
    void add_queue(const Ring::Registers& at, Statistics& statistics, const Send& send);
    bool may_run(const Queue& queue) const;
    void run(Queue& queue);
    Reports process(Queue& queue, std::uint32_t count);
    void report_again(const Ring& ring) const;
    void write_back(IoAddress at, const Descriptor& descriptor);

    RegisterFile& registers_;
    Interrupts& interrupts_;
    const Link& link_;
    std::vector<Queue> queues_;
};

}  // namespace ixy::sim::e1000
