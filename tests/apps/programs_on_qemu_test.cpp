// The three programs, run as a user would run them, on QEMU's 82540EM: results on the wire, in the file, in the
// statistics.
#include <gtest/gtest.h>

#include <csignal>
#include <thread>

#include "apps/pktgen/frame.hpp"
#include "tests/apps/capture.hpp"
#include "tests/apps/program.hpp"
#include "tests/support/qemu.hpp"

namespace ixy::test {
namespace {

using namespace std::chrono_literals;

/// The frame that ixy-pktgen sends as number `number` from QEMU's first card.
Frame numbered_frame(std::uint32_t number, std::size_t size = 60) {
    Frame frame = app::build_frame({.size = size, .source_mac = *MacAddress::parse("52:54:00:00:00:01")});
    app::write_sequence(frame.data(), frame.size(), number);
    return frame;
}

/// Receives frames from `wire` until `count` have arrived or no more come.
std::vector<Frame> receive_frames(Wire& wire, std::size_t count) {
    std::vector<Frame> frames;
    while (frames.size() < count) {
        Frame frame = wire.receive(5s);
        if (frame.empty()) break;
        frames.push_back(std::move(frame));
    }
    return frames;
}

/// The program's last line of JSON, which must be its summary.
nlohmann::json summary_of(const Program& program) {
    const auto lines = program.json_lines();
    if (lines.empty() || !lines.back().value("summary", false)) {
        ADD_FAILURE() << "no summary: " << program.output() << program.errors();
        return {};
    }
    return lines.back();
}

bool send_frames(Wire& wire, std::size_t count, std::size_t size = 60) {
    for (unsigned i = 0; i < count; ++i) {
        if (!wire.send(make_frame(size, i))) return false;
    }
    return true;
}

/// The program has opened its cards once it has announced all of them.
void wait_until_open(const Program& program, std::string_view last_card) {
    ASSERT_TRUE(eventually(
        [&] { return program.errors().find(std::string(last_card) + ": 82540EM") != std::string::npos; }, 20s))
        << program.errors();
}

TEST(PktgenOnQemu, sends_numbered_udp_frames_without_gaps_and_counts_them) {
    Qemu qemu;
    Program program("ixy-pktgen", {qemu.address(), "--count=1000", "--json"});
    const auto frames = receive_frames(qemu.wire(), 1000);
    EXPECT_EQ(program.wait(), 0) << program.errors();
    ASSERT_EQ(frames.size(), 1000U);
    for (std::uint32_t i = 0; i < 1000; ++i) ASSERT_EQ(frames[i], numbered_frame(i)) << i;
    EXPECT_TRUE(qemu.wire().drain().empty());
    const auto summary = summary_of(program);
    EXPECT_EQ(summary["sent"], 1000);
    EXPECT_EQ(summary["devices"][0]["tx_packets"], 1000);
    EXPECT_EQ(summary["devices"][0]["tx_bytes"], 60'000);
    EXPECT_NE(program.errors().find("sent 1000"), std::string::npos) << program.errors();
}

TEST(PktgenOnQemu, batches_and_rings_of_any_size_leave_no_gap) {
    Qemu qemu;
    for (const char* batch : {"--batch=1", "--batch=7", "--batch=256"}) {
        Program program("ixy-pktgen", {qemu.address(), "--count=333", "--tx-ring=64", batch});
        const auto frames = receive_frames(qemu.wire(), 333);
        EXPECT_EQ(program.wait(), 0) << program.errors();
        ASSERT_EQ(frames.size(), 333U) << batch;
        for (std::uint32_t i = 0; i < 333; ++i) ASSERT_EQ(frames[i], numbered_frame(i)) << i;
    }
}

TEST(PktgenOnQemu, sends_long_frames_with_the_requested_contents) {
    Qemu qemu;
    Program program("ixy-pktgen", {qemu.address(), "--count=20", "--size=9000", "--src=1.2.3.4:5", "--dst=5.6.7.8:9",
                                   "--src-mac=02:00:00:00:00:aa", "--dst-mac=02:00:00:00:00:bb"});
    const auto frames = receive_frames(qemu.wire(), 20);
    EXPECT_EQ(program.wait(), 0) << program.errors();
    ASSERT_EQ(frames.size(), 20U);
    Frame expected = app::build_frame({.size = 9000,
                                       .source_mac = *MacAddress::parse("02:00:00:00:00:aa"),
                                       .destination_mac = *MacAddress::parse("02:00:00:00:00:bb"),
                                       .source = {0x01020304, 5},
                                       .destination = {0x05060708, 9}});
    app::write_sequence(expected.data(), expected.size(), 19);
    EXPECT_EQ(frames[19], expected);
}

TEST(PktgenOnQemu, keeps_the_rate_within_one_percent) {
    Qemu qemu;
    std::jthread reader([&](const std::stop_token& stop) {
        while (!stop.stop_requested()) (void)qemu.wire().receive(10ms);
    });
    Program program("ixy-pktgen", {qemu.address(), "--rate=2kpps", "--duration=4", "--batch=1024", "--json"});
    EXPECT_EQ(program.wait(), 0) << program.errors();
    const auto summary = summary_of(program);
    EXPECT_NEAR(summary["sent"].get<double>() / 4, 2000, 20) << program.errors();
    EXPECT_GE(program.json_lines().size(), 4U);
}

TEST(PktgenOnQemu, ctrl_c_ends_it_cleanly_with_a_summary) {
    Qemu qemu;
    for (const int signal : {SIGINT, SIGTERM}) {
        Program program("ixy-pktgen", {qemu.address(), "--rate=1kpps", "--json"});
        const auto frames = receive_frames(qemu.wire(), 50);
        ASSERT_EQ(frames.size(), 50U) << program.errors();
        program.signal(signal);
        std::size_t received = frames.size() + qemu.wire().drain(500ms).size();
        EXPECT_EQ(program.wait(), 0) << program.errors();
        received += qemu.wire().drain().size();
        EXPECT_EQ(summary_of(program)["sent"], received);
    }
}

TEST(PktgenOnQemu, removed_card_is_reported_as_a_failure) {
    Qemu qemu;
    Program program("ixy-pktgen", {qemu.address(), "--rate=1kpps"});
    ASSERT_EQ(receive_frames(qemu.wire(), 10).size(), 10U) << program.errors();
    qemu.kill();
    EXPECT_EQ(program.wait(), 1) << program.errors();
    EXPECT_NE(program.errors().find("gone"), std::string::npos) << program.errors();
}

TEST(PktgenOnQemu, link_that_is_down_is_reported_as_a_failure) {
    Qemu qemu;
    qemu.set_link(0, false);
    Program program("ixy-pktgen", {qemu.address(), "--link-timeout=0.5"});
    EXPECT_EQ(program.wait(), 1) << program.errors();
    EXPECT_NE(program.errors().find("link"), std::string::npos) << program.errors();
}

TEST(PktgenOnQemu, closed_standard_output_ends_it_and_the_card_is_still_released) {
    Qemu qemu;
    Program program("ixy-pktgen", {qemu.address(), "--rate=100pps", "--json"}, {.close_output = true});
    std::jthread reader([&](const std::stop_token& stop) {
        while (!stop.stop_requested()) (void)qemu.wire().receive(10ms);
    });
    EXPECT_EQ(program.wait(), 1);
    EXPECT_NE(program.errors().find("standard output"), std::string::npos) << program.errors();
}

TEST(PcapOnQemu, writes_what_arrives_byte_for_byte_and_stops_at_count) {
    Qemu qemu;
    const TemporaryFolder folder;
    Program program("ixy-pcap", {qemu.address(), folder / "a.pcap", "200", "--json"});
    wait_until_open(program, qemu.address());
    ASSERT_TRUE(send_frames(qemu.wire(), 200)) << program.errors();
    EXPECT_EQ(program.wait(), 0) << program.errors();
    const auto frames = read_capture(folder / "a.pcap");
    ASSERT_EQ(frames.size(), 200U);
    for (unsigned i = 0; i < 200; ++i) ASSERT_EQ(frames[i].bytes, make_frame(60, i)) << i;
    EXPECT_EQ(summary_of(program)["captured"], 200);
}

TEST(PcapOnQemu, ctrl_c_leaves_a_valid_file_with_everything_received) {
    Qemu qemu;
    const TemporaryFolder folder;
    Program program("ixy-pcap", {qemu.address(), folder / "a.pcap", "--json", "--nanosecond"});
    wait_until_open(program, qemu.address());
    ASSERT_TRUE(send_frames(qemu.wire(), 100));
    ASSERT_TRUE(eventually([&] { return program.output().find("\"captured\":100,") != std::string::npos; }, 20s))
        << program.output() << program.errors();
    program.signal(SIGINT);
    program.signal(SIGINT);
    EXPECT_EQ(program.wait(), 0) << program.errors();
    EXPECT_EQ(summary_of(program)["captured"], 100);
    EXPECT_EQ(read_capture(folder / "a.pcap").size(), 100U);
}

TEST(PcapOnQemu, keeps_frames_that_pass_the_filter_truncated_to_snaplen) {
    Qemu qemu;
    const TemporaryFolder folder;
    Program program("ixy-pcap", {qemu.address(), folder / "a.pcap", "5", "--filter=len == 100", "--snaplen=20"});
    wait_until_open(program, qemu.address());
    for (unsigned i = 0; i < 10; ++i) ASSERT_TRUE(qemu.wire().send(make_frame(i % 2 == 0 ? 60 : 100, i)));
    EXPECT_EQ(program.wait(), 0) << program.errors();
    const auto frames = read_capture(folder / "a.pcap");
    ASSERT_EQ(frames.size(), 5U);
    Frame expected = make_frame(100, 9);
    expected.resize(20);
    EXPECT_EQ(frames[4].bytes, expected);
}

TEST(PcapOnQemu, writes_jumbo_frames_whole) {
    Qemu qemu;
    const TemporaryFolder folder;
    Program program("ixy-pcap", {qemu.address(), folder / "a.pcap", "3", "--max-frame=9000"});
    wait_until_open(program, qemu.address());
    ASSERT_TRUE(send_frames(qemu.wire(), 3, 9000));
    EXPECT_EQ(program.wait(), 0) << program.errors();
    const auto frames = read_capture(folder / "a.pcap");
    ASSERT_EQ(frames.size(), 3U);
    EXPECT_EQ(frames[2].bytes, make_frame(9000, 2));
}

TEST(PcapOnQemu, full_disk_ends_it_with_a_message_and_a_valid_file) {
    Qemu qemu;
    const TemporaryFolder folder;
    Program program("ixy-pcap", {qemu.address(), folder / "a.pcap"}, {.file_size_limit = 256 * 1024});
    wait_until_open(program, qemu.address());
    for (unsigned i = 0; i < 400 && program.running(); ++i) (void)qemu.wire().send(make_frame(1500, i), 1s);
    EXPECT_EQ(program.wait(), 1) << program.errors();
    EXPECT_NE(program.errors().find("File too large"), std::string::npos) << program.errors();
    const auto frames = read_capture(folder / "a.pcap");
    EXPECT_GT(frames.size(), 100U);
    for (unsigned i = 0; i < frames.size(); ++i) ASSERT_EQ(frames[i].bytes, make_frame(1500, i)) << i;
}

TEST(FwdOnQemu, forwards_both_ways_and_counts) {
    Qemu qemu({Card{}, Card{}});
    Program program("ixy-fwd", {qemu.address(0), qemu.address(1), "--json"});
    wait_until_open(program, qemu.address(1));
    for (unsigned i = 0; i < 200; ++i) {
        const unsigned from = i % 2;
        ASSERT_TRUE(qemu.wire(from).send(make_frame(60 + i, i)));
        ASSERT_EQ(qemu.wire(1 - from).receive(20s), make_frame(60 + i, i)) << i << program.errors();
    }
    program.signal(SIGINT);
    EXPECT_EQ(program.wait(), 0) << program.errors();
    const auto summary = summary_of(program);
    EXPECT_EQ(summary["received"], 200);
    EXPECT_EQ(summary["forwarded"], 200);
    EXPECT_EQ(summary["dropped"], 0);
    EXPECT_EQ(summary["devices"][1]["tx_packets"], 100);
    EXPECT_EQ(program.errors().find("copied"), std::string::npos);
}

TEST(FwdOnQemu, sleeping_is_refused_where_there_are_no_interrupts) {
    for (const std::string mode : {"interrupt", "adaptive"}) {
        Qemu qemu({Card{}, Card{}});
        Program program("ixy-fwd", {qemu.address(0), qemu.address(1), "--wait=" + mode});
        EXPECT_EQ(program.wait(), 1);
        EXPECT_NE(program.errors().find(qemu.address(0) + " cannot deliver interrupts this way; use --wait=poll"),
                  std::string::npos)
            << program.errors();
    }
}

TEST(FwdOnQemu, touch_changes_one_byte) {
    Qemu qemu({Card{}, Card{}});
    Program program("ixy-fwd", {qemu.address(0), qemu.address(1), "--touch"});
    wait_until_open(program, qemu.address(1));
    ASSERT_TRUE(qemu.wire(0).send(make_frame(60)));
    Frame expected = make_frame(60);
    expected[48] ^= std::byte{1};
    EXPECT_EQ(qemu.wire(1).receive(20s), expected) << program.errors();
}

TEST(FwdOnQemu, copies_between_cards_that_do_not_share_memory_and_says_so_once) {
    Qemu one;
    Qemu other;
    Program program("ixy-fwd", {one.address(), other.address(), "--max-frame=9000", "--json"});
    wait_until_open(program, other.address());
    for (unsigned i = 0; i < 100; ++i) {
        const std::size_t size = i % 10 == 0 ? 9000 : 60 + i;
        ASSERT_TRUE(one.wire().send(make_frame(size, i)));
        ASSERT_EQ(other.wire().receive(20s), make_frame(size, i)) << i << program.errors();
    }
    program.signal(SIGTERM);
    EXPECT_EQ(program.wait(), 0) << program.errors();
    EXPECT_EQ(summary_of(program)["forwarded"], 100);
    const std::string errors = program.errors();
    EXPECT_NE(errors.find("copied"), std::string::npos) << errors;
    EXPECT_EQ(errors.find("copied"), errors.rfind("copied"));
}

}  // namespace
}  // namespace ixy::test
