// Capture files: one is played as fast as the card takes it, what the card sends is written to the other.
#include <pcap/pcap.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <vector>

#include "kinds.hpp"

namespace ixy::sim {
namespace {

struct Closer {
    void operator()(pcap_t* file) const { pcap_close(file); }
    void operator()(pcap_dumper_t* file) const { pcap_dump_close(file); }
};

/// True when somebody else, in this process or in another, reads (or writes) the file that this one wants to write (or
/// read). Whoever opens a capture locks it, so that none is emptied that is being played. Pipes and the like are
/// shared.
bool is_taken(int file, int lock) {
    struct stat status{};
    const bool regular = ::fstat(file, &status) == 0 && S_ISREG(status.st_mode);
    return regular && ::flock(file, lock | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

std::unexpected<Error> taken(const std::string& path) {
    return failure(ErrorKind::busy, path + ": this file is being written or played", "name another one");
}

/// Plays a capture file. Frames that no wire carries (broken off, longer than longest_wire_frame) are left out, and
/// counted as lost. Says in the end what was left out.
class Player {
public:
    ~Player() {
        if (left_out() == 0) return;
        std::fprintf(stderr, "%s: %llu frames were not played, since they are not whole%s%s\n", path_.c_str(),
                     static_cast<unsigned long long>(left_out()),
                     damage_.empty() ? "" : "; the file breaks off: ", damage_.c_str());
    }

    Expected<> open(const std::string& path) {
        path_ = path;
        char why[PCAP_ERRBUF_SIZE] = "";
        std::FILE* const file = std::fopen(path.c_str(), "rbe");
        if (file == nullptr) return system_failure(path, errno, "name a capture file: wire=pcap:IN:OUT");
        if (is_taken(::fileno(file), LOCK_SH)) {
            std::fclose(file);
            return taken(path);
        }
        pcap_.reset(pcap_fopen_offline(file, why));
        if (!pcap_) {
            std::fclose(file);
            return failure(ErrorKind::invalid_argument, path + ": no capture file: " + why,
                           "name one that tcpdump or Wireshark has written");
        }
        if (pcap_datalink(pcap_.get()) != DLT_EN10MB) {
            return failure(ErrorKind::invalid_argument, path + ": a capture of " + kind() + ", not of Ethernet",
                           "capture on an Ethernet interface");
        }
        read();
        return {};
    }

    bool at_end() const { return next_ == nullptr; }
    std::optional<WireFrame> take() {
        if (at_end()) return std::nullopt;
        const std::size_t size = header_->caplen;
        std::memcpy(frame_.space().data(), next_, size);
        read();
        return frame_.padded(size);
    }
    std::uint64_t left_out() const { return left_out_.value(); }

private:
    std::string kind() const {
        const char* const name = pcap_datalink_val_to_description(pcap_datalink(pcap_.get()));
        return name != nullptr ? name : "something unknown";
    }
    void read() {
        int found = 0;
        while ((found = pcap_next_ex(pcap_.get(), &header_, &next_)) == 1) {
            if (header_->caplen >= ethernet_header && header_->caplen <= longest_wire_frame &&
                header_->caplen == header_->len) {
                return;
            }
            left_out_.add(1);
        }
        if (found == PCAP_ERROR) {  // a damaged file: what follows cannot be found
            left_out_.add(1);
            damage_ = pcap_geterr(pcap_.get());
        }
        next_ = nullptr;
    }

    std::string path_;
    std::string damage_;  ///< why the rest cannot be read
    std::unique_ptr<pcap_t, Closer> pcap_;
    pcap_pkthdr* header_ = nullptr;
    const u_char* next_ = nullptr;  ///< the frame after those that were taken; null: none
    ArrivedFrame frame_;
    Counter left_out_;
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
        std::FILE* const file = pcap_ ? std::fopen(path.c_str(), "abe") : nullptr;
        if (file == nullptr) return system_failure(path, errno, "choose a file that can be written");
        if (is_taken(::fileno(file), LOCK_EX)) {
            std::fclose(file);
            return taken(path);
        }
        (void)!::ftruncate(::fileno(file), 0);  // what is no file needs none
        std::setvbuf(file, buffer_.data(), _IOFBF, buffer_.size());
        dumper_.reset(pcap_dump_fopen(pcap_.get(), file));
        if (!dumper_) {
            std::fclose(file);
            return failure(ErrorKind::system, path + ": " + pcap_geterr(pcap_.get()));
        }
        if (!flush()) return system_failure(path, errno, "choose a file on another disk");
        return {};
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

    void say_why() const {
        std::fprintf(stderr, "%s: %s; the capture ends here\n", path_.c_str(), std::strerror(errno));
    }
    /// Writes what is buffered. False (and errno) when that was impossible: the file ends where it ended before.
    bool flush() {
        std::FILE* const file = pcap_dump_file(dumper_.get());
        const bool good = pcap_dump_flush(dumper_.get()) == 0;
        if (good) {
            written_ = std::ftell(file);
        } else {
            const int error_number = errno;
            const int descriptor = ::dup(::fileno(file));
            dumper_.reset();  // tries once more what is in its buffer
            (void)!::ftruncate(descriptor, written_);
            ::close(descriptor);
            lost_.add(buffered_frames_);
            errno = error_number;
        }
        buffered_bytes_ = buffered_frames_ = 0;
        return good;
    }

    std::string path_;
    std::vector<char> buffer_ = std::vector<char>(buffer_size);  ///< of dumper_'s file
    std::unique_ptr<pcap_t, Closer> pcap_;
    std::unique_ptr<pcap_dumper_t, Closer> dumper_;  ///< null: none, or full
    std::optional<Time> begin_;                      ///< of the card's clock, since 1970
    long written_ = 0;                               ///< bytes of the file, all of them whole records
    std::size_t buffered_bytes_ = 0, buffered_frames_ = 0;
    Counter lost_;
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
    /// Now, until the file's end: a card takes frames whenever it has room.
    std::optional<Time> next_time() const override {
        return player_ && !player_->at_end() ? std::optional(Time(0)) : std::nullopt;
    }
    bool can_wait() const override { return true; }
    bool waits_for_link() const override { return true; }
    std::uint64_t lost() const override {
        return lost_.value() + (writer_ ? writer_->lost() : 0) + (player_ ? player_->left_out() : 0);
    }

private:
    std::optional<Player> player_;
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
