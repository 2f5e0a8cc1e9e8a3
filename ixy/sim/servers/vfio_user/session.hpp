// One client's session with the card: its commands, its memory, its event files. When it ends, the card forgets the
// client's memory and files.
#pragma once

#include <ixy/sim/card/card.hpp>
#include <ixy/sim/servers/vfio_user/dma_memory.hpp>
#include <ixy/sim/servers/vfio_user/interrupt_files.hpp>
#include <ixy/sim/servers/vfio_user/message.hpp>
#include <ixy/sim/servers/vfio_user/regions.hpp>

namespace ixy::sim::vfio_user {

/// Thread rule: one thread.
class Session {
public:
    /// `card` and `between` must outlive the session; see ServerOptions.
    Session(Card& card, PciFunction* between) : card_(card), target_{card, between}, memory_(card), interrupts_(card) {}

    /// Carries out a command, however malformed. Errors (errno): those of the command; EINVAL if it is not a command,
    /// ENOTSUP if this server does not support it. Files that the command does not take are closed.
    Reply handle(Message& request);
    /// True when the client's first message has not led to a version: there is no point in continuing.
    bool is_failed() const { return failed_; }
    /// True once a version has been agreed on: from then on the client controls the card.
    bool has_agreed() const { return agreed_; }
    /// True when the client has removed memory that the card was using.
    bool has_lost_memory() const { return memory_.is_lost(); }

    InterruptFiles& interrupts() { return interrupts_; }

private:
    bool is_sound(const Message& request) const;
    Reply carry_out(Message& request);
    Reply device_info(const Message& request) const;

    Card& card_;
    Target target_;
    DmaMemory memory_;
    InterruptFiles interrupts_;
    bool agreed_ = false, failed_ = false;
};

}  // namespace ixy::sim::vfio_user
