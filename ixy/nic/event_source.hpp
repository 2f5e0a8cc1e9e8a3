// Something that a thread can sleep for: packets in a receive queue, room in a transmit queue, a change of the link.
//
// An interrupt says only that something has happened, and a thread that is about to sleep can miss it. So a wait always
// has four steps, in this order:
//
//   arm          from now on the event makes the event file readable
//   look again   is_ready(): it may have happened just before
//   sleep        until the event file is readable
//   acknowledge  no more interrupts: now the program polls
//
// wait() does all four. A program with an event loop of its own adds event_file() to it and does them itself:
//
//   epoll_ctl(loop, EPOLL_CTL_ADD, *queue.arrivals().event_file(), …);   // once
//   while (running) {
//       if (auto armed = queue.arrivals().arm(); !armed) return report(armed.error());
//       if (!queue.arrivals().is_ready()) epoll_wait(loop, …);
//       queue.arrivals().acknowledge();
//       while (queue.receive(batch) != 0) …
//   }
#pragma once

#include <chrono>

#include <ixy/core/error.hpp>

namespace ixy {

/// A time-out that never comes.
inline constexpr std::chrono::nanoseconds forever = std::chrono::nanoseconds::max();

/// One event. A queue's event belongs to the queue's thread, a link's to one thread at a time; different events of one
/// device may be waited for in different threads. By default everything is refused: a driver without interrupts
/// implements nothing.
class EventSource {
public:
    virtual ~EventSource() = default;

    /// Sleeps until the event has happened. Returns true then, and false when `timeout` is over or a signal came. Zero
    /// only looks. Errors: those of event_file() and arm(); system.
    Expected<bool> wait(std::chrono::nanoseconds timeout = forever);

    /// The file that becomes readable when the event happens while it is armed; poll it, but do not read it. The
    /// event's owner keeps and closes it. The first call of any event of a device enables the device's interrupts: that
    /// is set-up, and belongs to one thread like the rest of set-up. Errors: unsupported (the card, or the way in which
    /// it is reached, has no interrupts); system.
    virtual Expected<int> event_file();
    /// Makes the next event fire the event file; event_file() comes first. May be called again without an
    /// acknowledge(). An event that happened before this call is not repeated: look again. Errors: device_failed,
    /// system.
    virtual Expected<> arm();
    /// Whether there is something to do without any wait. Reads memory, or for a link a register.
    virtual bool is_ready();
    /// Ends what arm() began: the event file gets quiet, and the card sends no more interrupts for this event. Returns
    /// whether the event fired.
    virtual bool acknowledge();

    /// The source that refuses everything.
    static EventSource& none();
};

/// Sleeps until `file` can be read; false when `timeout` is over or a signal came. Errors: system.
Expected<bool> sleep_until_readable(int file, std::chrono::nanoseconds timeout);

}  // namespace ixy
