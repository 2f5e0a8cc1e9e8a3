// The process around a program: its signals and its standard error.
#pragma once

#include <atomic>
#include <chrono>
#include <string_view>

#include <ixy/core/files.hpp>

namespace ixy::app {

namespace detail {
inline std::atomic<int> stop_requests{0};
inline std::atomic<bool> rings_wanted{false};
}  // namespace detail

/// From now on Ctrl-C and its kin (SIGINT, SIGTERM, SIGHUP) only count as requests to end, SIGUSR1 as a request to show
/// rings, and SIGPIPE and SIGXFSZ become errors of write(). Call it before taking a card, so that the card is always
/// given back.
void catch_signals();
/// How often the program was asked to end.
inline int stop_requests() { return detail::stop_requests.load(std::memory_order_relaxed); }

/// True once after each SIGUSR1.
inline bool take_rings_request() { return detail::rings_wanted.exchange(false, std::memory_order_relaxed); }

/// A file that becomes readable when one of these signals comes, for a program that sleeps: a signal that came just
/// before ends the sleep too. -1 before catch_signals().
int signal_file();
/// Makes it unreadable until the next signal.
void clear_signal_file();

/// Opens /dev/null for each of standard input, output and error that is closed. Otherwise the next opened file would
/// get its number, and with it what the program prints. Call it before anything is opened.
void fill_standard_files();

/// How long a program that was asked to end, or whose time is up, waits once nothing moves any more.
inline constexpr auto longest_standstill = std::chrono::seconds(5);
/// Whether to go on waiting for a peer, such as a pipe's reader, that has done nothing for `standstill`: while the
/// program is `going`, and for longest_standstill; not when it was asked to end twice.
bool keeps_waiting(bool going, std::chrono::milliseconds standstill);

/// Whether the file takes output now: writing a line or two to it waits for nobody.
bool takes_output(int file);
/// Writes `text` to standard output. Errors: system; timeout, when `keep_waiting` returned false.
Expected<> print(std::string_view text, const KeepWaiting& keep_waiting);
/// Prints a line on standard error; never fails, never throws.
void say(std::string_view line);

}  // namespace ixy::app
