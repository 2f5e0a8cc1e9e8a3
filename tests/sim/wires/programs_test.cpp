// The three programs as three processes with cables between them: ixy-pktgen -> ixy-fwd -> ixy-pcap.
#include <array>

#include "tests/apps/capture.hpp"
#include "tests/apps/program.hpp"
#include "wires.hpp"

namespace ixy::sim::test {
namespace {

using ixy::test::Program;

/// A program announces its cards once all of them are open.
bool opens(Program& program, std::size_t cards = 1) {
    return eventually([&] {
               const std::string said = program.errors();
               std::size_t links = 0;
               for (std::size_t at = said.find(", link "); at != std::string::npos; at = said.find(", link ", at + 1))
                   ++links;
               return links >= cards || !program.running();
           }) &&
           program.running();
}

std::vector<std::uint32_t> sequence_numbers(const std::string& path) {
    std::vector<std::uint32_t> numbers;
    for (const ixy::test::Captured& frame : ixy::test::read_capture(path)) {
        EXPECT_EQ(frame.bytes.size(), 60U);
        numbers.push_back(frame.number());
    }
    return numbers;
}

class WiredPrograms : public ::testing::Test {
protected:
    std::string card(const std::string& wire) const { return "sim:82540em,wire=" + folder.path(wire); }
    Folder folder;
};

TEST_F(WiredPrograms, every_packet_arrives_once_and_in_order) {
    constexpr std::uint32_t packets = 50'000;
    Program pcap("ixy-pcap", {card("b"), folder.path("b.pcap"), std::to_string(packets), "--json", "--rx-ring=4096"});
    Program fwd("ixy-fwd", {card("a"), card("b"), "--json", "--rx-ring=4096"});
    ASSERT_TRUE(opens(pcap)) << pcap.errors();
    ASSERT_TRUE(opens(fwd, 2)) << fwd.errors();
    Program pktgen("ixy-pktgen", {card("a"), "--count", std::to_string(packets), "--rate=30kpps"});
    EXPECT_EQ(pktgen.wait(), 0) << pktgen.errors();
    EXPECT_EQ(pcap.wait(), 0) << pcap.errors() << fwd.errors();
    fwd.signal(SIGINT);
    EXPECT_EQ(fwd.wait(), 0) << fwd.errors();
    EXPECT_EQ(fwd.json_lines().back()["forwarded"], packets);
    EXPECT_EQ(sequence_numbers(folder.path("b.pcap")), count_up(0, packets));
}

/// A figure summed over all of a program's cards, from its newest line.
std::uint64_t sum(const nlohmann::json& line, const char* figure) {
    std::uint64_t all = 0;
    for (const auto& device : line["devices"]) all += device[figure].get<std::uint64_t>();
    return all;
}

/// A program's own figure, from its newest line.
std::uint64_t newest(const Program& program, const char* figure) {
    const auto lines = program.json_lines();
    return lines.empty() ? 0 : lines.back()[figure].get<std::uint64_t>();
}

TEST_F(WiredPrograms, without_a_rate_every_loss_is_counted) {
    Program pcap("ixy-pcap", {card("b"), folder.path("b.pcap"), "--json"});
    Program fwd("ixy-fwd", {card("a"), card("b"), "--json"});
    ASSERT_TRUE(opens(pcap)) << pcap.errors();
    ASSERT_TRUE(opens(fwd, 2)) << fwd.errors();
    Program pktgen("ixy-pktgen", {card("a"), "--count=80000", "--json"});
    std::this_thread::sleep_for(20ms);
    const auto stopped = std::chrono::steady_clock::now();
    fwd.signal(SIGSTOP);  // far longer than its wire can hold the sent frames
    std::this_thread::sleep_for(100ms);
    fwd.signal(SIGCONT);
    const bool was_brief = std::chrono::steady_clock::now() - stopped < 500ms;  // nobody waits out a stop of a second
    EXPECT_EQ(pktgen.wait(60s), 0) << pktgen.errors();
    const nlohmann::json generated = pktgen.json_lines().back();
    EXPECT_EQ(generated["sent"], 80'000U);
    const std::uint64_t lost = sum(generated, "lost_on_wire");
    EXPECT_TRUE(lost == 0 || !was_brief) << "a slow program did not hold up the generator";

    EXPECT_TRUE(eventually([&] { return newest(fwd, "received") == 80'000 - lost; })) << fwd.errors();
    fwd.signal(SIGINT);  // first, so that the frames it has sent wait for the other
    EXPECT_EQ(fwd.wait(), 0) << fwd.errors();
    const nlohmann::json forwarded = fwd.json_lines().back();
    const std::uint64_t gone = lost + forwarded["dropped"].get<std::uint64_t>() + sum(forwarded, "lost_on_wire");
    EXPECT_TRUE(eventually([&] { return newest(pcap, "captured") == 80'000 - gone; })) << pcap.errors();
    pcap.signal(SIGINT);
    EXPECT_EQ(pcap.wait(), 0) << pcap.errors();
    const std::uint64_t captured = pcap.json_lines().back()["captured"];
    EXPECT_EQ(captured + gone, 80'000U);
    const auto numbers = sequence_numbers(folder.path("b.pcap"));
    EXPECT_EQ(numbers.size(), captured);
    EXPECT_TRUE(std::ranges::is_sorted(numbers, std::ranges::less_equal()));
}

TEST_F(WiredPrograms, without_a_rate_100000_frames_arrive_in_order) {
    constexpr std::uint32_t packets = 100'000;
    Program pcap("ixy-pcap", {card("b"), folder.path("b.pcap"), std::to_string(packets), "--json"});
    Program fwd("ixy-fwd", {card("a"), card("b"), "--json"});
    ASSERT_TRUE(opens(pcap)) << pcap.errors();
    ASSERT_TRUE(opens(fwd, 2)) << fwd.errors();
    Program pktgen("ixy-pktgen", {card("a"), "--count", std::to_string(packets), "--json"});
    EXPECT_EQ(pktgen.wait(60s), 0) << pktgen.errors();
    EXPECT_EQ(sum(pktgen.json_lines().back(), "lost_on_wire"), 0U);
    EXPECT_EQ(pcap.wait(), 0) << pcap.errors() << fwd.errors();
    fwd.signal(SIGINT);
    EXPECT_EQ(fwd.wait(), 0) << fwd.errors();
    EXPECT_EQ(fwd.json_lines().back()["forwarded"], packets);
    EXPECT_EQ(sequence_numbers(folder.path("b.pcap")), count_up(0, packets));
}

TEST_F(WiredPrograms, receiver_that_pauses_holds_up_forwarder_and_generator) {
    constexpr std::uint32_t packets = 200'000;  // far more than fit on the way
    Program pcap("ixy-pcap", {card("b"), folder.path("b.pcap"), "--json"});
    Program fwd("ixy-fwd", {card("a"), card("b"), "--json"});
    ASSERT_TRUE(opens(pcap)) << pcap.errors();
    ASSERT_TRUE(opens(fwd, 2)) << fwd.errors();
    pcap.signal(SIGSTOP);
    const auto stopped = std::chrono::steady_clock::now();
    Program pktgen("ixy-pktgen", {card("a"), "--count", std::to_string(packets), "--json"});
    std::this_thread::sleep_for(300ms);
    pcap.signal(SIGCONT);
    const bool was_brief = std::chrono::steady_clock::now() - stopped < 900ms;  // nobody waits out a stop of a second
    EXPECT_EQ(pktgen.wait(60s), 0) << pktgen.errors();
    const std::uint64_t lost = sum(pktgen.json_lines().back(), "lost_on_wire");
    EXPECT_TRUE(eventually([&] { return newest(fwd, "received") == packets - lost; })) << fwd.errors();
    fwd.signal(SIGINT);
    EXPECT_EQ(fwd.wait(), 0) << fwd.errors();
    const nlohmann::json forwarded = fwd.json_lines().back();
    const std::uint64_t gone = lost + forwarded["dropped"].get<std::uint64_t>() + sum(forwarded, "lost_on_wire");
    EXPECT_TRUE(gone == 0 || !was_brief) << fwd.errors();
    EXPECT_TRUE(eventually([&] { return newest(pcap, "captured") == packets - gone; })) << pcap.errors();
    pcap.signal(SIGINT);
    EXPECT_EQ(pcap.wait(), 0) << pcap.errors();
}

TEST_F(WiredPrograms, frames_sent_to_an_absent_peer_are_shown_as_lost) {
    Program pktgen("ixy-pktgen", {card("a"), "--count=70000", "--json"});
    EXPECT_EQ(pktgen.wait(), 0) << pktgen.errors();
    EXPECT_EQ(sum(pktgen.json_lines().back(), "lost_on_wire"), 70'000U);
    EXPECT_NE(pktgen.errors().find("lost on the wire 70000"), std::string::npos) << pktgen.errors();
}

TEST_F(WiredPrograms, permanently_stopped_receiver_does_not_block_the_sender) {
    Program pcap("ixy-pcap", {card("a"), folder.path("a.pcap")});
    ASSERT_TRUE(opens(pcap)) << pcap.errors();
    pcap.signal(SIGSTOP);
    Program pktgen("ixy-pktgen", {card("a"), "--count=100000", "--json"});
    EXPECT_EQ(pktgen.wait(), 0) << pktgen.errors();
    EXPECT_GT(sum(pktgen.json_lines().back(), "lost_on_wire"), 90'000U);
    pcap.signal(SIGKILL);
    EXPECT_EQ(pcap.wait(), 128 + SIGKILL);
}

TEST_F(WiredPrograms, forwarder_may_be_killed_and_started_again) {
    Program pcap("ixy-pcap", {card("b"), folder.path("b.pcap"), "--json", "--rx-ring=4096"});
    auto fwd = std::make_unique<Program>("ixy-fwd", std::vector<std::string>{card("a"), card("b")});
    ASSERT_TRUE(opens(pcap)) << pcap.errors();
    ASSERT_TRUE(opens(*fwd, 2)) << fwd->errors();
    Program pktgen("ixy-pktgen", {card("a"), "--rate=2kpps"});
    const auto captured = [&] {
        const auto lines = pcap.json_lines();
        return lines.empty() ? 0U : lines.back()["captured"].get<unsigned>();
    };
    ASSERT_TRUE(eventually([&] { return captured() > 0; })) << pcap.errors();
    fwd->signal(SIGKILL);
    fwd->wait();
    const unsigned before = captured();
    fwd = std::make_unique<Program>("ixy-fwd", std::vector<std::string>{card("a"), card("b")});
    ASSERT_TRUE(opens(*fwd, 2)) << fwd->errors();
    EXPECT_TRUE(eventually([&] { return captured() > before + 2000; })) << pcap.errors() << fwd->errors();
    for (Program* program : {&pktgen, fwd.get(), &pcap}) {
        program->signal(SIGINT);
        EXPECT_EQ(program->wait(), 0) << program->errors();
    }
    EXPECT_TRUE(std::ranges::is_sorted(sequence_numbers(folder.path("b.pcap")), std::ranges::less_equal()))
        << "a number arrived twice or too early";
}

TEST_F(WiredPrograms, third_program_on_a_cable_is_refused) {
    Program pcap("ixy-pcap", {card("a"), folder.path("a.pcap")});
    ASSERT_TRUE(opens(pcap)) << pcap.errors();
    Program fwd("ixy-fwd", {card("a"), card("b")});
    ASSERT_TRUE(opens(fwd, 2)) << fwd.errors();
    Program pktgen("ixy-pktgen", {card("a"), "--count=1"});
    EXPECT_NE(pktgen.wait(), 0);
    EXPECT_NE(pktgen.errors().find("taken"), std::string::npos) << pktgen.errors();
}

}  // namespace
}  // namespace ixy::sim::test
