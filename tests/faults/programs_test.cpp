// The programs on a failing QEMU card: each ends in bounded time, with a status and a sentence that say what happened.
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <thread>

#include "tests/apps/program.hpp"
#include "tests/support/qemu.hpp"

namespace ixy::test {
namespace {

using namespace std::chrono_literals;

class FaultyPrograms : public testing::Test {
protected:
    /// Starts a program whose card fails as described in `script`.
    static std::unique_ptr<Program> start(const std::string& name, const std::vector<std::string>& words,
                                          const std::string& script) {
        ::setenv("IXY_FAULTS", script.c_str(), 1);
        auto program = std::make_unique<Program>(name, words);
        ::unsetenv("IXY_FAULTS");
        return program;
    }
    int pktgen(const std::string& script) {
        const auto program = start("ixy-pktgen", {qemu.address(), "--count=100", "--link-timeout=0.3"}, script);
        const int status = program->wait(20s);
        errors = program->errors();
        return status;
    }
    void expect_error(const std::string& script, std::string_view text) {
        EXPECT_EQ(pktgen(script), 1) << script << "\n" << errors;
        EXPECT_NE(errors.find(text), std::string::npos) << script << "\n" << errors;
    }

    Qemu qemu;
    std::string errors;

private:
    std::jthread reader_{[this](const std::stop_token& stop) {
        while (!stop.stop_requested()) (void)qemu.wire().receive(10ms);
    }};
};

TEST_F(FaultyPrograms, report_what_a_card_fails_to_do) {
    expect_error("never STATUS.LU", "no link after");
    expect_error("stuck CTRL.RST 1", "the reset does not end");
    expect_error("never EERD.DONE", "the EEPROM does not answer");
    expect_error("gone", "all registers read as ones");
    expect_error("gone after 100 accesses", "all registers read as ones");
    expect_error("ignore TDT", "did not leave the card");
}

TEST_F(FaultyPrograms, work_when_a_fault_is_harmless) {
    for (const char* script : {"never MDIC.R", "flap 100 times every 3 accesses", "random RDH TDH MPC", "flip ICR"}) {
        EXPECT_EQ(pktgen(script), 0) << script << "\n" << errors;
        EXPECT_NE(errors.find("sent 100"), std::string::npos) << script << "\n" << errors;
    }
}

TEST_F(FaultyPrograms, end_promptly_with_any_seed) {
    for (int seed = 0; seed < 8; ++seed) {
        const int status = pktgen("seed:" + std::to_string(seed));
        EXPECT_TRUE(status == 0 || status == 1) << "seed " << seed << ", status " << status << "\n" << errors;
        EXPECT_FALSE(errors.empty());
    }
}

TEST_F(FaultyPrograms, refuse_malformed_scripts) {
    EXPECT_EQ(pktgen("never STATUS.LU; sometimes RCTL"), 2);
    EXPECT_NE(errors.find("\"sometimes\" is not understood"), std::string::npos) << errors;
    EXPECT_EQ(pktgen("never STATIS.LU"), 2);
    EXPECT_EQ(pktgen("lose write-back after 3 write-backs"), 1);
    EXPECT_NE(errors.find("software"), std::string::npos) << errors;
}

TEST_F(FaultyPrograms, receivers_end_when_their_card_disappears) {
    const TemporaryFolder folder;
    const auto pcap = start("ixy-pcap", {qemu.address(), folder / "a.pcap"}, "gone after 700 accesses");
    EXPECT_EQ(pcap->wait(30s), 1) << pcap->errors();
    EXPECT_NE(pcap->errors().find("gone"), std::string::npos) << pcap->errors();

    Qemu two({Card{}, Card{}});
    const auto fwd = start("ixy-fwd", {two.address(0), two.address(1)}, "gone after 700 accesses");
    EXPECT_EQ(fwd->wait(30s), 1) << fwd->errors();
    EXPECT_NE(fwd->errors().find("gone"), std::string::npos) << fwd->errors();
}

}  // namespace
}  // namespace ixy::test
