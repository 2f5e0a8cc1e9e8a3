// Capture files, played and written.
#include <pcap/pcap.h>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <bit>
#include <csignal>
#include <fstream>
#include <thread>

#include "wires.hpp"

namespace ixy::sim::test {
namespace {

struct Record {
    std::chrono::nanoseconds time;
    Frame frame;
};

std::vector<Record> read_capture(const std::string& path) {
    std::array<char, PCAP_ERRBUF_SIZE> why{};
    pcap_t* const file = pcap_open_offline_with_tstamp_precision(path.c_str(), PCAP_TSTAMP_PRECISION_NANO, why.data());
    if (file == nullptr) throw std::runtime_error(why.data());
    EXPECT_EQ(pcap_datalink(file), DLT_EN10MB);
    std::vector<Record> records;
    pcap_pkthdr* header = nullptr;
    const u_char* bytes = nullptr;
    while (pcap_next_ex(file, &header, &bytes) == 1) {
        const auto* const begin = reinterpret_cast<const std::byte*>(bytes);
        EXPECT_EQ(header->caplen, header->len);
        records.push_back({std::chrono::seconds(header->ts.tv_sec) + std::chrono::nanoseconds(header->ts.tv_usec),
                           {begin, begin + header->caplen}});
    }
    pcap_close(file);
    return records;
}

/// Writes a capture of link type `type` with frames of these lengths, of which the file keeps at most `kept` bytes.
void write_capture(const std::string& path, const std::vector<std::size_t>& sizes, int type = DLT_EN10MB,
                   std::size_t kept = 65535) {
    pcap_t* const dead = pcap_open_dead(type, 65535);
    pcap_dumper_t* const file = pcap_dump_open(dead, path.c_str());
    std::uint32_t number = 0;
    for (const std::size_t size : sizes) {
        const Frame frame = numbered(number++, std::max<std::size_t>(size, 18));
        pcap_pkthdr header{};
        header.len = static_cast<bpf_u_int32>(size);
        header.caplen = static_cast<bpf_u_int32>(std::min(size, kept));
        pcap_dump(reinterpret_cast<u_char*>(file), &header, reinterpret_cast<const u_char*>(frame.data()));
    }
    pcap_dump_close(file);
    pcap_close(dead);
}

TEST(Capture, written_frames_are_played_back) {
    const Folder folder;
    const std::string path = folder.path("a.pcap");
    {
        const auto writer = open("pcap::" + path);
        for (std::uint32_t i = 0; i < 500; ++i) writer->send(numbered(i, 60 + i * 20), {});
        writer->send(numbered(500, longest_wire_frame), {});
        EXPECT_FALSE(writer->receive({}));
        EXPECT_FALSE(writer->next_time());
        EXPECT_EQ(writer->lost(), 0U);
    }
    const auto player = open("pcap:" + path);
    EXPECT_TRUE(player->can_wait());
    for (std::uint32_t i = 0; i < 501; ++i) {
        ASSERT_EQ(player->next_time(), Time(0));
        const auto frame = player->receive({});
        ASSERT_TRUE(frame && std::ranges::equal(frame->bytes, numbered(i, i == 500 ? longest_wire_frame : 60 + i * 20)))
            << i;
    }
    EXPECT_FALSE(player->receive({}));
    EXPECT_FALSE(player->next_time());
    send_numbers(*player, 0, 2);
    EXPECT_EQ(player->lost(), 2U) << "nobody receives";
}

TEST(Capture, plays_one_file_and_writes_another) {
    const Folder folder;
    write_capture(folder.path("in.pcap"), {60, 60, 60});
    {
        const auto wire = open("pcap:" + folder.path("in.pcap") + ":" + folder.path("out.pcap"));
        while (const auto frame = wire->receive({})) wire->send(Frame(frame->bytes.begin(), frame->bytes.end()), 1us);
    }
    const auto records = read_capture(folder.path("out.pcap"));
    ASSERT_EQ(records.size(), 3U);
    for (std::uint32_t i = 0; i < 3; ++i) EXPECT_EQ(records[i].frame, numbered(i));
}

TEST(Capture, timestamps_are_nanoseconds_of_the_cards_clock_added_to_the_start_time) {
    const Folder folder;
    const auto before = std::chrono::system_clock::now().time_since_epoch();
    const std::vector<Time> times = {3s, 3s + 1ns, 3s + 999'999'999ns, 4s, 86400s};
    {
        const auto wire = open("pcap::" + folder.path("a.pcap"));
        for (const Time time : times) wire->send(numbered(0), time);
    }
    const auto after = std::chrono::system_clock::now().time_since_epoch();
    const auto records = read_capture(folder.path("a.pcap"));
    ASSERT_EQ(records.size(), times.size());
    EXPECT_GE(records[0].time, before);
    EXPECT_LE(records[0].time, after);
    for (std::size_t i = 0; i < times.size(); ++i) EXPECT_EQ(records[i].time - records[0].time, times[i] - times[0]);
}

TEST(Capture, short_frames_are_padded_and_incomplete_ones_are_left_out) {
    const Folder folder;
    write_capture(folder.path("a.pcap"), {42, 13, longest_wire_frame + 1, 100});
    const auto wire = open("pcap:" + folder.path("a.pcap"));
    Frame padded = numbered(0, 42);
    padded.resize(60);
    const auto frame = wire->receive({});
    ASSERT_TRUE(frame);
    EXPECT_TRUE(std::ranges::equal(frame->bytes, padded));
    EXPECT_EQ(numbers_at(*wire), count_up(3, 4));
    EXPECT_EQ(wire->lost(), 2U);
    write_capture(folder.path("cut.pcap"), {60, 200, 80}, DLT_EN10MB, 100);
    const auto cut = open("pcap:" + folder.path("cut.pcap"));
    EXPECT_EQ(numbers_at(*cut), (std::vector<std::uint32_t>{0, 2}));
    EXPECT_EQ(cut->lost(), 1U);
}

TEST(Capture, truncated_file_is_played_as_far_as_it_goes) {
    const Folder folder;
    write_capture(folder.path("a.pcap"), {60, 60, 60});
    folder.write("b.pcap", folder.read("a.pcap").substr(0, 24 + 2 * 76 + 30));
    EXPECT_EQ(numbers_at(*open("pcap:" + folder.path("b.pcap"))), count_up(0, 2));
    folder.write("none.pcap", folder.read("a.pcap").substr(0, 24));
    const auto none = open("pcap:" + folder.path("none.pcap"));
    EXPECT_FALSE(none->next_time());
    EXPECT_FALSE(none->receive({}));
}

TEST(Capture, anything_but_an_ethernet_capture_is_refused) {
    const Folder folder;
    folder.write("text", "this is no capture, although it is long enough to be one");
    folder.write("empty", "");
    write_capture(folder.path("raw.pcap"), {60}, DLT_RAW);
    for (const char* name : {"text", "empty", "raw.pcap"}) {
        EXPECT_EQ(kind_of_failure("pcap:" + folder.path(name)), ErrorKind::invalid_argument) << name;
    }
    EXPECT_EQ(kind_of_failure("pcap:" + folder.path()), ErrorKind::invalid_argument);
    EXPECT_FALSE(open_wire("pcap::" + folder.path()));
}

/// A file with its header and one frame of `size` bytes that claims to be `length` long.
std::string capture_of_one(std::uint32_t link_type, std::uint32_t size, std::uint32_t length) {
    const std::uint32_t words[] = {0xa1b2c3d4, 0x00040002, 0, 0, 65535, link_type, 1, 0, size, length};
    std::string bytes(reinterpret_cast<const char*>(words), sizeof(words));
    return bytes + std::string(size, 'A');
}

TEST(Capture, overlong_records_are_played_and_declared_check_sequences_are_stripped) {
    const Folder folder;
    folder.write("longer.pcap", capture_of_one(DLT_EN10MB, 100, 84));
    EXPECT_EQ(open("pcap:" + folder.path("longer.pcap"))->receive({})->bytes.size(), 100U);
    constexpr std::uint32_t four_bytes_of_check_sequence = 0x0400'0000 | 2U << 28;
    folder.write("fcs.pcap", capture_of_one(DLT_EN10MB | four_bytes_of_check_sequence, 104, 104));
    EXPECT_EQ(open("pcap:" + folder.path("fcs.pcap"))->receive({})->bytes.size(), 100U);
}

/// A number as stored in a file of either byte order.
template <class T>
std::string number(T value, bool swapped) {
    if (swapped) value = std::byteswap(value);
    return {reinterpret_cast<const char*>(&value), sizeof value};
}

std::string pcapng_block(std::uint32_t type, std::string body, bool swapped) {
    body.resize((body.size() + 3) / 4 * 4);
    const std::string size = number(static_cast<std::uint32_t>(body.size() + 12), swapped);
    return number(type, swapped) + size + body + size;
}

std::string pcapng_option(std::uint16_t code, std::string value, bool swapped) {
    const std::string size = number(static_cast<std::uint16_t>(value.size()), swapped);
    value.resize((value.size() + 3) / 4 * 4);
    return number(code, swapped) + size + value;
}

std::string pcapng_packet(std::uint32_t interface, std::uint32_t size, const std::string& options, bool swapped) {
    std::string body = number(interface, swapped) + std::string(8, 0);
    for (int i = 0; i < 2; ++i) body += number(size, swapped);
    body += std::string(size, 'A');
    body.resize((body.size() + 3) / 4 * 4);
    return pcapng_block(6, body + options, swapped);
}

TEST(Capture, pcapng_declares_check_sequences_per_interface_or_frame) {
    const Folder folder;
    for (const bool swapped : {false, true}) {
        const auto interface = [&](const std::string& options) {
            return pcapng_block(1, number(std::uint16_t{DLT_EN10MB}, swapped) + std::string(6, 0) + options, swapped);
        };
        const std::string with_check_sequence = pcapng_option(2, "eth0", swapped) + pcapng_option(13, "\4", swapped);
        const std::string end = std::string(4, 0);
        const std::string frame_with_check_sequence = pcapng_option(2, number(4U << 5, swapped), swapped);
        folder.write("a.pcapng", pcapng_block(0x0A0D0D0A,
                                              number(0x1A2B3C4DU, swapped) + number(std::uint16_t{1}, swapped) +
                                                  std::string(2, 0) + std::string(8, '\xff'),
                                              swapped) +
                                     interface(with_check_sequence + end) + pcapng_packet(0, 105, "", swapped) +
                                     interface("") + pcapng_block(5, std::string(8, 0), swapped) +
                                     pcapng_packet(1, 102, "", swapped) +
                                     pcapng_packet(1, 103, frame_with_check_sequence + end, swapped) +
                                     pcapng_packet(0, 104, "", swapped));
        const auto wire = open("pcap:" + folder.path("a.pcapng"));
        for (const std::size_t expected : {101U, 102U, 99U, 100U}) {
            const auto frame = wire->receive({});
            ASSERT_TRUE(frame);
            EXPECT_EQ(frame->bytes.size(), expected) << "in the other byte order: " << swapped;
        }
        EXPECT_TRUE(wire->finish());
    }
}

/// Reads from the wire until a frame comes, for at most ten seconds.
bool eventually_receives(Wire& wire) {
    for (int i = 0; i < 10'000; ++i) {
        if (wire.receive({})) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
}

TEST(Capture, a_pipe_never_keeps_the_card_waiting) {
    const Folder folder;
    const std::string path = folder.path("pipe");
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    const auto wire = open("pcap:" + path);  // nobody writes into it yet
    EXPECT_FALSE(wire->receive({}));
    EXPECT_FALSE(wire->next_time());
    EXPECT_GE(wire->file(), 0);
    std::ofstream writer(path, std::ios::binary);
    const std::string capture = capture_of_one(DLT_EN10MB, 60, 60);
    writer << capture.substr(0, 50) << std::flush;
    EXPECT_FALSE(wire->receive({}));
    writer << capture.substr(50) << std::flush;
    EXPECT_TRUE(eventually_receives(*wire));
    EXPECT_FALSE(wire->receive({}));
    writer << capture.substr(24) << std::flush;
    EXPECT_TRUE(eventually_receives(*wire));
    // And the wire closes although the writer does not.
}

TEST(Capture, incomplete_playback_is_an_error_at_the_end) {
    const Folder folder;
    write_capture(folder.path("whole.pcap"), {60, 60});
    folder.write("short.pcap", folder.read("whole.pcap").substr(0, 24 + 76 + 40));
    folder.write("shorter.pcap", folder.read("whole.pcap").substr(0, 24 + 76 + 7));
    write_capture(folder.path("cut.pcap"), {200, 60}, DLT_EN10MB, 100);
    for (const auto& [name, frames] :
         {std::pair{"whole.pcap", 2U}, {"short.pcap", 1U}, {"shorter.pcap", 1U}, {"cut.pcap", 1U}}) {
        const auto wire = open("pcap:" + folder.path(name));
        EXPECT_EQ(numbers_at(*wire).size(), frames) << name;
        EXPECT_EQ(wire->finish().has_value(), frames == 2) << name;
    }
}

TEST(Capture, pipe_without_a_capture_is_reported_at_once_and_at_the_end) {
    ::testing::internal::CaptureStderr();
    const Folder folder;
    const std::string path = folder.path("pipe");
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    {
        const auto wire = open("pcap:" + path);
        EXPECT_TRUE(wire->finish()) << "nothing is known yet";
        std::ofstream(path) << "this is no capture, although it is long enough to be one" << std::flush;
        EXPECT_TRUE(eventually([&] { return !wire->finish(); }));
        EXPECT_NE(wire->finish().error().what.find(path + ": not a capture file"), std::string::npos);
    }
    const std::string said = ::testing::internal::GetCapturedStderr();
    EXPECT_TRUE(said.starts_with(path + ": not a capture file")) << said;
    EXPECT_EQ(std::ranges::count(said, '\n'), 1) << said;
}

/// Reads a pipe to its end while `wire` keeps writing into it.
std::string read_all(int pipe, Wire& wire) {
    std::string bytes;
    char part[4096];
    while (wire.next_time() || bytes.empty()) {
        wire.advance({});
        for (ssize_t got = 0; (got = ::read(pipe, part, sizeof part)) > 0;) {
            bytes.append(part, static_cast<std::size_t>(got));
        }
    }
    return bytes;
}

TEST(Capture, pipe_may_get_its_reader_late_and_a_slow_reader_makes_the_card_wait) {
    const Folder folder;
    const std::string path = folder.path("pipe");
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    const auto wire = open("pcap::" + path);
    std::uint32_t sent = 0;
    while (wire->has_room({})) send(*wire, numbered(sent++));
    EXPECT_EQ(wire->waiting(), sent);
    const int reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    wire->advance({});
    EXPECT_TRUE(wire->has_room({})) << "the pipe has taken what fits";
    while (wire->has_room({})) send(*wire, numbered(sent++));
    EXPECT_TRUE(wire->next_time()) << "the wire must be serviced again";
    folder.write("copy.pcap", read_all(reader, *wire));
    EXPECT_EQ(wire->waiting(), 0U);
    EXPECT_TRUE(wire->finish());
    ::close(reader);
    const auto records = read_capture(folder.path("copy.pcap"));
    ASSERT_EQ(records.size(), sent);
    for (std::uint32_t i = 0; i < sent; ++i) EXPECT_EQ(records[i].frame, numbered(i));
    EXPECT_EQ(wire->lost(), 0U);
}

TEST(Capture, frames_reach_a_pipe_at_once) {
    const Folder folder;
    const std::string path = folder.path("pipe");
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    const int reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    const auto wire = open("pcap::" + path);
    send(*wire, numbered(0));
    char bytes[200];
    EXPECT_EQ(::read(reader, bytes, sizeof bytes), 24 + 16 + 60);
    ::close(reader);
}

TEST(Capture, pipe_whose_reader_leaves_or_never_comes_loses_frames_as_an_error) {
    auto* const before = std::signal(SIGPIPE, SIG_IGN);
    ::testing::internal::CaptureStderr();
    const Folder folder;
    const std::string path = folder.path("pipe");
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    {
        const auto wire = open("pcap::" + path);
        send_numbers(*wire, 0, 3);
        const auto finished = wire->finish();
        ASSERT_FALSE(finished);
        EXPECT_EQ(finished.error().kind, ErrorKind::timeout);
        EXPECT_EQ(wire->lost(), 3U);
        EXPECT_EQ(wire->waiting(), 0U);
    }
    {
        const int reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        const auto wire = open("pcap::" + path);
        send_numbers(*wire, 0, 2);
        ::close(reader);
        send_numbers(*wire, 2, 5);
        EXPECT_FALSE(wire->finish());
        EXPECT_EQ(wire->lost(), 3U);
        EXPECT_TRUE(wire->has_room({})) << "a reader that has gone is not waited for";
    }
    const std::string said = ::testing::internal::GetCapturedStderr();
    EXPECT_NE(said.find(path + ": nobody reads this pipe; the capture ends here\n"), std::string::npos) << said;
    EXPECT_NE(said.find(path + ": Broken pipe; the capture ends here\n"), std::string::npos) << said;
    std::signal(SIGPIPE, before);
}

/// While it lives, no file grows beyond this many bytes, so do not print meanwhile.
class FileLimit {
public:
    explicit FileLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit limit{bytes, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~FileLimit() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, handler_);
    }
    FileLimit(const FileLimit&) = delete;
    FileLimit& operator=(const FileLimit&) = delete;

private:
    void (*handler_)(int);
    rlimit before_{};
};

TEST(Capture, full_disk_is_reported_once_and_later_frames_count_as_lost) {
    ::testing::internal::CaptureStderr();
    const Folder folder;
    const std::string path = folder.path("a.pcap");
    std::uint64_t lost = 0;
    {
        const FileLimit limit(200'000);
        const auto wire = open("pcap::" + path);
        send_numbers(*wire, 0, 5000);
        lost = wire->lost();
    }
    EXPECT_GT(lost, 0U);
    const auto records = read_capture(path);
    EXPECT_EQ(records.size(), 5000 - lost);
    EXPECT_EQ(folder.read("a.pcap").size(), 24 + records.size() * 76) << "whole records only";
    const std::string said = ::testing::internal::GetCapturedStderr();
    EXPECT_NE(said.find(path + ": File too large; the capture ends here\n"), std::string::npos) << said;
    EXPECT_NE(said.find(path + ": " + std::to_string(lost) + " frames could not be written\n"), std::string::npos);
    EXPECT_EQ(std::ranges::count(said, '\n'), 2) << said;
    EXPECT_EQ(kind_of_failure("pcap::/dev/full"), ErrorKind::system);
}

}  // namespace
}  // namespace ixy::sim::test
