// `ixy list`, `ixy regs` and `ixy rings` look at the cards of a forwarder that is running.
#include <gtest/gtest.h>

#include <csignal>
#include <thread>

#include "tests/apps/program.hpp"

namespace ixy::test {
namespace {

using namespace std::chrono_literals;

struct Ran {
    int status;
    std::string output, errors;
};

Ran ixy(std::vector<std::string> arguments) {
    Program program("ixy", std::move(arguments));
    const int status = program.wait();
    return {status, program.output(), program.errors()};
}

/// A forwarder with two cards, and the address of the first.
class RunningForwarder : public testing::Test {
protected:
    RunningForwarder() {
        for (int i = 0; i < 1000 && address.empty(); ++i) {
            std::this_thread::sleep_for(10ms);
            const std::string list = ixy({"list"}).output;
            const std::size_t name = list.find(wire);
            if (name == std::string::npos) continue;
            const std::size_t begin = list.rfind("sim:@", name);
            address = list.substr(begin, list.find(' ', begin) - begin);
        }
    }
    TemporaryFolder folder;
    std::string wire = folder / "first";
    Program forwarder{"ixy-fwd", {"sim:82540em,wire=" + wire, "sim:82545em,wire=" + std::string(folder / "second")}};
    std::string address;
};

TEST_F(RunningForwarder, is_listed_and_looked_at) {
    ASSERT_FALSE(address.empty()) << forwarder.errors();
    const Ran regs = ixy({"regs", address, "STATUS", "RCTL"});
    EXPECT_EQ(regs.status, 0) << regs.errors;
    EXPECT_NE(regs.output.find("receiver enabled"), std::string::npos) << regs.output;
    const Ran rings = ixy({"rings", address});
    EXPECT_EQ(rings.status, 0) << rings.errors;
    for (const char* part : {"82540EM", "512 descriptors, the receiver is on", "receive: buffer at"})
        EXPECT_NE(rings.output.find(part), std::string::npos) << part << "\nis not in\n" << rings.output;
    const std::string second = address.substr(0, address.find('/')) + "/1";
    EXPECT_NE(ixy({"rings", second}).output.find("82545EM"), std::string::npos);

    EXPECT_TRUE(forwarder.running()) << "nobody disturbs it";
    forwarder.signal(SIGINT);
    EXPECT_EQ(forwarder.wait(), 0) << forwarder.errors();
    EXPECT_EQ(ixy({"regs", address}).status, 1);
}

TEST_F(RunningForwarder, a_new_software_card_is_not_mistaken_for_one_that_runs) {
    const Ran regs = ixy({"regs", "sim:82540em"});
    EXPECT_EQ(regs.status, 1);
    EXPECT_NE(regs.errors.find("look at sim:@PID"), std::string::npos) << regs.errors;
}

}  // namespace
}  // namespace ixy::test
