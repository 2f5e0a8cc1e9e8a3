// A card on a socket: the vfio-user server, which plugs a software NIC into QEMU (10.1 or later) or another client.
//
//   qemu-system-x86_64 -device '{"driver":"vfio-user-pci","socket":{"type":"unix","path":"/tmp/card"}}'
//       -object memory-backend-memfd,id=m,size=1G -machine q35,memory-backend=m …   (memory that can be shared)
//
// One client at a time; the next one waits. When a client leaves, in whatever way, its memory and event files go with
// it and the card is reset, as by a kernel that gets a device back: it must not continue in the next client's memory.
// One thread does everything: messages, the card's timers, its wire. A client is dropped if it does not announce its
// version in time, asks for more memory than there is, or truncates a file whose memory the card uses (where the
// program has called survive_lost_memory(), shared_memory.hpp).
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <ixy/core/error.hpp>
#include <ixy/pci/function.hpp>
#include <ixy/sim/card/card.hpp>
#include <ixy/sim/servers/vfio_user/connection.hpp>
#include <ixy/sim/servers/vfio_user/session.hpp>

namespace ixy::sim::vfio_user {

struct ServerOptions {
    /// The client's accesses to BARs and configuration space go through this instead of straight to the card: a
    /// function in front of the same card, with wrappers around it. It must outlive the server.
    PciFunction* between = nullptr;
    std::chrono::nanoseconds patience = std::chrono::seconds(5);  ///< with a client that has not announced a version
};

/// Thread rule: one thread.
class Server {
public:
    /// Listens on `path` (1 to 107 characters). A stale socket there is replaced. `card` must outlive the server.
    /// Errors: invalid_argument, busy (somebody listens there), permission, not_found (no such folder), system.
    static Expected<std::unique_ptr<Server>> listen(Card& card, const std::string& path,
                                                    const ServerOptions& options = {});
    /// Removes the socket.
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Waits until there is something to do, for `at_most` at most, and does it. Also ends when a signal arrives.
    /// Errors: system (the wait itself fails).
    Expected<> step(Time at_most);
    bool has_client() const { return connection_.has_value(); }
    /// Clients that were dropped because they removed memory that the card was using.
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
    std::chrono::steady_clock::time_point agree_by_;     ///< deadline for the session's client to announce its version
    std::chrono::steady_clock::time_point accept_from_;  ///< no client is accepted before
    std::uint64_t memories_lost_ = 0;
    Message message_;  ///< its buffers are reused
    File wake_;        ///< written when another thread (a cable's other end) has moved the card's next deadline earlier
    std::atomic<bool> asleep_ = false;
};

}  // namespace ixy::sim::vfio_user
