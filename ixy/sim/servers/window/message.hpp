// What a window and its viewers say to each other: one request and one reply per packet of a sequenced-packet socket.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace ixy::sim::window {

enum class Question : std::uint32_t {
    card,       ///< who it is: a CardReply
    registers,  ///< `size` bytes (1, 2, 4 or 8) at `offset` of BAR `bar`
    memory,     ///< `size` bytes at `offset` of the card's DMA addresses, at most most_memory
};

struct Request {
    Question question{};
    std::uint32_t card = 0;  ///< number, from 0
    std::uint32_t bar = 0;
    std::uint32_t size = 0;
    std::uint64_t offset = 0;
};

enum class Answer : std::uint32_t { done, no_such_card, refused };

struct ReplyHeader {
    Answer answer{};
    std::uint32_t size = 0;  ///< bytes that follow
};

/// Whose card it is. The text is cut off where it is too long.
struct CardReply {
    std::uint16_t vendor = 0, device = 0;
    std::uint32_t bar_sizes[6]{};
    char name[160]{};  ///< "sim:82540em,wire=a", with a zero at its end
};

inline constexpr std::size_t most_memory = 64UL * 1024;

/// The abstract address at which the process `pid` listens. It needs no file, and ends with the process.
struct Address {
    explicit Address(int pid) {
        const std::string name = "ixy-window-" + std::to_string(pid);
        socket.sun_family = AF_UNIX;
        name.copy(socket.sun_path + 1, sizeof socket.sun_path - 1);
        size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    }
    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&socket); }

    sockaddr_un socket{};
    socklen_t size = 0;
};

}  // namespace ixy::sim::window
