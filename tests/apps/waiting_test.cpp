// Every program with every --wait, on software NICs: nothing is lost, signals and statistics come through while a
// program sleeps, and an idle one leaves the processor alone.
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <thread>

#include "tests/apps/expectations.hpp"

namespace ixy::test {
namespace {

using namespace std::chrono_literals;

class ProgramWaiting : public testing::TestWithParam<std::string> {
protected:
    std::string card(const std::string& wire, const std::string& more = {}) const {
        return "sim:82540em,wire=" + (folder / wire).string() + more;
    }
    std::string wait() const { return "--wait=" + GetParam(); }

    TemporaryFolder folder;
};

INSTANTIATE_TEST_SUITE_P(Modes, ProgramWaiting, testing::Values("poll", "interrupt", "adaptive"),
                         [](const auto& mode) { return mode.param; });

/// From ixy-pktgen through ixy-fwd to ixy-pcap, with pauses in which all three can fall asleep.
TEST_P(ProgramWaiting, every_frame_passes_three_programs) {
    Program pcap("ixy-pcap", {card("b"), folder / "seen.pcap", "1000", wait()});
    pcap.await_start();
    Program fwd("ixy-fwd", {card("a"), card("b"), wait()});
    fwd.await_start();
    for (const std::string rate : {"--rate=2kpps", "--rate=100kpps"}) {
        Program pktgen("ixy-pktgen", {card("a"), "--count=500", rate, wait()});
        EXPECT_EQ(pktgen.wait(), 0) << pktgen.errors();
        expect_said(pktgen, "sent 500");
    }
    EXPECT_EQ(pcap.wait(), 0) << pcap.errors();
    expect_said(pcap, "captured 1000");
    fwd.signal(SIGINT);
    EXPECT_EQ(fwd.wait(), 0) << fwd.errors();
    expect_said(fwd, "received 1000, forwarded 1000, dropped 0");
}

TEST_P(ProgramWaiting, a_slow_wire_holds_up_the_sender_and_nothing_is_lost) {
    Program pcap("ixy-pcap", {card("b"), folder / "seen.pcap", "3000", wait()});
    pcap.await_start();
    Program fwd("ixy-fwd", {card("a"), card("b", ",rate=100M"), wait()});
    fwd.await_start();
    Program pktgen("ixy-pktgen", {card("a"), "--count=3000", wait()});
    EXPECT_EQ(pktgen.wait(), 0) << pktgen.errors();
    EXPECT_EQ(pcap.wait(), 0) << pcap.errors();
    fwd.signal(SIGTERM);
    EXPECT_EQ(fwd.wait(), 0) << fwd.errors();
    expect_said(fwd, "received 3000, forwarded 3000, dropped 0");
}

TEST_P(ProgramWaiting, all_frames_on_a_slow_loop_come_back) {
    Program pktgen("ixy-pktgen", {"sim:82540em,wire=loop,rate=100M", "--count=2000", "--tx-ring=64", "--rx-ring=4096",
                                  "--json", wait()});
    EXPECT_EQ(pktgen.wait(), 0) << pktgen.errors();
    EXPECT_EQ(pktgen.json_lines().back()["devices"][0]["rx_packets"], 2000);
}

TEST_P(ProgramWaiting, signals_end_a_sleeping_program) {
    for (const int signal : {SIGINT, SIGTERM}) {
        Program fwd("ixy-fwd", {card("a"), card("b"), wait()});
        Program pcap("ixy-pcap", {card("c"), folder / "seen.pcap", wait()});
        for (Program* program : {&fwd, &pcap}) {
            program->await_start();
            std::this_thread::sleep_for(20ms);
            program->signal(signal);
            EXPECT_EQ(program->wait(), 0) << program->errors();
            expect_said(*program, "received 0");
        }
    }
}

TEST_P(ProgramWaiting, a_sleeping_program_ends_in_time_and_shows_its_rings_when_asked) {
    Program fwd("ixy-fwd", {card("a"), card("b"), "--duration=300ms", wait()});
    fwd.await_start();
    std::this_thread::sleep_for(20ms);
    fwd.signal(SIGUSR1);
    EXPECT_EQ(fwd.wait(), 0) << fwd.errors();
    expect_said(fwd, "receive ring");
}

TEST_P(ProgramWaiting, statistics_come_once_a_second_while_nothing_arrives) {
    Program fwd("ixy-fwd", {card("a"), card("b"), "--json", "--duration=2.5", wait()});
    EXPECT_EQ(fwd.wait(), 0) << fwd.errors();
    EXPECT_EQ(fwd.json_lines().size(), 3U) << "two, and the summary";
}

TEST(IdlePrograms, leave_the_processor_alone) {
    const TemporaryFolder folder;
    const auto card = [&](const std::string& wire) { return "sim:82540em,wire=" + (folder / wire).string(); };
    Program fwd("ixy-fwd", {card("a"), card("b")});
    Program pcap("ixy-pcap", {card("c"), folder / "seen.pcap"});
    Program pktgen("ixy-pktgen", {card("d"), "--rate=1pps"});
    expect_idle({&fwd, &pcap, &pktgen});
}

TEST(WaitOption, other_words_are_refused) {
    for (const std::string program : {"ixy-fwd", "ixy-pcap", "ixy-pktgen"}) {
        Program wrong(program, {"sim:82540em,wire=loop", "--wait=sometimes"});
        EXPECT_EQ(wrong.wait(), 2);
        EXPECT_NE(wrong.errors().find("sometimes is not one of poll, interrupt and adaptive"), std::string::npos)
            << wrong.errors();
    }
}

}  // namespace
}  // namespace ixy::test
