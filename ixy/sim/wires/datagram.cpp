// recvmsg() and sendmsg(), with at most one file.
#include "datagram.hpp"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace ixy::sim {

std::optional<Datagram> receive_datagram(int socket, std::span<std::byte> space) {
    // Room for one file. The kernel closes any others that are sent along.
    alignas(cmsghdr) std::array<std::byte, CMSG_LEN(sizeof(int))> control;
    iovec part{.iov_base = space.data(), .iov_len = space.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    ssize_t size = 0;
    do {
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        size = ::recvmsg(socket, &message, MSG_TRUNC | MSG_CMSG_CLOEXEC);
    } while (size < 0 && errno == EINTR);
    if (size < 0) return std::nullopt;
    Datagram datagram{.size = static_cast<std::size_t>(size), .file = {}};
    const cmsghdr* const header = CMSG_FIRSTHDR(&message);
    if (header != nullptr && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
        int file = -1;
        std::memcpy(&file, CMSG_DATA(header), sizeof file);
        datagram.file = File(file);
    }
    return datagram;
}

int send_datagram(int socket, std::span<const std::byte> bytes, const File& file) {
    if (!file.is_open()) return ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL) >= 0 ? 0 : errno;
    alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(int))> control{};
    iovec part{.iov_base = const_cast<std::byte*>(bytes.data()), .iov_len = bytes.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    const int number = file.get();
    std::memcpy(CMSG_DATA(header), &number, sizeof number);
    return ::sendmsg(socket, &message, MSG_NOSIGNAL) >= 0 ? 0 : errno;
}

bool is_lack_of_room(int error) { return error == EAGAIN || error == ENOBUFS || error == ENOMEM; }

}  // namespace ixy::sim
