// A thread that works for a card: for what time and the wire bring, and, where the card shall run beside its driver as
// real hardware does, for the driver's accesses too.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

#include <ixy/core/files.hpp>
#include <ixy/sim/card.hpp>

namespace ixy::sim {

/// Sleeps until the card's next deadline, a frame on its wire, or an access; there is no thread where none of them can
/// come. Thread rule: any thread; destroyed when nobody waits in it any more.
class CardThread {
public:
    /// `card` stays where it is until the end of this; accesses come only where `carries_accesses`. Throws
    /// std::system_error when no thread can be started.
    CardThread(Card& card, bool carries_accesses);
    /// Carries out what was posted before.
    ~CardThread();
    CardThread(const CardThread&) = delete;
    CardThread& operator=(const CardThread&) = delete;

    /// Posts a write: it is carried out after all that was posted before, and nobody waits for it.
    void write(unsigned bar, std::uint64_t offset, unsigned width, std::uint64_t value);
    /// Reads after all writes that were posted before.
    std::uint64_t read(unsigned bar, std::uint64_t offset, unsigned width);
    /// Returns when all that was posted before has been carried out.
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
    std::atomic<bool> awake_ = false;  ///< has been woken, and not looked yet
    std::mutex mutex_;                 ///< guards all below
    std::condition_variable carried_out_;
    std::vector<Access> posted_;
    std::uint64_t post_count_ = 0;
    std::uint64_t done_count_ = 0;
    std::jthread thread_;
};

}  // namespace ixy::sim
