// `ixy sim`: serves a software card to QEMU, or another client of the vfio-user protocol, until it is told to end.
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <utility>

#include <fmt/core.h>
#include <ixy/explain/rings.hpp>
#include <ixy/sim/card/watched.hpp>
#include <ixy/sim/function.hpp>
#include <ixy/sim/servers/vfio_user/server.hpp>
#include <ixy/sim/servers/vfio_user/shared_memory.hpp>
#include <ixy/sim/servers/window/window.hpp>

#include "../common/monitor.hpp"
#include "../common/process.hpp"
#include "commands.hpp"

namespace ixy::app {
namespace {

/// A request to end is noticed after at most this long.
constexpr std::chrono::milliseconds longest_step{100};

Expected<sim::CardAddress> parse_address(const std::string& card) {
    auto address = sim::parse_card_address(card);
    if (address && (address->stepped_clock || address->own_thread)) {
        return failure(ErrorKind::invalid_argument,
                       "a card that a client drives has the machine's clock and one thread",
                       "leave out clock= and thread=");
    }
    return address;
}

}  // namespace

Expected<> serve_card(const std::string& card, const std::string& path) {
    catch_signals();
    sim::vfio_user::survive_lost_memory();
    const auto address = parse_address(card);
    if (!address) return std::unexpected(address.error());
    const std::string name = card.starts_with("sim:") ? card : "sim:" + card;
    const auto made = sim::make_card(*address, name);
    if (!made) return std::unexpected(made.error());
    if (auto joined = check_wire(**made); !joined) return joined;
    const auto function = sim::watch(*made, *address, name);
    if (!function) return std::unexpected(function.error());
    const auto server = sim::vfio_user::Server::listen(**made, path, {.between = function->get()});
    if (!server) return std::unexpected(server.error());

    const auto window = sim::Window::open({made->get()});  // without it, the card cannot be looked at
    fmt::print(
        "{} at {}: plug it in with -device '{{\"driver\":\"vfio-user-pci\",\"socket\":"
        "{{\"type\":\"unix\",\"path\":\"{}\"}}}}'\n",
        address->type->title, path, path);
    if (std::fflush(stdout) != 0) return system_failure("standard output", errno);
    for (std::uint64_t said = 0; stop_requests() == 0;) {
        if (auto stepped = (*server)->step(longest_step); !stepped) return stepped;
        if (take_rings_request()) explain::print_rings(**function);
        if (std::exchange(said, (*server)->memories_lost()) != (*server)->memories_lost())
            say("the client shrank a file whose memory the card was using; it was dropped");
    }
    return (*made)->finish_wire();
}

}  // namespace ixy::app
