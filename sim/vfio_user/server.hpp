// A card on a socket: the vfio-user server, which plugs a software NIC into a QEMU (10.1 or later) or another client.
//
//   qemu-system-x86_64 -device '{"driver":"vfio-user-pci","socket":{"type":"unix","path":"/tmp/card"}}'
//       -object memory-backend-memfd,id=m,size=1G -machine q35,memory-backend=m …   (memory that can be shared)
//
// One client at a time; the next one waits. A client that leaves, in whatever way, takes its memory and its event files
// along, and the card is reset, as by a kernel that gets a device back: it must not go on in the next one's memory. One
// thread does all: messages, the card's timers, its wire. A client is dropped that does not say its version in time,
// that asks for more memory than there is, or that makes a file shorter whose memory the card uses (where the program
// has called survive_lost_memory(), shared_memory.hpp).
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <ixy/core/error.hpp>
#include <ixy/pci/function.hpp>
#include <ixy/sim/card.hpp>
#include <ixy/sim/vfio_user/connection.hpp>
#include <ixy/sim/vfio_user/session.hpp>

namespace ixy::sim::vfio_user {

struct ServerOptions {
    /// What the client's accesses to BARs and configuration space go through instead of straight to the card: a
    /// function in front of the same card, with wrappers around it. Outlives the server.
    PciFunction* between = nullptr;
    std::chrono::nanoseconds patience = std::chrono::seconds(5);  ///< with a client that has not said its version yet
};

/// Thread rule: one thread.
class Server {
public:
    /// Listens at `path` (1 to 107 characters). A socket that a server has left behind there is replaced. `card`
    /// outlives the server. Errors: invalid_argument, busy (somebody listens there), permission, not_found (no such
    /// folder), system.
    static Expected<std::unique_ptr<Server>> listen(Card& card, const std::string& path,
                                                    const ServerOptions& options = {});
    /// Removes the socket.
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Waits until there is something to do, at most for `at_most`, and does it. Also ends when a signal arrives.
    /// Errors: system (the wait itself fails).
    Expected<> step(Time at_most);
    bool has_client() const { return connection_.has_value(); }
    /// Clients that were dropped because they took memory away that the card was using.
    std::uint64_t memories_lost() const { return memories_lost_; }

private:
    Server(Card& card, std::string path, const ServerOptions& options, File listener, File wake);
    Time longest_wait(Time at_most) const;
    void drop_client_if_unsound();
    void accept_client();
    void serve_client_or_drop_it();
    bool serve_client();
    bool answer(Message& message);
    void drop_client();

    Card& card_;
    std::string path_;
    ServerOptions options_;
    File listener_;
    std::optional<Connection> connection_;
    std::optional<Session> session_;
    std::chrono::steady_clock::time_point agree_by_;     ///< the session's client has said its version by then
    std::chrono::steady_clock::time_point accept_from_;  ///< no client is accepted before
    std::uint64_t memories_lost_ = 0;
    Message message_;  ///< its room is used again
    File wake_;  ///< written when another thread (a cable's other end) has brought the card's next deadline nearer
    std::atomic<bool> asleep_ = false;
};

}  // namespace ixy::sim::vfio_user
