// Explaining QEMU's card: what the library prints, and what the programs print on request.
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

#include "tests/apps/program.hpp"
#include "tests/support/internet_frames.hpp"
#include "tests/support/test_bed.hpp"

#include <ixy/explain/explainer.hpp>
#include <ixy/explain/rings.hpp>

namespace ixy::test {
namespace {

using namespace std::chrono_literals;

std::string read_all(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

/// Expects all parts in this order.
void expect_in_order(const std::string& text, std::initializer_list<std::string_view> parts) {
    std::size_t from = 0;
    for (const std::string_view part : parts) {
        const std::size_t found = text.find(part, from);
        ASSERT_NE(found, std::string::npos) << part << "\nis not after\n" << text.substr(0, from) << "\nin\n" << text;
        from = found;
    }
}

TEST(ExplainOnQemu, descriptors_go_to_the_card_and_come_back) {
    Qemu qemu;
    const TemporaryFolder folder;
    auto function = open_pci_function(qemu.address()).value();
    auto sink = explain::open_sink(folder / "told").value();
    Device device = Device::open(explain::explain(std::move(function), {.on = true, .descriptors = true}, sink),
                                 {.tx_ring_size = 64, .tx_checksum = true})
                        .value();
    Batch<64> batch;
    const InternetFrame datagram{.protocol = 17, .payload = 58};
    for (int i = 0; i < 40; ++i)
        batch.push(make_packet(*device.pool(), i == 3 ? datagram.complete() : make_frame(100)));
    batch[3].set_flags(PacketFlags::udp_checksum);
    batch[3].set_header_lengths(datagram.l2(), datagram.l3());
    EXPECT_EQ(device.tx_queue(0).send(batch), 40U);
    EXPECT_EQ(qemu.wire().drain().size(), 40U);
    ASSERT_TRUE(qemu.wire().send(make_frame(321)));
    ASSERT_TRUE(eventually([&] { return device.rx_queue(0).receive(batch) == 1; }));
    (void)device.link();
    const std::string rings = explain::draw_rings(*device.pci_function());
    expect_in_order(
        read_all(folder / "told"),
        {"an Intel 82540EM (8086:100e)", "511 descriptors, 0 to 510 of 512, handed to the card",
         "write TDT        0x03818  0x00000000 -> 0x00000029 (41)", "41 descriptors, 0 to 40 of 64, handed to the card",
         "[  0] legacy: 100 bytes at 0x0000000000", "[  3] context: IPCSS 0xe, IPCSO 0x18, IPCSE 0x21, TUCSS 0x22",
         "read  STATUS", "receive ring at 0x", "descriptor 0 of 512, given back by the card",
         "[  0] receive: 321 bytes at 0x0000000000", "DD EOP", "transmit ring at 0x",
         "32 descriptors, 0 to 31 of 64, given back by the card", "RS DD"});
    expect_in_order(rings, {"82540EM", "RDH 1, RDT 511: the card has 510, the driver 2", "1 has DD, filled",
                            "[  0] receive: 321 bytes", "64 descriptors, the transmitter is on",
                            "TDH 41, TDT 41: the card has 0, the driver 64"});
}

TEST(ExplainOnQemu, pktgen_shows_its_accesses_between_its_own_lines) {
    Qemu qemu;
    Program program("ixy-pktgen", {qemu.address(), "--count=70", "--explain=descriptors"});
    EXPECT_EQ(program.wait(), 0) << program.errors();
    expect_in_order(program.errors(),
                    {"RST 0 -> 1: device reset", "ixy/nic/e1000/eeprom.cpp:", "EN 1: receiver enabled",
                     "ixy-pktgen: ", "handed to the card", "legacy: 60 bytes", "EOP IFCS", "ixy-pktgen: ", "sent 70",
                     "EN 1 -> 0: receiver enabled"});
    EXPECT_EQ(program.output(), "");
}

TEST(ExplainOnQemu, fwd_explains_both_cards_in_one_json_file) {
    Qemu qemu({Card{}, Card{}});
    const TemporaryFolder folder;
    const std::string file = folder / "told";
    Program program("ixy-fwd",
                    {qemu.address(0), qemu.address(1), "--explain=json,descriptors", "--explain-file=" + file});
    ASSERT_TRUE(
        eventually([&] { return program.errors().find(qemu.address(1) + ": 82540EM") != std::string::npos; }, 20s));
    ASSERT_TRUE(qemu.wire(0).send(make_frame(77)));
    ASSERT_EQ(qemu.wire(1).receive(20s), make_frame(77));
    program.signal(SIGINT);
    EXPECT_EQ(program.wait(), 0) << program.errors();
    std::istringstream told(read_all(file));
    std::size_t lines[2] = {};
    bool forwarded = false;
    for (std::string text; std::getline(told, text);) {
        const auto line = nlohmann::json::parse(text);
        ASSERT_TRUE(line["device"] == qemu.address(0) || line["device"] == qemu.address(1)) << text;
        ++lines[line["device"] == qemu.address(1) ? 1 : 0];
        forwarded = forwarded || (line["event"] == "to_card" && line["ring"] == "transmit" &&
                                  line["device"] == qemu.address(1) && line["descriptors"][0]["length"] == 77);
    }
    EXPECT_GT(lines[0], 500U);
    EXPECT_GT(lines[1], 500U);
    EXPECT_TRUE(forwarded);
    EXPECT_EQ(program.errors().find("STATUS"), std::string::npos) << "all of it is in the file";
}

TEST(ExplainOnQemu, pcap_is_explained_when_the_environment_says_so) {
    Qemu qemu;
    const TemporaryFolder folder;
    ::setenv("IXY_EXPLAIN", "json", 1);
    const std::string file = folder / "told";
    Program program("ixy-pcap", {qemu.address(), folder / "a.pcap", "1", "--explain-file=" + file});
    ::unsetenv("IXY_EXPLAIN");
    ASSERT_TRUE(eventually([&] { return program.errors().find(": 82540EM, driver") != std::string::npos; }, 20s));
    ASSERT_TRUE(qemu.wire().send(make_frame(60)));
    EXPECT_EQ(program.wait(), 0) << program.errors();
    expect_in_order(program.errors(), {"82540EM", "captured 1"});
    expect_in_order(read_all(file), {"{", "\"register\":\"STATUS\"", "\"register\":\"RCTL\""});
}

TEST(ExplainOnQemu, a_program_draws_its_rings_on_a_signal) {
    Qemu qemu;
    std::jthread reader([&](const std::stop_token& stop) {
        while (!stop.stop_requested()) (void)qemu.wire().receive(10ms);
    });
    Program program("ixy-pktgen", {qemu.address(), "--rate=100pps"});
    ASSERT_TRUE(eventually([&] { return program.errors().find(": 82540EM, driver") != std::string::npos; }, 20s));
    program.signal(SIGUSR1);
    EXPECT_TRUE(eventually([&] { return program.errors().find("the transmitter is on") != std::string::npos; }, 20s))
        << program.errors();
    EXPECT_TRUE(program.running());
    program.signal(SIGINT);
    EXPECT_EQ(program.wait(), 0) << program.errors();
    expect_in_order(program.errors(), {"receive ring at 0x", "RDT 511", "transmit ring at 0x", "in all: sent"});
}

TEST(ExplainOnQemu, ixy_rings_draws_the_rings_a_program_left_behind) {
    Qemu qemu;
    Program pktgen("ixy-pktgen", {qemu.address(), "--count=5"});
    ASSERT_EQ(pktgen.wait(), 0) << pktgen.errors();
    Program rings("ixy", {"rings", qemu.address()});
    EXPECT_EQ(rings.wait(), 0) << rings.errors();
    expect_in_order(rings.output(), {qemu.address() + ", 82540EM\n", "receive ring at 0x", "the receiver is off",
                                     "transmit ring at 0x", "TDH 5, TDT 5", "[  4] legacy: 60 bytes"});
}

}  // namespace
}  // namespace ixy::test
