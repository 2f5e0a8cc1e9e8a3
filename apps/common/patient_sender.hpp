// Sending through a software NIC whose wire may be busy.
#pragma once

#include <cstddef>

#include <ixy/nic/device.hpp>
#include <ixy/sim/function.hpp>

namespace ixy::app {

/// Whether frames stay in the card because its wire is busy: the other end is slow and holds the sender up. False for
/// hardware.
inline bool waits_for_wire(Device& device) {
    const sim::Card* const card = sim::find_card(device.pci_function());
    return card != nullptr && card->waits_for_wire();
}

/// A card's transmit queue, for a program that passes packets on: the other end of a busy wire holds the program
/// up, which in turn holds up its own sender, so that nothing is lost.
class PatientSender {
public:
    explicit PatientSender(Device& device, std::size_t queue = 0) : device_(device), queue_(device.tx_queue(queue)) {}

    /// Sends `batch` and returns how many packets went. Packets that find no room stay, to be sent before anything
    /// else. If they find none the second time either, and the wire is not busy, they are dropped, as by any switch.
    std::size_t send(PacketBatch& batch) {
        is_held_up_ = has_rest_ && waits_for_wire(device_);  // before: the wire may be free from here on
        const std::size_t sent = queue_.send(batch);
        if (has_rest_ && !is_held_up_) batch.clear();
        has_rest_ = !batch.empty();
        return sent;
    }
    /// Whether packets stayed at the last send(), since the wire is busy: there is nothing to do but to wait for
    /// room().
    bool is_held_up() const { return is_held_up_; }
    EventSource& room() { return queue_.room(); }
    const TxQueueCounters& counters() const { return queue_.counters(); }

private:
    Device& device_;
    TxQueue& queue_;
    bool has_rest_ = false;
    bool is_held_up_ = false;
};

}  // namespace ixy::app
