// The server as a whole: its socket, one client after another, the card's time and wire.
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <new>

#include <ixy/pci/wrapped.hpp>
#include <ixy/sim/function.hpp>

#include "bed.hpp"

namespace ixy::sim::vfio_user {
namespace {

using namespace std::chrono_literals;

class VfioUserServer : public VfioUser {
protected:
    /// Serves a card whose wire is a pair of datagram sockets; returns the far end.
    std::string serve_with_wire() {
        const std::string ours = folder_ / "model", theirs = folder_ / "world";
        auto wire = open_wire(ours + ":" + theirs);
        EXPECT_TRUE(wire) << (wire ? "" : wire.error().text());
        serve(std::make_unique<Card>(probe_card, std::move(*wire)));
        return theirs + ":" + ours;
    }
};

TEST_F(VfioUserServer, its_socket_exists_while_it_lives) {
    EXPECT_TRUE(std::filesystem::is_socket(path_));
    server_.reset();
    EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(VfioUserServer, a_path_in_use_by_a_listener_is_not_taken_over) {
    const auto second = Server::listen(*card_, path_);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind, ErrorKind::busy);
    connect();  // the first server still works
}

TEST_F(VfioUserServer, a_stale_socket_is_replaced) {
    server_.reset();
    {
        const File old(::socket(AF_UNIX, SOCK_STREAM, 0));
        sockaddr_un name{.sun_family = AF_UNIX, .sun_path = {}};
        path_.copy(name.sun_path, sizeof name.sun_path - 1);
        ASSERT_EQ(::bind(old.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
    }
    ASSERT_TRUE(std::filesystem::exists(path_));
    auto server = Server::listen(*card_, path_);
    ASSERT_TRUE(server) << server.error().text();
    server_ = std::move(*server);
    connect();
}

TEST_F(VfioUserServer, a_file_that_is_not_a_socket_is_left_alone) {
    const std::string path = folder_ / "file";
    std::ofstream(path) << "precious";
    const auto server = Server::listen(*card_, path);
    ASSERT_FALSE(server);
    EXPECT_EQ(server.error().kind, ErrorKind::busy);
    EXPECT_EQ(read_text(path).value_or(""), "precious");
}

TEST_F(VfioUserServer, impossible_paths_are_errors) {
    EXPECT_EQ(Server::listen(*card_, "").error().kind, ErrorKind::invalid_argument);
    EXPECT_EQ(Server::listen(*card_, "/tmp/" + std::string(200, 'x')).error().kind, ErrorKind::invalid_argument);
    EXPECT_EQ(Server::listen(*card_, folder_ / "no" / "such").error().kind, ErrorKind::not_found);
}

TEST_F(VfioUserServer, a_second_client_waits_until_the_first_one_has_left) {
    connect();
    const auto first = std::move(client_);
    client_ = std::make_unique<Client>(path_);
    client_->send(Command::version, join(Version{}));
    settle();
    EXPECT_FALSE(client_->receive());
    ::shutdown(first->file(), SHUT_RDWR);
    EXPECT_EQ(answer().error(), 0);
}

TEST_F(VfioUserServer, the_card_is_reset_when_its_client_leaves) {
    connect();
    enable_card();
    probe->resets.clear();
    connect();
    EXPECT_EQ(probe->resets, std::vector{ResetKind::function_level});
    EXPECT_EQ(read(region_config, pci_config::command, 2), 0U);
    EXPECT_EQ(error_of(Command::device_reset, {}), 0);
    EXPECT_EQ(probe->resets.size(), 2U) << "and on request";
}

TEST_F(VfioUserServer, a_card_never_writes_to_the_next_client_at_addresses_of_the_last) {
    const File memory = make_memory_file(page_size);
    const auto map = [&] {
        const DmaMap request{.argsz = sizeof request,
                             .flags = dma_readable | dma_writable,
                             .offset = 0,
                             .address = 0x10000,
                             .size = page_size};
        EXPECT_EQ(error_of(Command::dma_map, join(request), {memory.get()}), 0);
    };
    connect();
    map();
    enable_card();
    write_bar(ProbeModel::address, 0x10000, 8);
    connect();
    map();
    probe->write(0, ProbeModel::write_memory, 4, 8);  // as if the model did it on its own
    EXPECT_EQ(probe->read(0, ProbeModel::succeeded, 4), 0U);
    std::byte first{};
    ASSERT_EQ(::pread(memory.get(), &first, 1, 0), 1);
    EXPECT_EQ(first, std::byte{});
}

TEST_F(VfioUserServer, a_silent_client_is_dropped_and_the_next_one_served) {
    serve(std::make_unique<Card>(probe_card, make_open_end()), {.patience = 500ms});
    const auto begin = std::chrono::steady_clock::now();
    const Client silent(path_);
    settle();
    client_ = std::make_unique<Client>(path_);
    EXPECT_EQ(error_of(Command::version, join(Version{})), 0);
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 500ms);
    const auto end = std::chrono::steady_clock::now() + 600ms;
    while (std::chrono::steady_clock::now() < end) server_->step(20ms);
    EXPECT_TRUE(server_->has_client()) << "a client that has sent its version may be silent";
}

TEST_F(VfioUserServer, a_client_waits_when_no_file_is_left_and_the_server_does_not_spin) {
    client_ = std::make_unique<Client>(path_);
    ASSERT_TRUE(client_->send(Command::version, join(Version{})));
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const rlimit few{.rlim_cur = 5, .rlim_max = before.rlim_max};  // as many as it waits for
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
    int steps = 0;
    for (const auto end = std::chrono::steady_clock::now() + 300ms; std::chrono::steady_clock::now() < end; ++steps) {
        (void)server_->step(50ms);
    }
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_LE(steps, 20);
    EXPECT_EQ(answer().error(), 0);
}

/// A BAR whose reads run out of memory.
struct ExhaustingBar final : BarBackend {
    std::uint64_t read(std::uint64_t, unsigned, const std::source_location&) override { throw std::bad_alloc(); }
    void write(std::uint64_t, unsigned, std::uint64_t, const std::source_location&) override {}
};

TEST_F(VfioUserServer, a_client_is_dropped_when_memory_runs_out_and_the_next_one_served) {
    const auto card = std::make_shared<Card>(probe_card, make_open_end());
    WrappedFunction between(make_function(card, "sim:probe", Running::manual),
                            [](unsigned, Bar) { return std::make_unique<ExhaustingBar>(); });
    server_.reset();
    server_ = Server::listen(*card, path_, {.between = &between}).value();
    for (int round = 0; round < 2; ++round) {
        connect();
        const RegionAccess access{.offset = 0, .region = 0, .count = 4};
        EXPECT_TRUE(ask(Command::region_read, join(access)).closed);
        EXPECT_FALSE(server_->has_client());
    }
    client_.reset();
    server_.reset();
}

TEST_F(VfioUserServer, a_failed_wait_is_an_error_not_an_endless_loop) {
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const rlimit few{.rlim_cur = 2, .rlim_max = before.rlim_max};  // fewer than it waits for
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
    const auto stepped = server_->step(1s);
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_FALSE(stepped);
    EXPECT_TRUE(server_->step(Time{}));
}

TEST_F(VfioUserServer, many_clients_come_and_go) {
    connect();
    const std::size_t before = open_files();
    for (int i = 0; i < 200; ++i) connect();
    EXPECT_EQ(open_files(), before);
}

TEST_F(VfioUserServer, it_waits_no_longer_than_told_and_does_not_spin) {
    connect();
    const auto begin = std::chrono::steady_clock::now();
    server_->step(30ms);
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 29ms);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
}

TEST_F(VfioUserServer, frames_go_out_to_the_wire_and_come_in_from_it) {
    const auto other_end = open_wire(serve_with_wire());
    ASSERT_TRUE(other_end) << other_end.error().text();
    connect();
    enable_card();
    write_bar(ProbeModel::send_frame, 60);
    const auto frame = (*other_end)->receive(Time{});
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->bytes.size(), 60U);

    write_bar(ProbeModel::room, 5);
    (*other_end)->send(std::vector(100, std::byte{1}), Time{});
    server_->step(1s);
    EXPECT_EQ(read_bar(ProbeModel::received), 1U);
}

TEST_F(VfioUserServer, frames_wait_when_the_card_is_full_and_the_server_does_not_spin) {
    const auto other_end = open_wire(serve_with_wire());
    ASSERT_TRUE(other_end);
    connect();
    enable_card();
    for (int i = 0; i < 3; ++i) (*other_end)->send(std::vector(100, std::byte{1}), Time{});
    int steps = 0;
    for (const auto end = std::chrono::steady_clock::now() + 50ms; std::chrono::steady_clock::now() < end; ++steps) {
        server_->step(20ms);
    }
    EXPECT_LE(steps, 5) << "each step must wait, even in vain";
    EXPECT_EQ(read_bar(ProbeModel::received), 0U);
    write_bar(ProbeModel::room, 2);
    settle();
    EXPECT_EQ(read_bar(ProbeModel::received), 2U);
    write_bar(ProbeModel::room, 2);
    settle();
    EXPECT_EQ(read_bar(ProbeModel::received), 3U);
}

}  // namespace
}  // namespace ixy::sim::vfio_user
