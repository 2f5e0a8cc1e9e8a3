// `ixy sim` as users run it: what it prints, how it ends, what it leaves behind.
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <thread>

#include <ixy/datasheet/e1000/receive.hpp>
#include <tests/apps/program.hpp>

#include "bed.hpp"

namespace ixy::sim::vfio_user {
namespace {

using namespace datasheet::e1000;
using namespace std::chrono_literals;
using test::Program;
using test::TemporaryFolder;

class IxySim : public testing::Test {
protected:
    /// The socket's file exists a moment before it listens; the program announces when it does.
    static bool listens(Program& sim) {
        for (int i = 0; i < 1000 && sim.output().empty() && sim.running(); ++i) std::this_thread::sleep_for(10ms);
        return !sim.output().empty();
    }

    /// The next answer, within ten seconds.
    static Answer answer(Client& client) {
        for (int i = 0; i < 10'000; ++i) {
            if (const auto got = client.receive()) return *got;
            std::this_thread::sleep_for(1ms);
        }
        ADD_FAILURE() << "no answer";
        return {.closed = false, .header = {}, .payload = {}};
    }

    TemporaryFolder folder_;
    std::string socket_ = folder_ / "card";
};

TEST_F(IxySim, it_listens_until_a_signal_and_removes_its_socket) {
    for (const int signal : {SIGTERM, SIGINT}) {
        Program sim("ixy", {"sim", "82540em", "--listen", socket_});
        ASSERT_TRUE(listens(sim)) << sim.errors();
        sim.signal(signal);
        EXPECT_EQ(sim.wait(), 0);
        EXPECT_FALSE(std::filesystem::exists(socket_));
        EXPECT_EQ(sim.output().find("Intel 82540EM"), 0U) << sim.output();
        EXPECT_EQ(std::ranges::count(sim.output(), '\n'), 1);
        EXPECT_EQ(sim.errors(), "");
    }
}

TEST_F(IxySim, it_draws_its_cards_rings_on_request) {
    Program sim("ixy", {"sim", "82540em", "--listen", socket_});
    ASSERT_TRUE(listens(sim)) << sim.errors();
    sim.signal(SIGUSR1);
    for (int i = 0; i < 1000 && sim.errors().empty() && sim.running(); ++i) std::this_thread::sleep_for(10ms);
    EXPECT_NE(sim.errors().find("82540em"), std::string::npos) << sim.errors();
    sim.signal(SIGTERM);
    EXPECT_EQ(sim.wait(), 0);
}

TEST_F(IxySim, it_serves_a_client_and_outlives_it) {
    Program sim("ixy", {"sim", "82574l,mac=52:54:00:00:00:07", "--listen", socket_});
    ASSERT_TRUE(listens(sim)) << sim.errors();
    for (int round = 0; round < 3; ++round) {
        Client client(socket_);
        ASSERT_TRUE(client.send(Command::version, join(Version{})));
        EXPECT_TRUE(answer(client).ok());
    }
    EXPECT_TRUE(sim.running());
}

TEST_F(IxySim, it_survives_a_client_that_truncates_its_memory_in_use) {
    Program sim("ixy", {"sim", "82540em", "--listen", socket_});
    ASSERT_TRUE(listens(sim)) << sim.errors();
    for (int round = 1; round <= 2; ++round) {
        Client client(socket_);
        const auto ask = [&](Command command, const Bytes& payload, const std::vector<int>& files = {}) {
            EXPECT_TRUE(client.send(command, payload, files));
            return answer(client).error();
        };
        const auto write = [&](std::uint32_t region, std::uint64_t offset, std::uint32_t value) {
            return ask(Command::region_write,
                       join(RegionAccess{.offset = offset, .region = region, .count = sizeof value}, value));
        };
        ASSERT_EQ(ask(Command::version, join(Version{})), 0);
        const File memory = make_memory_file(page_size);
        const DmaMap map{
            .argsz = sizeof map, .flags = dma_readable | dma_writable, .offset = 0, .address = 0, .size = page_size};
        ASSERT_EQ(ask(Command::dma_map, join(map), {memory.get()}), 0);
        ASSERT_EQ(write(region_config, pci_config::command, 7), 0);
        ASSERT_EQ(ask(Command::device_reset, {}), 0);
        ASSERT_EQ(write(region_config, pci_config::command, 7), 0);
        ASSERT_EQ(write(0, RDLEN.offset, 128), 0);
        ASSERT_EQ(write(0, RCTL.offset, RCTL.EN.mask()), 0);
        ASSERT_EQ(::ftruncate(memory.get(), 0), 0);
        EXPECT_EQ(write(0, RDT.offset, 4), 0);  // now it fetches descriptors
        EXPECT_TRUE(answer(client).closed);
        EXPECT_TRUE(sim.running());
    }
    sim.signal(SIGTERM);
    EXPECT_EQ(sim.wait(), 0);
    EXPECT_EQ(std::ranges::count(sim.errors(), '\n'), 2) << sim.errors();
    EXPECT_NE(sim.errors().find("dropped"), std::string::npos) << sim.errors();
}

/// The register STATUS as a client reads it after enabling the card.
std::uint32_t status_of(Client& client) {
    const auto ask = [&client](Command command, const Bytes& payload) {
        EXPECT_TRUE(client.send(command, payload));
        std::optional<Answer> answer;
        for (int i = 0; i < 1000 && !(answer = client.receive()); ++i) std::this_thread::sleep_for(10ms);
        EXPECT_TRUE(answer && answer->ok());
        return answer ? answer->payload : Bytes();
    };
    ask(Command::version, join(Version{}));
    const RegionAccess command{.offset = pci_config::command, .region = region_config, .count = 2};
    ask(Command::region_write, join(command, std::uint16_t{pci_config::command_memory}));
    const RegionAccess status{.offset = 8, .region = 0, .count = 4};
    const Bytes reply = ask(Command::region_read, join(status));
    return take<std::uint32_t>(std::span(reply).subspan(sizeof status)).value_or(0);
}

TEST_F(IxySim, it_explains_what_its_client_does) {
    Program sim("ixy", {"sim", "82540em,wire=loop", "--listen", socket_, "--explain"});
    ASSERT_TRUE(listens(sim)) << sim.errors();
    {
        Client client(socket_);
        EXPECT_EQ(status_of(client) & 2, 0U) << "nobody has set the link up";
    }
    sim.signal(SIGTERM);
    EXPECT_EQ(sim.wait(), 0);
    EXPECT_NE(sim.errors().find("read  STATUS     0x00008"), std::string::npos) << sim.errors();
    EXPECT_NE(sim.errors().find("Device Status Register, 13.4.2\n"), std::string::npos)
        << "no source: " << sim.errors();
}

TEST_F(IxySim, its_registers_fail_as_scripted) {
    const std::string script = folder_ / "script";
    std::ofstream(script) << "stuck STATUS.LU 1\n";
    Program sim("ixy", {"sim", "82540em,wire=loop,faults=" + script, "--listen", socket_});
    ASSERT_TRUE(listens(sim)) << sim.errors();
    Client client(socket_);
    EXPECT_EQ(status_of(client) & 2, 2U);
}

TEST_F(IxySim, a_second_server_does_not_take_over_its_socket) {
    Program sim("ixy", {"sim", "82540em", "--listen", socket_});
    ASSERT_TRUE(listens(sim)) << sim.errors();
    Program second("ixy", {"sim", "82540em", "--listen", socket_});
    EXPECT_EQ(second.wait(), 1);
    EXPECT_NE(second.errors().find(socket_), std::string::npos) << second.errors();
    EXPECT_TRUE(sim.running());
    EXPECT_TRUE(std::filesystem::exists(socket_));
}

TEST_F(IxySim, wrong_arguments_are_reported) {
    for (const char* card : {"82599", "82540em,wire", "82540em,colour=blue", "82540em,clock=stepped",
                             "82540em,thread=yes", "82540em,wire=a"}) {
        Program sim("ixy", {"sim", card, "--listen", socket_});
        EXPECT_EQ(sim.wait(), 2) << card;
        EXPECT_NE(sim.errors(), "") << card;
    }
    Program without("ixy", {"sim", "82540em"});
    EXPECT_EQ(without.wait(), 2);
    Program nowhere("ixy", {"sim", "82540em", "--listen", folder_ / "no" / "such"});
    EXPECT_EQ(nowhere.wait(), 1);
}

}  // namespace
}  // namespace ixy::sim::vfio_user
