// The client, and the test bed with server and card.
#include "bed.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>

namespace ixy::sim::vfio_user {

void append(Bytes& to, std::span<const std::byte> bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

Client::Client(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un name{.sun_family = AF_UNIX, .sun_path = {}};
    path.copy(name.sun_path, sizeof name.sun_path - 1);
    EXPECT_EQ(::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name), 0) << path;
}

bool Client::send_bytes(std::span<const std::byte> bytes, const std::vector<int>& files) {
    iovec part{.iov_base = const_cast<std::byte*>(bytes.data()), .iov_len = bytes.size()};
    alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(int) * 64)> ancillary{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (!files.empty()) {
        message.msg_control = ancillary.data();
        message.msg_controllen = CMSG_SPACE(sizeof(int) * files.size());
        cmsghdr* const header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int) * files.size());
        std::memcpy(CMSG_DATA(header), files.data(), sizeof(int) * files.size());
    }
    return ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT) == static_cast<ssize_t>(bytes.size());
}

bool Client::send(Command command, const Bytes& payload, const std::vector<int>& files, std::uint32_t flags) {
    const Header header{.id = next_id_++,
                        .command = command,
                        .size = static_cast<std::uint32_t>(sizeof(Header) + payload.size()),
                        .flags = flags,
                        .error = 0};
    return send_bytes(join(header, payload), files);
}

std::optional<Answer> Client::receive() {
    for (;;) {
        const auto header = take<Header>(received_);
        if (header && received_.size() >= header->size) {
            Answer answer{.header = *header, .payload = {}};
            answer.payload.assign(received_.begin() + sizeof(Header), received_.begin() + header->size);
            received_.erase(received_.begin(), received_.begin() + header->size);
            return answer;
        }
        std::array<std::byte, 65536> part;
        const ssize_t got = ::recv(socket_.get(), part.data(), part.size(), MSG_DONTWAIT);
        if (got > 0) received_.insert(received_.end(), part.begin(), part.begin() + got);
        if (got < 0 && errno == EAGAIN) return std::nullopt;
        if (got <= 0) return Answer{.closed = true, .header = {}, .payload = {}};
    }
}

std::size_t open_files() { return folder_entries("/proc/self/fd").size(); }

File make_memory_file(std::size_t bytes) {
    File file(::memfd_create("test", MFD_CLOEXEC));
    EXPECT_EQ(::ftruncate(file.get(), static_cast<off_t>(bytes)), 0);
    return file;
}

File make_event_file(bool blocking) { return File(::eventfd(0, EFD_CLOEXEC | (blocking ? 0 : EFD_NONBLOCK))); }

std::uint64_t signals(const File& event_file) {
    std::uint64_t count = 0;
    return ::read(event_file.get(), &count, sizeof count) == sizeof count ? count : 0;
}

VfioUser::VfioUser(const CardType& type) {
    std::string folder = std::filesystem::temp_directory_path() / "ixy-vfio-user-XXXXXX";
    folder_ = ::mkdtemp(folder.data());
    path_ = folder_ / "card";
    serve(std::make_unique<Card>(type, make_open_end()));
}

VfioUser::~VfioUser() {
    client_.reset();
    server_.reset();
    card_.reset();
    std::filesystem::remove_all(folder_);
}

void VfioUser::serve(std::unique_ptr<Card> card, const ServerOptions& options) {
    server_.reset();
    card_ = std::move(card);
    auto server = Server::listen(*card_, path_, options);
    ASSERT_TRUE(server) << server.error().text();
    server_ = std::move(*server);
}

void VfioUser::connect() {
    client_.reset();
    settle();
    client_ = std::make_unique<Client>(path_);
    constexpr std::string_view proposal = R"({"capabilities": {"max_msg_fds": 16, "max_data_xfer_size": 1048576}})";
    ASSERT_EQ(error_of(Command::version, join(Version{}, proposal, '\0')), 0);
}

void VfioUser::settle() {
    for (int i = 0; i < 20; ++i) server_->step(Time{});
}

Answer VfioUser::answer() {
    for (int i = 0; i < 2000; ++i) {
        if (auto answer = client_->receive()) return *answer;
        server_->step(std::chrono::milliseconds(1));
    }
    ADD_FAILURE() << "no answer";
    return {.closed = true, .header = {}, .payload = {}};
}

Answer VfioUser::ask(Command command, const Bytes& payload, const std::vector<int>& files, std::uint32_t flags) {
    EXPECT_TRUE(client_->send(command, payload, files, flags));
    const Answer got = answer();
    if (!got.closed) {
        EXPECT_EQ(got.header.command, command);
        EXPECT_EQ(got.header.flags & type_mask, type_reply);
    }
    return got;
}

std::uint64_t VfioUser::read(std::uint32_t region, std::uint64_t offset, std::uint32_t width) {
    const RegionAccess access{.offset = offset, .region = region, .count = width};
    const Answer got = ask(Command::region_read, join(access));
    EXPECT_EQ(got.error(), 0) << "region " << region << ", offset " << offset;
    std::uint64_t value = 0;
    if (got.payload.size() == sizeof access + width) std::memcpy(&value, got.payload.data() + sizeof access, width);
    return value;
}

void VfioUser::write(std::uint32_t region, std::uint64_t offset, std::uint32_t width, std::uint64_t value) {
    const RegionAccess access{.offset = offset, .region = region, .count = width};
    const Bytes data = bytes_of(value);
    const Answer got = ask(Command::region_write, join(access, std::span(data).first(width)));
    EXPECT_EQ(got.error(), 0) << "region " << region << ", offset " << offset;
}

void VfioUser::enable_card(bool bus_master) {
    write(region_config, pci_config::command, 2,
          pci_config::command_io | pci_config::command_memory | (bus_master ? pci_config::command_bus_master : 0));
}

}  // namespace ixy::sim::vfio_user
