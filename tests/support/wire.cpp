// The far end of a card's cable: one Unix datagram per frame.
#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <thread>

#include "tests/support/qemu.hpp"

namespace ixy::test {
namespace {

constexpr std::size_t longest_frame = 64 * 1024;

sockaddr_un name_of(const std::filesystem::path& path) {
    sockaddr_un name{.sun_family = AF_UNIX, .sun_path = {}};
    if (path.native().size() >= sizeof name.sun_path)
        throw std::runtime_error(path.native() + ": too long for a socket");
    path.native().copy(name.sun_path, path.native().size());
    return name;
}

[[noreturn]] void fail(const std::filesystem::path& path) {
    throw std::system_error(errno, std::generic_category(), path.native());
}

bool ready(int socket, short events, std::chrono::milliseconds limit) {
    pollfd file{.fd = socket, .events = events, .revents = 0};
    return ::poll(&file, 1, static_cast<int>(limit.count())) == 1;
}

}  // namespace

bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds limit) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    return true;
}

Frame make_frame(std::size_t size, unsigned seed, std::string_view destination) {
    Frame frame;
    for (std::size_t i = 0; i + 1 < destination.size(); i += 3) {
        frame.push_back(static_cast<std::byte>(std::stoi(std::string(destination.substr(i, 2)), nullptr, 16)));
    }
    for (const unsigned byte : {0x02U, 0x00U, 0x00U, 0x00U, seed >> 8 & 0xff, seed & 0xff, 0x88U, 0xb5U}) {
        frame.push_back(static_cast<std::byte>(byte));
    }
    while (frame.size() < size) frame.push_back(static_cast<std::byte>(frame.size() * 7 + seed));
    frame.resize(size);
    return frame;
}

Wire::Wire(std::filesystem::path ours, std::filesystem::path card)
    : ours_(std::move(ours)), card_(std::move(card)), socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    const sockaddr_un name = name_of(ours_);
    if (socket_ < 0 || ::bind(socket_, reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0) fail(ours_);
    const int buffer = 1 << 20;  // the default holds only a few frames of 16 KiB
    ::setsockopt(socket_, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
}

Wire::~Wire() { ::close(socket_); }

void Wire::plug_in() {
    const sockaddr_un name = name_of(card_);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0) fail(card_);
}

bool Wire::send(std::span<const std::byte> frame, std::chrono::milliseconds limit) {
    const auto end = std::chrono::steady_clock::now() + limit;
    for (;;) {
        if (::send(socket_, frame.data(), frame.size(), MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) return true;
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
        if (errno != EAGAIN || left.count() <= 0 || !ready(socket_, POLLOUT, left)) return false;
    }
}

bool Wire::is_empty() const {
    int unread = 0;
    if (::ioctl(socket_, SIOCOUTQ, &unread) != 0) fail(ours_);
    return unread == 0;
}

Frame Wire::receive(std::chrono::milliseconds limit) {
    if (!ready(socket_, POLLIN, limit)) return {};
    Frame frame(longest_frame);
    const ssize_t size = ::recv(socket_, frame.data(), frame.size(), MSG_DONTWAIT);
    frame.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return frame;
}

std::vector<Frame> Wire::drain(std::chrono::milliseconds quiet) {
    std::vector<Frame> frames;
    for (Frame frame = receive(quiet); !frame.empty(); frame = receive(quiet)) frames.push_back(std::move(frame));
    return frames;
}

}  // namespace ixy::test
