// Framing of vfio-user messages. File descriptors come as ancillary data (SCM_RIGHTS, unix(7)) with the first byte of
// their message; header and payload are received by exact size, so that descriptors cannot end up with another message.
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <ixy/sim/servers/vfio_user/connection.hpp>

namespace ixy::sim::vfio_user {

namespace {

/// Takes ownership of the descriptors that came with `message`, whatever happens to it.
void collect_files(msghdr& message, std::vector<File>& files) {
    for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
        const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int descriptor = -1;
            std::memcpy(&descriptor, CMSG_DATA(part) + i * sizeof(int), sizeof descriptor);
            files.emplace_back(descriptor);
        }
    }
}

}  // namespace

bool Connection::fill(std::span<std::byte> to, std::size_t& done) {
    while (done < to.size()) {
        alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(int) * most_files)> ancillary;
        iovec part{.iov_base = to.data() + done, .iov_len = to.size() - done};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        message.msg_control = ancillary.data();
        message.msg_controllen = ancillary.size();
        const ssize_t got = ::recvmsg(socket_.get(), &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
        if (got > 0) {
            collect_files(message, files_);
            done += static_cast<std::size_t>(got);
            // More files than were agreed on: there is no telling which of them are missing.
            if ((message.msg_flags & MSG_CTRUNC) != 0 || files_.size() > most_files) closed_ = true;
        } else if (got == 0 || (errno != EINTR && errno != EAGAIN)) {
            closed_ = true;
        } else if (errno == EAGAIN) {
            return false;
        }
        if (closed_) return false;
    }
    return true;
}

Connection::Received Connection::receive(Message& message) {
    const auto unfinished = [this] { return closed_ ? Received::closed : Received::nothing; };
    if (closed_) return Received::closed;
    if (!fill(std::as_writable_bytes(std::span(&header_, 1)), header_done_)) return unfinished();
    if (header_.size < sizeof(Header) || header_.size > largest_message) {
        closed_ = true;
        message.header = header_;
        return Received::malformed;
    }
    payload_.resize(header_.size - sizeof(Header));
    if (!fill(payload_, payload_done_)) return unfinished();
    message.header = header_;
    std::swap(message.payload, payload_);
    message.files.clear();
    std::swap(message.files, files_);
    header_done_ = payload_done_ = 0;
    return Received::message;
}

bool Connection::send(const Header& header, std::span<const std::byte> payload) {
    const auto start = std::as_bytes(std::span(&header, 1));
    unsent_.insert(unsent_.end(), start.begin(), start.end());
    unsent_.insert(unsent_.end(), payload.begin(), payload.end());
    return flush();
}

bool Connection::flush() {
    while (unsent_done_ < unsent_.size()) {
        const ssize_t sent = ::send(socket_.get(), unsent_.data() + unsent_done_, unsent_.size() - unsent_done_,
                                    MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0) {
            unsent_done_ += static_cast<std::size_t>(sent);
        } else if (errno == EAGAIN) {
            return true;
        } else if (errno != EINTR) {
            closed_ = true;
            return false;
        }
    }
    unsent_.clear();
    unsent_done_ = 0;
    return true;
}

}  // namespace ixy::sim::vfio_user
