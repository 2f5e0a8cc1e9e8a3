// Sleeping until the card interrupts. Manual, 3.2.7 and 13.4.17 to 13.4.21. Skip this file on a first reading: a
// program that polls uses none of it.
//
// The card has one interrupt, by line or by message, for three events: frames in the receive ring, room in the transmit
// ring, and a change of the link. Different threads may wait for them. All of them sleep on the interrupt's event file,
// and whoever wakes reads ICR, which clears it for all. So each event has a file of its own as well, into which another
// waiter writes what it found in ICR; an epoll file joins the two:
//
//   interrupt ──┬──▶ epoll of arrivals ──▶ a thread         ICR has LSC too: write to "own" of link changes
//               └──▶ epoll of link changes ──▶ another thread
//                      ▲ own
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include <ixy/core/files.hpp>
#include <ixy/datasheet/e1000/interrupt.hpp>
#include <ixy/nic/e1000/receive.hpp>
#include <ixy/nic/e1000/transmit.hpp>
#include <ixy/nic/event_source.hpp>

namespace ixy::e1000 {

/// The interrupt and its events. Thread rule: enable() is set-up; the events share a lock.
class Interrupts {
public:
    Interrupts(PciFunction& function, Bar registers, ReceiveRing& receive, TransmitRing& transmit);
    ~Interrupts();
    Interrupts(const Interrupts&) = delete;
    Interrupts& operator=(const Interrupts&) = delete;

    EventSource& arrivals() { return *arrivals_; }
    EventSource& room() { return *room_; }
    EventSource& link_changes() { return *link_changes_; }

private:
    using Causes = datasheet::Value<datasheet::e1000::InterruptCauses>;

    /// One event: the causes that announce it, and what shows that it has happened.
    class Event : public EventSource {
    public:
        Event(Interrupts& interrupts, Causes causes) : interrupts_(interrupts), causes_(causes) {}
        Expected<int> event_file() override;
        Expected<> arm() override;
        bool acknowledge() override;
        void note(Causes found);

    protected:
        /// Whether its cause was found while it was not armed, since forget_missed().
        bool was_missed() const;
        void forget_missed();

    private:
        Expected<> open_files();

        Interrupts& interrupts_;
        const Causes causes_;
        File own_;     ///< an eventfd
        File joined_;  ///< epoll of the interrupt's file and of own_
        bool is_armed_ = false;
        bool fired_ = false;
        bool was_missed_ = false;
    };
    class Patience;
    template <class Ring>
    class RingEvent;
    class LinkChanges;

    Expected<> enable();
    bool take_signal();
    void collect(bool signalled);

    PciFunction& function_;
    Bar registers_;
    std::mutex mutex_;  ///< guards everything below, and the events' state
    int event_file_ = -1;
    InterruptKind kind_ = InterruptKind::msi;
    Expected<> unmasked_;  ///< whether the line could be unmasked
    std::unique_ptr<Event> arrivals_, room_, link_changes_;
};

}  // namespace ixy::e1000
