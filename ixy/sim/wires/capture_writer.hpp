// Writes a capture file: the frames that a card sends.
//
// A regular file is written in large blocks. Anything else, such as a pipe, gets its frames at once. While its reader
// reads nothing they wait here, then in the card; neither the card nor the end of the program waits in write().
#pragma once

#include <pcap/pcap.h>

#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <ixy/core/files.hpp>

#include "kinds.hpp"

namespace ixy::sim {

/// Timestamps are in nanoseconds: the time of day when the first frame was sent, and from then on the card's clock. A
/// full disk leaves whole records. Thread rule: one thread at a time (a card's lock), except lost().
class Writer {
public:
    Writer() = default;
    ~Writer();
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    /// Opens and empties the file. A pipe need not have a reader yet. Errors: those of open_capture().
    Expected<> open(const std::string& path);
    /// Counts the frame as lost when the disk is full.
    void write(std::span<const std::byte> frame, Time now);
    /// Writes to a pipe what its reader has room for now.
    void advance(Time now);
    /// When to call advance(): while frames wait for a pipe's reader.
    std::optional<Time> next_time() const;
    /// False while so many frames wait for a pipe's reader that the card must wait too.
    bool has_room() const;
    /// Frames that wait for a pipe's reader.
    std::size_t waiting() const { return is_regular_ ? 0 : ends_.size(); }
    /// Writes what is left; gives up when a pipe's reader reads nothing for a second. Errors: why frames were lost.
    Expected<> finish();
    std::uint64_t lost() const { return lost_.value(); }

private:
    struct Closer {
        void operator()(pcap_t* file) const { pcap_close(file); }
        void operator()(pcap_dumper_t* file) const { pcap_dump_close(file); }
    };

    int open_file();
    Expected<> begin();
    int drain();
    int flush();
    void forget(std::size_t bytes);
    void end(int error_number);

    std::string path_;
    File file_;  ///< not open: a pipe without a reader
    bool is_regular_ = true;
    std::vector<char> waiting_;       ///< bytes that are still to be written
    std::deque<std::uint64_t> ends_;  ///< file offsets where the records end that are not fully written
    std::uint64_t written_ = 0;       ///< bytes of the file
    std::uint64_t whole_ = 0;         ///< bytes up to the end of the last whole record
    std::unique_ptr<pcap_t, Closer> pcap_;
    std::unique_ptr<pcap_dumper_t, Closer> dumper_;  ///< appends to waiting_; null: none, or the capture has ended
    std::optional<Time> begin_;                      ///< of the card's clock, since 1970
    Time retry_{};
    Counter lost_;
    Expected<> result_;
};

}  // namespace ixy::sim
