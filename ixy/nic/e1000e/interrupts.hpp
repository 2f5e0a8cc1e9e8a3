// Sleeping until the card interrupts. Datasheet, 7.4 and 10.2.4. Skip this file on a first reading: a program that
// polls uses none of it.
//
// Each queue has a message of its own (MSI-X), and so has the link: five vectors, each with an event file. IVAR says
// which cause sends which message:
//
//   receive queue 0 ──▶ vector 0     transmit queue 0 ──▶ vector 2     link ──▶ vector 4
//   receive queue 1 ──▶ vector 1     transmit queue 1 ──▶ vector 3
//
// So whoever waits for one never wakes for another, and the events share no state.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include <ixy/datasheet/e1000/interrupt.hpp>
#include <ixy/nic/e1000e/receive.hpp>
#include <ixy/nic/e1000e/transmit.hpp>
#include <ixy/nic/event_source.hpp>

namespace ixy::e1000e {

/// The vectors and their events. Thread rule: the first event_file() is set-up; after that, each event belongs to its
/// own thread.
class Interrupts {
public:
    Interrupts(PciFunction& function, Bar registers, const std::vector<std::unique_ptr<ReceiveRing>>& receive,
               const std::vector<std::unique_ptr<TransmitRing>>& transmit);
    ~Interrupts();
    Interrupts(const Interrupts&) = delete;
    Interrupts& operator=(const Interrupts&) = delete;

    EventSource& arrivals(std::size_t rx_queue);
    EventSource& room(std::size_t tx_queue);
    EventSource& link_changes();

private:
    using Causes = datasheet::Value<datasheet::e1000::InterruptCauses>;
    static constexpr std::size_t vectors = 5;

    class Event;
    class Arrivals;
    class Room;
    class LinkChanges;

    Expected<> enable();

    PciFunction& function_;
    Bar registers_;
    std::array<int, vectors> event_files_{};
    bool enabled_ = false;
    std::vector<std::unique_ptr<Event>> arrivals_, room_;
    std::unique_ptr<Event> link_changes_;
};

}  // namespace ixy::e1000e
