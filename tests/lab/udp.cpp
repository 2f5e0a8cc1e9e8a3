// Linux's own UDP in the guest: receives what ixy-pktgen or this program sends, and sends numbered datagrams.
//
//   lab_udp receive PORT COUNT        ends with status 0 when COUNT payloads came, in order, none more than 30 s late
//   lab_udp send ADDRESS PORT COUNT   payload: "lab" and the number, 32 bits, little-endian
#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

using Payload = std::array<char, 2048>;

std::uint32_t number_at(const char* bytes) {
    std::uint32_t number = 0;
    std::memcpy(&number, bytes, sizeof number);
    return number;
}

/// Where the number is: after "lab", or in the last four bytes of a payload that starts with "ixy"; null: neither.
const char* find_number(const Payload& payload, ssize_t length) {
    if (std::memcmp(payload.data(), "lab", 3) == 0) return payload.data() + 3;
    return std::memcmp(payload.data(), "ixy", 3) == 0 ? payload.data() + length - 4 : nullptr;
}

sockaddr_in endpoint(const char* address, const char* port) {
    sockaddr_in result{};
    result.sin_family = AF_INET;
    result.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port)));
    inet_pton(AF_INET, address, &result.sin_addr);
    return result;
}

int receive(int file, const char* port, std::uint32_t count) {
    const int buffer = 16 << 20;
    const timeval patience{30, 0};
    const sockaddr_in here = endpoint("0.0.0.0", port);
    setsockopt(file, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer);
    setsockopt(file, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (bind(file, reinterpret_cast<const sockaddr*>(&here), sizeof here) != 0) return std::perror("bind"), 1;
    std::puts("ready");
    std::fflush(stdout);
    for (std::uint32_t expected = 0; expected < count; ++expected) {
        Payload payload{};
        const ssize_t length = recv(file, payload.data(), payload.size(), 0);
        if (length < 7)
            return std::fprintf(stderr, "after %u datagrams: %s\n", expected,
                                length < 0 ? "nothing more came" : "too short"),
                   1;
        const char* const found = find_number(payload, length);
        if (found == nullptr) return std::fprintf(stderr, "datagram %u is not ixy's\n", expected), 1;
        const std::uint32_t number = number_at(found);
        if (number != expected) return std::fprintf(stderr, "wanted number %u, got %u\n", expected, number), 1;
    }
    return 0;
}

int send(int file, const char* address, const char* port, std::uint32_t count) {
    const sockaddr_in there = endpoint(address, port);
    for (std::uint32_t number = 0; number < count; ++number) {
        std::array<char, 40> payload{'l', 'a', 'b'};
        std::memcpy(payload.data() + 3, &number, sizeof number);
        if (sendto(file, payload.data(), payload.size(), 0, reinterpret_cast<const sockaddr*>(&there), sizeof there) <
            0) {
            return std::perror("sendto"), 1;
        }
        usleep(200);
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string verb = argc > 1 ? argv[1] : "";
    const int file = socket(AF_INET, SOCK_DGRAM, 0);
    if (file < 0) return std::perror("socket"), 1;
    if (verb == "receive" && argc == 4) return receive(file, argv[2], static_cast<std::uint32_t>(std::atoi(argv[3])));
    if (verb == "send" && argc == 5)
        return send(file, argv[2], argv[3], static_cast<std::uint32_t>(std::atoi(argv[4])));
    std::fputs("usage: lab_udp receive PORT COUNT | send ADDRESS PORT COUNT\n", stderr);
    return 2;
}
