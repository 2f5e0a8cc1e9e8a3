// The owners of the ends of a cable that is a pair of Unix datagram sockets, and the names of the two sockets.
//
//   /path       an empty file, whose byte 0 is locked by the owner of end 0, byte 1 by the owner of end 1. A lock goes
//               with its process, however that ends; so files found without their lock are stale, and are cleaned up.
//   /path.0     the socket on which end 0 receives
//   /path.1     that of end 1
#pragma once

#include <sys/un.h>

#include <string>

#include <ixy/core/error.hpp>
#include <ixy/core/files.hpp>

namespace ixy::sim {

class SocketEnd {
public:
    /// Takes a free end of the cable `path`. Errors: busy, invalid_argument (the file is something else), permission,
    /// not_found (no such folder).
    static Expected<SocketEnd> take(const std::string& path);
    /// An end by the names of both sockets, as in QEMU. Errors: busy (somebody listens on `ours`), and as above.
    static Expected<SocketEnd> named(const std::string& ours, const std::string& theirs);
    SocketEnd(SocketEnd&&) noexcept = default;
    SocketEnd& operator=(SocketEnd&&) = delete;
    ~SocketEnd();

    /// 0 or 1; the other end has the other number.
    unsigned number() const { return ours_ < theirs_ ? 0 : 1; }
    /// Whether the other end is one of ours too, rather than perhaps QEMU.
    bool is_cable() const { return !path_.empty(); }
    /// The socket of this end, bound to its name, from which frames are received.
    int socket() const { return socket_.get(); }
    /// A socket connected to the other end, or errno when nobody is there.
    std::expected<File, int> connect() const;

private:
    SocketEnd(std::string path, File lock, std::string ours, std::string theirs)
        : path_(std::move(path)), lock_(std::move(lock)), ours_(std::move(ours)), theirs_(std::move(theirs)) {}
    Expected<> bind();

    std::string path_;  ///< of the cable; empty for an end by names
    File lock_;
    std::string ours_;
    std::string theirs_;
    File socket_;
};

}  // namespace ixy::sim
