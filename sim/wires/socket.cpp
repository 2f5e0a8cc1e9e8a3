// A cable between two processes: Unix datagrams, one a frame. Receiving and sending have a socket each. The one is
// bound and hears everybody, as a card that was restarted; the other is connected, and made anew when the other end
// was.
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>

#include "frame_ring.hpp"
#include "kinds.hpp"
#include "socket_end.hpp"

namespace ixy::sim {
namespace {

// The other process may not run for a second on a busy machine. Memory is taken as it is needed.
constexpr std::size_t frames_that_wait = 65536;
constexpr std::size_t bytes_that_wait = 16 << 20;
constexpr Time retry_after = std::chrono::milliseconds(1);
// Patience with somebody who takes nothing, and at the end in all.
constexpr auto longest_standstill = std::chrono::seconds(1);
constexpr auto longest_flush = std::chrono::seconds(10);

/// Frames that find the other end's queue full (often but ten: net.unix.max_dgram_qlen) wait here, in order. When many
/// do, the card shall wait too; but not for somebody who stands still for longer than a second, as a process does that
/// was stopped: frames for him are lost once there is no room. The epoll file wakes who sleeps on it when a frame has
/// come, or when those that wait can go on; for the latter alone there is one more, inside it.
class SocketWire final : public Wire {
public:
    SocketWire(SocketEnd end, File events, File sending)
        : end_(std::move(end)), events_(std::move(events)), sending_(std::move(sending)) {
        watch(events_, end_.socket(), EPOLLIN, EPOLL_CTL_ADD);
        watch(events_, sending_.get(), EPOLLIN, EPOLL_CTL_ADD);
    }
    ~SocketWire() override { flush(); }

    void send(std::span<const std::byte> frame, Time now) override;
    std::optional<WireFrame> receive(Time now) override;
    void advance(Time now) override {
        if (!waiting_.empty()) send_waiting(now);
    }
    int file() const override { return events_.get(); }
    int sending_file() const override { return sending_.get(); }
    std::optional<Time> next_time() const override { return waiting_.empty() ? std::nullopt : std::optional(retry_); }
    bool can_wait() const override { return true; }
    unsigned end() const override { return end_.number(); }
    bool has_room(Time now) const override { return !waiting_.is_half_full() || now - moved_ > longest_standstill; }
    std::uint64_t lost() const override { return lost_.value(); }
    std::size_t waiting() const override { return waiting_.size(); }

private:
    enum class Result : std::uint8_t { sent, nobody, full };
    Result try_send(std::span<const std::byte> frame);
    bool connect();
    void send_waiting(Time now);
    void flush();
    static void watch(const File& watcher, int file, std::uint32_t events, int operation) {
        epoll_event event{.events = events, .data = {}};
        ::epoll_ctl(watcher.get(), operation, file, &event);
    }

    SocketEnd end_;
    File events_;
    File sending_;  ///< watches other_, when frames wait for it
    File other_;    ///< connected to the other end, when somebody was there
    FrameRing waiting_{frames_that_wait, bytes_that_wait};
    Time retry_{};
    Time moved_{};  ///< when the first of those that wait began to, or another one went
    ArrivedFrame frame_;
    Counter lost_;
};

void SocketWire::send(std::span<const std::byte> frame, Time now) {
    if (!waiting_.empty() && now >= retry_) send_waiting(now);
    const Result result = waiting_.empty() ? try_send(frame) : Result::full;
    if (result == Result::sent) return;
    const bool first = waiting_.empty();
    if (result == Result::nobody || !waiting_.push(frame)) return lost_.add(1);
    if (first) {
        moved_ = now;
        retry_ = now + retry_after;
        watch(sending_, other_.get(), EPOLLOUT, EPOLL_CTL_MOD);
    }
}

SocketWire::Result SocketWire::try_send(std::span<const std::byte> frame) {
    // The other end may have gone since the last frame, and be back.
    for (int attempt = 0; attempt < 2; ++attempt) {
        if (!other_.is_open() && !connect()) return Result::nobody;
        if (::send(other_.get(), frame.data(), frame.size(), MSG_NOSIGNAL) >= 0) return Result::sent;
        if (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM) return Result::full;
        if (errno == EMSGSIZE) return Result::nobody;  // longer than any buffer here: nobody can get it
        other_.close();
    }
    return Result::nobody;
}

bool SocketWire::connect() {
    auto other = end_.connect();
    if (!other) return false;
    other_ = std::move(*other);
    watch(sending_, other_.get(), 0, EPOLL_CTL_ADD);
    return true;
}

void SocketWire::send_waiting(Time now) {
    while (const auto frame = waiting_.front()) {
        const Result result = try_send(frame->bytes);
        if (result == Result::full) {
            retry_ = now + retry_after;
            return watch(sending_, other_.get(), EPOLLOUT, EPOLL_CTL_MOD);
        }
        if (result == Result::nobody) lost_.add(1);
        waiting_.pop();
        moved_ = now;
    }
    if (other_.is_open()) watch(sending_, other_.get(), 0, EPOLL_CTL_MOD);
}

std::optional<WireFrame> SocketWire::receive(Time now) {
    for (;;) {
        const std::span<std::byte> space = frame_.space();
        const ssize_t size = ::recv(end_.socket(), space.data(), space.size(), MSG_TRUNC);
        if (size < 0 && errno != EINTR) break;
        const auto bytes = static_cast<std::size_t>(size);
        if (size >= 0 && bytes >= ethernet_header && bytes <= space.size()) return frame_.padded(bytes);
        // Else it is no Ethernet frame, whoever has sent it.
    }
    advance(now);
    return std::nullopt;
}

/// What was sent before the cable is pulled out goes on its way, as long as there is somebody who takes it.
void SocketWire::flush() {
    const auto begin = std::chrono::steady_clock::now();
    auto moved = begin;
    while (!waiting_.empty()) {
        const std::size_t before = waiting_.size();
        send_waiting({});
        if (waiting_.empty()) return;
        const auto now = std::chrono::steady_clock::now();
        if (waiting_.size() < before) moved = now;
        if (now - moved > longest_standstill || now - begin > longest_flush) return;
        pollfd file{.fd = other_.get(), .events = POLLOUT, .revents = 0};
        ::poll(&file, 1, 10);
    }
}

}  // namespace

Expected<std::unique_ptr<Wire>> open_socket(const std::string& path, const std::string& theirs) {
    auto end = theirs.empty() ? SocketEnd::take(path) : SocketEnd::named(path, theirs);
    if (!end) return std::unexpected(end.error());
    File events(::epoll_create1(EPOLL_CLOEXEC));
    File sending(::epoll_create1(EPOLL_CLOEXEC));
    if (!events.is_open() || !sending.is_open()) return system_failure("epoll_create1", errno);
    return std::make_unique<SocketWire>(std::move(*end), std::move(events), std::move(sending));
}

}  // namespace ixy::sim
