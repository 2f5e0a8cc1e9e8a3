// One request, and the datagrams that answer it.
#include <ixy/pci/netlink.hpp>

#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cerrno>
#include <vector>

namespace ixy {

namespace {

constexpr const char* asking = "asking the kernel about its network interfaces (rtnetlink)";

Expected<> answer_of(int error_number) {
    if (error_number == 0) return {};
    if (error_number != EOPNOTSUPP) return system_failure(asking, error_number);
    return failure(ErrorKind::unsupported, std::string(asking) + ": this kernel does not support this request");
}

}  // namespace

Expected<Netlink> Netlink::open() {
    File socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
    if (!socket.is_open()) return system_failure(asking, errno);
    const timeval patience{.tv_sec = 5, .tv_usec = 0};  // the kernel answers at once; never hang if it does not
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return Netlink(std::move(socket));
}

Expected<> Netlink::ask(std::uint16_t type, std::uint16_t flags, std::span<const std::byte> body, const Visit& visit) {
    constexpr int attempts = 10;
    for (int attempt = 0; attempt < attempts; ++attempt) {
        nlmsghdr header{.nlmsg_len = static_cast<std::uint32_t>(NLMSG_LENGTH(body.size())),
                        .nlmsg_type = type,
                        .nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags),
                        .nlmsg_seq = ++sequence_,
                        .nlmsg_pid = 0};
        std::vector<std::byte> request(NLMSG_SPACE(body.size()));
        std::memcpy(request.data(), &header, sizeof header);
        std::memcpy(request.data() + NLMSG_HDRLEN, body.data(), body.size());
        const auto send = [&] { return ::send(socket_.get(), request.data(), request.size(), 0); };
        if (uninterrupted(send) < 0) return system_failure(asking, errno);
        const auto whole = receive(visit);
        if (!whole) return std::unexpected(whole.error());
        if (*whole) return {};
    }
    return failure(ErrorKind::system, std::string(asking) + ": the list changes faster than it can be read");
}

/// Reads until the end of the answer. False: the list has changed in the meantime, so entries may be missing.
Expected<bool> Netlink::receive(const Visit& visit) {
    alignas(nlmsghdr) std::array<char, 65536> datagram;
    bool whole = true;
    for (;;) {
        const ssize_t got = ::recv(socket_.get(), datagram.data(), datagram.size(), MSG_TRUNC);
        if (got < 0 && errno == EINTR) continue;  // a list that ends too early could hide an entry
        if (got < 0) return system_failure(asking, errno);
        if (got == 0 || got > static_cast<ssize_t>(datagram.size())) return system_failure(asking, EMSGSIZE);
        auto left = static_cast<unsigned>(got);
        for (auto* header = reinterpret_cast<const nlmsghdr*>(datagram.data()); NLMSG_OK(header, left);
             header = NLMSG_NEXT(header, left)) {
            if (header->nlmsg_seq != sequence_) continue;  // left over from an earlier request
            if ((header->nlmsg_flags & NLM_F_DUMP_INTR) != 0) whole = false;
            if (header->nlmsg_type == NLMSG_ERROR) {
                const auto answer = answer_of(-netlink_body<nlmsgerr>(*header).error);
                return answer ? Expected<bool>(whole) : std::unexpected(answer.error());
            }
            if (header->nlmsg_type == NLMSG_DONE) {
                const auto answer = answer_of(-netlink_body<int>(*header));
                return answer ? Expected<bool>(whole) : std::unexpected(answer.error());
            }
            visit(*header);
        }
    }
}

}  // namespace ixy
