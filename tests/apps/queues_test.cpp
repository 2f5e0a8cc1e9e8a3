// Every program with two queues and a thread for each: the threads share the work and end together.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <thread>
#include <utility>

#include <ixy/core/cpu.hpp>

#include "tests/apps/capture.hpp"
#include "tests/apps/expectations.hpp"

namespace ixy::test {
namespace {

using namespace std::chrono_literals;

/// The card hashes a UDP packet's addresses alone. ixy-pktgen's first 1,024 flows come from 10.0.0.1, whose hash
/// selects queue 1, and the next from 10.0.0.2, which selects queue 0.
const std::string two_addresses = "--flows=2048";

/// Source address and port.
std::string flow_of(const Captured& frame) {
    std::string flow;
    for (const std::size_t at : {26U, 27U, 28U, 29U, 34U, 35U}) flow += static_cast<char>(frame.bytes[at]);
    return flow;
}

class QueuesTest : public testing::Test {
protected:
    std::string card(const std::string& wire, const std::string& more = {}) const {
        return "sim:82574l,wire=" + (folder / wire).string() + more;
    }
    /// Of the first card, at the end.
    static nlohmann::json queues(const Program& program) { return program.json_lines().back()["devices"][0]["queues"]; }

    TemporaryFolder folder;
};

class ProgramQueues : public QueuesTest, public testing::WithParamInterface<std::string> {
protected:
    std::string wait() const { return "--wait=" + GetParam(); }
};

INSTANTIATE_TEST_SUITE_P(Modes, ProgramQueues, testing::Values("poll", "interrupt", "adaptive"),
                         [](const auto& mode) { return mode.param; });

TEST_P(ProgramQueues, every_frame_passes_three_programs_once_and_each_flow_in_order) {
    Program pcap("ixy-pcap",
                 {card("b"), folder / "seen.pcap", "6001", "--queues=2", "--rx-ring=4096", "--json", wait()});
    pcap.await_start();
    Program fwd("ixy-fwd", {card("a"), card("b"), "--queues=2", "--rx-ring=4096", "--json", wait()});
    fwd.await_start();
    Program pktgen("ixy-pktgen",
                   {card("a"), "--queues=2", "--count=6001", two_addresses, "--rate=20kpps", "--json", wait()});
    for (Program* program : {&pktgen, &pcap}) expect_end(*program, 0);
    fwd.signal(SIGINT);
    expect_end(fwd, 0);
    expect_said(fwd, "received 6001, forwarded 6001, dropped 0");
    expect_said(fwd, "queue 0 rx 2929, tx 0; queue 1 rx 3072, tx 0");

    EXPECT_EQ(queues(pktgen)[0]["tx_packets"], 3001);
    EXPECT_EQ(queues(pktgen)[1]["tx_packets"], 3000);
    for (const Program* program : {&fwd, &pcap}) {
        EXPECT_EQ(queues(*program)[0]["rx_packets"], 2929);
        EXPECT_EQ(queues(*program)[1]["rx_packets"], 3072);
    }
    auto frames = read_capture(folder / "seen.pcap");
    EXPECT_TRUE(std::ranges::is_sorted(frames, {}, &Captured::nanoseconds));
    std::map<std::string, std::uint32_t> next;
    for (const Captured& frame : frames) {
        EXPECT_GE(frame.number(), next[flow_of(frame)]) << "of its flow";
        next[flow_of(frame)] = frame.number() + 1;
    }
    EXPECT_EQ(next.size(), 2048U);
    std::ranges::sort(frames, {}, &Captured::number);
    ASSERT_EQ(frames.size(), 6001U);
    for (std::uint32_t i = 0; i < frames.size(); ++i) ASSERT_EQ(frames[i].number(), i);
}

TEST_P(ProgramQueues, signals_end_all_threads_while_they_sleep) {
    for (const int signal : {SIGINT, SIGTERM}) {
        Program fwd("ixy-fwd", {card("a"), card("b"), "--queues=2", wait()});
        Program pcap("ixy-pcap", {card("c"), folder / "seen.pcap", "--queues=2", wait()});
        Program pktgen("ixy-pktgen", {card("d"), "--queues=2", "--rate=0.01pps", wait()});
        for (Program* program : {&fwd, &pcap, &pktgen}) {
            program->await_start();
            std::this_thread::sleep_for(20ms);
            program->signal(signal);
            expect_end(*program, 0);
        }
        expect_said(fwd, "received 0");
    }
}

TEST_P(ProgramQueues, threads_end_in_time_and_show_all_rings_when_asked) {
    Program fwd("ixy-fwd", {card("a"), card("b"), "--queues=2", "--duration=300ms", wait()});
    fwd.await_start();
    std::this_thread::sleep_for(20ms);
    fwd.signal(SIGUSR1);
    expect_end(fwd, 0);
    expect_said(fwd, "receive ring 1");
}

TEST_P(ProgramQueues, the_capture_has_exactly_the_frames_that_were_asked_for) {
    Program pcap("ixy-pcap", {card("a"), folder / "seen.pcap", "1001", "--queues=2", "--rx-ring=4096", wait()});
    pcap.await_start();
    Program pktgen("ixy-pktgen", {card("a"), "--queues=2", two_addresses, "--rate=50kpps", wait()});
    expect_end(pcap, 0);
    pktgen.signal(SIGINT);
    expect_end(pktgen, 0);
    expect_said(pcap, "captured 1001\n");
    EXPECT_EQ(read_capture(folder / "seen.pcap").size(), 1001U);
}

TEST_P(ProgramQueues, all_frames_on_a_slow_loop_come_back) {
    Program pktgen("ixy-pktgen", {"sim:82574l,wire=loop,rate=100M", "--queues=2", "--count=2001", two_addresses,
                                  "--tx-ring=64", "--rx-ring=4096", "--json", wait()});
    expect_end(pktgen, 0);
    EXPECT_EQ(pktgen.json_lines().back()["devices"][0]["rx_packets"], 2001);
}

using Queues = QueuesTest;

TEST_F(Queues, the_count_is_that_of_all_threads) {
    for (const std::uint64_t count : {1U, 2U, 3U, 1001U}) {
        Program pktgen("ixy-pktgen", {"sim:82574l", "--queues=2", "--json", "--count=" + std::to_string(count)});
        expect_end(pktgen, 0);
        EXPECT_EQ(pktgen.json_lines().back()["sent"], count);
        EXPECT_EQ(queues(pktgen)[0]["tx_packets"], (count + 1) / 2);
        EXPECT_EQ(queues(pktgen)[1]["tx_packets"], count / 2);
    }
}

TEST_F(Queues, the_rate_is_that_of_all_threads) {
    Program pktgen("ixy-pktgen", {"sim:82574l", "--queues=2", "--json", "--rate=1kpps", "--count=501"});
    expect_end(pktgen, 0);
    EXPECT_GE(pktgen.json_lines().back()["seconds"], 0.5);
}

TEST_F(Queues, frames_that_match_the_filter_are_captured_from_both) {
    Program pcap("ixy-pcap", {card("a"), folder / "seen.pcap", "4", "--queues=2", "--filter=udp src port 1340"});
    pcap.await_start();
    Program pktgen("ixy-pktgen", {card("a"), "--queues=2", two_addresses, "--count=4096", "--rate=50kpps"});
    expect_end(pktgen, 0);
    expect_end(pcap, 0);
    for (const Captured& frame : read_capture(folder / "seen.pcap")) EXPECT_EQ(frame.number() % 1024, 3U);
}

/// All frames go to queue 1, so it is its thread that finds the disk full.
TEST_F(Queues, a_full_disk_that_one_thread_finds_ends_all) {
    Program pcap("ixy-pcap", {card("a"), "/dev/full", "--queues=2"});
    pcap.await_start();
    Program pktgen("ixy-pktgen", {card("a"), "--count=10000", "--rate=50kpps"});
    expect_end(pcap, 1);
    expect_said(pcap, "/dev/full: No space left on device");
}

TEST_F(Queues, a_queue_that_stops_sending_ends_all_threads) {
    ::setenv("IXY_FAULTS", "ignore 0x03918", 1);
    Program pktgen("ixy-pktgen", {"sim:82574l", "--queues=2", "--rate=10kpps"});
    ::unsetenv("IXY_FAULTS");
    expect_end(pktgen, 1);
    expect_said(pktgen, "the card has stopped sending");
}

/// Half a second is long enough to fill the pipe and the buffer, on any but the slowest machine. Then one thread waits
/// for the reader, and the other for the first.
TEST_F(Queues, a_reader_of_a_pipe_that_stops_or_leaves_ends_all) {
    const auto pipe = folder / "pipe";
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    for (const bool leaves : {true, false}) {
        int reader = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        Program pcap("ixy-pcap", {card("a"), pipe, "--queues=2"});
        pcap.await_start();
        Program pktgen("ixy-pktgen", {card("a"), "--queues=2", two_addresses, "--rate=100kpps"});
        std::this_thread::sleep_for(500ms);
        EXPECT_TRUE(pcap.running()) << pcap.errors();
        if (leaves) {
            ::close(std::exchange(reader, -1));
            expect_end(pcap, 1);
            expect_said(pcap, "Broken pipe");
        } else {
            pcap.signal(SIGINT);
            std::this_thread::sleep_for(20ms);
            pcap.signal(SIGINT);
            EXPECT_GE(pcap.wait(), 0) << pcap.errors();
        }
        if (reader >= 0) ::close(reader);
        pktgen.signal(SIGINT);
        std::this_thread::sleep_for(20ms);
        pktgen.signal(SIGINT);
        EXPECT_GE(pktgen.wait(), 0) << pktgen.errors();
    }
}

/// The thread that prints them moves packets too.
TEST_F(Queues, a_reader_of_statistics_that_stops_holds_up_no_packet) {
    Program fwd("ixy-fwd", {card("a"), card("b"), "--queues=2", "--json"}, {.stall_output = true});
    fwd.await_start();
    Program pktgen("ixy-pktgen", {card("a"), "--queues=2", two_addresses, "--rate=2kpps", "--count=5000"});
    expect_end(pktgen, 0);
    fwd.await("rx 0 pps");                           // the statistics of a second in which all had passed
    for (int i = 0; i < 2; ++i) fwd.signal(SIGINT);  // the second: do not wait for the reader of the summary either
    expect_end(fwd, 1);
    expect_said(fwd, "received 5000, forwarded 5000, dropped 0");
    expect_said(fwd, "statistics were left out");
}

TEST_F(Queues, idle_threads_leave_the_processor_alone) {
    Program fwd("ixy-fwd", {card("a"), card("b"), "--queues=2"});
    Program pcap("ixy-pcap", {card("c"), folder / "seen.pcap", "--queues=2"});
    Program pktgen("ixy-pktgen", {card("d"), "--queues=2", "--rate=1pps"});
    expect_idle({&fwd, &pcap, &pktgen});
}

TEST_F(Queues, a_card_with_fewer_is_refused_with_its_limit) {
    Program pktgen("ixy-pktgen", {"sim:82540em", "--queues=2"});
    expect_end(pktgen, 2);
    expect_said(pktgen, "2 receive queues are not possible on the 8254x; choose 1");
}

TEST_F(Queues, other_numbers_and_lists_of_cpus_are_usage_errors) {
    for (const std::string words :
         {"--queues=0", "--queues=129", "--queues=two", "--cpu=", "--cpu=0,", "--cpu=60000", "--cpu=1-0"}) {
        Program pktgen("ixy-pktgen", {"sim:82574l", words});
        expect_end(pktgen, 2);
        expect_said(pktgen, words.substr(0, words.find('=')));
    }
}

/// Where each thread of a program may run, by the thread's name.
std::map<std::string, std::string> cpus_by_thread(const Program& program) {
    std::map<std::string, std::string> found;
    for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(program.id()) + "/task")) {
        std::string name;
        std::getline(std::ifstream(task.path() / "comm") >> std::ws, name);
        std::ifstream status(task.path() / "status");
        for (std::string line; std::getline(status, line);) {
            const std::string key = "Cpus_allowed_list:\t";
            const bool is_main = task.path().filename() == std::to_string(program.id());
            if (line.starts_with(key)) found[is_main ? "main" : name] = line.substr(key.size());
        }
    }
    return found;
}

TEST_F(Queues, each_thread_has_a_cpu_of_its_own_while_there_are_enough) {
    const std::vector<int> cpus = allowed_cpus();
    const std::string first = std::to_string(cpus.front()), last = std::to_string(cpus.back());
    const std::string next = std::to_string(cpus[1 % cpus.size()]);
    const auto expect_cpus = [&](std::vector<std::string> options, const std::string& main, const std::string& other) {
        for (const char* word : {"sim:82574l", "--queues=2", "--rate=1pps"}) options.emplace_back(word);
        Program pktgen("ixy-pktgen", options);
        pktgen.await_start();
        while (pktgen.running() && cpus_by_thread(pktgen)["queue 1"] != other) std::this_thread::sleep_for(1ms);
        EXPECT_EQ(cpus_by_thread(pktgen)["main"], main);
        EXPECT_EQ(pktgen.errors().find("threads share 1 CPU") != std::string::npos, main == other) << pktgen.errors();
        pktgen.signal(SIGINT);
        expect_end(pktgen, 0);
    };
    expect_cpus({"--cpu=" + last}, last, last);
    expect_cpus({"--cpu=" + first + "," + last}, first, last);
    if (numa_nodes().size() < 2) expect_cpus({}, first, next);
}

}  // namespace
}  // namespace ixy::test
