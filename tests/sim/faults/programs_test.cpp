// The programs on software cards with failing memory: each ends promptly, with a status that says how.
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <memory>
#include <thread>

#include "tests/apps/program.hpp"

namespace ixy::test {
namespace {

using namespace std::chrono_literals;

class FaultyMemory : public testing::Test {
protected:
    /// One end of the cable `cable` between two processes.
    std::string card(const std::string& cable, const std::string& faults = "") {
        const std::string address = "sim:82540em,wire=" + (folder_ / cable).native();
        return faults.empty() ? address : address + ",strict=off,faults=" + faults;
    }
    static void expect_end(Program& program, const std::string& what) {
        const int status = program.wait(20s);
        EXPECT_TRUE(status == 0 || status == 1) << what << ": " << status << "\n" << program.errors();
        EXPECT_FALSE(program.errors().empty()) << what;
    }

    TemporaryFolder folder_;
};

TEST_F(FaultyMemory, a_generator_ends_on_its_own) {
    std::vector<std::unique_ptr<Program>> programs;  // in parallel, since those that get stuck take seconds
    for (int seed = 0; seed < 12; ++seed) {
        const std::string name = std::to_string(seed);
        const std::vector<std::string> words{card(name, "seed:" + name), "--count=1500"};
        programs.push_back(std::make_unique<Program>("ixy-pktgen", words));
    }
    for (int seed = 0; seed < 12; ++seed)
        expect_end(*programs[static_cast<std::size_t>(seed)], "seed:" + std::to_string(seed));
}

TEST_F(FaultyMemory, a_generator_works_with_a_card_that_never_reports) {
    std::ofstream(folder_ / "script") << "lose write-back\n";
    Program pktgen("ixy-pktgen", {card("a", (folder_ / "script").native()), "--count=1500"});
    EXPECT_EQ(pktgen.wait(20s), 0) << pktgen.errors();
    EXPECT_NE(pktgen.errors().find("sent 1500"), std::string::npos) << pktgen.errors();
}

TEST_F(FaultyMemory, a_generator_says_that_its_card_is_stuck) {
    std::ofstream(folder_ / "script") << "fail DMA after 100 transfers\n";
    Program pktgen("ixy-pktgen", {card("a", (folder_ / "script").native()), "--count=1500"});
    EXPECT_EQ(pktgen.wait(20s), 1) << pktgen.errors();
    EXPECT_NE(pktgen.errors().find("has stopped sending"), std::string::npos) << pktgen.errors();
}

/// pktgen, fwd and pcap in a row; the cards in the middle and at the end fail.
TEST_F(FaultyMemory, three_programs_end_when_told_to) {
    for (int seed = 100; seed < 106; ++seed) {
        const std::string faults = "seed:" + std::to_string(seed);
        Program pcap("ixy-pcap", {card("b", faults), (folder_ / "capture").native()});
        Program fwd("ixy-fwd", {card("a", faults), card("b", "seed:" + std::to_string(seed + 1000))});
        Program pktgen("ixy-pktgen", {card("a"), "--rate=10kpps"});
        std::this_thread::sleep_for(500ms);
        for (Program* program : {&pktgen, &fwd, &pcap}) {
            EXPECT_TRUE(program->running()) << faults << "\n" << program->errors();
            program->signal(SIGINT);
            expect_end(*program, faults);
        }
    }
}

}  // namespace
}  // namespace ixy::test
