// Notifies a receiver that something has arrived; the receiver may go away while it is being notified.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <utility>

namespace ixy::sim {

/// Thread rule: any thread; set() not from within the function itself.
class Arrival {
public:
    /// Sets the function to call from now on; empty: none. Once this returns, the previous one is no longer called.
    void set(std::function<void()> tell) {
        std::unique_lock lock(mutex_);
        listening_ = false;
        quiet_.wait(lock, [this] { return calls_ == 0; });
        tell_ = std::move(tell);
        listening_ = tell_ != nullptr;
    }

    /// Notifies, with no lock held: the receiver may send, and so ring at the end that has notified it.
    void ring() {
        {
            const std::lock_guard lock(mutex_);
            if (!listening_) return;
            ++calls_;
        }
        tell_();
        const std::lock_guard lock(mutex_);
        if (--calls_ == 0) quiet_.notify_all();
    }

private:
    std::mutex mutex_;
    std::condition_variable quiet_;
    std::function<void()> tell_;
    bool listening_ = false;
    unsigned calls_ = 0;
};

}  // namespace ixy::sim
