// Capture files: one is played as fast as the card takes it, what the card sends is written to the other.
#include <fcntl.h>
#include <pcap/pcap.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <vector>

#include "capture_player.hpp"

namespace ixy::sim {
namespace {

struct Closer {
    void operator()(pcap_t* file) const { pcap_close(file); }
    void operator()(pcap_dumper_t* file) const { pcap_dump_close(file); }
};

/// Writes a capture file with timestamps in nanoseconds: the hour at which the first frame was sent, and from then on
/// by the card's clock. Its buffer is emptied between records, so that a full disk leaves whole ones.
class Writer {
public:
    ~Writer() {
        if (dumper_ && !flush()) say_why();
        if (lost() != 0) {
            std::fprintf(stderr, "%s: %llu frames could not be written\n", path_.c_str(),
                         static_cast<unsigned long long>(lost()));
        }
    }

    Expected<> open(const std::string& path) {
        path_ = path;
        pcap_.reset(pcap_open_dead_with_tstamp_precision(DLT_EN10MB, longest_wire_frame, PCAP_TSTAMP_PRECISION_NANO));
        do file_ = File(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666));
        while (!file_.is_open() && errno == EINTR);
        if (!file_.is_open()) return system_failure(path, errno, "choose a file that can be written");
        if (is_taken(file_.get(), LOCK_EX)) return taken(path);
        (void)!::ftruncate(file_.get(), 0);  // what is not a regular file needs none
        const auto write = [](void* self, const char* from, std::size_t size) {
            return static_cast<Writer*>(self)->write_bytes(from, size);
        };
        std::FILE* const file =
            pcap_ ? ::fopencookie(this, "ab", {.read = nullptr, .write = write, .seek = nullptr, .close = nullptr})
                  : nullptr;
        if (file == nullptr) return system_failure(path, errno);
        std::setvbuf(file, buffer_.data(), _IOFBF, buffer_.size());
        dumper_.reset(pcap_dump_fopen(pcap_.get(), file));
        if (!dumper_) {
            std::fclose(file);
            return failure(ErrorKind::system, path + ": " + pcap_geterr(pcap_.get()));
        }
        if (!flush()) return system_failure(path, errno, "choose a file on another disk");
        return {};
    }

    /// Writes what is buffered. Errors: why the capture ends before its last frame.
    Expected<> finish() {
        if (dumper_ && !flush()) say_why();
        return result_;
    }
    /// Counts the frame as lost when the disk is full.
    void write(std::span<const std::byte> frame, Time now) {
        if (dumper_ && buffered_bytes_ + record_header + frame.size() > buffer_size && !flush()) {
            say_why();
        }
        if (!dumper_) {
            lost_.add(1);
            return;
        }
        if (!begin_) begin_ = std::chrono::system_clock::now().time_since_epoch() - now;
        const Time when = *begin_ + now;
        const auto second = std::chrono::floor<std::chrono::seconds>(when);
        pcap_pkthdr header{};
        header.ts.tv_sec = second.count();
        header.ts.tv_usec = (when - second).count();  // nanoseconds: said when the file was opened
        header.caplen = header.len = static_cast<bpf_u_int32>(frame.size());
        pcap_dump(reinterpret_cast<u_char*>(dumper_.get()), &header, reinterpret_cast<const u_char*>(frame.data()));
        buffered_bytes_ += record_header + frame.size();
        ++buffered_frames_;
    }
    std::uint64_t lost() const { return lost_.value(); }

private:
    static constexpr std::size_t buffer_size = 65536, record_header = 16;

    /// What stdio writes with: all of it, or nothing more. A signal does not end it.
    ssize_t write_bytes(const char* from, std::size_t size) {
        std::size_t done = 0;
        while (done != size) {
            const ssize_t got = ::write(file_.get(), from + done, size - done);
            if (got < 0 && errno == EINTR) continue;
            if (got <= 0) return static_cast<ssize_t>(done);  // stdio takes what is less than `size` for an error
            done += static_cast<std::size_t>(got);
            written_ += got;
        }
        return static_cast<ssize_t>(done);
    }
    void say_why() {
        result_ = system_failure(path_, errno, "free some space or choose another file");
        std::fprintf(stderr, "%s: %s; the capture ends here\n", path_.c_str(), std::strerror(errno));
    }
    /// Writes what is buffered. False (and errno) when that was impossible: the file ends where it ended before.
    bool flush() {
        const bool good = pcap_dump_flush(dumper_.get()) == 0;
        if (good) {
            whole_bytes_ = written_;
        } else {
            const int error_number = errno;
            dumper_.reset();  // tries once more what is in its buffer
            (void)!::ftruncate(file_.get(), whole_bytes_);
            lost_.add(buffered_frames_);
            errno = error_number;
        }
        buffered_bytes_ = buffered_frames_ = 0;
        return good;
    }

    std::string path_;
    File file_;
    std::vector<char> buffer_ = std::vector<char>(buffer_size);  ///< of dumper_'s file
    std::unique_ptr<pcap_t, Closer> pcap_;
    std::unique_ptr<pcap_dumper_t, Closer> dumper_;  ///< null: none, or full
    std::optional<Time> begin_;                      ///< of the card's clock, since 1970
    off_t written_ = 0;                              ///< bytes of the file
    off_t whole_bytes_ = 0;                          ///< those of them that end with a whole record
    std::size_t buffered_bytes_ = 0, buffered_frames_ = 0;
    Counter lost_;
    Expected<> result_;
};

class Capture final : public Wire {
public:
    Expected<> open(const std::string& in, const std::string& out) {
        if (!in.empty()) {
            player_.emplace();
            if (auto opened = player_->open(in); !opened) return opened;
        }
        if (out.empty()) return {};
        writer_.emplace();
        return writer_->open(out);
    }

    void send(std::span<const std::byte> frame, Time now) override {
        writer_ ? writer_->write(frame, now) : lost_.add(1);
    }
    std::optional<WireFrame> receive(Time) override { return player_ ? player_->take() : std::nullopt; }
    /// Now, while there are frames: a card takes them whenever it has room.
    std::optional<Time> next_time() const override {
        return player_ && player_->has_frame() ? std::optional(Time(0)) : std::nullopt;
    }
    int file() const override { return player_ ? player_->file() : -1; }
    Expected<> finish() override { return writer_ ? writer_->finish() : Expected<>(); }
    bool can_wait() const override { return true; }
    bool waits_for_link() const override { return true; }
    std::uint64_t lost() const override {
        return lost_.value() + (writer_ ? writer_->lost() : 0) + (player_ ? player_->left_out() : 0);
    }

private:
    mutable std::optional<Player> player_;
    std::optional<Writer> writer_;
    Counter lost_;
};

}  // namespace

Expected<std::unique_ptr<Wire>> open_capture(const std::string& in, const std::string& out) {
    auto capture = std::make_unique<Capture>();
    if (auto opened = capture->open(in, out); !opened) return std::unexpected(opened.error());
    return capture;
}

}  // namespace ixy::sim
