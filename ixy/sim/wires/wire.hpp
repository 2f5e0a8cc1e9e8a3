// A card's cable: the interface of everything that carries frames to and from a software NIC.
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
#include <ixy/sim/card/clock.hpp>

namespace ixy::sim {

/// A frame on its way: destination address to payload, without frame check sequence.
struct WireFrame {
    std::span<const std::byte> bytes;  ///< valid until the wire's next receive()
    bool damaged = false;              ///< its check sequence would be wrong
};

/// The longest frame that a wire carries, in bytes: a jumbo frame of the 8254x.
inline constexpr std::size_t longest_wire_frame = 16384;

/// One end of a cable, plugged into one card. Thread rule: one thread at a time calls send() and receive() (the card's
/// locks); the two ends of a cable are independent. `now` never goes back.
class Wire {
public:
    virtual ~Wire() = default;

    /// Takes a frame that the card sends. Never waits and never calls into a card: a frame that finds no room is lost
    /// and counted. has_room() tells in advance whether there is room for a few dozen.
    virtual void send(std::span<const std::byte> frame, Time now) = 0;
    /// The same for a frame that was damaged on the way, so that its check sequence is wrong. Returns false where the
    /// wire cannot express that (sockets, TAP, files): the frame ends here, just as a card would not pass it to its
    /// driver. The caller, which damaged it, then counts it as lost.
    virtual bool send_damaged(std::span<const std::byte> frame, Time now) { return (void)frame, (void)now, false; }
    /// The next frame that has arrived by `now`, or nothing.
    virtual std::optional<WireFrame> receive(Time now) = 0;
    /// Sends the frames held back until `now`; due at next_time(), even while the card has no room to receive.
    virtual void advance(Time now) { (void)now; }

    /// Called after send() and advance(), when no more calls follow at once, by one thread at a time like those:
    /// notifies the other end if that is another process, once for many frames.
    virtual void announce(Time now) { (void)now; }
    /// The same with no lock held: notifies the other end if that is a card of this process.
    virtual void settle() {}
    /// The wire calls `ask`, from any thread and with no lock held, when receive() may have something and file() cannot
    /// tell. It must not call it after on_arrival(nullptr) has returned.
    virtual void on_arrival([[maybe_unused]] std::function<void()> ask) {}  // NOLINT(*-value-param): others keep it
    /// A file that becomes readable when receive() may have something after it had nothing, or -1. A caller that leaves
    /// frames there must remember them.
    virtual int file() const { return -1; }
    /// The same for advance() alone, for a card that is not receiving: readable when waiting frames can be sent.
    virtual int sending_file() const { return -1; }
    /// When receive() or advance() must be called although nothing arrives; empty: never. send() may move it earlier.
    virtual std::optional<Time> next_time() const { return std::nullopt; }
    /// True when frames can wait outside while the card has no room (sockets, files), instead of being lost in it.
    virtual bool can_wait() const { return false; }
    /// True when nothing is sent before the card has a link (capture files); else frames that come earlier are lost.
    virtual bool waits_for_link() const { return false; }

    /// Which end of its cable this is, 0 or 1; the same in every run that starts the same programs in the same order.
    virtual unsigned end() const { return 0; }
    /// False while the other end is so slow that a card that kept sending would lose frames: the card then waits, as
    /// for a busy line. Eventually becomes true again, even if the other end has stopped receiving (except for a
    /// capture written to a pipe, whose reader may pause for as long as it likes); next_time() is set until then.
    virtual bool has_room(Time now) const { return (void)now, true; }
    /// Frames lost because there was no room or no other end.
    virtual std::uint64_t lost() const { return 0; }
    /// True for a cable inside this process whose other end has no card.
    virtual bool other_end_is_missing() const { return false; }
    /// True when sent frames come back: those in flight are lost when the card goes away.
    virtual bool loops_back() const { return false; }
    /// Writes what is still buffered. Errors: why frames were lost, such as a full disk behind the wire.
    virtual Expected<> finish() { return {}; }
    /// Frames waiting here for the other end to take them.
    virtual std::size_t waiting() const { return 0; }
};

/// A wire that loses every sent frame and never receives any.
std::unique_ptr<Wire> make_open_end();

/// What a real cable does to frames. The seed makes all of it repeatable.
struct Impairments {
    std::uint64_t seed = 1;
    double bits_per_second = 0;        ///< 0: infinitely fast. Includes preamble, check sequence and gap (24 bytes)
    std::chrono::nanoseconds delay{};  ///< of each frame
    double loss = 0;                   ///< share of frames that vanish, 0 to 1
    double reorder = 0;                ///< share of frames that are overtaken by the next one
    double corruption = 0;             ///< share of frames with a flipped bit, and so a wrong check sequence
    bool any() const { return bits_per_second > 0 || delay.count() > 0 || loss > 0 || reorder > 0 || corruption > 0; }
};

/// Opens the wire that `spec` names:
///   ""                 an open end
///   "a"                a cable inside this process: two ends with the same name form one cable
///   "/path/name"       shared memory and sockets to another process: two ends with the same path form one cable
///   "/path/a:/path/b"  Unix datagrams to another program, both sockets named, ours first (QEMU's -netdev dgram)
///   "tap:NAME"         the TAP interface NAME, created if it does not exist and we are allowed to
///   "loop"             sent frames come back
///   "pcap:IN"          plays the frames of a capture file; "pcap:IN:OUT" writes sent frames to OUT; "pcap::OUT"
/// `impairments` apply to sent frames. Errors: invalid_argument, busy (both ends taken), permission, not_found.
Expected<std::unique_ptr<Wire>> open_wire(std::string_view spec, const Impairments& impairments = {});

}  // namespace ixy::sim
