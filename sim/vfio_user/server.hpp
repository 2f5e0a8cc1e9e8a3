// A card on a socket: the vfio-user server, which plugs a software NIC into a QEMU (10.1 or later) or another client.
//
//   qemu-system-x86_64 -device '{"driver":"vfio-user-pci","socket":{"type":"unix","path":"/tmp/card"}}'
//       -object memory-backend-memfd,id=m,size=1G -machine q35,memory-backend=m …   (memory that can be shared)
//
// One client at a time; the next one waits. A client that leaves, in whatever way, takes its memory and its event files
// along, and the card is as it was. One thread does all: messages, the card's timers, its wire. A client that makes a
// file shorter whose memory the card uses is dropped, where the program has called survive_lost_memory()
// (shared_memory.hpp).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <ixy/core/error.hpp>
#include <ixy/sim/card.hpp>
#include <ixy/sim/vfio_user/connection.hpp>
#include <ixy/sim/vfio_user/session.hpp>

namespace ixy::sim::vfio_user {

/// Thread rule: one thread.
class Server {
public:
    /// Listens at `path` (1 to 107 characters). A socket that a server has left behind there is replaced. `card`
    /// outlives the server. Errors: invalid_argument, busy (somebody listens there), permission, not_found (no such
    /// folder), system.
    static Expected<std::unique_ptr<Server>> listen(Card& card, const std::string& path);
    /// Removes the socket.
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Waits until there is something to do, at most for `at_most`, and does it. Also ends when a signal arrives.
    void step(Time at_most);
    bool has_client() const { return connection_.has_value(); }
    /// Clients that were dropped because they took memory away that the card was using.
    std::uint64_t memories_lost() const { return memories_lost_; }

private:
    Server(Card& card, std::string path, File listener, File wake);
    Time longest_wait(Time at_most) const;
    void accept_client();
    void serve_client();
    bool answer(Message& message);
    void drop_client();

    Card& card_;
    std::string path_;
    File listener_;
    std::optional<Connection> connection_;
    std::optional<Session> session_;
    std::uint64_t memories_lost_ = 0;
    Message message_;  ///< its room is used again
    File wake_;  ///< written when another thread (a cable's other end) has brought the card's next deadline nearer
    std::atomic<bool> asleep_ = false;
};

}  // namespace ixy::sim::vfio_user
