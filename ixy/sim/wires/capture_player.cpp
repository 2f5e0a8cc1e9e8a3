// Reading captures with libpcap, from files and from pipes.
#include "capture_player.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace ixy::sim {

namespace {
constexpr std::size_t most_frames_waiting = 256;  // frames read from a pipe before the card takes them
}  // namespace

bool is_taken(int file, int lock) {
    struct stat status{};
    const bool regular = ::fstat(file, &status) == 0 && S_ISREG(status.st_mode);
    return regular && ::flock(file, lock | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

std::unexpected<Error> taken(const std::string& path) {
    return failure(ErrorKind::busy, path + ": this file is being written or played", "name another one");
}

Player::~Player() {
    ending_ = true;
    reader_.request_stop();
    if (stopped_.is_open()) ::eventfd_write(stopped_.get(), 1);
    reader_ = {};
    if (left_out() == 0) return;
    std::fprintf(stderr, "%s: %llu frames were not played: they are incomplete, or too long or too short for a wire\n",
                 path_.c_str(), static_cast<unsigned long long>(left_out()));
}

Expected<> Player::check() {
    const std::lock_guard lock(mutex_);
    if (!damage_.empty()) return failure(ErrorKind::system, damage_);
    if (left_out() == 0) return {};
    return failure(ErrorKind::system, path_ + ": not all of its frames could be played", "capture whole frames");
}

Expected<> Player::open(const std::string& path) {
    path_ = path;
    // Does not wait for a pipe's other end, which may come later.
    file_ = File(uninterrupted([&] { return ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC); }));
    struct stat status{};
    if (!file_.is_open() || ::fstat(file_.get(), &status) != 0) {
        return system_failure(path, errno, "name a capture file: wire=pcap:IN:OUT");
    }
    if (S_ISDIR(status.st_mode)) {
        return failure(ErrorKind::invalid_argument, path + ": is a directory", "name a capture file in it");
    }
    if (is_taken(file_.get(), LOCK_SH)) return taken(path);
    is_regular_ = S_ISREG(status.st_mode);
    stopped_ = File(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    arrived_ = File(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!stopped_.is_open() || !arrived_.is_open()) return system_failure(path + ": an eventfd", errno);
    if (!is_regular_) {
        reader_ = std::jthread([this](const std::stop_token& stop) { read_pipe(stop); });
        return {};
    }
    if (auto begun = begin(); !begun) return begun;
    if (Frame first; read_frame(first)) frames_.push_back(std::move(first));
    return {};
}

bool Player::has_frame() {
    const std::lock_guard lock(mutex_);
    return !frames_.empty();
}

std::optional<WireFrame> Player::take() {
    std::unique_lock lock(mutex_);
    if (frames_.empty()) return std::nullopt;
    const Frame frame = std::move(frames_.front());
    frames_.pop_front();
    if (is_regular_) {
        lock.unlock();
        if (Frame next; read_frame(next)) frames_.push_back(std::move(next));
    } else {
        std::uint64_t count = 0;
        if (frames_.empty()) ::eventfd_read(arrived_.get(), &count);
        taken_.notify_all();
    }
    std::memcpy(frame_.space().data(), frame.data(), frame.size());
    return frame_.padded(frame.size());
}

/// libpcap reads through this. A signal does not interrupt it, but the end of the player does.
ssize_t Player::read_bytes(char* to, std::size_t most) {
    while (true) {
        pollfd files[] = {{.fd = file_.get(), .events = POLLIN, .revents = 0},
                          {.fd = stopped_.get(), .events = POLLIN, .revents = 0}};
        if (::poll(files, 2, -1) < 0 && errno != EINTR) return -1;
        if (files[1].revents != 0) return 0;
        if (files[0].revents == 0) continue;
        const ssize_t got = ::read(file_.get(), to, most);
        if (got > 0) pcapng_.see({to, static_cast<std::size_t>(got)});
        if (got >= 0 || (errno != EINTR && errno != EAGAIN)) return got;
    }
}

/// Reads the capture's header.
Expected<> Player::begin() {
    const auto read = [](void* self, char* to, std::size_t most) {
        return static_cast<Player*>(self)->read_bytes(to, most);
    };
    std::FILE* const file =
        ::fopencookie(this, "rb", {.read = read, .write = nullptr, .seek = nullptr, .close = nullptr});
    if (file == nullptr) return system_failure(path_, errno);
    char why[PCAP_ERRBUF_SIZE] = "";
    pcap_.reset(pcap_fopen_offline(file, why));
    if (!pcap_) {
        std::fclose(file);
        return failure(ErrorKind::invalid_argument, path_ + ": not a capture file: " + why,
                       "name one that tcpdump or Wireshark has written");
    }
    if (pcap_datalink(pcap_.get()) != DLT_EN10MB) {
        const char* const name = pcap_datalink_val_to_description(pcap_datalink(pcap_.get()));
        return failure(
            ErrorKind::invalid_argument,
            path_ + ": a capture of " + (name != nullptr ? name : "an unknown link type") + ", not of Ethernet",
            "capture on an Ethernet interface");
    }
    const int link_type = pcap_datalink_ext(pcap_.get());  // tells whether frames end with their check sequence
    if (LT_FCS_LENGTH_PRESENT(link_type) != 0) check_sequence_ = 2 * std::size_t{LT_FCS_LENGTH(unsigned(link_type))};
    return {};
}

/// Reads on to the next frame that a wire can carry; a record that holds more than the frame had counts as complete.
/// Returns false at the end of the file.
bool Player::read_frame(Frame& frame) {
    pcap_pkthdr* header = nullptr;
    const u_char* bytes = nullptr;
    int found = 0;
    while ((found = pcap_next_ex(pcap_.get(), &header, &bytes)) == 1) {
        const std::size_t check_sequence = std::max(check_sequence_, pcapng_.next());
        const std::size_t size = header->caplen - std::min<std::size_t>(header->caplen, check_sequence);
        if (header->caplen >= header->len && size >= ethernet_header && size <= longest_wire_frame) {
            frame.assign(reinterpret_cast<const std::byte*>(bytes), reinterpret_cast<const std::byte*>(bytes) + size);
            return true;
        }
        left_out_.add(1);
    }
    if (found == PCAP_ERROR && !ending_) {  // the next record cannot be found
        left_out_.add(1);
        report_damage(path_ + ": the file is damaged: " + pcap_geterr(pcap_.get()));
    }
    return false;
}

/// Prints at once what would otherwise be reported only when the program ends.
void Player::report_damage(std::string why) {
    std::fprintf(stderr, "%s\n", why.c_str());
    const std::lock_guard lock(mutex_);
    damage_ = std::move(why);
}

/// The thread of a pipe.
void Player::read_pipe(const std::stop_token& stop) {
    if (const auto begun = begin(); !begun) {
        if (!stop.stop_requested()) report_damage(begun.error().what);
        return;
    }
    for (Frame frame; !stop.stop_requested() && read_frame(frame);) hand_over(std::move(frame), stop);
}

void Player::hand_over(Frame frame, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    if (!taken_.wait(lock, stop, [this] { return frames_.size() < most_frames_waiting; })) return;
    if (frames_.empty()) ::eventfd_write(arrived_.get(), 1);
    frames_.push_back(std::move(frame));
}

}  // namespace ixy::sim
