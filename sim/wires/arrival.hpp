// The word that something has arrived, for somebody who may go away while it is being said.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <utility>

namespace ixy::sim {

/// Thread rule: any thread; set() not from within the function itself.
class Arrival {
public:
    /// Whom to tell from now on; nobody when it is empty. When this returns, whoever was told before is not any more.
    void set(std::function<void()> tell) {
        std::unique_lock lock(mutex_);
        listening_ = false;
        quiet_.wait(lock, [this] { return calls_ == 0; });
        tell_ = std::move(tell);
        listening_ = tell_ != nullptr;
    }

    /// Tells, with no lock held: who is told may send, and so ring at the end from where the word came.
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
