// The server's loop.
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <new>

#include <ixy/sim/servers/vfio_user/server.hpp>

namespace ixy::sim::vfio_user {

namespace {

/// Messages that are handled before the card's timers and wire get their turn.
constexpr int messages_at_a_time = 64;
/// After a failed accept(), since the listener stays readable meanwhile.
constexpr std::chrono::milliseconds accept_pause{100};

/// The address of the socket at `path`, or nothing when the path does not fit.
std::optional<sockaddr_un> socket_name(const std::string& path) {
    sockaddr_un name{.sun_family = AF_UNIX, .sun_path = {}};
    if (path.empty() || path.size() >= sizeof name.sun_path) return std::nullopt;
    path.copy(name.sun_path, path.size());
    return name;
}

/// True if there is a socket at the path on which nobody listens any more.
bool is_left_behind(const std::string& path, const sockaddr_un& name) {
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) return false;
    const File probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    return ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0 && errno == ECONNREFUSED;
}

}  // namespace

Expected<std::unique_ptr<Server>> Server::listen(Card& card, const std::string& path, const ServerOptions& options) {
    const auto name = socket_name(path);
    if (!name) {
        return failure(ErrorKind::invalid_argument, "socket \"" + path + "\": the path must have 1 to 107 characters");
    }
    const auto* const address = reinterpret_cast<const sockaddr*>(&*name);
    File listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!listener.is_open()) return system_failure("socket " + path, errno);
    int bound = ::bind(listener.get(), address, sizeof *name);
    if (bound != 0 && errno == EADDRINUSE && is_left_behind(path, *name)) {
        ::unlink(path.c_str());
        bound = ::bind(listener.get(), address, sizeof *name);
    }
    if (bound != 0 && errno == EADDRINUSE) {
        return failure(ErrorKind::busy, path + " exists and is not a stale socket",
                       "choose another path, or stop the program that listens there");
    }
    if (bound != 0 || ::listen(listener.get(), 8) != 0) return system_failure("cannot listen on " + path, errno);
    File wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!wake.is_open()) return system_failure("eventfd", errno);
    return std::unique_ptr<Server>(new Server(card, path, options, std::move(listener), std::move(wake)));
}

Server::Server(Card& card, std::string path, const ServerOptions& options, File listener, File wake)
    : card_(card), path_(std::move(path)), options_(options), listener_(std::move(listener)), wake_(std::move(wake)) {
    card_.on_earlier([this] {
        if (asleep_) ::eventfd_write(wake_.get(), 1);
    });
}

Server::~Server() {
    card_.on_earlier(nullptr);
    ::unlink(path_.c_str());
}

Expected<> Server::step(Time at_most) {
    enum { client, newcomer, unmask, wire, wake };
    const bool accepting = !connection_ && std::chrono::steady_clock::now() >= accept_from_;
    const bool sending = connection_ && connection_->has_unsent();
    asleep_ = true;  // from here on, events that the wait below does not know of end it
    // While a reply waits for room, no further message is taken: unread replies must not pile up here.
    pollfd files[] = {
        {.fd = connection_ ? connection_->file() : -1,
         .events = static_cast<short>(sending ? POLLOUT : POLLIN),
         .revents = 0},
        {.fd = accepting ? listener_.get() : -1, .events = POLLIN, .revents = 0},
        {.fd = session_ ? session_->interrupts().unmask_file() : -1, .events = POLLIN, .revents = 0},
        {.fd = card_.wire_file(), .events = POLLIN, .revents = 0},
        {.fd = wake_.get(), .events = POLLIN, .revents = 0},
    };
    const Time wait = longest_wait(at_most);
    const auto seconds = std::chrono::floor<std::chrono::seconds>(wait);
    const timespec patience{.tv_sec = seconds.count(), .tv_nsec = (wait - seconds).count()};
    const int ready = ::ppoll(files, std::size(files), &patience, nullptr);
    const int error_number = errno;
    asleep_ = false;
    if (ready < 0 && error_number != EINTR) return system_failure("waiting on " + path_, error_number);
    if (ready < 0) return {};

    eventfd_t times = 0;
    if (files[wake].revents != 0) ::eventfd_read(wake_.get(), &times);
    if (files[unmask].revents != 0) session_->interrupts().unmask();
    if (files[newcomer].revents != 0) accept_client();
    if (files[client].revents != 0) serve_client_or_drop_it();
    card_.service();
    drop_client_if_unsound();
    return {};
}

void Server::drop_client_if_unsound() {
    if (!session_) return;
    const bool lost = session_->has_lost_memory();
    const bool silent = !session_->has_agreed() && std::chrono::steady_clock::now() >= agree_by_;
    if (lost) ++memories_lost_;
    if (lost || silent) drop_client();
}

Time Server::longest_wait(Time at_most) const {
    if (const auto next = card_.next_time()) at_most = std::min(at_most, *next - card_.clock().now());
    if (session_ && !session_->has_agreed()) {
        at_most = std::min<Time>(at_most, agree_by_ - std::chrono::steady_clock::now());
    }
    const Time pause = accept_from_ - std::chrono::steady_clock::now();
    if (!connection_ && pause > Time{}) at_most = std::min(at_most, pause);
    return std::max(at_most, Time{});
}

void Server::accept_client() {
    File socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket.is_open()) {  // it has left already, or there is no file for it and it keeps waiting
        accept_from_ = std::chrono::steady_clock::now() + accept_pause;
        return;
    }
    connection_.emplace(std::move(socket));
    session_.emplace(card_, options_.between);
    agree_by_ = std::chrono::steady_clock::now() + options_.patience;
}

/// A client that asks for more memory than there is must not bring down the server.
void Server::serve_client_or_drop_it() {
    bool alive = false;
    try {
        alive = serve_client();
    } catch (const std::bad_alloc&) {
        message_ = {};
    }
    if (!alive) drop_client();
}

/// False when the client must be dropped.
bool Server::serve_client() {
    bool alive = connection_->flush();
    for (int i = 0; alive && i < messages_at_a_time && !connection_->has_unsent(); ++i) {
        const auto received = connection_->receive(message_);
        if (received == Connection::Received::nothing) return true;
        if (received == Connection::Received::malformed) {
            const Header& header = message_.header;
            connection_->send({header.id, header.command, sizeof(Header), type_reply | flag_error, EINVAL}, {});
        }
        alive = received == Connection::Received::message && answer(message_);
    }
    return alive;
}

bool Server::answer(Message& message) {
    const Reply reply = session_->handle(message);
    message.files.clear();  // those that were not taken
    const Header& request = message.header;
    Header header{
        .id = request.id, .command = request.command, .size = sizeof(Header), .flags = type_reply, .error = 0};
    if (reply) {
        header.size += static_cast<std::uint32_t>(reply->size());
    } else {
        header.flags |= flag_error;
        header.error = static_cast<std::uint32_t>(reply.error());
    }
    const bool silent = (request.flags & flag_no_reply) != 0;
    const bool sent = silent || connection_->send(header, reply ? std::span(*reply) : std::span<const std::byte>());
    return sent && !session_->is_failed();
}

void Server::drop_client() {
    // Bus mastering is off before the memory goes. A client without a version has left nothing to clean up.
    if (session_ && session_->has_agreed()) reset({card_, options_.between});
    session_.reset();
    connection_.reset();
}

}  // namespace ixy::sim::vfio_user
