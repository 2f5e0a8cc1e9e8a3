// A newcomer's mistakes, on software NICs: closed outputs, one file for two purposes, full disks, words that are not
// quite right. Each ends with a sentence that says what to do, and no file is lost.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "tests/apps/program.hpp"

namespace ixy::test {
namespace {

std::string content(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

class CarelessUse : public testing::Test {
protected:
    /// Runs the line in a shell in the test's own folder; its output goes to `said`. Returns the exit status.
    int run(const std::string& line) {
        const std::string prepare = "PATH=" IXY_PROGRAMS_FOLDER ":$PATH; exec 2>&1 3>&- 4>&- 5>&- 6>&- 7>&-; cd " +
                                    (folder / ".").string() + "; ";
        FILE* const pipe = ::popen((prepare + line).c_str(), "r");
        said.clear();
        std::array<char, 4096> part;
        while (const std::size_t got = std::fread(part.data(), 1, part.size(), pipe)) said.append(part.data(), got);
        const int status = ::pclose(pipe);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
    void expect(const std::string& line, int status, const std::string& text) {
        EXPECT_EQ(run(line), status) << line << "\n" << said;
        EXPECT_NE(said.find(text), std::string::npos) << line << "\n" << said;
    }
    /// Makes a capture of `frames` frames of 60 bytes: 24 bytes, and 76 for each.
    void make_capture(const std::string& name, int frames) {
        expect("ixy-pktgen sim:82540em,wire=pcap::" + name + " --count " + std::to_string(frames), 0, "sent");
        ASSERT_EQ(std::filesystem::file_size(folder / name), 24U + 76U * static_cast<unsigned>(frames));
    }

    TemporaryFolder folder;
    std::string said;
};

TEST_F(CarelessUse, output_to_a_closed_stream_does_not_land_in_the_capture) {
    make_capture("in.pcap", 5);
    EXPECT_EQ(run("ixy-pcap sim:82540em,wire=pcap:in.pcap:sent.pcap a.pcap 5 2>&-"), 0) << said;
    EXPECT_EQ(content(folder / "sent.pcap").size(), 24U);
    EXPECT_EQ(run("ixy-pcap --json sim:82540em,wire=pcap:in.pcap:sent.pcap b.pcap 5 0<&- 1>&-"), 0) << said;
    EXPECT_EQ(content(folder / "sent.pcap").size(), 24U);
    EXPECT_EQ(content(folder / "b.pcap").size(), 24U + 5 * 76U);
}

TEST_F(CarelessUse, capture_being_played_is_not_overwritten) {
    make_capture("in.pcap", 100);
    const std::string before = content(folder / "in.pcap");
    expect("ixy-pktgen sim:82540em,wire=pcap:in.pcap:in.pcap --count 1", 1, "being written or played; name another");
    expect("ixy-pcap sim:82540em,wire=pcap:in.pcap ./in.pcap 1", 1, "being written or played; name another");
    expect("ln in.pcap other; ixy-fwd sim:82540em,wire=pcap:in.pcap:x sim:82540em,wire=pcap::other", 1, "name another");
    EXPECT_EQ(content(folder / "in.pcap"), before);
}

TEST_F(CarelessUse, signal_ends_the_wait_for_the_link) {
    // The program ignores SIGINT until it installs its handler.
    expect(
        "trap '' INT; ixy-pktgen sim:82540em,wire=loop,link=60s --link-timeout 10 & "
        "while kill -INT $!; do sleep 0.1; done 2>&-; wait $!",
        1, "stopped, with no link");
}

TEST_F(CarelessUse, very_short_link_timeout_is_not_rounded_to_zero) {
    expect("ixy-pktgen sim:82540em,wire=loop,link=60s --link-timeout 0.5ms --count 1", 1, "no link after");
}

TEST_F(CarelessUse, full_disk_of_explanations_is_reported_once) {
    run("ixy-pktgen sim:82540em,wire=loop --count 1 --explain --explain-file /dev/full");
    const auto first = said.find("/dev/full: No space left on device; the explanations end here\n");
    EXPECT_NE(first, std::string::npos) << said;
    EXPECT_EQ(said.find("/dev/full", first + 1), std::string::npos) << said;
    expect("ixy-pktgen sim:82540em,wire=loop --count 1 --explain --explain-file /dev/full", 1,
           "lines of explanation could not be written");
}

TEST_F(CarelessUse, full_disk_behind_a_wire_is_an_error_and_lost_frames_are_counted) {
    expect("ixy-pktgen sim:82540em,wire=pcap::/dev/full --count 1", 1, "No space left on device");
    expect("ixy-pktgen sim:82540em,wire=pcap::big.pcap,rate=10G --count 100k", 0, "sent 100000");
    expect("mkfifo pipe; head -c 1000 pipe >/dev/null & ixy-pktgen sim:82540em,wire=pcap::pipe --count 100k", 1,
           "pipe: Broken pipe");
    EXPECT_NE(said.find("lost on the wire"), std::string::npos) << said;
}

TEST_F(CarelessUse, all_frames_on_a_slow_loop_come_back) {
    run("ixy-pktgen sim:82540em,wire=loop,rate=100M --count 1000 --json");
    EXPECT_NE(said.find("\"rx_packets\":1000"), std::string::npos) << said;
    EXPECT_NE(said.find("\"lost_on_wire\":0"), std::string::npos) << said;
}

TEST_F(CarelessUse, wires_that_nobody_can_join_are_refused) {
    expect("ixy-pktgen sim:82540em,wire=a --count 1", 2, "no card here has its other end");
    expect("ixy-pcap sim:82540em,wire=a seen.pcap 1", 2, "no card here has its other end");
    expect("ixy-fwd sim:82540em,wire=a sim:82540em,wire=b", 2, "no card here has its other end");
    expect("ixy-pktgen sim:82540em,wire=pcap --count 1", 2, "names no capture file");
    expect("ixy-pktgen sim:82540em,wire=tap --count 1", 2, "names no interface");
    expect("ixy sim 82540em,wire=a --listen ./card", 2, "name a path, as in wire=/tmp/a");
    expect("ixy sim 82540em,wire=pcap --listen ./card", 2, "pcap:IN:OUT");
    expect("ixy sim 82540em,wire=tap --listen ./card", 2, "tap:NAME");
}

TEST_F(CarelessUse, relative_paths_are_wires_between_programs) {
    expect(
        "ixy-pcap sim:82540em,wire=./cable seen.pcap 3 2>log & until grep -q ', link ' log; do sleep 0.1; done; "
        "ixy-pktgen sim:82540em,wire=../${PWD##*/}/cable --count 3; wait $! && cat log",
        0, "captured 3");
}

TEST_F(CarelessUse, damaged_capture_is_reported_as_partly_played) {
    make_capture("in.pcap", 5);
    std::filesystem::resize_file(folder / "in.pcap", 24 + 3 * 76 + 40);
    expect("ixy-pcap sim:82540em,wire=pcap:in.pcap out.pcap 3", 1, "in.pcap: 1 frames were not played");
    EXPECT_NE(said.find("the file is damaged"), std::string::npos) << said;
    EXPECT_EQ(content(folder / "out.pcap").size(), 24U + 3 * 76U);
    expect("cat in.pcap | ixy-pcap sim:82540em,wire=pcap:/dev/stdin out.pcap 3 --duration 10", 1, "is damaged");
    EXPECT_EQ(content(folder / "out.pcap").size(), 24U + 3 * 76U);
}

TEST_F(CarelessUse, idle_pipe_does_not_keep_a_program_from_ending) {
    // Signals arrive until the program ends; it ignores them until it installs its handler.
    const std::string interrupted = "while kill -INT $!; do sleep 0.1; done 2>&-; wait $!";
    const std::string interrupted_at_work =
        " 2>log & until grep -q driver log; do sleep 0.1; done; " + interrupted + "; status=$?; cat log; exit $status";
    run("mkfifo in out");
    expect("trap '' INT; ixy-pcap sim:82540em,wire=pcap:in: seen.pcap" + interrupted_at_work, 0, "received 0");
    expect("trap '' INT; ixy-pktgen sim:82540em,wire=pcap::out" + interrupted_at_work, 1,
           "out: nobody reads this pipe");
    expect("trap '' INT; ixy-pcap sim:82540em,wire=pcap:in: out & " + interrupted, 1,
           "out: stopped before anybody read this pipe");
    expect("trap '' INT; ixy-pktgen sim:82540em,wire=loop --explain --explain-file out & " + interrupted, 1,
           "out: stopped before anybody read this pipe");
}

TEST_F(CarelessUse, software_cards_are_inspected_by_the_address_of_their_program) {
    for (const std::string command : {"rings", "regs"}) {
        expect("ixy " + command + " sim:82540em,wire=./cable", 1, "look at sim:@PID");
        EXPECT_FALSE(std::filesystem::exists(folder / "cable"));
    }
}

TEST_F(CarelessUse, unknown_addresses_and_help_point_to_software_cards) {
    for (const std::string address : {"nonsense", "sim", "SIM:82540em"}) {
        expect("ixy-pktgen " + address, 2, "or sim:82540em for a software NIC");
    }
    for (const std::string program : {"ixy-pktgen", "ixy-fwd", "ixy-pcap"})
        expect(program + " --help", 0, "sim:82540em");
}

TEST_F(CarelessUse, same_software_address_twice_makes_two_cards) {
    expect("ixy-fwd sim:82540em sim:82540em --link-timeout 0 --duration 0.1", 0, "forwarded 0");
    expect("ixy-fwd sim:82540em,wire=a sim:82540em,wire=a --link-timeout 0 --duration 0.1", 0, "forwarded 0");
}

TEST_F(CarelessUse, ixy_starts_its_errors_with_its_name) {
    for (const std::string words : {"", "frobnicate", "bind", "sim 82540em", "list --colour"}) {
        EXPECT_EQ(run("ixy " + words), 2) << words;
        EXPECT_TRUE(said.starts_with("ixy: ")) << said;
    }
}

TEST_F(CarelessUse, usage_errors_point_to_the_right_help) {
    expect("ixy sim", 2, "Run ixy sim --help");
    expect("ixy bind --frobnicate", 2, "Run ixy bind --help");
    expect("ixy frobnicate", 2, "Run ixy --help");
    expect("ixy-pktgen", 2, "Run ixy-pktgen --help");
}

TEST_F(CarelessUse, unwritable_output_is_an_error) {
    for (const std::string words : {"list", "list --json", "--help", "sim 82540em --listen ./socket"}) {
        expect("timeout 20 ixy " + words + " >/dev/full", 1, "standard output");
    }
    expect("ixy-fwd --version >/dev/full", 1, "standard output");
}

TEST_F(CarelessUse, scripts_that_may_never_end_are_refused) {
    const std::string sim = "timeout -s KILL 20 ixy-pktgen --count 1 sim:82540em,wire=loop";
    expect("mkfifo pipe; " + sim + ",faults=pipe", 2, "regular file");
    expect(sim + ",faults=/dev/zero", 2, "regular file");
    expect("IXY_FAULTS=/dev/zero " + sim, 2, "regular file");
}

TEST_F(CarelessUse, errors_opening_a_wire_name_the_fix) {
    const std::string sim = "ixy-pktgen --count 1 sim:82540em,";
    expect(sim + "wire=pcap:/missing:", 1, "wire=pcap:IN:OUT");
    expect(sim + "wire=pcap:/etc/passwd:", 2, "name one that tcpdump or Wireshark has written");
    expect(sim + "faults=/missing", 1, "faults= takes seed:NUMBER, or the name of a script");
    expect(sim + "mac=ff:ff:ff:ff:ff:ff", 2, "not multicast");
    expect(sim + "wire=/missing/cable", 1, "make the folder first");
    expect("IXY_FAULTS=seed:-1 " + sim + "wire=loop", 2, "write seed:7");
}

#ifndef __SANITIZE_ADDRESS__  // sanitizers need open files of their own
TEST_F(CarelessUse, hitting_the_open_file_limit_names_the_fix) {
    for (const int most : {4, 5, 6}) {
        const std::string limit = "ulimit -n " + std::to_string(most) + "; ";
        expect(limit + "ixy-pktgen --count 1 sim:82540em,wire=./cable", 1, "ulimit -n");
    }
}
#endif

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // sanitizers handle stacks in their own way
TEST_F(CarelessUse, failure_to_start_a_thread_names_the_fix) {
    const std::string limit = "ulimit -s 200000000000; ";  // no address space has room for a stack of 200 TB
    for (const std::string words : {"wire=loop", "wire=loop,thread=yes"}) {
        expect(limit + "ixy-pktgen --count 1 sim:82540em," + words, 1, "ulimit -u");
    }
}
#endif

TEST_F(CarelessUse, dash_is_not_a_file_name) {
    expect("ixy-pcap sim:82540em,wire=loop - 1", 2, "write /dev/stdout");
    EXPECT_FALSE(std::filesystem::exists(folder / "-"));
}

}  // namespace
}  // namespace ixy::test
