// What a card's cable is: the interface of everything that carries frames from and to a software NIC.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <ixy/core/error.hpp>
#include <ixy/sim/clock.hpp>

namespace ixy::sim {

/// A frame on its way: destination address to payload, without frame check sequence.
struct WireFrame {
    std::span<const std::byte> bytes;  ///< valid until the wire's next receive()
    bool damaged = false;              ///< its check sequence would be wrong
};

/// The longest frame that a wire carries, bytes: a jumbo frame of the 8254x.
inline constexpr std::size_t longest_wire_frame = 16384;

/// One end of a cable, plugged into one card. Thread rule: send() and receive() by one at a time (the card's lock); the
/// two ends of a cable are independent.
class Wire {
public:
    virtual ~Wire() = default;

    /// Takes a frame that the card sends. Never waits, never calls into a card: a frame that there is no room for is
    /// lost, and counted. has_room() says beforehand whether there is room for some dozens.
    virtual void send(std::span<const std::byte> frame, Time now) = 0;
    /// The same for a frame that the way damages, so that its check sequence is wrong. False where nothing can say so
    /// to the other end (sockets, TAP, files): the frame ends here, a card would not let it through to its driver
    /// either. Whoever has damaged it counts it as lost then.
    virtual bool send_damaged(std::span<const std::byte> frame, Time now) { return (void)frame, (void)now, false; }
    /// The next frame that has arrived by `now`, or nothing.
    virtual std::optional<WireFrame> receive(Time now) = 0;
    /// Sends what was held back until `now`; due at next_time(), also while the card has no room to receive.
    virtual void advance(Time now) { (void)now; }

    /// Called after send() and advance(), when nothing else follows at once, by one at a time like those: lets the
    /// other end know, where that is another process. So it is woken once for many frames.
    virtual void announce(Time now) { (void)now; }
    /// The same with no lock held: lets the other end know, where that is a card of this process.
    virtual void settle() {}
    /// `ask` is to be called, from any thread and with no lock held, when receive() may have something and file()
    /// cannot tell. It must not be called after on_arrival(nullptr) has returned.
    virtual void on_arrival(std::function<void()> ask) { (void)ask; }
    /// A file that is readable when receive() may have something after it had nothing, or -1. Who leaves frames there
    /// knows of them.
    virtual int file() const { return -1; }
    /// The same for advance() alone, while nothing is to be received: readable when what waits to be sent can go on.
    virtual int sending_file() const { return -1; }
    /// When receive() or advance() needs a call although nothing arrives; empty: never. send() may bring it nearer.
    virtual std::optional<Time> next_time() const { return std::nullopt; }
    /// True when frames may wait outside while the card has no room (sockets, files), instead of being lost in the
    /// card.
    virtual bool can_wait() const { return false; }
    /// True when nobody sends before the card has a link (capture files); else what comes until then is lost.
    virtual bool waits_for_link() const { return false; }

    /// Which end of its cable it is, 0 or 1; the same again when the same programs are started in the same order.
    virtual unsigned end() const { return 0; }
    /// False while a card that sends on would lose frames, because the other end is slow: the card waits then, as for a
    /// line that is busy. True again in the end, or when nobody takes anything any more: next_time() is due until then.
    virtual bool has_room(Time now) const { return (void)now, true; }
    /// Frames lost for lack of room or of somebody at the other end.
    virtual std::uint64_t lost() const { return 0; }
    /// Frames that wait here for the other end to take them.
    virtual std::size_t waiting() const { return 0; }
};

/// A wire that loses what is sent and has nothing to receive.
std::unique_ptr<Wire> make_open_end();

/// What a real cable does to frames; all of it repeatable from the seed.
struct Impairments {
    std::uint64_t seed = 1;
    double bits_per_second = 0;        ///< 0: infinitely fast. Counts preamble, check sequence and gap (24 bytes)
    std::chrono::nanoseconds delay{};  ///< of each frame
    double loss = 0;                   ///< share of frames that vanish, 0 to 1
    double reorder = 0;                ///< share of frames that are overtaken by the next one
    double corruption = 0;             ///< share of frames with a flipped bit, and so a wrong check sequence
    bool any() const { return bits_per_second > 0 || delay.count() > 0 || loss > 0 || reorder > 0 || corruption > 0; }
};

/// Opens the wire that `spec` names:
///   ""                 an open end
///   "a"                a cable inside this process: the two ends of one name are one cable
///   "/path/name"       shared memory and sockets to another process: the two ends of one path are one cable
///   "/path/a:/path/b"  Unix datagrams to another program, both sockets named, ours first (QEMU's -netdev dgram)
///   "tap:NAME"         the TAP interface NAME, made if it does not exist and that is allowed
///   "loop"             what is sent comes back
///   "pcap:IN"          plays the frames of a capture file; "pcap:IN:OUT" writes what is sent to OUT; "pcap::OUT"
/// with `impairments` done to what is sent. Errors: invalid_argument, busy (both ends taken), permission, not_found.
Expected<std::unique_ptr<Wire>> open_wire(std::string_view spec, const Impairments& impairments = {});

}  // namespace ixy::sim
