// A server with a probe card behind it, and a client that can send anything. Both live in one thread: waiting for an
// answer runs the server step by step, so every run is the same.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <ixy/sim/servers/vfio_user/server.hpp>

#include "probe_card.hpp"

namespace ixy::sim::vfio_user {

using Bytes = std::vector<std::byte>;

void append(Bytes& to, std::span<const std::byte> bytes);

/// The structures and texts concatenated.
template <class... Parts>
Bytes join(const Parts&... parts) {
    Bytes all;
    const auto add = [&all](const auto& part) {
        if constexpr (requires { part.size(); }) {
            append(all, std::as_bytes(std::span(part.data(), part.size())));
        } else {
            append(all, std::as_bytes(std::span(&part, 1)));
        }
    };
    (add(parts), ...);
    return all;
}

/// An answer, or the end of the connection.
struct Answer {
    bool closed = false;  ///< by the server
    Header header;
    Bytes payload;

    bool ok() const { return !closed && (header.flags & flag_error) == 0; }
    /// errno; 0: none; -1: the connection is closed.
    int error() const { return closed ? -1 : ok() ? 0 : static_cast<int>(header.error); }
    template <class T>
    T as() const {
        const auto structure = take<T>(payload);
        EXPECT_TRUE(structure) << "a payload of " << payload.size() << " bytes";
        return structure.value_or(T{});
    }
};

class Client {
public:
    explicit Client(const std::string& path);
    /// Sends the bytes in one piece, with the files; false if the server has closed the connection.
    bool send_bytes(std::span<const std::byte> bytes, const std::vector<int>& files = {});
    bool send(Command command, const Bytes& payload, const std::vector<int>& files = {}, std::uint32_t flags = 0);
    /// An answer that has already arrived.
    std::optional<Answer> receive();
    int file() const { return socket_.get(); }

private:
    File socket_;
    Bytes received_;
    std::uint16_t next_id_ = 100;
};

/// The number of open descriptors of this process.
std::size_t open_files();
/// A memory file of that many bytes.
File make_memory_file(std::size_t bytes);
File make_event_file(bool blocking = false);
/// How often it was signalled since the last call.
std::uint64_t signals(const File& event_file);

class VfioUser : public testing::Test {
protected:
    explicit VfioUser(const CardType& type = probe_card);
    ~VfioUser() override;

    /// Replaces the card before a client connects.
    void serve(std::unique_ptr<Card> card, const ServerOptions& options = {});
    /// Replaces the client with a new one that has negotiated a version with the server.
    void connect();
    /// Lets the server do all pending work.
    void settle();
    /// The next answer to the client, which must arrive.
    Answer answer();
    Answer ask(Command command, const Bytes& payload, const std::vector<int>& files = {}, std::uint32_t flags = 0);
    int error_of(Command command, const Bytes& payload, const std::vector<int>& files = {}) {
        return ask(command, payload, files).error();
    }

    /// Register accesses over the socket; read_bar and write_bar access BAR 0, 4 bytes by default.
    std::uint64_t read(std::uint32_t region, std::uint64_t offset, std::uint32_t width);
    void write(std::uint32_t region, std::uint64_t offset, std::uint32_t width, std::uint64_t value);
    std::uint64_t read_bar(std::uint64_t offset, std::uint32_t width = 4) { return read(0, offset, width); }
    void write_bar(std::uint64_t offset, std::uint64_t value, std::uint32_t width = 4) {
        write(0, offset, width, value);
    }
    /// Enables memory and I/O decoding, and bus mastering on request.
    void enable_card(bool bus_master = true);

    std::filesystem::path folder_;
    std::string path_;
    std::unique_ptr<Card> card_;
    std::unique_ptr<Server> server_;
    std::unique_ptr<Client> client_;
};

class VfioUserPlain : public VfioUser {
protected:
    VfioUserPlain() : VfioUser(plain_probe_card) {}
};

}  // namespace ixy::sim::vfio_user
