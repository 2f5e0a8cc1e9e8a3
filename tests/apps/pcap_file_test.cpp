// Capture files: what libpcap reads from them, byte for byte, and what happens to them when the disk is full.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <pcap/pcap.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <ixy/core/mempool.hpp>
#include <ixy/core/process_space.hpp>
#include <sstream>

#include "apps/common/capture_filter.hpp"
#include "apps/common/pcap_file.hpp"
#include "tests/apps/capture.hpp"
#include "tests/apps/program.hpp"

namespace ixy::app {
namespace {

using namespace std::chrono_literals;
using ixy::test::read_capture;
using ixy::test::TemporaryFolder;
using Frame = std::vector<std::byte>;

constexpr std::size_t small_window = 64 * 1024;

Frame make_frame(std::size_t size, unsigned seed) {
    Frame frame(size);
    for (std::size_t i = 0; i < size; ++i) frame[i] = static_cast<std::byte>(i * 7 + seed);
    return frame;
}

std::string content(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

/// Writes frames of all sizes until `count` are stored or one cannot be. Returns the result of finish().
Expected<> fill(const std::string& path, std::size_t count, std::uint64_t& stored) {
    auto file = PcapFile::open(path, {.window = small_window});
    if (!file) return std::unexpected(file.error());
    if (auto begun = (*file)->begin(); !begun) return begun;
    for (std::size_t i = 0; i < count; ++i) {
        if (!(*file)->write(std::chrono::seconds(i), make_frame(60 + i % 1455, static_cast<unsigned>(i)))) break;
    }
    stored = (*file)->packets();
    return (*file)->finish();
}

void expect_filled(const std::filesystem::path& path, std::size_t count) {
    const auto records = read_capture(path);
    ASSERT_EQ(records.size(), count);
    for (std::size_t i = 0; i < count; ++i) {
        ASSERT_EQ(records[i].bytes, make_frame(60 + i % 1455, static_cast<unsigned>(i))) << i;
    }
}

/// Runs `body` in a child process, whose limits and mounts end with it; `body` returns "" or what went wrong.
template <class Body>
void in_child(const Body& body) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
        const std::string mistake = body();
        [[maybe_unused]] const auto written = write(ends[1], mistake.data(), mistake.size());
        _exit(0);
    }
    close(ends[1]);
    std::string mistake;
    char part[512];
    for (ssize_t got = 0; (got = read(ends[0], part, sizeof part)) > 0;)
        mistake.append(part, static_cast<std::size_t>(got));
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    EXPECT_EQ(mistake, "");
}

TEST(PcapFile, starts_with_the_golden_header) {
    const TemporaryFolder folder;
    for (const bool nanosecond : {false, true}) {
        auto file = PcapFile::open(folder / "a.pcap", {.snaplen = 0x1234, .nanosecond = nanosecond});
        ASSERT_TRUE(file && (*file)->begin());
        ASSERT_TRUE((*file)->write(1s + 234567891ns, make_frame(3, 0)));
        ASSERT_TRUE((*file)->finish());
        const std::string magic = nanosecond ? "\x4d\x3c\xb2\xa1" : "\xd4\xc3\xb2\xa1";
        const std::string fraction =
            nanosecond ? std::string("\xd3\x38\xfb\x0d", 4) : std::string("\x47\x94\x03\x00", 4);
        const std::string rest("\x02\x00\x04\x00\0\0\0\0\0\0\0\0\x34\x12\0\0\x01\0\0\0\x01\0\0\0", 24);
        const std::string record = fraction + std::string("\x03\0\0\0\x03\0\0\0\x00\x07\x0e", 11);
        EXPECT_EQ(content(folder / "a.pcap"), magic + rest + record);
    }
}

TEST(PcapFile, libpcap_reads_back_every_frame_across_many_windows) {
    const TemporaryFolder folder;
    std::uint64_t stored = 0;
    ASSERT_TRUE(fill(folder / "a.pcap", 3000, stored));
    EXPECT_EQ(stored, 3000U);
    expect_filled(folder / "a.pcap", 3000);
}

TEST(PcapFile, timestamps_keep_microseconds_or_nanoseconds) {
    const TemporaryFolder folder;
    for (const bool nanosecond : {false, true}) {
        auto file = PcapFile::open(folder / "a.pcap", {.nanosecond = nanosecond});
        ASSERT_TRUE(file && (*file)->begin());
        ASSERT_TRUE((*file)->write(1'700'000'000s + 123456789ns, make_frame(60, 0)));
        ASSERT_TRUE((*file)->finish());
        const auto records = read_capture(folder / "a.pcap");
        ASSERT_EQ(records.size(), 1U);
        EXPECT_EQ(records[0].nanoseconds, 1'700'000'000'123'456'000 + (nanosecond ? 789 : 0));
    }
}

TEST(PcapFile, snaplen_truncates_frames_and_keeps_their_original_length) {
    const TemporaryFolder folder;
    auto file = PcapFile::open(folder / "a.pcap", {.snaplen = 100});
    ASSERT_TRUE(file && (*file)->begin());
    for (const std::size_t size : {60UL, 100UL, 101UL, 9000UL}) ASSERT_TRUE((*file)->write(0s, make_frame(size, 1)));
    ASSERT_TRUE((*file)->finish());
    const auto records = read_capture(folder / "a.pcap");
    ASSERT_EQ(records.size(), 4U);
    EXPECT_EQ(records[0].bytes, make_frame(60, 1));
    EXPECT_EQ(records[1].bytes, make_frame(100, 1));
    EXPECT_EQ(records[2].bytes, make_frame(100, 1));
    EXPECT_EQ(records[3].bytes, make_frame(100, 1));
    EXPECT_EQ(records[3].original, 9000U);
}

TEST(PcapFile, frame_in_several_pieces_is_written_whole_or_up_to_snaplen) {
    const TemporaryFolder folder;
    auto pool = *Mempool::create(*ProcessSpace::create(), {.packets = 8});
    Packet* frame = pool->allocate();
    frame->set_length(2048);
    frame->set_next(pool->allocate());
    frame->next()->set_length(2048);
    frame->next()->set_next(pool->allocate());
    frame->next()->next()->set_length(5);
    const Frame whole = make_frame(4101, 3);
    std::size_t at = 0;
    for (Packet* piece = frame; piece != nullptr; piece = piece->next()) {
        std::copy_n(whole.begin() + static_cast<std::ptrdiff_t>(at), piece->length(), piece->start());
        at += piece->length();
    }
    for (const std::uint32_t snaplen : {262144U, 2048U, 2049U, 10U}) {
        auto file = PcapFile::open(folder / "a.pcap", {.snaplen = snaplen});
        ASSERT_TRUE(file && (*file)->begin() && (*file)->write(0s, *frame) && (*file)->finish());
        const auto records = read_capture(folder / "a.pcap");
        ASSERT_EQ(records.size(), 1U);
        EXPECT_EQ(records[0].original, 4101U);
        EXPECT_EQ(records[0].bytes, Frame(whole.begin(), whole.begin() + std::min<std::ptrdiff_t>(snaplen, 4101)));
    }
    free_packets({&frame, 1});
}

TEST(PcapFile, capture_without_frames_is_a_valid_file) {
    const TemporaryFolder folder;
    auto file = PcapFile::open(folder / "a.pcap");
    ASSERT_TRUE(file && (*file)->begin() && (*file)->finish());
    EXPECT_EQ(read_capture(folder / "a.pcap").size(), 0U);
    EXPECT_EQ(std::filesystem::file_size(folder / "a.pcap"), 24U);
}

TEST(PcapFile, is_complete_even_without_a_call_to_finish) {
    const TemporaryFolder folder;
    {
        auto file = PcapFile::open(folder / "a.pcap");
        ASSERT_TRUE(file && (*file)->begin() && (*file)->write(0s, make_frame(60, 0)));
    }
    EXPECT_EQ(read_capture(folder / "a.pcap").size(), 1U);
    EXPECT_EQ(std::filesystem::file_size(folder / "a.pcap"), 24U + 16 + 60);
}

TEST(PcapFile, longer_old_file_is_replaced) {
    const TemporaryFolder folder;
    std::ofstream(folder / "a.pcap") << std::string(100'000, 'x');
    std::uint64_t stored = 0;
    ASSERT_TRUE(fill(folder / "a.pcap", 2, stored));
    expect_filled(folder / "a.pcap", 2);
}

TEST(PcapFile, opening_changes_nothing_until_the_capture_begins) {
    const TemporaryFolder folder;
    std::ofstream(folder / "old") << "precious";
    ASSERT_TRUE(PcapFile::open(folder / "old"));
    EXPECT_EQ(content(folder / "old"), "precious");
    ASSERT_TRUE(PcapFile::open(folder / "new"));
    EXPECT_FALSE(std::filesystem::exists(folder / "new"));
}

TEST(PcapFile, failed_write_is_an_error_that_names_the_file) {
    const auto file = PcapFile::open("/nonexistent/a.pcap");
    ASSERT_FALSE(file);
    EXPECT_NE(file.error().text().find("/nonexistent/a.pcap"), std::string::npos);
}

TEST(PcapFile, a_pipe_gets_the_same_bytes) {
    const TemporaryFolder folder;
    ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
    const int reader = open((folder / "pipe").c_str(), O_RDWR);
    std::string got;
    std::uint64_t stored = 0;
    std::jthread writer([&] { ASSERT_TRUE(fill(folder / "pipe", 500, stored)); });
    ASSERT_TRUE(fill(folder / "file", 500, stored));
    const std::string expected = content(folder / "file");
    char part[4096];
    while (got.size() < expected.size()) {
        const ssize_t count = read(reader, part, sizeof part);
        ASSERT_GT(count, 0);
        got.append(part, static_cast<std::size_t>(count));
    }
    EXPECT_EQ(got, expected);
    writer.join();
    close(reader);
}

TEST(PcapFile, pipe_reader_that_leaves_or_stalls_is_an_error_that_counts_the_lost_frames) {
    std::signal(SIGPIPE, SIG_IGN);  // as every program that writes captures does
    const TemporaryFolder folder;
    ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
    for (const bool leaves : {true, false}) {
        int reader = open((folder / "pipe").c_str(), O_RDONLY | O_NONBLOCK);
        const auto file = *PcapFile::open(folder / "pipe");
        file->wait_while([](auto standstill) { return standstill < 100ms; });
        ASSERT_TRUE(file->begin());
        if (leaves) close(std::exchange(reader, -1));
        std::uint64_t stored = 0;
        while (stored < 10'000 && file->write(1s, make_frame(1000, 0))) ++stored;
        ASSERT_LT(stored, 10'000U);
        EXPECT_FALSE(file->write(1s, make_frame(1, 0))) << "no frame may follow a lost one";
        const auto result = file->finish();
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().kind, leaves ? ErrorKind::system : ErrorKind::timeout);
        EXPECT_LT(file->packets(), stored) << "frames in the buffer were not written";
        const std::string lost = std::to_string(stored + 2 - file->packets());
        EXPECT_NE(result.error().what.find("(" + lost + " frames could not be written)"), std::string::npos)
            << result.error().what;
        close(reader);
    }
}

TEST(PcapFile, full_device_is_an_error) {
    std::uint64_t stored = 0;
    const auto result = fill("/dev/full", 3000, stored);
    ASSERT_FALSE(result);
    EXPECT_NE(result.error().text().find("No space left"), std::string::npos) << result.error().text();
}

TEST(PcapFile, file_size_limit_leaves_a_valid_file_that_fills_it) {
    const TemporaryFolder folder;
    std::uint64_t stored = 0;
    in_child([&]() -> std::string {
        signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{1'000'000, 1'000'000};
        setrlimit(RLIMIT_FSIZE, &limit);
        const auto result = fill(folder / "a.pcap", 10'000, stored);
        if (result) return "no error";
        return result.error().text().find("File too large") != std::string::npos ? "" : result.error().text();
    });
    const auto records = read_capture(folder / "a.pcap");
    EXPECT_GT(std::filesystem::file_size(folder / "a.pcap"), 1'000'000U - small_window - 1600);
    expect_filled(folder / "a.pcap", records.size());
}

TEST(PcapFile, disk_without_room_for_a_new_file_keeps_the_old_one) {
    const TemporaryFolder folder;
    std::ofstream(folder / "a.pcap") << "precious";
    in_child([&]() -> std::string {
        signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{32 * 1024, 32 * 1024};
        setrlimit(RLIMIT_FSIZE, &limit);
        const auto begun = (*PcapFile::open(folder / "a.pcap"))->begin();
        return begun ? "no error" : "";
    });
    EXPECT_EQ(content(folder / "a.pcap"), "precious");
}

TEST(PcapFile, full_disk_leaves_a_valid_file_and_no_sigbus) {
    const TemporaryFolder folder;
    in_child([&]() -> std::string {
        const uid_t user = getuid();
        if (unshare(user == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER) != 0) return "unshare failed";
        const bool is_private = mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
        if (!is_private && errno != EINVAL) return "making mounts private failed";  // EINVAL: inside a chroot
        struct SmallDisk {
            std::string folder;
            ~SmallDisk() { umount2(folder.c_str(), MNT_DETACH); }
        } const disk{folder / "disk"};
        std::filesystem::create_directory(disk.folder);
        if (mount("tmpfs", disk.folder.c_str(), "tmpfs", 0, "size=1m") != 0) return "mounting a tmpfs failed";
        std::uint64_t stored = 0;
        const std::string path = folder / "disk/a.pcap";
        const auto result = fill(path, 10'000, stored);
        if (result) return "no error";
        if (result.error().text().find("No space left") == std::string::npos) return result.error().text();
        const auto size = std::filesystem::file_size(path);
        if (size < 1024 * 1024 - small_window - 1600) return "room was left: only " + std::to_string(size) + " bytes";
        std::filesystem::copy_file(path, folder / "copy.pcap");
        return read_capture(path).size() == stored ? "" : "another number of frames than was stored";
    });
    const auto records = read_capture(folder / "copy.pcap");
    EXPECT_GT(records.size(), 500U);
    expect_filled(folder / "copy.pcap", records.size());
}

TEST(CaptureFilter, keeps_what_the_libpcap_expression_matches) {
    auto pool = *Mempool::create(*ProcessSpace::create(), {.packets = 8});
    Packet* frame = pool->allocate();
    frame->set_length(60);
    std::ranges::fill(frame->data(), std::byte{0});
    frame->start()[12] = std::byte{0x08};
    frame->start()[13] = std::byte{0x06};
    EXPECT_TRUE(CaptureFilter::compile("")->matches(*frame));
    EXPECT_TRUE(CaptureFilter::compile("arp")->matches(*frame));
    EXPECT_FALSE(CaptureFilter::compile("ip")->matches(*frame));
    EXPECT_TRUE(CaptureFilter::compile("not ip and len == 60")->matches(*frame));
    free_packets({&frame, 1});
}

TEST(CaptureFilter, sees_every_piece_of_a_long_frame) {
    auto pool = *Mempool::create(*ProcessSpace::create(), {.packets = 8});
    std::array<Packet*, 2> pieces{};
    ASSERT_EQ(pool->allocate(pieces), 2U);
    for (Packet* piece : pieces) {
        piece->set_length(2000);
        std::ranges::fill(piece->data(), std::byte{0});
    }
    pieces[0]->set_next(pieces[1]);
    pieces[1]->start()[1000] = std::byte{0x5a};
    EXPECT_TRUE(CaptureFilter::compile("ether[3000] = 0x5a")->matches(*pieces[0]));
    EXPECT_FALSE(CaptureFilter::compile("ether[3001] = 0x5a")->matches(*pieces[0]));
    free_packets({pieces.data(), 1});
}

TEST(CaptureFilter, syntax_error_is_an_invalid_argument) {
    const auto filter = CaptureFilter::compile("port or");
    ASSERT_FALSE(filter);
    EXPECT_EQ(filter.error().kind, ErrorKind::invalid_argument);
    EXPECT_NE(filter.error().text().find("port or"), std::string::npos);
}

}  // namespace
}  // namespace ixy::app
