// A cable between two processes. Receiving and sending have a socket each. The first is bound and hears any sender,
// such as a card that was restarted; the second is connected, and made anew when the other end was.
//
// Each frame is a datagram, as QEMU sends and receives them. Two ends of ours have a faster way: the first datagram
// that an end sends offers the other end a ring in shared memory (shared_ring.hpp). Once the other end accepts it,
// frames go through the ring, and the only datagrams are knocks: too short for a frame, they wake an end that sleeps
// until a frame arrives or until there is room.
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>

#include "datagram.hpp"
#include "frame_ring.hpp"
#include "kinds.hpp"
#include "shared_ring.hpp"
#include "socket_end.hpp"

namespace ixy::sim {
namespace {

// The other process may not run for a second on a busy machine. Memory is committed as it is needed.
constexpr std::size_t frames_that_wait = 65536;
constexpr std::size_t bytes_that_wait = 16 << 20;
constexpr Time retry_after = std::chrono::milliseconds(1);
// Patience with a peer that takes nothing, and with the final flush in total.
constexpr auto longest_standstill = std::chrono::seconds(1);
constexpr auto longest_flush = std::chrono::seconds(10);

constexpr std::array<std::byte, 8> offer{std::byte{'i'}, std::byte{'x'}, std::byte{'y'}, std::byte{'-'},
                                         std::byte{'r'}, std::byte{'i'}, std::byte{'n'}, std::byte{'g'}};
constexpr std::array<std::byte, 1> knock{};
static_assert(offer.size() < ethernet_header);
// How many datagrams that are not frames receive() skips at a time.
constexpr unsigned looks_at_most = 64;

/// Frames that find no room in the ring or the other end's queue (often only ten: net.unix.max_dgram_qlen) wait here,
/// in order. When many do, the card must wait too; but not for a peer that stands still for longer than a second, such
/// as a stopped process: its frames are lost once there is no room. The epoll file becomes readable when a frame has
/// arrived or when waiting frames can be sent; for the latter alone there is another one, inside it.
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
    void announce(Time now) override {
        if (ring_out_ && ring_out_->should_wake(now)) wake_other();
    }
    int file() const override { return events_.get(); }
    int sending_file() const override { return sending_.get(); }
    std::optional<Time> next_time() const override {
        if (more_to_look_at_) return Time::zero();
        return waiting_.empty() ? std::nullopt : std::optional(retry_);
    }
    bool can_wait() const override { return true; }
    unsigned end() const override { return end_.number(); }
    bool has_room(Time now) const override { return !waiting_.is_half_full() || now - moved_ > longest_standstill; }
    std::uint64_t lost() const override { return lost_.value(); }
    std::size_t waiting() const override { return waiting_.size(); }

private:
    enum class Result : std::uint8_t { sent, nobody, full };
    Result try_send(std::span<const std::byte> frame);
    std::optional<Result> try_other(std::span<const std::byte> frame);
    bool connect();
    void disconnect();
    bool offer_ring();
    void wake_other();
    void await_room(Time now);
    void send_waiting(Time now);
    void flush();

    std::optional<WireFrame> take_from_ring();
    std::optional<std::size_t> take_datagram();
    void take_offer(const File& memory);
    void tell_of_room() {
        if (ring_in_->should_tell_of_room()) wake_other();
    }

    static void watch(const File& watcher, int file, std::uint32_t events, int operation) {
        epoll_event event{.events = events, .data = {}};
        ::epoll_ctl(watcher.get(), operation, file, &event);
    }

    SocketEnd end_;
    File events_;
    File sending_;            ///< watches other_ while frames wait for it
    File other_;              ///< connected to the other end, if there was one
    bool may_offer_ = false;  ///< nothing has been sent to other_ yet
    File offered_;            ///< the memory of ring_out_, until it has been offered
    std::optional<RingSender> ring_out_;
    FrameRing waiting_{frames_that_wait, bytes_that_wait};
    Time retry_{};
    Time moved_{};  ///< when the first waiting frame began to wait, or the last one was sent
    std::optional<RingReceiver> ring_in_;
    std::optional<RingReceiver> next_ring_in_;  ///< of an end that has come back; used once ring_in_ is empty
    bool more_to_look_at_ = false;
    ArrivedFrame frame_;
    Counter lost_;
};

// --- sending ---

void SocketWire::send(std::span<const std::byte> frame, Time now) {
    if (!waiting_.empty() && now >= retry_) send_waiting(now);
    const Result result = waiting_.empty() ? try_send(frame) : Result::full;
    if (result == Result::sent) return;
    const bool first = waiting_.empty();
    if (result == Result::nobody || !waiting_.push(frame)) return lost_.add(1);
    if (first) {
        moved_ = now;
        await_room(now);
    }
}

SocketWire::Result SocketWire::try_send(std::span<const std::byte> frame) {
    if (frame.size() < ethernet_header || frame.size() > longest_wire_frame) return Result::nobody;  // fits no wire
    // The other end may have gone since the last frame, and be back.
    for (int attempt = 0; attempt < 2; ++attempt) {
        if (!other_.is_open() && !connect()) return Result::nobody;
        if (const auto result = try_other(frame)) return *result;
        disconnect();
    }
    return Result::nobody;
}

/// Empty when the other end has gone.
std::optional<SocketWire::Result> SocketWire::try_other(std::span<const std::byte> frame) {
    if (may_offer_ && !offer_ring()) return Result::full;
    if (ring_out_) {
        const RingSender::Result result = ring_out_->push(frame);
        if (result == RingSender::Result::sent) return Result::sent;
        if (result == RingSender::Result::full) return Result::full;
        if (result == RingSender::Result::broken) return std::nullopt;
    }
    const int error = send_datagram(other_.get(), frame);
    if (error == 0) return Result::sent;
    if (is_lack_of_room(error)) return Result::full;
    if (error == EMSGSIZE) return Result::nobody;  // longer than any buffer here: nobody can get it
    return std::nullopt;
}

bool SocketWire::connect() {
    auto other = end_.connect();
    if (!other) return false;
    other_ = std::move(*other);
    watch(sending_, other_.get(), 0, EPOLL_CTL_ADD);
    may_offer_ = end_.is_cable();
    return true;
}

void SocketWire::disconnect() {
    if (ring_out_) lost_.add(ring_out_->unread());
    ring_out_.reset();
    offered_.close();
    other_.close();
}

/// Offers the ring, before all frames. False when there is no room for the offer now. Without a ring, frames are
/// datagrams.
bool SocketWire::offer_ring() {
    if (!offered_.is_open()) {
        offered_ = detail::SharedRingMemory::make_file();
        if (offered_.is_open()) ring_out_ = RingSender::make(offered_);
    }
    const int error = ring_out_ ? send_datagram(other_.get(), offer, offered_) : 0;
    if (is_lack_of_room(error)) return false;
    if (error != 0) ring_out_.reset();
    offered_.close();
    may_offer_ = false;
    return true;
}

/// If there is no room for a knock, something else is already waiting to wake the other end.
void SocketWire::wake_other() {
    for (int attempt = 0; attempt < 2; ++attempt) {
        if (!other_.is_open() && !connect()) return;
        const int error = send_datagram(other_.get(), knock);
        if (error == 0 || error == EAGAIN) return;
        if (is_lack_of_room(error)) {
            if (ring_out_) ring_out_->wake_failed();
            return;
        }
        disconnect();
    }
}

void SocketWire::await_room(Time now) {
    retry_ = now + retry_after;
    const bool in_ring = ring_out_ && ring_out_->is_accepted();
    watch(sending_, other_.get(), in_ring ? 0U : EPOLLOUT, EPOLL_CTL_MOD);
    if (in_ring && !ring_out_->await_room()) retry_ = now;  // there is room by now
}

void SocketWire::send_waiting(Time now) {
    while (const auto frame = waiting_.front()) {
        const Result result = try_send(frame->bytes);
        if (result == Result::full) {
            await_room(now);
            return announce(now);
        }
        if (result == Result::nobody) lost_.add(1);
        waiting_.pop();
        moved_ = now;
    }
    if (other_.is_open()) watch(sending_, other_.get(), 0, EPOLL_CTL_MOD);
    announce(now);
}

// --- receiving ---

std::optional<WireFrame> SocketWire::receive(Time now) {
    for (unsigned looks = 0;; ++looks) {
        if (const auto frame = take_from_ring()) return frame;
        more_to_look_at_ = looks == looks_at_most;
        if (more_to_look_at_) break;
        // Datagrams in the socket were sent before the frames that the ring shows from here on.
        const std::uint64_t head = ring_in_ ? ring_in_->head() : 0;
        if (const auto size = take_datagram()) {
            if (*size != 0) return frame_.padded(*size);
            continue;
        }
        if (!ring_in_) break;
        const bool more = ring_in_->show(head) || !ring_in_->sleep();
        tell_of_room();
        if (!more) break;
    }
    advance(now);
    return std::nullopt;
}

std::optional<WireFrame> SocketWire::take_from_ring() {
    if (!ring_in_) return std::nullopt;
    auto size = ring_in_->take(frame_.space());
    if (!size && next_ring_in_) {
        ring_in_.emplace(std::move(*next_ring_in_));
        next_ring_in_.reset();
    }
    tell_of_room();
    if (!size) return std::nullopt;
    return frame_.padded(*size);
}

/// The size of a frame, 0 for a datagram that is not a frame, or empty when nothing has arrived.
std::optional<std::size_t> SocketWire::take_datagram() {
    const auto datagram = receive_datagram(end_.socket(), frame_.space());
    if (!datagram) return std::nullopt;
    const std::size_t size = datagram->size;
    if (datagram->file.is_open()) {
        const bool is_offer = end_.is_cable() && std::ranges::equal(frame_.space().first(offer.size()), offer);
        if (size == offer.size() && is_offer) take_offer(datagram->file);
        return 0;
    }
    return size >= ethernet_header && size <= longest_wire_frame ? size : 0;  // else it is not an Ethernet frame
}

/// The other end has restarted: frames that are already in its old ring come first.
void SocketWire::take_offer(const File& memory) {
    auto ring = RingReceiver::accept(memory);
    if (!ring) return;
    if (!ring_in_) return void(ring_in_.emplace(std::move(*ring)));
    ring_in_->show(ring_in_->head());
    next_ring_in_.emplace(std::move(*ring));
}

// --- closing ---

/// Frames sent before the cable is pulled out are still delivered, as long as there is somebody to take them.
void SocketWire::flush() {
    const auto begin = std::chrono::steady_clock::now();
    moved_ = {};
    while (!waiting_.empty()) {
        const Time now = std::chrono::steady_clock::now() - begin;
        send_waiting(now);
        if (waiting_.empty() || now - moved_ > longest_standstill || now > longest_flush) return;
        pollfd file{.fd = other_.get(), .events = POLLOUT, .revents = 0};
        const bool in_ring = ring_out_ && ring_out_->is_accepted();
        ::poll(&file, in_ring ? 0 : 1, in_ring ? 1 : 10);
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
