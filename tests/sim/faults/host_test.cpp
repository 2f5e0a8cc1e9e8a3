// What a faulty host does to each transfer; the world behind it records what arrives.
#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include <ixy/sim/card/faults.hpp>

namespace ixy::sim {
namespace {

struct Written {
    std::uint64_t to;
    std::vector<std::byte> bytes;
    friend bool operator==(const Written&, const Written&) = default;
};

class World final : public Host {
public:
    std::vector<Written> write_backs;
    std::size_t reads = 0, writes = 0, frames = 0;

    bool read(IoAddress, std::span<std::byte> to) override {
        ++reads;
        std::ranges::fill(to, std::byte{7});
        return true;
    }
    bool write(IoAddress, std::span<const std::byte>) override { return ++writes != 0; }
    bool write_back(IoAddress to, std::span<const std::byte> from, std::size_t) override {
        write_backs.push_back({to.value, {from.begin(), from.end()}});
        return true;
    }
    void set_interrupt(bool) override {}
    bool messages_enabled() const override { return false; }
    void send_message(unsigned) override {}
    void send(std::span<const std::byte>) override { ++frames; }
    Time now() const override { return {}; }
    void schedule(unsigned, std::optional<Time>) override {}
    void report(Misuse, std::string) override {}
};

/// A world, and a faulty host in front of it.
class FaultyHostTest : public testing::Test {
protected:
    void fail_by(std::string_view script) { host_ = make_faulty_host(world, faults::parse_plan(script).value()); }
    Host& host() { return *host_; }
    /// Write-back `number` of a received frame: 16 bytes with that value.
    static Written received(unsigned number) {
        return {0x1000 + 16 * number, std::vector(16, static_cast<std::byte>(number))};
    }
    void write_back(unsigned from, unsigned to) {
        for (unsigned i = from; i <= to; ++i) {
            const Written each = received(i);
            EXPECT_TRUE(host_->write_back({each.to}, each.bytes, 12));
        }
    }
    World world;

private:
    std::unique_ptr<Host> host_;
};

TEST_F(FaultyHostTest, without_faults_passes_everything_on) {
    fail_by("");
    write_back(1, 3);
    EXPECT_EQ(world.write_backs, (std::vector{received(1), received(2), received(3)}));
    std::vector<std::byte> bytes(4);
    EXPECT_TRUE(host().read({0}, bytes));
    EXPECT_EQ(bytes[3], std::byte{7});
    EXPECT_TRUE(host().write({0}, bytes));
    host().send(bytes);
    EXPECT_EQ(world.frames, 1U);
}

TEST_F(FaultyHostTest, loses_write_backs) {
    fail_by("lose write-back after 1 write-back for 2 write-backs");
    write_back(1, 4);
    EXPECT_EQ(world.write_backs, (std::vector{received(1), received(4)}));
}

TEST_F(FaultyHostTest, repeats_write_backs_later) {
    fail_by("double write-back for 1 write-back");
    write_back(1, 100);
    ASSERT_EQ(world.write_backs.size(), 101U);
    EXPECT_EQ(std::ranges::count(world.write_backs, received(1)), 2);
    EXPECT_EQ(world.write_backs.front(), received(1));
}

TEST_F(FaultyHostTest, lies_only_about_lengths_of_received_frames) {
    fail_by("length 0x1234");
    write_back(5, 5);
    std::uint16_t length = 0;
    std::memcpy(&length, world.write_backs[0].bytes.data() + 8, sizeof length);
    EXPECT_EQ(length, 0x1234);
    const std::vector sent(4, std::byte{1});
    EXPECT_TRUE(host().write_back({0}, sent, 0));
    EXPECT_EQ(world.write_backs[1].bytes, sent);
}

TEST_F(FaultyHostTest, corrupts_only_the_status) {
    fail_by("garble write-back");
    for (unsigned i = 0; i < 200; ++i) {
        write_back(9, 9);
        const auto& bytes = world.write_backs.back().bytes;
        for (std::size_t at = 0; at < 16; ++at) {
            if (at == 12 || at == 13) continue;
            ASSERT_EQ(bytes[at], std::byte{9}) << at;
        }
    }
    EXPECT_LT(std::ranges::count(world.write_backs, received(9)), 50);
}

TEST_F(FaultyHostTest, fails_transfers_without_exposing_the_data) {
    fail_by("fail DMA after 1 transfer for 2 transfers");
    std::vector<std::byte> bytes(4, std::byte{1});
    EXPECT_TRUE(host().read({0}, bytes));
    EXPECT_FALSE(host().read({0}, bytes));
    EXPECT_EQ(bytes[0], std::byte{0});
    EXPECT_FALSE(host().write({0}, bytes));
    EXPECT_TRUE(host().write({0}, bytes));
    EXPECT_EQ(world.reads, 1U);
    EXPECT_EQ(world.writes, 1U);
}

TEST_F(FaultyHostTest, does_the_same_for_the_same_seed) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        const faults::Plan plan = random_memory_faults(seed);
        EXPECT_EQ(script_of(plan), script_of(random_memory_faults(seed)));
        EXPECT_EQ(script_of(faults::parse_plan(script_of(plan)).value()), script_of(plan));
        World one;
        World other;
        for (World* each : {&one, &other}) {
            const auto faulty = make_faulty_host(*each, plan);
            for (unsigned i = 0; i < 600; ++i) faulty->write_back({received(i).to}, received(i).bytes, 12);
        }
        EXPECT_EQ(one.write_backs, other.write_backs) << seed;
    }
}

TEST(Faults, are_named_by_a_seed_or_a_script) {
    EXPECT_EQ(script_of(read_faults("seed:7").value()), script_of(random_memory_faults(7)));
    EXPECT_EQ(read_faults("seed:x").error().kind, ErrorKind::invalid_argument);
    EXPECT_EQ(read_faults("/nowhere/to/be/found").error().kind, ErrorKind::not_found);
}

}  // namespace
}  // namespace ixy::sim
