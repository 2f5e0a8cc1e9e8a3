// The socket of one end: the file that names it, the peer at the other end, and the removal of stale sockets.
#include "socket_end.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace ixy::sim {
namespace {

sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    return address;
}

Expected<> check_length(const std::string& path) {
    if (path.size() < sizeof(sockaddr_un::sun_path)) return {};
    return failure(ErrorKind::invalid_argument, path + ": too long for a socket, whose path has at most 107 characters",
                   "choose a shorter path");
}

File make_socket() { return File(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)); }

/// Locks one byte of the file until it is closed; open file description locks, so that two ends in one process differ.
bool try_lock(const File& file, std::size_t byte) {
    struct flock range{};
    range.l_type = F_WRLCK;
    range.l_whence = SEEK_SET;
    range.l_start = static_cast<off_t>(byte);
    range.l_len = 1;
    return ::fcntl(file.get(), F_OFD_SETLK, &range) == 0;
}

/// Whether `path` still names the file, which may have been removed since it was opened.
bool is_at(const File& file, const std::string& path) {
    struct stat ours{};
    struct stat there{};
    return ::fstat(file.get(), &ours) == 0 && ::lstat(path.c_str(), &there) == 0 && ours.st_ino == there.st_ino &&
           ours.st_dev == there.st_dev;
}

std::unexpected<Error> cannot_use(const std::string& path, int error) {
    return system_failure(path, error,
                          error == ENOENT                     ? "make the folder first"
                          : error == EACCES || error == EPERM ? "run both ends as one user, who can write there"
                          : error == EMFILE                   ? ""
                                                              : "choose a path that can be written");
}

/// Opens the file that holds the locks. It is empty, so never somebody's document.
Expected<File> open_lock(const std::string& path) {
    File file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666));
    const int error = errno;
    struct stat status{};
    const bool opened = file.is_open() && ::fstat(file.get(), &status) == 0;
    if (opened && S_ISREG(status.st_mode) && status.st_size == 0) return file;
    if (opened || error == EISDIR || error == ELOOP || error == ENXIO) {
        return failure(ErrorKind::invalid_argument, path + ": this path names something else",
                       "choose a path that is free: wire=/tmp/NAME");
    }
    return cannot_use(path, error);
}

/// Removes a stale socket, but never one on which any process still listens.
void remove_socket(const std::string& path) {
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) return;
    const sockaddr_un address = address_of(path);
    const File probe = make_socket();
    const int result = ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    if (result != 0 && errno == ECONNREFUSED) ::unlink(path.c_str());
}

std::string name_of(const std::string& path, std::size_t end) { return path + (end == 0 ? ".0" : ".1"); }

}  // namespace

Expected<SocketEnd> SocketEnd::take(const std::string& path) {
    if (auto good = check_length(name_of(path, 0)); !good) return std::unexpected(good.error());
    for (;;) {
        auto file = open_lock(path);
        if (!file) return std::unexpected(file.error());
        const std::size_t end = try_lock(*file, 0) ? 0 : 1;
        if (end == 1 && !try_lock(*file, 1)) {
            return failure(ErrorKind::busy, path + ": both ends of this wire are taken", "choose another path");
        }
        if (!is_at(*file, path)) continue;  // its last owner removed it just now
        SocketEnd taken(path, std::move(*file), name_of(path, end), name_of(path, 1 - end));
        if (auto bound = taken.bind(); !bound) return std::unexpected(bound.error());
        return taken;
    }
}

Expected<SocketEnd> SocketEnd::named(const std::string& ours, const std::string& theirs) {
    for (const std::string& path : {ours, theirs}) {
        if (auto good = check_length(path); !good) return std::unexpected(good.error());
    }
    const auto answer = SocketEnd({}, {}, theirs, ours).connect();
    if (answer || answer.error() == EPROTOTYPE || answer.error() == EPERM) {  // the latter two: it has another peer
        return failure(ErrorKind::busy, ours + ": another program listens there already", "choose another path");
    }
    SocketEnd taken({}, {}, ours, theirs);
    if (auto bound = taken.bind(); !bound) return std::unexpected(bound.error());
    return taken;
}

Expected<> SocketEnd::bind() {
    File socket = make_socket();
    if (!socket.is_open()) return system_failure(ours_, errno);
    const sockaddr_un address = address_of(ours_);
    remove_socket(ours_);
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        const int error = errno;
        if (error == EADDRINUSE) {
            return failure(ErrorKind::invalid_argument,
                           ours_ + ": this path names something else, or another program listens there",
                           "choose a path that is free: wire=/tmp/NAME");
        }
        return cannot_use(ours_, error);
    }
    socket_ = std::move(socket);
    return {};
}

std::expected<File, int> SocketEnd::connect() const {
    File socket = make_socket();
    const sockaddr_un address = address_of(theirs_);
    if (!socket.is_open() ||
        ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        return std::unexpected(errno);
    }
    const int buffer = 4 << 20;  // the kernel caps it
    ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
    return socket;
}

SocketEnd::~SocketEnd() {
    if (socket_.is_open()) ::unlink(ours_.c_str());
    // The last one out: nobody has the other end, and nobody can take either of them from here on.
    if (lock_.is_open() && try_lock(lock_, 0) && try_lock(lock_, 1)) {
        remove_socket(theirs_);
        if (is_at(lock_, path_)) ::unlink(path_.c_str());
    }
}

}  // namespace ixy::sim
