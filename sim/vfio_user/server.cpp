// The server's loop.
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include <ixy/sim/vfio_user/server.hpp>

namespace ixy::sim::vfio_user {

namespace {

using namespace std::chrono_literals;

/// Messages that are handled before the card's timers and wire get their turn.
constexpr int messages_at_a_time = 64;
/// How often frames that wait outside are offered again, when nobody says that there is room now.
constexpr Time full_wire_pause = 1ms;

/// The address of the socket at `path`, or nothing when the path does not fit.
std::optional<sockaddr_un> socket_name(const std::string& path) {
    sockaddr_un name{.sun_family = AF_UNIX, .sun_path = {}};
    if (path.empty() || path.size() >= sizeof name.sun_path) return std::nullopt;
    path.copy(name.sun_path, path.size());
    return name;
}

/// True where a socket is at the path, and nobody listens to it any more.
bool is_left_behind(const std::string& path, const sockaddr_un& name) {
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) return false;
    const File probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    return ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0 && errno == ECONNREFUSED;
}

bool is_readable(int file) {
    pollfd entry{.fd = file, .events = POLLIN, .revents = 0};
    return ::poll(&entry, 1, 0) > 0;
}

}  // namespace

Expected<std::unique_ptr<Server>> Server::listen(Card& card, const std::string& path) {
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
        return failure(ErrorKind::busy, path + " exists, and is not a socket that was left behind",
                       "choose another path, or end who listens there");
    }
    if (bound != 0 || ::listen(listener.get(), 8) != 0) return system_failure("cannot listen at " + path, errno);
    return std::unique_ptr<Server>(new Server(card, path, std::move(listener)));
}

Server::Server(Card& card, std::string path, File listener)
    : card_(card), path_(std::move(path)), listener_(std::move(listener)) {}

Server::~Server() { ::unlink(path_.c_str()); }

void Server::step(Time at_most) {
    enum { client, newcomer, unmask, wire };
    const bool sending = connection_ && connection_->has_unsent();
    // While a reply waits for room, no further message is taken: what a client does not read must not pile up here.
    pollfd files[] = {
        {.fd = connection_ ? connection_->file() : -1,
         .events = static_cast<short>(sending ? POLLOUT : POLLIN),
         .revents = 0},
        {.fd = connection_ ? -1 : listener_.get(), .events = POLLIN, .revents = 0},
        {.fd = session_ ? session_->interrupts().unmask_file() : -1, .events = POLLIN, .revents = 0},
        {.fd = wire_full_ ? -1 : card_.wire_file(), .events = POLLIN, .revents = 0},
    };
    const auto wait = longest_wait(at_most);
    const auto seconds = std::chrono::floor<std::chrono::seconds>(wait);
    const timespec patience{.tv_sec = seconds.count(), .tv_nsec = (wait - seconds).count()};
    if (::ppoll(files, std::size(files), &patience, nullptr) < 0) return;  // a signal

    if (files[unmask].revents != 0) session_->interrupts().unmask();
    if (files[newcomer].revents != 0) accept_client();
    if (files[client].revents != 0) serve_client();
    run_card(files[wire].revents != 0);
}

Time Server::longest_wait(Time at_most) const {
    if (wire_full_) at_most = std::min(at_most, full_wire_pause);
    if (const auto next = card_.next_time()) at_most = std::min(at_most, *next - card_.clock().now());
    return std::max(at_most, Time{});
}

void Server::accept_client() {
    File socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket.is_open()) return;  // it has left already
    connection_.emplace(std::move(socket));
    session_.emplace(card_);
}

void Server::serve_client() {
    bool alive = connection_->flush();
    for (int i = 0; alive && i < messages_at_a_time && !connection_->has_unsent(); ++i) {
        const auto received = connection_->receive(message_);
        if (received == Connection::Received::nothing) return;
        if (received == Connection::Received::malformed) {
            const Header& header = message_.header;
            connection_->send({header.id, header.command, sizeof(Header), type_reply | flag_error, EINVAL}, {});
        }
        alive = received == Connection::Received::message && answer(message_);
    }
    if (!alive) drop_client();
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
    session_.reset();
    connection_.reset();
}

void Server::run_card(bool wire_was_ready) {
    card_.service();
    // Frames that the card has no room for stay in the wire, and its file readable: waiting for it would not be a wait.
    wire_full_ = (wire_was_ready || wire_full_) && is_readable(card_.wire_file());
}

}  // namespace ixy::sim::vfio_user
