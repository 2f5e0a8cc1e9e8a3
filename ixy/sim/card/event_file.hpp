// Eventfds shared with others, who may make them blocking: neither function ever waits.
#pragma once

namespace ixy::sim {

/// Adds 1 to the eventfd's count, unless it is at its maximum. Thread rule: any thread.
void signal_event(int event_file);
/// Reads and clears the eventfd's count. Returns false when it was 0. Thread rule: any thread.
bool take_event(int event_file);

}  // namespace ixy::sim
