// `ixy list`, `ixy regs` and `ixy rings` look at the cards of a forwarder that is running.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <thread>

#include <ixy/datasheet/catalogue.hpp>
#include <ixy/sim/servers/window/view.hpp>

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

/// A read of interrupt causes or of statistics would clear them: the program would miss what it has not seen.
TEST_F(RunningForwarder, loses_nothing_to_a_look_at_all_registers) {
    ASSERT_FALSE(address.empty()) << forwarder.errors();
    for (int i = 0; i < 3; ++i) {
        const Ran regs = ixy({"regs", address, "--all"});
        EXPECT_NE(regs.output.find("left out: they belong to the program"), std::string::npos) << regs.output;
        EXPECT_EQ(regs.output.find("GPRC"), std::string::npos) << regs.output;
    }
    Program pktgen("ixy-pktgen", {"sim:82540em,wire=" + wire, "--count=100"});
    EXPECT_EQ(pktgen.wait(), 0) << pktgen.errors();
    EXPECT_EQ(ixy({"regs", address, "GPRC", "--all"}).output.find("GPRC  "), std::string::npos);
    forwarder.signal(SIGINT);
    forwarder.signal(SIGINT);
    forwarder.wait();
    EXPECT_NE(forwarder.errors().find("received 100,"), std::string::npos) << forwarder.errors();
}

TEST_F(RunningForwarder, refuses_a_viewer_that_would_change_something) {
    ASSERT_FALSE(address.empty()) << forwarder.errors();
    const auto view = sim::look_at_card_elsewhere(address);
    ASSERT_TRUE(view) << view.error().text();
    const Bar bar = (*view)->map_bar(0, 0).value();
    const datasheet::Chip& chip = *datasheet::find_chip((*view)->identity().vendor, (*view)->identity().device);
    const auto read = [&](std::string_view name) { return bar.load<std::uint32_t>(chip.find(name)->offset); };
    EXPECT_NE(read("STATUS"), ~0U);
    for (const std::string_view name : {"ICR", "GPRC", "GPTC"}) EXPECT_EQ(read(name), ~0U) << name;
}

TEST_F(RunningForwarder, that_is_stopped_is_named_by_the_list) {
    ASSERT_FALSE(address.empty()) << forwarder.errors();
    ::kill(forwarder.id(), SIGSTOP);
    const Ran list = ixy({"list"});
    EXPECT_EQ(list.output.find(wire), std::string::npos);
    EXPECT_NE(list.errors.find("process " + std::to_string(forwarder.id()) + " does not answer"), std::string::npos)
        << list.errors;
    ::kill(forwarder.id(), SIGCONT);
    EXPECT_NE(ixy({"list"}).output.find(wire), std::string::npos);
}

TEST_F(RunningForwarder, leaves_the_processor_alone_while_a_viewer_cannot_be_accepted) {
    ASSERT_FALSE(address.empty()) << forwarder.errors();
    const rlimit none{3, 3};
    ASSERT_EQ(::prlimit(forwarder.id(), RLIMIT_NOFILE, &none, nullptr), 0);
    const auto before = forwarder.processor_time();
    EXPECT_EQ(ixy({"regs", address, "STATUS"}).status, 1);
    EXPECT_LT(forwarder.processor_time() - before, 200ms) << "in two seconds";
}

TEST_F(RunningForwarder, is_listed_with_what_its_cards_can_do) {
    EXPECT_NE(ixy({"list", "--long"}).output.find(address + " 82540EM\n  queues"), std::string::npos);
    const std::string json = ixy({"list", "--json", "--long"}).output;
    EXPECT_NE(json.find("\"limits\""), std::string::npos) << json;
}

TEST_F(RunningForwarder, a_new_software_card_is_not_mistaken_for_one_that_runs) {
    const Ran regs = ixy({"regs", "sim:82540em"});
    EXPECT_EQ(regs.status, 1);
    EXPECT_NE(regs.errors.find("look at sim:@PID"), std::string::npos) << regs.errors;
}

}  // namespace
}  // namespace ixy::test
