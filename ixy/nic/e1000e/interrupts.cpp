// A vector for each queue and one for the link.
#include <ixy/nic/e1000e/interrupts.hpp>

#include <sys/eventfd.h>

#include <ixy/datasheet/e1000/registers.hpp>
#include <ixy/nic/e1000e/e1000e.hpp>
#include <ixy/pci/barrier.hpp>

namespace ixy::e1000e {

using namespace datasheet::e1000;

// --- one event -------------------------------------------------------------------------------------------------------

/// What sends the message of one vector.
class alignas(cache_line) Interrupts::Event : public EventSource {
public:
    Event(Interrupts& interrupts, std::size_t vector, Causes causes)
        : interrupts_(interrupts), vector_(vector), causes_(causes) {}

    Expected<int> event_file() override {
        if (auto enabled = interrupts_.enable(); !enabled) return std::unexpected(enabled.error());
        return file();
    }
    /// The cause is cleared before it is let through: what set it before is seen by looking again, what sets it from
    /// here on sends a message.
    Expected<> arm() override {
        (void)take_signal();
        clear_cause();
        let_through();
        return {};
    }
    bool acknowledge() override {
        registers().write(IMC, IMC.from(causes_.bits));
        return take_signal();
    }

protected:
    Bar& registers() const { return interrupts_.registers_; }
    bool take_signal() const {
        eventfd_t count = 0;
        return ::eventfd_read(file(), &count) == 0;
    }
    void clear_cause() { registers().write(ICR, causes_); }
    void let_through() { registers().write(IMS, IMS.from(causes_.bits)); }

private:
    int file() const { return interrupts_.event_files_[vector_]; }

    Interrupts& interrupts_;
    const std::size_t vector_;
    const Causes causes_;
};

class Interrupts::Arrivals final : public Event {
public:
    Arrivals(Interrupts& interrupts, std::size_t queue, ReceiveRing& ring)
        : Event(interrupts, queue, queue == 0 ? ICR.RXQ0 : ICR.RXQ1), ring_(ring) {}
    bool is_ready() override { return ring_.is_ready(); }

private:
    ReceiveRing& ring_;
};

class Interrupts::Room final : public Event {
public:
    Room(Interrupts& interrupts, std::size_t queue, TransmitRing& ring)
        : Event(interrupts, queues + queue, queue == 0 ? ICR.TXQ0 : ICR.TXQ1), ring_(ring) {}
    bool is_ready() override { return ring_.is_ready(); }

private:
    TransmitRing& ring_;
};

class Interrupts::LinkChanges final : public Event {
public:
    explicit LinkChanges(Interrupts& interrupts) : Event(interrupts, 2 * queues, ICR.OTHER | ICR.LSC) {}
    Expected<int> event_file() override {
        if (!was_up_) {
            clear_cause();
            was_up_ = is_up();
        }
        return Event::event_file();
    }
    /// A cause that came while nobody waited stays set, and fires at once: there and back again is a change too.
    Expected<> arm() override {
        (void)take_signal();
        let_through();
        return {};
    }
    bool is_ready() override { return is_up() != was_up_; }
    bool acknowledge() override {
        const bool fired = Event::acknowledge();
        clear_cause();
        was_up_ = is_up();  // last: a change from here on is news
        return fired;
    }

private:
    bool is_up() const { return static_cast<bool>(registers().read(STATUS) & STATUS.LU); }

    std::optional<bool> was_up_;  ///< none until somebody wants to know
};

/// A ring that found no buffers counts as ready too: the card cannot announce frames that it has no room for, and only
/// receive() refills the ring.
bool ReceiveRing::is_ready() {
    if (!is_done(next_)) resolve_overtaken();
    return is_done(next_) || size_ - 1 - filled_ >= refill_at_;
}

bool TransmitRing::is_ready() const {
    return used_ < block_ || (dma_load(ring_[oldest_ + block_ - 1].status) & TDESC_STATUS.DD);
}

// --- all of them -----------------------------------------------------------------------------------------------------

EventSource& E1000e::arrivals(std::size_t rx_queue) { return interrupts().arrivals(rx_queue); }
EventSource& E1000e::room(std::size_t tx_queue) { return interrupts().room(tx_queue); }
EventSource& E1000e::link_changes() { return interrupts().link_changes(); }

Interrupts& E1000e::interrupts() {
    if (!interrupts_) interrupts_ = std::make_unique<Interrupts>(function(), registers_, receive_, transmit_);
    return *interrupts_;
}

Interrupts::Interrupts(PciFunction& function, Bar registers, const std::vector<std::unique_ptr<ReceiveRing>>& receive,
                       const std::vector<std::unique_ptr<TransmitRing>>& transmit)
    : function_(function), registers_(registers), link_changes_(std::make_unique<LinkChanges>(*this)) {
    event_files_.fill(-1);
    for (const auto& ring : receive) arrivals_.push_back(std::make_unique<Arrivals>(*this, arrivals_.size(), *ring));
    for (const auto& ring : transmit) room_.push_back(std::make_unique<Room>(*this, room_.size(), *ring));
}

Interrupts::~Interrupts() = default;

EventSource& Interrupts::arrivals(std::size_t rx_queue) { return *arrivals_[rx_queue]; }
EventSource& Interrupts::room(std::size_t tx_queue) { return *room_[tx_queue]; }
EventSource& Interrupts::link_changes() { return *link_changes_; }

/// 7.4, 10.2.4.8. A message clears its cause by itself (EIAC), so that no one has to read ICR. EITR is 0: how often to
/// sleep is the program's decision, and an interrupt that comes late is a packet that comes late.
Expected<> Interrupts::enable() {
    if (enabled_) return {};
    const auto enabled = function_.enable_interrupts(InterruptKind::msi_x, vectors);
    if (!enabled) return std::unexpected(enabled.error());
    for (std::size_t i = 0; i < vectors; ++i) {
        event_files_[i] = (*enabled)[i].event_file;
        registers_.write(EITR[i], EITR.INTERVAL(0));
    }
    registers_.write(CTRL_EXT, registers_.read(CTRL_EXT) | CTRL_EXT.PBA_SUPPORT);
    registers_.write(EIAC, (ICR.RXQ0 | ICR.RXQ1 | ICR.TXQ0 | ICR.TXQ1).bits);
    registers_.write(IVAR, IVAR.RXQ0(0) | IVAR.RXQ0_VALID | IVAR.RXQ1(1) | IVAR.RXQ1_VALID | IVAR.TXQ0(2) |
                               IVAR.TXQ0_VALID | IVAR.TXQ1(3) | IVAR.TXQ1_VALID | IVAR.OTHER(4) | IVAR.OTHER_VALID);
    enabled_ = true;
    return {};
}

}  // namespace ixy::e1000e
