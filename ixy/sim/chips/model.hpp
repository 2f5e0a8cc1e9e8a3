// The two sides of a software NIC: the model of a chip, and the host that it is plugged into.
//
//              register reads and writes, reset                frames arrive, cable plugged
//   driver  ─────────────────────────────▶  Model (a chip)  ◀───────────────────────────────  wire
//   memory  ◀─────────────────────────────                  ───────────────────────────────▶
//              DMA, interrupts: through Host                   frames sent: through Host
//
// A model is one chip and nothing else: it knows neither PCI configuration space nor what carries its frames. The host
// (Card, in card.hpp) knows both, and nothing about chips.
//
// Threads. A chip with one lane (CardType::lanes) is written as if there were one thread: every call in either
// direction is made with the card's lock held. A chip with many queues may have more lanes, so that threads that drive
// different queues do not wait for each other: Model::lane() says which registers are a queue's own. Then
//   - read() and write() of a queue's registers run while other queues' do, but no two in one lane at a time;
//   - all other calls of the model, those for registers in lane 0 included, run alone.
// So the handler of a queue's register may change the queue's own state, and read everything that lane 0 alone changes,
// such as the receiver's settings. What several queues change (interrupt causes, counters of the whole chip), the model
// keeps in atomics or behind a lock of its own. It may hold that lock while it calls the host, which never calls back.
// All of Host may be called in any lane, but only by the thread that is inside the model: the host knows its lane.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <ixy/core/packet.hpp>
#include <ixy/pci/function.hpp>
#include <ixy/sim/card/clock.hpp>
#include <ixy/sim/card/report.hpp>

namespace ixy::sim {

/// What a model may ask of the world.
class Host {
public:
    virtual ~Host() = default;

    /// DMA read: fills `to` from memory. Returns false when that memory is not mapped for the card or bus mastering is
    /// off; then the access is reported and `to` holds zeros.
    virtual bool read(IoAddress from, std::span<std::byte> to) = 0;
    /// DMA write. Returns false as above; then nothing is written.
    virtual bool write(IoAddress to, std::span<const std::byte> from) = 0;
    /// DMA write of a descriptor: the naturally aligned 32-bit word at byte `last` of `from` becomes visible after
    /// everything else in `from` and after all earlier writes, so a driver that sees its DD bit sees all of it.
    virtual bool write_back(IoAddress to, std::span<const std::byte> from, std::size_t last) = 0;

    /// The level of the interrupt line: INTx, or one message each time it rises when MSI is enabled.
    virtual void set_interrupt(bool asserted) = 0;
    /// True when the driver has enabled MSI-X: then only send_message() sends interrupts.
    virtual bool messages_enabled() const = 0;
    /// Sends MSI-X message `vector`; the pending bit array keeps it while it is masked.
    virtual void send_message(unsigned vector) = 0;

    /// Puts a frame onto the wire: destination address to payload, without preamble and frame check sequence.
    virtual void send(std::span<const std::byte> frame) = 0;
    /// False while the wire is busy: frames sent now may be lost. Model::resume_sending() is called when it is free.
    virtual bool can_send() { return true; }

    virtual Time now() const = 0;
    /// Calls Model::timer(timer) at `when`, or never if `when` is empty. Each timer has one deadline at a time. `timer`
    /// is less than 32.
    virtual void schedule(unsigned timer, std::optional<Time> when) = 0;

    /// Reports that the driver has broken a rule.
    virtual void report(Misuse kind, std::string text) = 0;
};

enum class ResetKind : std::uint8_t {
    power_on,        ///< everything
    function_level,  ///< by the bus: register settings are lost, wired or burnt-in values stay
};

/// A chip.
class Model {
public:
    virtual ~Model() = default;

    /// A read of `width` bytes (1, 2, 4 or 8; 4 at most in I/O space) at `offset` of BAR `bar`, which is inside it.
    virtual std::uint64_t read(unsigned bar, std::uint64_t offset, unsigned width) = 0;
    virtual void write(unsigned bar, std::uint64_t offset, unsigned width, std::uint64_t value) = 0;

    /// The lane of the register at this offset, less than CardType::lanes: that of a queue, or 0. The same in every
    /// state of the chip. `offset` is that of an access's first byte; it may also lie beyond the BAR. Called with no
    /// lock held, and only if there are several lanes.
    ///
    /// A queue's lane holds what its driver touches for each batch (tail, head, descriptor addresses) and nothing that
    /// resets or affects other queues. The receive and transmit queue of the same index may share a lane: one thread
    /// usually drives both.
    virtual unsigned lane(unsigned bar, std::uint64_t offset) const { return (void)bar, (void)offset, 0; }

    /// True while the receiver is on and has room for the longest frame. Wires that can wait ask first, so a capture
    /// file begins to play when the driver is ready.
    virtual bool can_receive() const = 0;
    /// True while the receiver listens to the wire: without a link, or in loopback, arriving frames are lost.
    virtual bool has_link() const { return true; }
    /// A frame arrives, in the form that Host::send() describes. `damaged`: its check sequence is wrong. Like a timer,
    /// it takes all lanes: filters, RSS and the queue's ring are one step. Two steps would do better, and this
    /// interface does not have them yet: find the frame's queue (any lane may read the filters), then fill its ring in
    /// its lane.
    virtual void receive(std::span<const std::byte> frame, bool damaged) = 0;
    /// The wire was busy when the model last asked Host::can_send(), and is free now.
    virtual void resume_sending() {}
    /// The cable was plugged in, with something at its other end, or pulled out.
    virtual void set_cable(bool plugged) = 0;

    virtual void timer(unsigned timer) = 0;
    virtual void reset(ResetKind kind) = 0;
};

/// What differs between two cards of one kind.
struct ModelOptions {
    std::array<std::uint8_t, 6> mac{0x52, 0x54, 0x00, 0x69, 0x78, 0x79};
    Time link_delay{};  ///< how long auto-negotiation takes; a real card needs 2 to 4 seconds
};

/// One BAR of a kind of card.
struct BarLayout {
    enum class Kind : std::uint8_t { absent, memory, memory64, io };  ///< memory64 also occupies the following index
    Kind kind = Kind::absent;
    std::uint32_t size = 0;  ///< bytes, a power of two; memory: at least 16, I/O: at least 4
};

/// A kind of card: its configuration space, and the factory of its chip.
struct CardType {
    std::string_view name;   ///< "82540em", as in sim:82540em
    std::string_view title;  ///< "Intel 82540EM Gigabit Ethernet"
    PciIdentity identity;
    std::array<BarLayout, 6> bars{};
    bool express = false;    ///< PCI Express: 4096 bytes of configuration space, function-level reset
    bool msi = false;        ///< one vector
    unsigned msi_x = 0;      ///< vectors
    unsigned msi_x_bar = 0;  ///< the BAR with table (from 0) and pending bits (from msi_x_pending), which Card serves
    std::uint32_t msi_x_pending = 0x2000;
    unsigned lanes = 1;  ///< for threads: 1, or 1 and as many as queues may be driven at the same time; Model::lane()
    std::unique_ptr<Model> (*make)(Host& host, const ModelOptions& options) = nullptr;
};

/// All kinds, and the one with that name (null if there is none).
std::span<const CardType> card_types();
const CardType* find_card_type(std::string_view name);

}  // namespace ixy::sim
