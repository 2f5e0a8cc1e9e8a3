// Headers and records of pcap files.
#include "pcap_file.hpp"

#include <algorithm>
#include <utility>

namespace ixy::app {

namespace {

struct FileHeader {
    std::uint32_t magic;
    std::uint16_t major = 2;
    std::uint16_t minor = 4;
    std::int32_t time_zone = 0;
    std::uint32_t accuracy = 0;
    std::uint32_t snaplen;
    std::uint32_t link_type = 1;  // Ethernet, frames without check sequence
};
static_assert(sizeof(FileHeader) == 24);

struct RecordHeader {
    std::uint32_t seconds;
    std::uint32_t fraction;  // microseconds or nanoseconds
    std::uint32_t captured;  // bytes that follow
    std::uint32_t original;  // bytes that the frame had
};
static_assert(sizeof(RecordHeader) == 16);

constexpr std::uint32_t microsecond_magic = 0xa1b2c3d4, nanosecond_magic = 0xa1b23c4d;

}  // namespace

Expected<std::unique_ptr<PcapFile>> PcapFile::open(const std::string& path, const PcapOptions& options) {
    auto file = GrowingFile::open(path, options.window);
    if (!file) return std::unexpected(file.error());
    return std::unique_ptr<PcapFile>(new PcapFile(std::move(*file), options));
}

PcapFile::~PcapFile() {
    if (begun_) (void)finish();
}

Expected<> PcapFile::begin() {
    if (auto begun = file_->begin(); !begun) return begun;
    begun_ = true;
    const FileHeader header{.magic = options_.nanosecond ? nanosecond_magic : microsecond_magic,
                            .snaplen = options_.snaplen};
    if (!file_->append(std::as_bytes(std::span(&header, 1)))) return finish();
    end_ = file_->size();
    return {};
}

bool PcapFile::write(std::chrono::nanoseconds time, const Packet& frame) {
    const std::size_t original = frame.frame_length();
    std::size_t left = std::min<std::size_t>(original, options_.snaplen);
    if (lost_ != 0 || !write_header(time, left, original)) return count_loss();
    for (const Packet* piece = &frame; left != 0; piece = piece->next()) {
        const std::size_t part = std::min(left, piece->length());
        if (!file_->append(piece->data().first(part))) return count_loss();
        left -= part;
    }
    return finish_record();
}

bool PcapFile::write(std::chrono::nanoseconds time, std::span<const std::byte> frame) {
    const std::size_t captured = std::min<std::size_t>(frame.size(), options_.snaplen);
    const bool stored = lost_ == 0 && write_header(time, captured, frame.size()) &&
                        file_->append(frame.first(captured)) && finish_record();
    return stored || count_loss();
}

bool PcapFile::write_header(std::chrono::nanoseconds time, std::size_t captured, std::size_t original) {
    const auto nanoseconds = static_cast<std::uint64_t>(time.count());
    const std::uint64_t fraction = nanoseconds % 1'000'000'000;
    const RecordHeader header{.seconds = static_cast<std::uint32_t>(nanoseconds / 1'000'000'000),
                              .fraction = static_cast<std::uint32_t>(options_.nanosecond ? fraction : fraction / 1000),
                              .captured = static_cast<std::uint32_t>(captured),
                              .original = static_cast<std::uint32_t>(original)};
    return file_->append(std::as_bytes(std::span(&header, 1)));
}

bool PcapFile::finish_record() {
    end_ = file_->size();
    packets_.store(packets() + 1, std::memory_order_relaxed);
    if (file_->is_buffered()) {
        buffered_.push_back(end_);
        while (!buffered_.empty() && buffered_.front() <= file_->written()) buffered_.pop_front();
    }
    return true;
}

/// After the first loss nothing more is stored, although a shorter frame might find room.
bool PcapFile::count_loss() {
    ++lost_;
    return false;
}

Expected<> PcapFile::finish() {
    begun_ = false;
    auto finished = file_->finish(end_);
    if (finished) return finished;
    const auto unwritten = std::ranges::count_if(buffered_, [&](auto end) { return end > file_->written(); });
    packets_.store(packets() - static_cast<std::uint64_t>(unwritten), std::memory_order_relaxed);
    lost_ += static_cast<std::uint64_t>(unwritten);
    Error error = finished.error();
    if (lost_ != 0) error.what += " (" + std::to_string(lost_) + " frames could not be written)";
    return std::unexpected(std::move(error));
}

}  // namespace ixy::app
