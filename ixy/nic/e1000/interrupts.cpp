// Arm, acknowledge, and telling the events apart.
#include <ixy/nic/e1000/interrupts.hpp>

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <chrono>
#include <optional>
#include <utility>

#include <ixy/datasheet/e1000/registers.hpp>
#include <ixy/nic/e1000/e1000.hpp>
#include <ixy/pci/barrier.hpp>

namespace ixy::e1000 {

using namespace datasheet::e1000;

// --- what each event is ----------------------------------------------------------------------------------------------

/// Tells when waiting has been in vain for so long that the card may have lost a write-back. Polls in vain, which lead
/// to recovery otherwise, do not happen in one's sleep.
class Interrupts::Patience {
public:
    void renew() { since_.reset(); }
    bool is_over() {
        const auto now = std::chrono::steady_clock::now();
        if (!since_) since_ = now;
        if (now - *since_ < std::chrono::milliseconds(10)) return false;
        since_ = now;
        return true;
    }

private:
    std::optional<std::chrono::steady_clock::time_point> since_;
};

/// What a ring's event has in common: the ring tells whether it has happened.
template <class Ring>
class Interrupts::RingEvent final : public Event {
public:
    RingEvent(Interrupts& interrupts, Causes causes, Ring& ring) : Event(interrupts, causes), ring_(ring) {}
    bool is_ready() override {
        bool ready = ring_.is_ready(false);
        if (!ready && patience_.is_over()) ready = ring_.is_ready(true);
        if (ready) patience_.renew();
        return ready;
    }
    bool acknowledge() override {
        const bool fired = Event::acknowledge();
        if (fired) patience_.renew();
        return fired;
    }

private:
    Ring& ring_;
    Patience patience_;
};

class Interrupts::LinkChanges final : public Event {
public:
    LinkChanges(Interrupts& interrupts, Bar registers) : Event(interrupts, ICR.LSC), registers_(registers) {}
    Expected<int> event_file() override {
        auto file = Event::event_file();
        if (file && !was_up_) (void)acknowledge();
        return file;
    }
    /// There and back again while nobody waited is a change too.
    bool is_ready() override { return is_up() != was_up_ || was_missed(); }
    bool acknowledge() override {
        const bool fired = Event::acknowledge();
        forget_missed();
        was_up_ = is_up();  // last: a change from here on is news
        return fired;
    }

private:
    bool is_up() const { return static_cast<bool>(registers_.read(STATUS) & STATUS.LU); }

    Bar registers_;
    std::optional<bool> was_up_;  ///< none until somebody wants to know
};

/// A ring that found no buffers counts as ready too: the card cannot announce frames that it has no room for, and only
/// receive() refills the ring.
bool ReceiveRing::is_ready(bool after_long_wait) {
    if (after_long_wait) in_vain_ = in_vain_ < patience ? patience : 2 * patience;  // as if it had polled all the time
    if (!is_done(next_)) after_long_wait ? recover() : resolve_overtaken();
    return is_done(next_) || size_ - 1 - filled_ >= refill_at_;
}

bool TransmitRing::is_ready(bool after_long_wait) {
    if (after_long_wait) look_at_head();
    return used_ < block_ || (dma_load(ring_[oldest_ + block_ - 1].status) & TDESC_STATUS.DD);
}

EventSource& E1000::arrivals(std::size_t) { return interrupts().arrivals(); }
EventSource& E1000::room(std::size_t) { return interrupts().room(); }
EventSource& E1000::link_changes() { return interrupts().link_changes(); }

Interrupts& E1000::interrupts() {
    if (!interrupts_) interrupts_ = std::make_unique<Interrupts>(function(), registers_, *receive_, *transmit_);
    return *interrupts_;
}

// --- the interrupt ---------------------------------------------------------------------------------------------------

Interrupts::Interrupts(PciFunction& function, Bar registers, ReceiveRing& receive, TransmitRing& transmit)
    : function_(function),
      registers_(registers),
      // RXT0 comes with every frame, since RDTR is 0 (3.2.7.1); TXDW with every report, since no descriptor asks for a
      // delay (3.4.3.1).
      arrivals_(std::make_unique<RingEvent<ReceiveRing>>(*this, ICR.RXT0, receive)),
      room_(std::make_unique<RingEvent<TransmitRing>>(*this, ICR.TXDW, transmit)),
      link_changes_(std::make_unique<LinkChanges>(*this, registers)) {}

Interrupts::~Interrupts() = default;

/// By message where the card can, else by line. ITR is 0: how often to sleep is the program's decision, and an
/// interrupt that comes late is a packet that comes late. 13.4.18
Expected<> Interrupts::enable() {
    if (event_file_ >= 0) return {};
    for (const InterruptKind kind : {InterruptKind::msi, InterruptKind::legacy}) {
        const auto vectors = function_.enable_interrupts(kind, 1);
        if (!vectors && kind == InterruptKind::legacy) return std::unexpected(vectors.error());
        if (!vectors) continue;
        kind_ = kind;
        event_file_ = vectors->front().event_file;
        break;
    }
    registers_.write(ITR, ITR.INTERVAL(0));
    return {};
}

bool Interrupts::take_signal() {
    eventfd_t count = 0;
    return ::eventfd_read(event_file_, &count) == 0;
}

/// Reads ICR, which clears it and lets the line fall, and tells each event what was in it. A line masks itself when it
/// fires, and may fire again only now.
void Interrupts::collect(bool signalled) {
    const auto found = registers_.read(ICR);
    for (Event* event : {arrivals_.get(), room_.get(), link_changes_.get()}) event->note(found);
    if (signalled && kind_ == InterruptKind::legacy) unmasked_ = function_.unmask_interrupt(0);
}

// --- one event -------------------------------------------------------------------------------------------------------

Expected<int> Interrupts::Event::event_file() {
    const std::lock_guard lock(interrupts_.mutex_);
    if (joined_.is_open()) return joined_.get();
    if (auto enabled = interrupts_.enable(); !enabled) return std::unexpected(enabled.error());
    if (auto opened = open_files(); !opened) return std::unexpected(opened.error());
    return joined_.get();
}

Expected<> Interrupts::Event::open_files() {
    File own(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    File joined(::epoll_create1(EPOLL_CLOEXEC));
    for (const int file : {own.get(), interrupts_.event_file_}) {
        epoll_event event{.events = EPOLLIN, .data = {.fd = file}};
        if (::epoll_ctl(joined.get(), EPOLL_CTL_ADD, file, &event) != 0) {
            return system_failure("an epoll file for an interrupt", errno);
        }
    }
    own_ = std::move(own);
    joined_ = std::move(joined);
    return {};
}

/// The signal is taken before ICR is read: whatever raised it is in ICR then, or was found by another waiter. What
/// comes later signals again. The cause is let through last, and if it is in ICR by then, it fires at once.
Expected<> Interrupts::Event::arm() {
    const std::lock_guard lock(interrupts_.mutex_);
    is_armed_ = fired_ = false;
    eventfd_t ignored = 0;
    (void)::eventfd_read(own_.get(), &ignored);
    interrupts_.collect(interrupts_.take_signal());
    is_armed_ = true;
    interrupts_.registers_.write(IMS, IMS.from(causes_.bits));
    return interrupts_.unmasked_;
}

bool Interrupts::Event::acknowledge() {
    const std::lock_guard lock(interrupts_.mutex_);
    interrupts_.registers_.write(IMC, IMC.from(causes_.bits));
    if (interrupts_.take_signal()) interrupts_.collect(true);
    is_armed_ = false;
    eventfd_t ignored = 0;
    (void)::eventfd_read(own_.get(), &ignored);
    return std::exchange(fired_, false);
}

bool Interrupts::Event::was_missed() const {
    const std::lock_guard lock(interrupts_.mutex_);
    return was_missed_;
}

void Interrupts::Event::forget_missed() {
    const std::lock_guard lock(interrupts_.mutex_);
    interrupts_.collect(interrupts_.take_signal());
    was_missed_ = false;
}

/// The lock is held. The waiter itself sees `fired_`; if it still sleeps, its own file wakes it.
void Interrupts::Event::note(Causes found) {
    if (!(found & causes_)) return;
    if (!is_armed_) {
        was_missed_ = true;
        return;
    }
    fired_ = true;
    (void)::eventfd_write(own_.get(), 1);
}

}  // namespace ixy::e1000
