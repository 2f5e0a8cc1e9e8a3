// Plays a capture file: its frames arrive at the card.
//
// A regular file is read when the card asks for a frame. Anything else, such as a pipe, may keep its reader waiting, so
// a thread reads it: neither the card nor the end of the program ever waits for the pipe's writer.
#pragma once

#include <pcap/pcap.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <ixy/core/files.hpp>

#include "kinds.hpp"
#include "pcapng_check_sequences.hpp"

namespace ixy::sim {

/// Thread rule: one thread at a time (a card's lock), except left_out().
class Player {
public:
    Player() = default;
    ~Player();
    Player(const Player&) = delete;
    Player& operator=(const Player&) = delete;

    /// Opens the file. Errors: those of open_capture(); for a pipe only those that are known before anything is read.
    Expected<> open(const std::string& path);
    /// True while take() has a frame.
    bool has_frame();
    std::optional<WireFrame> take();
    /// A file that is readable while a frame from a pipe waits; -1 for regular files, which always have the next one.
    int file() const { return is_regular_ ? -1 : arrived_.get(); }
    /// Errors: why not all of what was read so far could be played.
    Expected<> check();
    /// Frames that no wire carries: truncated in the capture, or of a length that no wire allows.
    std::uint64_t left_out() const { return left_out_.value(); }

private:
    using Frame = std::vector<std::byte>;
    struct Closer {
        void operator()(pcap_t* file) const { pcap_close(file); }
    };

    ssize_t read_bytes(char* to, std::size_t most);
    Expected<> begin();
    bool read_frame(Frame& frame);
    void read_pipe(const std::stop_token& stop);
    void hand_over(Frame frame, const std::stop_token& stop);
    void report_damage(std::string why);

    std::string path_;
    File file_;
    File stopped_;  ///< an eventfd that ends read_bytes()
    File arrived_;  ///< an eventfd, readable while frames_ has one
    bool is_regular_ = true;
    std::atomic<bool> ending_ = false;
    std::unique_ptr<pcap_t, Closer> pcap_;
    std::size_t check_sequence_ = 0;  ///< bytes of check sequence at each frame's end; pcapng: see below
    PcapngCheckSequences pcapng_;
    Counter left_out_;
    ArrivedFrame frame_;

    std::mutex mutex_;    ///< guards damage_, and frames_ of a pipe
    std::string damage_;  ///< why the rest cannot be read
    std::condition_variable_any taken_;
    std::deque<Frame> frames_;  ///< read and not taken: one of a regular file, some of a pipe
    std::jthread reader_;       ///< of a pipe; last, since it uses all of the above
};

/// True when the file to be written (or read) is already being read (or written), in this process or another. Opening a
/// capture locks it, so that no file is truncated while it is played. Pipes and the like are shared.
bool is_taken(int file, int lock);
std::unexpected<Error> taken(const std::string& path);

}  // namespace ixy::sim
