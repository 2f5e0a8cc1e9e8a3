// The receive side: a frame is filtered when it arrives, waits in the packet buffer, and is written to memory as the
// ring has descriptors for it (manual 3.2, 13.4.22 to 13.4.30).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <ixy/sim/chips/e1000/filters.hpp>
#include <ixy/sim/chips/e1000/internet.hpp>
#include <ixy/sim/chips/e1000/interrupts.hpp>
#include <ixy/sim/chips/e1000/receive_ring.hpp>
#include <ixy/sim/chips/e1000/registers.hpp>
#include <ixy/sim/chips/e1000/statistics.hpp>

namespace ixy::sim::e1000 {

class Receive {
public:
    Receive(RegisterFile& registers, Filters& filters, Statistics& statistics, Interrupts& interrupts);

    /// True while the receiver is on and the packet buffer (PBA) has room for the longest frame.
    bool can_receive() const;
    /// A frame from the wire, without its check sequence. A short one is padded to 60 bytes, as its sender should have
    /// done: software that feeds wires leaves that to the card.
    void frame(std::span<const std::byte> bytes, bool damaged);
    /// A frame from our own transmitter, in loopback: it is as long as it was sent.
    void looped(std::span<const std::byte> bytes) { arrive(bytes, false); }
    void reset();

private:
    /// What happens to a MAC control frame; none: it is not one.
    enum class FlowControl : std::uint8_t { none, passed, discarded };
    /// A frame in the packet buffer.
    struct Waiting {
        ReceivedFrame frame;
        std::vector<std::byte> bytes;  ///< to which `frame` refers
    };
    void add_queue(const Ring::Registers& at);
    void forget_rings();
    bool is_enabled() const;
    void arrive(std::span<const std::byte> bytes, bool damaged);
    FlowControl flow_control(std::span<const std::byte> bytes);
    bool count_faults(std::size_t size, bool damaged);
    ReceivedFrame prepare(std::span<const std::byte> bytes, bool damaged, bool inexact);
    void recognize(ReceivedFrame& frame, const IpPacket& packet) const;
    void describe_fragment(ReceivedFrame& frame, const IpPacket& packet) const;
    ReceiveRing& ring_for(const ReceivedFrame& frame) { return rings_[frame.rss.queue % rings_.size()]; }
    std::span<const std::byte> as_stored(std::span<const std::byte> bytes, bool without_tag, bool damaged);
    void wait(const ReceivedFrame& frame);
    void drain();
    void empty_buffer();
    void control_written(std::uint32_t before);
    std::size_t capacity() const;

    RegisterFile& registers_;
    Filters& filters_;
    Statistics& statistics_;
    Interrupts& interrupts_;
    std::vector<ReceiveRing> rings_;
    std::vector<std::byte> scratch_;  ///< a frame as it will be in memory, if that differs from the wire

    // The packet buffer. The storage of finished frames is reused.
    std::vector<Waiting> waiting_;
    std::size_t oldest_ = 0;
    std::size_t count_ = 0;
    std::size_t used_ = 0;  ///< bytes
};

}  // namespace ixy::sim::e1000
