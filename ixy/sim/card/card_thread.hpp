// A thread that works for a card. It handles timers and the wire, and also the driver's accesses if the card is to run
// in parallel with its driver, as real hardware does.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

#include <ixy/core/files.hpp>
#include <ixy/sim/card/card.hpp>

namespace ixy::sim {

/// Sleeps until the card's next deadline, a frame on its wire, or an access; no thread is started if none of these can
/// occur. Thread rule: any thread; destroy it only when no thread waits in it.
class CardThread {
public:
    /// `card` must outlive this; there are accesses only if `carries_accesses`. Throws std::system_error when no thread
    /// can be started.
    CardThread(Card& card, bool carries_accesses);
    /// Carries out everything posted so far.
    ~CardThread();
    CardThread(const CardThread&) = delete;
    CardThread& operator=(const CardThread&) = delete;

    /// Posts a write: it is carried out after everything posted before it, and nothing waits for it.
    void write(unsigned bar, std::uint64_t offset, unsigned width, std::uint64_t value);
    /// Reads after all writes posted before it.
    std::uint64_t read(unsigned bar, std::uint64_t offset, unsigned width);
    /// Returns once everything posted before it has been carried out.
    void flush();

private:
    struct Access {
        unsigned bar;
        unsigned width;
        std::uint64_t offset;
        std::uint64_t value;
        std::uint64_t* answer;  ///< null: a write
    };
    void wake();
    void run(const std::stop_token& stop);
    void sleep();
    void carry_out();
    std::uint64_t post(const Access& access);
    void await(std::uint64_t ticket);

    Card& card_;
    File wake_file_;
    std::atomic<bool> awake_ = false;  ///< woken, but has not checked yet
    std::mutex mutex_;                 ///< guards everything below
    std::condition_variable carried_out_;
    std::vector<Access> posted_;
    std::uint64_t post_count_ = 0;
    std::uint64_t done_count_ = 0;
    std::jthread thread_;
};

}  // namespace ixy::sim
