// Writing captures: libpcap formats the records, write() writes them as the file has room.
#include "capture_writer.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <utility>

#include "capture_player.hpp"

namespace ixy::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t block_size = 65536;
constexpr std::size_t most_bytes_waiting = 16 << 20;  // more than all frames that an impaired wire can release at once
constexpr Time retry_after = 1ms;
constexpr Time open_again_after = 10ms;

bool is_pipe(const std::string& path) {
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 && S_ISFIFO(status.st_mode);
}

}  // namespace

Writer::~Writer() {
    (void)finish();
    if (lost() == 0) return;
    std::fprintf(stderr, "%s: %llu frames could not be written\n", path_.c_str(),
                 static_cast<unsigned long long>(lost()));
}

Expected<> Writer::open(const std::string& path) {
    path_ = path;
    const int error_number = open_file();
    if (error_number == ENXIO && is_pipe(path)) {
        is_regular_ = false;  // its reader may come later
    } else if (error_number != 0) {
        return system_failure(path, error_number, "choose a file that can be written");
    } else {
        struct stat status{};
        is_regular_ = ::fstat(file_.get(), &status) == 0 && S_ISREG(status.st_mode);
        if (is_taken(file_.get(), LOCK_EX)) return taken(path);
        (void)!::ftruncate(file_.get(), 0);  // only regular files need this
    }
    if (auto begun = begin(); !begun) return begun;
    if (const int failed = drain(); failed != 0) {
        dumper_.reset();
        return system_failure(path, failed, "choose a file on another disk");
    }
    whole_ = written_;
    return {};
}

/// Returns 0 or an errno; ENXIO for a pipe without a reader.
int Writer::open_file() {
    const auto open = [this] {
        return ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_CLOEXEC, 0666);
    };
    file_ = File(uninterrupted(open));
    return file_.is_open() ? 0 : errno;
}

/// Makes libpcap append to waiting_, starting with the file's header.
Expected<> Writer::begin() {
    const auto append = [](void* self, const char* from, std::size_t size) {
        auto& waiting = static_cast<Writer*>(self)->waiting_;
        waiting.insert(waiting.end(), from, from + size);
        return static_cast<ssize_t>(size);
    };
    pcap_.reset(pcap_open_dead_with_tstamp_precision(DLT_EN10MB, longest_wire_frame, PCAP_TSTAMP_PRECISION_NANO));
    std::FILE* const file =
        pcap_ ? ::fopencookie(this, "ab", {.read = nullptr, .write = append, .seek = nullptr, .close = nullptr})
              : nullptr;
    if (file == nullptr) return system_failure(path_, errno);
    std::setvbuf(file, nullptr, _IONBF, 0);
    dumper_.reset(pcap_dump_fopen(pcap_.get(), file));
    if (dumper_) return {};
    std::fclose(file);
    return failure(ErrorKind::system, path_ + ": " + pcap_geterr(pcap_.get()));
}

void Writer::write(std::span<const std::byte> frame, Time now) {
    if (!dumper_ || waiting_.size() > most_bytes_waiting) return lost_.add(1);
    if (!begin_) begin_ = std::chrono::system_clock::now().time_since_epoch() - now;
    const Time when = *begin_ + now;
    const auto second = std::chrono::floor<std::chrono::seconds>(when);
    pcap_pkthdr header{};
    header.ts.tv_sec = second.count();
    header.ts.tv_usec = (when - second).count();  // nanoseconds, as begin() says
    header.caplen = header.len = static_cast<bpf_u_int32>(frame.size());
    pcap_dump(reinterpret_cast<u_char*>(dumper_.get()), &header, reinterpret_cast<const u_char*>(frame.data()));
    ends_.push_back(written_ + waiting_.size());
    if (waiting_.size() >= block_size) advance(now);
}

void Writer::advance(Time now) {
    if (!dumper_) return;
    if (const int error_number = drain(); error_number != 0) end(error_number);
    retry_ = now + (file_.is_open() ? retry_after : open_again_after);
}

std::optional<Time> Writer::next_time() const {
    return is_regular_ || waiting_.empty() ? std::nullopt : std::optional(retry_);
}

bool Writer::has_room() const { return is_regular_ || waiting_.size() < block_size; }

/// Writes as much as the file takes without waiting. Returns 0, or the errno that ends the capture.
int Writer::drain() {
    while (!waiting_.empty()) {
        if (const int error_number = file_.is_open() ? 0 : open_file(); error_number != 0) {
            return error_number == ENXIO ? 0 : error_number;
        }
        const auto write = [this] { return ::write(file_.get(), waiting_.data(), waiting_.size()); };
        const ssize_t written = uninterrupted(write);
        if (written < 0 && errno == EAGAIN) return 0;
        if (written <= 0) return written < 0 ? errno : ENOSPC;
        forget(static_cast<std::size_t>(written));
    }
    return 0;
}

/// The same, but waits for a pipe's reader.
int Writer::flush() {
    if (const int error_number = drain(); error_number != 0 || waiting_.empty()) return error_number;
    if (!file_.is_open()) return ENXIO;
    auto left = std::as_bytes(std::span(std::as_const(waiting_)));
    const int error_number = write_all(file_.get(), left, [](auto standstill) { return standstill < 1s; });
    forget(waiting_.size() - left.size());
    return error_number;
}

/// Removes `bytes` of waiting_, which are in the file now.
void Writer::forget(std::size_t bytes) {
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(bytes));
    written_ += bytes;
    for (; !ends_.empty() && ends_.front() <= written_; ends_.pop_front()) whole_ = ends_.front();
}

/// The capture ends after its last whole record.
void Writer::end(int error_number) {
    result_ = error_number == ENXIO ? failure(ErrorKind::timeout, path_ + ": nobody reads this pipe")
                                    : write_failure(path_, error_number, "free some space or choose another file");
    std::fprintf(stderr, "%s; the capture ends here\n", result_.error().what.c_str());
    dumper_.reset();
    if (is_regular_) (void)!::ftruncate(file_.get(), static_cast<off_t>(whole_));
    lost_.add(ends_.size());
    ends_.clear();
    waiting_.clear();
}

Expected<> Writer::finish() {
    if (const int error_number = dumper_ ? flush() : 0; error_number != 0) end(error_number);
    return result_;
}

}  // namespace ixy::sim
