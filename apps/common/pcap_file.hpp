// Capture files that libpcap, tcpdump and Wireshark read: the classic pcap format, in the byte order of this machine.
//
//   file header (24 bytes) | record header (16 bytes) | frame | record header | frame | ...
//
// Format: draft-ietf-opsawg-pcap.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>

#include <ixy/core/packet.hpp>

#include "growing_file.hpp"

namespace ixy::app {

inline constexpr std::uint32_t largest_snaplen = 262144;

struct PcapOptions {
    std::uint32_t snaplen = largest_snaplen;  ///< most bytes of a frame that are kept, 1 to largest_snaplen
    bool nanosecond = false;                  ///< timestamps in nanoseconds instead of microseconds
    std::size_t window = GrowingFile::default_window;
};

/// A capture file being written. Thread rule: as GrowingFile; several threads append in turn.
class PcapFile {
public:
    /// Opens `path`, as GrowingFile::open.
    static Expected<std::unique_ptr<PcapFile>> open(const std::string& path, const PcapOptions& options = {});
    /// Without finish(), the file still ends with a complete frame.
    ~PcapFile();

    /// Empties the file and writes its header. Errors: system.
    Expected<> begin();
    /// As GrowingFile::wait_while.
    void wait_while(KeepWaiting keep_waiting) { file_->wait_while(std::move(keep_waiting)); }
    /// Appends a frame, all pieces of it; `time` counts from 1970. False when it could not be stored: the disk is full.
    /// Then the file ends with the frame before it, and finish() reports what happened.
    [[nodiscard]] bool write(std::chrono::nanoseconds time, const Packet& frame);
    [[nodiscard]] bool write(std::chrono::nanoseconds time, std::span<const std::byte> frame);
    /// Cuts the file after the last frame and closes it. Errors: why write() failed, and how many frames were lost;
    /// system.
    Expected<> finish();

    /// Frames that were stored. Once finish() has failed, those that made it into the file. Any thread.
    std::uint64_t packets() const { return packets_.load(std::memory_order_relaxed); }

private:
    PcapFile(std::unique_ptr<GrowingFile> file, const PcapOptions& options)
        : file_(std::move(file)), options_(options) {}
    bool write_header(std::chrono::nanoseconds time, std::size_t captured, std::size_t original);
    bool finish_record();
    bool count_loss();

    std::unique_ptr<GrowingFile> file_;
    PcapOptions options_;
    std::uint64_t end_ = 0;                   ///< of the last complete record
    std::atomic<std::uint64_t> packets_ = 0;  ///< written by the thread that appends
    std::uint64_t lost_ = 0;
    std::deque<std::uint64_t> buffered_;  ///< ends of the records that are, at least in part, still in a buffer
    bool begun_ = false;
};

}  // namespace ixy::app
