// Fuzzes the vfio-user server with a whole 82540EM behind it: well-framed messages with any contents, bytes that are
// not messages, memory and event files, clients that come and go.
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include <ixy/sim/chips/e1000/e1000.hpp>
#include <ixy/sim/servers/vfio_user/server.hpp>

#include "tests/fuzz/input.hpp"

namespace ixy::fuzz {
namespace {

namespace vfio_user = sim::vfio_user;
using vfio_user::Command;

constexpr std::size_t memory_size = 64 << 10;
constexpr sim::Time at_once{};

/// A cable without another end.
class NoWire final : public sim::Wire {
    void send(std::span<const std::byte>, sim::Time) override {}
    std::optional<sim::WireFrame> receive(sim::Time) override { return std::nullopt; }
};

/// The files that clients send: created once, since the server must close its copies.
struct Files {
    File event{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    File memory{::memfd_create("fuzz", MFD_CLOEXEC)};
    std::string folder = "/tmp/ixy-fuzz-XXXXXX";

    Files() {
        if (::ftruncate(memory.get(), memory_size) != 0 || ::mkdtemp(folder.data()) == nullptr) std::abort();
    }
    ~Files() { ::rmdir(folder.c_str()); }
};

const Files& files() {
    static const Files all;
    return all;
}

/// One for all inputs, since creating it takes longer than most of them.
struct Bed {
    sim::Card card{sim::e1000::card_82540em, std::make_unique<NoWire>()};
    std::unique_ptr<vfio_user::Server> server;

    Bed() {
        auto listening = vfio_user::Server::listen(card, files().folder + "/card");
        if (!listening) std::abort();
        server = std::move(*listening);
    }
};

Bed& bed() {
    (void)files();  // outlives the bed
    static Bed one;
    return one;
}

class Conversation {
public:
    explicit Conversation(Input input) : input_(input) { bed().card.reset(); }

    void run() {
        connect(true);
        while (!input_.empty()) {
            speak();
            settle();
        }
        client_ = File();
        settle();
        if (server_.has_client()) std::abort();
        connect(true);  // whatever came before, the next client is served
        settle();
        if (!server_.has_client()) std::abort();
    }

private:
    void speak() {
        const std::uint32_t choice = input_.up_to(15);
        if (choice < 8) {
            message();
        } else if (choice < 11) {
            access();
        } else if (choice < 13) {
            map();
        } else if (choice == 13) {
            const std::uint32_t manners = input_.up_to(3);
            connect(manners != 0, manners == 3 ? proposal() : std::vector<std::byte>());
        } else if (choice == 14) {
            const auto bytes = input_.take_bytes(input_.up_to(60));
            send(bytes, input_.up_to(2));
        } else {
            many_writes();
        }
    }

    void message() {
        const auto command = static_cast<Command>(input_.up_to(20));
        const std::uint32_t flags = input_.up_to(7) == 0 ? input_.take<std::uint32_t>() : 0;
        const std::uint32_t file_count = input_.up_to(3);
        send(command, input_.take_bytes(input_.up_to(100)), flags, file_count);
    }

    /// Somewhere in the card: registers, ports, configuration space.
    vfio_user::RegionAccess somewhere() {
        const std::uint32_t width = 1U << input_.up_to(3);
        const std::uint32_t regions[] = {0, 2, vfio_user::region_config};
        return {.offset = input_.take<std::uint16_t>(), .region = regions[input_.up_to(2)], .count = width};
    }

    void access() {
        const bool is_write = input_.up_to(1) == 1;
        const vfio_user::RegionAccess request = somewhere();
        std::vector<std::byte> payload = vfio_user::bytes_of(request);
        if (is_write) {
            const auto value = vfio_user::bytes_of(input_.take<std::uint64_t>());
            payload.insert(payload.end(), value.begin(), value.begin() + request.count);
        }
        send(is_write ? Command::region_write : Command::region_read, payload, 0, 0);
    }

    /// Up to four writes in one message, or none at all.
    void many_writes() {
        const std::uint64_t count = input_.up_to(4);
        std::vector<std::byte> payload = vfio_user::bytes_of(count);
        for (std::uint64_t i = 0; i < count; ++i) {
            vfio_user::MultiWrite one{.access = somewhere()};
            std::ranges::copy(vfio_user::bytes_of(input_.take<std::uint64_t>()), one.data);
            const auto bytes = vfio_user::bytes_of(one);
            payload.insert(payload.end(), bytes.begin(), bytes.end());
        }
        send(Command::region_write_multi, payload, 0, 0);
    }

    /// Memory, or a part of it, at one of a few addresses.
    void map() {
        const auto pages = [this] { return std::uint64_t{input_.up_to(20)} * vfio_user::page_size; };
        const bool remove = input_.up_to(2) == 0;
        const std::uint64_t address = pages(), size = pages(), offset = pages();
        if (remove) {
            send(Command::dma_unmap,
                 vfio_user::bytes_of(vfio_user::DmaUnmap{.argsz = 24, .flags = 0, .address = address, .size = size}), 0,
                 0);
        } else {
            const vfio_user::DmaMap request{
                .argsz = 32, .flags = input_.up_to(3), .offset = offset, .address = address, .size = size};
            send(Command::dma_map, vfio_user::bytes_of(request), 0, 1);
        }
    }

    /// Capabilities: a text of up to four pieces, each repeated many times, so that a short input can nest deeply.
    std::vector<std::byte> proposal() {
        std::vector<std::byte> text;
        for (std::uint32_t pieces = 1 + input_.up_to(3); pieces > 0; --pieces) {
            const auto piece = input_.take_bytes(input_.up_to(40));
            for (std::uint32_t times = input_.take<std::uint16_t>(); times > 0 && text.size() < 200'000; --times) {
                text.insert(text.end(), piece.begin(), piece.end());
            }
        }
        text.push_back({});
        return text;
    }

    void connect(bool agree, const std::vector<std::byte>& capabilities = {}) {
        client_ = File(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        settle();
        sockaddr_un name{.sun_family = AF_UNIX, .sun_path = {}};
        (files().folder + "/card").copy(name.sun_path, sizeof name.sun_path - 1);
        if (::connect(client_.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0) std::abort();
        if (agree) {
            std::vector<std::byte> payload = vfio_user::bytes_of(vfio_user::Version{});
            payload.insert(payload.end(), capabilities.begin(), capabilities.end());
            send(Command::version, payload, 0, 0);
        }
        settle();
    }

    void send(Command command, std::span<const std::byte> payload, std::uint32_t flags, std::uint32_t file_count) {
        const vfio_user::Header header{.id = 1,
                                       .command = command,
                                       .size = static_cast<std::uint32_t>(sizeof(vfio_user::Header) + payload.size()),
                                       .flags = flags,
                                       .error = 0};
        std::vector<std::byte> whole = vfio_user::bytes_of(header);
        whole.insert(whole.end(), payload.begin(), payload.end());
        send(whole, file_count);
    }

    void send(std::span<const std::byte> bytes, std::uint32_t file_count) {
        const int given[3] = {wants_memory(bytes) ? files().memory.get() : files().event.get(), files().event.get(),
                              files().event.get()};
        iovec part{.iov_base = const_cast<std::byte*>(bytes.data()), .iov_len = bytes.size()};
        alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof given)> ancillary{};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        if (file_count != 0) {
            message.msg_control = ancillary.data();
            message.msg_controllen = CMSG_SPACE(sizeof(int) * file_count);
            cmsghdr* const header = CMSG_FIRSTHDR(&message);
            header->cmsg_level = SOL_SOCKET;
            header->cmsg_type = SCM_RIGHTS;
            header->cmsg_len = CMSG_LEN(sizeof(int) * file_count);
            std::memcpy(CMSG_DATA(header), given, sizeof(int) * file_count);
        }
        ::sendmsg(client_.get(), &message, MSG_NOSIGNAL);  // the server may have hung up
    }

    /// Commands that map memory get memory files, all others event files.
    static bool wants_memory(std::span<const std::byte> bytes) {
        const auto header = vfio_user::take<vfio_user::Header>(bytes);
        return header && header->command == Command::dma_map;
    }

    /// Lets the server act, and reads what it answers.
    void settle() {
        std::array<std::byte, 8192> answers;
        for (int i = 0; i < 3; ++i) {
            server_.step(at_once);
            while (::recv(client_.get(), answers.data(), answers.size(), MSG_DONTWAIT) > 0) {
            }
        }
    }

    Input input_;
    vfio_user::Server& server_ = *bed().server;
    File client_;
};

}  // namespace
}  // namespace ixy::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    ixy::fuzz::Conversation(ixy::fuzz::Input(std::as_bytes(std::span(data, size)))).run();
    return 0;
}
