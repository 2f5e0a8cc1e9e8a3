// Counting: equal to what the cable carried, under the datasheet's names, and correct whether or not reading a register
// clears it.
#include <map>

#include "tests/nic/conformance.hpp"

#include <ixy/faults/injector.hpp>

namespace ixy {
namespace {

class StatisticsTest : public Conformance {
protected:
    /// The end of the name of the counter for frames of that many bytes: "127" counts 65 to 127.
    static std::string size_class(std::size_t on_the_wire) {
        for (const std::size_t limit : {64U, 127U, 255U, 511U, 1023U})
            if (on_the_wire <= limit) return std::to_string(limit);
        return "1522";
    }
    /// Each frame goes out once and comes in once. Their number is a multiple of 100.
    void send_and_receive(Device& device, const std::vector<Frame>& frames) {
        for (std::size_t i = 0; i < frames.size(); i += 100) {
            const std::vector some(frames.begin() + static_cast<long>(i), frames.begin() + static_cast<long>(i) + 100);
            send(device, some);
            for (const Frame& frame : some) ASSERT_EQ(wire_receive(), frame);
            for (std::size_t j = 0; j < 100; j += 5) {
                for (std::size_t k = j; k < j + 5; ++k) ASSERT_TRUE(wire_send(some[k]));
                ASSERT_EQ(receive(device, 5).size(), 5U);
            }
            if (i % 700 == 0) device.statistics();  // reading them in between loses nothing
        }
    }
    /// The cards of QEMU 11 answer 0 for most counters; ours and those of older QEMUs keep all of them.
    bool keeps_few_counters(Device& device) const {
        const auto all = device.counters();
        const auto octets = std::ranges::find(all, "GOTCL", &NamedCounter::name);
        return !by_the_book() && octets != all.end() && octets->value == 0;
    }
};
INSTANTIATE_TEST_SUITE_P(Card, StatisticsTest, every_card(), subject_name);

TEST_P(StatisticsTest, equal_what_the_cable_carried) {
    constexpr std::size_t count = 2000;
    auto device = open();
    std::mt19937 random(1);
    std::vector<Frame> frames;
    std::uint64_t bytes = 0;
    std::map<std::string, std::uint64_t> expected;
    for (unsigned i = 0; i < count; ++i) {
        const bool broadcast = random() % 2 == 0;
        frames.push_back(
            test::make_frame(60 + random() % 1455, i, broadcast ? "ff:ff:ff:ff:ff:ff" : "01:00:5e:00:00:01"));
        const std::size_t on_the_wire = frames.back().size() + 4;
        bytes += frames.back().size();
        const std::string limit = size_class(on_the_wire);
        for (const std::string direction : {"R", "T"}) {
            ++expected["P" + direction + "C" + limit];
            ++expected[broadcast ? (direction == "R" ? "BPRC" : "BPTC") : (direction == "R" ? "MPRC" : "MPTC")];
            ++expected["GP" + direction + "C"];
            ++expected["TP" + direction];
            const std::size_t octets = direction == "R" || GetParam().counts_fcs ? on_the_wire : on_the_wire - 4;
            expected["GO" + direction + "CL"] += octets;
            expected["TO" + direction + "L"] += octets;
        }
    }
    ASSERT_NO_FATAL_FAILURE(send_and_receive(device, frames));
    for (int times = 0; times < 2; ++times) {
        const Statistics statistics = device.statistics();
        EXPECT_EQ(statistics.rx_packets, count);
        EXPECT_EQ(statistics.rx_bytes, bytes);
        EXPECT_EQ(statistics.tx_packets, count);
        EXPECT_EQ(statistics.tx_bytes, bytes);
        EXPECT_EQ(statistics.rx_missed + statistics.rx_errors + statistics.rx_dropped + statistics.tx_errors, 0U);
    }
    // QEMU's cards sort received frames, and some those sent, by their sizes without FCS (which omits those below 64),
    // and count broadcast as multicast when that is promiscuous: for these kinds the sums must be correct.
    std::uint64_t sizes = 0;
    std::uint64_t groups = 0;
    if (keeps_few_counters(device)) return;
    for (const NamedCounter& counter : device.counters()) {
        const auto found = expected.find(std::string(counter.name));
        if (counter.name.starts_with("PRC")) sizes += counter.value;
        if (counter.name == "BPRC" || counter.name == "MPRC") groups += counter.value;
        const bool by_kind = counter.name.starts_with("PRC") || counter.name == "BPRC" || counter.name == "MPRC" ||
                             (counter.name.starts_with("PTC") && !GetParam().counts_fcs);
        const bool of_interrupts = counter.name.starts_with("IC");  // causes, of a card that counts them too
        if ((by_the_book() || !by_kind) && !of_interrupts) {
            EXPECT_EQ(counter.value, found == expected.end() ? 0 : found->second) << counter.name;
        }
        if (found != expected.end()) expected.erase(found);
    }
    const auto short_of_64 = std::ranges::count_if(frames, [](const Frame& frame) { return frame.size() < 64; });
    EXPECT_TRUE(sizes == count || sizes + static_cast<std::size_t>(short_of_64) == count) << sizes;
    EXPECT_EQ(groups, count);
    EXPECT_TRUE(expected.empty()) << "no counter named " << (expected.empty() ? "" : expected.begin()->first);
}

class StatisticsMore : public Conformance {};
INSTANTIATE_TEST_SUITE_P(Card, StatisticsMore, one_card(), subject_name);

// QEMU 11 counts only the total octets. Other cards may count none; then the queue's count is used.
TEST_P(StatisticsMore, sent_bytes_are_correct_even_if_the_card_does_not_count_them) {
    for (const std::string missing : {"stuck GOTCL 0\nstuck GOTCH 0\n", "stuck TOTL 0\nstuck TOTH 0\n",
                                      "stuck GOTCL 0\nstuck GOTCH 0\nstuck TOTL 0\nstuck TOTH 0\n"}) {
        Device device =
            Device::open(faults::inject(bed().function(0), faults::parse_plan(missing).value()).value()).value();
        const auto frames = numbered_frames(50, {60, 100, 1514});
        std::uint64_t bytes = 0;
        for (const Frame& frame : frames) bytes += frame.size();
        EXPECT_EQ(device.statistics().tx_bytes, 0U);
        send(device, frames);
        for (const Frame& frame : frames) ASSERT_EQ(wire_receive(), frame);
        EXPECT_EQ(device.statistics().tx_packets, 50U) << missing;
        EXPECT_EQ(device.statistics().tx_bytes, bytes) << missing;
    }
}

TEST_P(StatisticsMore, padding_counts_as_sent) {
    auto device = open();
    send(device, test::make_frame(20));
    const std::size_t on_the_wire = wire_receive().size();
    EXPECT_EQ(device.statistics().tx_packets, 1U);
    EXPECT_EQ(device.statistics().tx_bytes, on_the_wire);
}

TEST_P(StatisticsMore, counter_names_and_titles_are_unique) {
    auto device = open();
    std::map<std::string_view, std::string_view> titles;
    for (const NamedCounter& counter : device.counters()) {
        EXPECT_TRUE(titles.emplace(counter.name, counter.title).second) << counter.name;
        EXPECT_FALSE(counter.title.empty()) << counter.name;
    }
    for (const std::string_view name : {"CRCERRS", "MPC", "GPRC", "BPRC", "GPTC", "GORCL", "GOTCL", "RNBC", "ROC"}) {
        EXPECT_TRUE(titles.contains(name)) << name;
    }
    EXPECT_FALSE(titles.contains("GORCH")) << "the upper half belongs to GORCL's 64 bits";
    EXPECT_EQ(titles["GPRC"], "Good Packets Received Count");
}

TEST_P(StatisticsMore, queues_count_their_own_traffic) {
    auto device = open();
    const auto frames = numbered_frames(50, {60, 100, 1514});
    std::uint64_t bytes = 0;
    for (const Frame& frame : frames) bytes += frame.size();
    send(device, frames);
    EXPECT_EQ(device.tx_queue(0).counters().packets.value(), 50U);
    EXPECT_EQ(device.tx_queue(0).counters().bytes.value(), bytes);
    for (const Frame& frame : frames) {
        ASSERT_EQ(wire_receive(), frame);
        ASSERT_TRUE(wire_send(frame));
        ASSERT_EQ(receive_one(device), frame);
    }
    EXPECT_EQ(device.rx_queue(0).counters().packets.value(), 50U);
    EXPECT_EQ(device.rx_queue(0).counters().bytes.value(), bytes);
}

}  // namespace
}  // namespace ixy
