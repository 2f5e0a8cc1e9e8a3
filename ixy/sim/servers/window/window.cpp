// Accepts one viewer after the other. A viewer that is slow or silent is dropped, so that the next one gets its turn.
#include <ixy/sim/servers/window/window.hpp>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include <ixy/datasheet/catalogue.hpp>
#include <ixy/datasheet/decode.hpp>
#include <ixy/sim/servers/window/message.hpp>

namespace ixy::sim {
namespace {

using namespace window;

constexpr int patience = 1000;  // ms

bool may_look(int viewer) {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(viewer, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
    return peer.uid == 0 || peer.uid == ::geteuid();
}

CardReply describe(const Card& card) {
    CardReply reply{.vendor = card.type().identity.vendor, .device = card.type().identity.device};
    for (std::size_t i = 0; i < card.type().bars.size(); ++i) reply.bar_sizes[i] = card.type().bars[i].size;
    card.card_name().copy(reply.name, sizeof reply.name - 1);
    return reply;
}

bool is_register_width(std::uint32_t size) { return size == 1 || size == 2 || size == 4 || size == 8; }

/// Whether reading them would take something from the program that drives the card. Through an I/O BAR any register
/// might be read.
bool reading_changes(const Card& card, const Request& request) {
    const CardType& type = card.type();
    if (request.bar >= type.bars.size() || type.bars[request.bar].kind == BarLayout::Kind::io) return true;
    const datasheet::Chip* const chip = datasheet::find_chip(type.identity.vendor, type.identity.device);
    if (chip == nullptr || request.bar != 0) return false;
    for (std::uint64_t offset = request.offset & ~3ULL; offset < request.offset + request.size; offset += 4) {
        const auto found = chip->find(static_cast<std::uint32_t>(offset));
        if (found && datasheet::reading_changes(*found->info)) return true;
    }
    return false;
}

/// The reply to `request`; empty if it is refused.
std::vector<std::byte> look(Card& card, const Request& request) {
    std::vector<std::byte> bytes;
    const auto put = [&bytes](const auto& value, std::size_t size) {
        const auto all = std::as_bytes(std::span(&value, 1));
        bytes.assign(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(size));
    };
    if (request.question == Question::card) {
        const CardReply reply = describe(card);
        put(reply, sizeof reply);
    } else if (request.question == Question::registers && is_register_width(request.size) &&
               !reading_changes(card, request)) {
        const std::uint64_t value = card.bar_read(request.bar, request.offset, request.size);
        put(value, request.size);
    } else if (request.question == Question::memory && request.size <= most_memory) {
        bytes.resize(request.size);
        if (!card.copy_memory({request.offset}, bytes)) bytes.clear();
    }
    return bytes;
}

bool wait_for(int file, int stop) {
    std::array<pollfd, 2> files{
        {{.fd = file, .events = POLLIN, .revents = 0}, {.fd = stop, .events = POLLIN, .revents = 0}}};
    return uninterrupted([&] { return ::poll(files.data(), files.size(), patience); }) > 0 && files[1].revents == 0;
}

}  // namespace

Expected<std::unique_ptr<Window>> Window::open(std::vector<Card*> cards) {
    File listener(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    File stop(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!listener.is_open() || !stop.is_open()) return system_failure("a window into software cards", errno);
    const Address address(::getpid());
    if (::bind(listener.get(), address.get(), address.size) != 0) {
        if (errno != EADDRINUSE) return system_failure("a window into software cards", errno);
        return failure(ErrorKind::busy, "this process already has a window into its software cards",
                       "give all cards to one window");
    }
    if (::listen(listener.get(), 8) != 0) return system_failure("a window into software cards", errno);
    try {
        return std::unique_ptr<Window>(new Window(std::move(cards), std::move(listener), std::move(stop)));
    } catch (const std::system_error& error) {
        return system_failure("a thread for the window into software cards", error.code().value());
    }
}

Window::Window(std::vector<Card*> cards, File listener, File stop)
    : cards_(std::move(cards)), listener_(std::move(listener)), stop_(std::move(stop)), thread_([this] { run(); }) {}

Window::~Window() {
    (void)::eventfd_write(stop_.get(), 1);
    thread_.join();
}

void Window::run() {
    std::array<pollfd, 2> files{
        {{.fd = listener_.get(), .events = POLLIN, .revents = 0}, {.fd = stop_.get(), .events = POLLIN, .revents = 0}}};
    while (true) {
        if (uninterrupted([&] { return ::poll(files.data(), files.size(), -1); }) < 0 || files[1].revents != 0) return;
        const File viewer(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (!viewer.is_open() && !wait_for_files()) return;
        if (viewer.is_open() && may_look(viewer.get())) answer(viewer.get());
    }
}

/// The viewer stays in the queue while no file can be opened. False when it is time to end.
bool Window::wait_for_files() const {
    pollfd stop{.fd = stop_.get(), .events = POLLIN, .revents = 0};
    constexpr int moment = 100;  // ms
    return uninterrupted([&] { return ::poll(&stop, 1, moment); }) == 0;
}

void Window::answer(int viewer) const {
    while (wait_for(viewer, stop_.get())) {
        Request request;
        const auto got = ::recv(viewer, &request, sizeof request, 0);
        if (got != sizeof request) return;
        std::vector<std::byte> bytes;
        ReplyHeader header{.answer = Answer::no_such_card};
        if (request.card < cards_.size()) {
            bytes = look(*cards_[request.card], request);
            header = {.answer = bytes.empty() ? Answer::refused : Answer::done,
                      .size = static_cast<std::uint32_t>(bytes.size())};
        }
        std::vector<std::byte> packet(sizeof header + bytes.size());
        std::memcpy(packet.data(), &header, sizeof header);
        std::ranges::copy(bytes, packet.begin() + sizeof header);
        if (::send(viewer, packet.data(), packet.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(packet.size())) return;
    }
}

}  // namespace ixy::sim
