// A stream socket with one vfio-user client: whole messages, with the file descriptors that came with them.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <ixy/sim/servers/vfio_user/message.hpp>

namespace ixy::sim::vfio_user {

/// Never waits. Thread rule: one thread.
class Connection {
public:
    /// `socket`: connected, AF_UNIX, SOCK_STREAM, non-blocking.
    explicit Connection(File socket) : socket_(std::move(socket)) {}

    enum class Received {
        message,
        nothing,    ///< no whole message yet
        malformed,  ///< the header gives an impossible size: nothing after it can be understood
        closed,     ///< by the client, or broken
    };
    /// Receives the next whole message into `message`, or the header alone if it is malformed.
    Received receive(Message& message);

    /// Sends as much of a message as the socket takes; flush() sends the rest. False: the client is gone.
    bool send(const Header& header, std::span<const std::byte> payload);
    bool flush();
    /// True while flush() has something to do. A caller that receives no new messages meanwhile limits the backlog here
    /// to one reply.
    bool has_unsent() const { return !unsent_.empty(); }

    int file() const { return socket_.get(); }

private:
    /// Fills `to` from `done` on. False: it is not full yet, or the client is gone (see closed_).
    bool fill(std::span<std::byte> to, std::size_t& done);

    File socket_;
    bool closed_ = false;
    // The message that is being received, so far.
    Header header_;
    std::vector<std::byte> payload_;
    std::vector<File> files_;
    std::size_t header_done_ = 0, payload_done_ = 0;
    // What the socket has not taken yet.
    std::vector<std::byte> unsent_;
    std::size_t unsent_done_ = 0;
};

}  // namespace ixy::sim::vfio_user
