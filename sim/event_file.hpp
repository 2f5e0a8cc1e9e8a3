// Eventfds that somebody else shares, and may set to block: neither function waits.
#pragma once

namespace ixy::sim {

/// Adds 1 to the eventfd's count, or leaves it at the highest that there is. Thread rule: any thread.
void signal_event(int event_file);
/// Takes the eventfd's count. False when it was 0. Thread rule: any thread.
bool take_event(int event_file);

}  // namespace ixy::sim
