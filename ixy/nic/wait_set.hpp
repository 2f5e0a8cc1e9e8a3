// Several events at once: queues of several cards, their links, and files of the program's own.
//
//   auto set = ixy::WaitSet::create();
//   set->add(first.rx_queue(0).arrivals());
//   set->add(second.rx_queue(0).arrivals());
//   set->add(first.link_changes());
//   set->add_file(socket);
//   set->wait(std::chrono::seconds(1));
#pragma once

#include <functional>
#include <utility>

#include <ixy/core/cache_lines.hpp>
#include <ixy/core/files.hpp>
#include <ixy/nic/event_source.hpp>

namespace ixy {

/// Events that are waited for together. Movable. Thread rule: one thread, the one that the events belong to.
class WaitSet {
public:
    /// Errors: system.
    static Expected<WaitSet> create();

    /// Adds an event, which must outlive the set. With `wanted`, it is waited for only when that returns true at the
    /// beginning of a wait: room in a transmit queue, for example, only while a packet needs it. Errors: those of
    /// EventSource::event_file(); system.
    Expected<> add(EventSource& event, std::function<bool()> wanted = {});
    /// Adds a file that ends the wait whenever it can be read. The program keeps it open. Errors: system.
    Expected<> add_file(int file);

    /// Sleeps until one of the events has happened or one of the files can be read. True: look at all of them, although
    /// now and then none has anything. False: `timeout` is over, or a signal came. Zero only looks. Errors: those of
    /// EventSource::arm(); system.
    Expected<bool> wait(std::chrono::nanoseconds timeout = forever);

private:
    struct Entry {
        EventSource* event;
        std::function<bool()> wanted;
        bool is_armed = false;
    };
    explicit WaitSet(File epoll) : epoll_(std::move(epoll)) {}
    Expected<bool> arm_and_look();

    File epoll_;
    LineArray<Entry> entries_;
};

}  // namespace ixy
