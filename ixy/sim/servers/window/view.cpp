// Asks a window, one question at a time.
#include <ixy/sim/servers/window/view.hpp>

#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <deque>
#include <mutex>
#include <optional>
#include <span>
#include <utility>

#include <ixy/core/files.hpp>
#include <ixy/core/numbers.hpp>
#include <ixy/sim/servers/window/message.hpp>

namespace ixy::sim {
namespace {

using namespace window;

constexpr std::string_view prefix = "sim:@";

struct Place {
    int pid;
    std::uint32_t card;
};

std::optional<Place> parse(std::string_view address) {
    if (!is_card_elsewhere(address)) return std::nullopt;
    const std::string_view rest = address.substr(prefix.size());
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    const auto pid = parse_whole(rest.substr(0, slash));
    const auto card = slash == rest.size() ? Expected<std::uint64_t>(0) : parse_whole(rest.substr(slash + 1));
    if (!pid || *pid == 0 || !std::in_range<int>(*pid) || !card || !std::in_range<std::uint32_t>(*card))
        return std::nullopt;
    return Place{static_cast<int>(*pid), static_cast<std::uint32_t>(*card)};
}

std::string process_name(int pid) { return read_text("/proc/" + std::to_string(pid) + "/comm").value_or(""); }

/// One connection. Thread rule: any thread.
class Viewer {
public:
    static Expected<std::unique_ptr<Viewer>> connect(int pid) {
        File socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
        if (!socket.is_open()) return system_failure("a socket to a software card", errno);
        const timeval patience{.tv_sec = 2, .tv_usec = 0};
        ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        const Address address(pid);
        if (uninterrupted([&] { return ::connect(socket.get(), address.get(), address.size); }) != 0) {
            const bool exists = !process_name(pid).empty();
            return failure(ErrorKind::not_found,
                           exists ? "process " + std::to_string(pid) + " has no software cards to look at"
                                  : "there is no process " + std::to_string(pid),
                           "`ixy list` shows the software cards of running programs");
        }
        return std::unique_ptr<Viewer>(new Viewer(pid, std::move(socket)));
    }

    /// The answer's bytes; empty if the window refuses.
    Expected<std::vector<std::byte>> ask(const Request& request) {
        const std::lock_guard lock(mutex_);
        std::vector<std::byte> packet(sizeof(ReplyHeader) + most_memory);
        ssize_t got = ::send(socket_.get(), &request, sizeof request, MSG_NOSIGNAL);
        if (got == sizeof request) {
            got = uninterrupted([&] { return ::recv(socket_.get(), packet.data(), packet.size(), 0); });
        }
        ReplyHeader header;
        if (got < static_cast<ssize_t>(sizeof header)) return no_answer(got < 0 ? errno : 0);
        std::memcpy(&header, packet.data(), sizeof header);
        if (header.answer == Answer::no_such_card) {
            return failure(ErrorKind::not_found,
                           "process " + std::to_string(pid_) + " has no software card " + std::to_string(request.card),
                           "`ixy list` shows the software cards of running programs");
        }
        packet.resize(static_cast<std::size_t>(got));
        packet.erase(packet.begin(), packet.begin() + sizeof header);
        return packet;
    }

private:
    Viewer(int pid, File socket) : pid_(pid), socket_(std::move(socket)) {}
    std::unexpected<Error> no_answer(int error_number) const {
        const std::string process = "process " + std::to_string(pid_);
        if (error_number == EAGAIN) {
            return failure(ErrorKind::timeout, process + " does not answer", "is it stopped? kill -CONT lets it go on");
        }
        return failure(ErrorKind::permission, process + " has closed its window",
                       "it answers its own user and root; or it has ended");
    }

    int pid_;
    File socket_;
    std::mutex mutex_;
};

Expected<CardReply> ask_who(Viewer& viewer, std::uint32_t card) {
    auto bytes = viewer.ask({.question = Question::card, .card = card});
    if (!bytes) return std::unexpected(std::move(bytes.error()));
    CardReply reply;
    if (bytes->size() != sizeof reply) return failure(ErrorKind::unsupported, "that program speaks another version");
    std::memcpy(&reply, bytes->data(), sizeof reply);
    reply.name[sizeof reply.name - 1] = '\0';
    return reply;
}

/// Copies of the pieces that were looked at.
class MemoryElsewhere final : public DmaSpace {
public:
    MemoryElsewhere(std::shared_ptr<Viewer> viewer, std::uint32_t card) : viewer_(std::move(viewer)), card_(card) {}

    std::size_t largest_piece() const override { return 0; }
    std::string describe() const override { return "memory of another process"; }
    std::span<std::byte> memory_at(IoAddress address, std::size_t bytes) const override {
        const std::lock_guard lock(pieces_mutex_);
        auto& piece = pieces_.emplace_back();
        for (std::size_t done = 0; done < bytes;) {
            const auto size = static_cast<std::uint32_t>(std::min(bytes - done, most_memory));
            const auto part = viewer_->ask(
                {.question = Question::memory, .card = card_, .size = size, .offset = address.value + done});
            if (!part || part->size() != size) return {};
            piece.insert(piece.end(), part->begin(), part->end());
            done += size;
        }
        return piece;
    }

private:
    Expected<Region> map_region(std::size_t, int) override {
        return failure(ErrorKind::unsupported, "memory of another process cannot be allocated");
    }
    void unmap_region(Region&) noexcept override {}

    std::shared_ptr<Viewer> viewer_;
    std::uint32_t card_;
    mutable std::mutex pieces_mutex_;
    mutable std::deque<std::vector<std::byte>> pieces_;
};

class ObservedFunction final : public PciFunction {
public:
    ObservedFunction(std::string address, const std::shared_ptr<Viewer>& viewer, std::uint32_t card,
                     const CardReply& who)
        : address_(std::move(address)),
          identity_{.vendor = who.vendor, .device = who.device},
          memory_(std::make_shared<MemoryElsewhere>(viewer, card)) {
        for (unsigned i = 0; i < windows_.size(); ++i) {
            windows_[i].viewer = viewer;
            windows_[i].card = card;
            windows_[i].index = i;
            windows_[i].size = who.bar_sizes[i];
        }
    }

    std::string_view address() const override { return address_; }
    const PciIdentity& identity() const override { return identity_; }
    const std::shared_ptr<DmaSpace>& dma_space() const override { return memory_; }
    Expected<std::uint32_t> config_read(std::uint32_t, unsigned) override { return only_looks(); }
    Expected<> config_write(std::uint32_t, unsigned, std::uint32_t) override { return only_looks(); }
    Expected<Bar> map_bar(unsigned index, std::size_t least) override {
        if (index >= windows_.size() || windows_[index].size == 0 || windows_[index].size < least) {
            return failure(ErrorKind::unsupported, address_ + " has no BAR " + std::to_string(index) + " of that size");
        }
        return Bar(windows_[index], windows_[index].size);
    }

private:
    struct RemoteBar final : BarBackend {
        std::uint64_t read(std::uint64_t offset, unsigned width, const std::source_location&) override {
            const auto bytes = viewer->ask(
                {.question = Question::registers, .card = card, .bar = index, .size = width, .offset = offset});
            std::uint64_t value = ~std::uint64_t{0} >> (64 - 8 * width);  // as from a card that is gone
            if (bytes && bytes->size() == width) {
                value = 0;
                std::memcpy(&value, bytes->data(), width);
            }
            return value;
        }
        void write(std::uint64_t, unsigned, std::uint64_t, const std::source_location&) override {}

        std::shared_ptr<Viewer> viewer;
        std::uint32_t card = 0;
        std::uint32_t index = 0;
        std::uint32_t size = 0;
    };
    std::unexpected<Error> only_looks() const {
        return failure(ErrorKind::unsupported, address_ + " belongs to another process, and can only be looked at",
                       "ixy regs and ixy rings show its registers and rings");
    }

    std::string address_;
    PciIdentity identity_;
    std::shared_ptr<DmaSpace> memory_;
    std::array<RemoteBar, 6> windows_;
};

/// The processes that have a window, by the kernel's list of sockets.
std::vector<int> processes_with_windows(const std::string& proc) {
    std::vector<int> found;
    const std::string sockets = read_text(proc + "/net/unix").value_or("");
    constexpr std::string_view mark = "@ixy-window-";
    for (std::size_t at = sockets.find(mark); at != std::string::npos; at = sockets.find(mark, at + 1)) {
        const std::size_t begin = at + mark.size();
        const auto pid = parse_whole(std::string_view(sockets).substr(begin, sockets.find('\n', begin) - begin));
        const bool is_new = pid && std::ranges::find(found, static_cast<int>(*pid)) == found.end();
        if (is_new) found.push_back(static_cast<int>(*pid));
    }
    return found;
}

}  // namespace

bool is_card_elsewhere(std::string_view address) { return address.starts_with(prefix); }

Expected<std::unique_ptr<PciFunction>> look_at_card_elsewhere(std::string_view address) {
    const auto place = parse(address);
    if (!place) {
        return failure(ErrorKind::invalid_argument, "\"" + std::string(address) + "\" names no card of another process",
                       "write sim:@PID or sim:@PID/NUMBER, as ixy list shows them");
    }
    auto viewer = Viewer::connect(place->pid);
    if (!viewer) return std::unexpected(std::move(viewer.error()));
    const std::shared_ptr<Viewer> shared = std::move(*viewer);
    const auto who = ask_who(*shared, place->card);
    if (!who) return std::unexpected(who.error());
    return std::make_unique<ObservedFunction>(std::string(address), shared, place->card, *who);
}

CardsElsewhere list_cards_elsewhere(const std::string& proc) {
    CardsElsewhere found;
    for (const int pid : processes_with_windows(proc)) {
        const auto viewer = Viewer::connect(pid);
        if (!viewer) continue;
        for (std::uint32_t card = 0;; ++card) {
            const auto who = ask_who(**viewer, card);
            if (!who && who.error().kind == ErrorKind::timeout) found.unseen.push_back(who.error());
            if (!who) break;
            found.cards.push_back({.address = std::string(prefix) + std::to_string(pid) + "/" + std::to_string(card),
                                   .name = who->name,
                                   .program = process_name(pid),
                                   .identity = {.vendor = who->vendor, .device = who->device}});
        }
    }
    return found;
}

}  // namespace ixy::sim
