// Posted writes and answered reads: PCI Local Bus Specification 3.0, 3.2.5 (a read pushes earlier writes ahead of it).
#include <ixy/sim/card/card_thread.hpp>

#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <utility>

namespace ixy::sim {
namespace {

constexpr std::size_t most_posted = 1024;  // like a bus, it stalls the writer when it cannot take more

}  // namespace

CardThread::CardThread(Card& card, bool carries_accesses)
    : card_(card), wake_file_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    // The thread that steps a stepped clock serves the card.
    const bool sleeps = card.wire_file() >= 0 || !card.clock().is_stepped();
    if (!sleeps && !carries_accesses) return;
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
    if (!sleeps) return;
    card.on_earlier([this] { wake(); });
    wake();  // it may have checked before that
}

CardThread::~CardThread() {
    flush();
    card_.on_earlier(nullptr);
    thread_.request_stop();
    if (thread_.joinable()) wake();
}

/// May be called with locks of the card held, so it must not take any.
void CardThread::wake() {
    if (awake_.exchange(true)) return;
    (void)::eventfd_write(wake_file_.get(), 1);
}

void CardThread::run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        sleep();
        carry_out();
        card_.service();
    }
}

void CardThread::sleep() {
    std::array<pollfd, 2> files{{{.fd = wake_file_.get(), .events = POLLIN, .revents = 0},
                                 {.fd = card_.wire_file(), .events = POLLIN, .revents = 0}}};
    const Clock& clock = card_.clock();
    const auto due = card_.next_time();
    const Time left = due ? std::max(*due - clock.now(), Time::zero()) : Time(std::chrono::milliseconds(1));
    const bool can_be_woken = wake_file_.is_open();  // else it polls
    const bool for_good = can_be_woken && (!due || (clock.is_stepped() && left > Time::zero()));
    const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
    const timespec limit{.tv_sec = seconds.count(), .tv_nsec = (left - seconds).count()};
    ::ppoll(files.data(), files.size(), for_good ? nullptr : &limit, nullptr);
    eventfd_t ignored;
    (void)::eventfd_read(wake_file_.get(), &ignored);
    awake_.exchange(false);  // before looking: anything posted from now on wakes us again
}

void CardThread::carry_out() {
    std::vector<Access> accesses;
    {
        const std::lock_guard lock(mutex_);
        accesses.swap(posted_);
    }
    for (const Access& access : accesses) {
        if (access.answer == nullptr) {
            card_.bar_write(access.bar, access.offset, access.width, access.value);
        } else {
            *access.answer = card_.bar_read(access.bar, access.offset, access.width);
        }
    }
    if (accesses.empty()) return;
    const std::lock_guard lock(mutex_);
    done_count_ += accesses.size();
    carried_out_.notify_all();
}

std::uint64_t CardThread::post(const Access& access) {
    std::uint64_t ticket = 0;
    {
        std::unique_lock lock(mutex_);
        carried_out_.wait(lock, [this] { return post_count_ - done_count_ < most_posted; });
        posted_.push_back(access);
        ticket = ++post_count_;
    }
    wake();
    return ticket;
}

void CardThread::await(std::uint64_t ticket) {
    std::unique_lock lock(mutex_);
    carried_out_.wait(lock, [this, ticket] { return done_count_ >= ticket; });
}

void CardThread::write(unsigned bar, std::uint64_t offset, unsigned width, std::uint64_t value) {
    post({bar, width, offset, value, nullptr});
}

std::uint64_t CardThread::read(unsigned bar, std::uint64_t offset, unsigned width) {
    std::uint64_t answer = 0;
    await(post({bar, width, offset, 0, &answer}));
    return answer;
}

void CardThread::flush() {
    std::unique_lock lock(mutex_);
    carried_out_.wait(lock, [this] { return done_count_ == post_count_; });
}

}  // namespace ixy::sim
