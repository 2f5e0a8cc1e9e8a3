// A window into a software card, and a viewer at its other end, which is another process in real use.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <ixy/core/process_space.hpp>
#include <ixy/nic/device.hpp>
#include <ixy/sim/function.hpp>
#include <ixy/sim/servers/window/message.hpp>
#include <ixy/sim/servers/window/view.hpp>
#include <ixy/sim/servers/window/window.hpp>

#include "tests/sim/card/test_model.hpp"

namespace ixy::sim::test {
namespace {

std::string here(unsigned card = 0) { return "sim:@" + std::to_string(::getpid()) + "/" + std::to_string(card); }

class WindowTest : public testing::Test {
protected:
    File connect() {
        File socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
        const window::Address address(::getpid());
        EXPECT_EQ(::connect(socket.get(), address.get(), address.size), 0);
        return socket;
    }
    TestCard test{express_type};
    std::unique_ptr<PciFunction> driver = make_function(test.card, "sim:test", Running::inside);
    std::unique_ptr<Window> window = Window::open({test.card.get()}).value();
};

TEST_F(WindowTest, shows_registers_as_the_driver_sees_them) {
    driver->map_bar(0, 4096)->store<std::uint32_t>(Register::memory, 0x1234'5678);
    const auto view = look_at_card_elsewhere(here());
    ASSERT_TRUE(view) << view.error().text();
    EXPECT_EQ((*view)->identity().device, 0x4321);
    const Bar bar = (*view)->map_bar(0, 4096).value();
    EXPECT_EQ(bar.load<std::uint32_t>(Register::memory), 0x1234'5678U);
    EXPECT_EQ(bar.load<std::uint8_t>(Register::memory + 1), 0x56U);
    EXPECT_EQ(bar.load<std::uint32_t>(4096), ~0U) << "beyond the BAR";
    EXPECT_FALSE((*view)->map_bar(1, 1));
}

TEST_F(WindowTest, shows_the_memory_that_the_card_can_reach_and_no_other) {
    const DmaMemory memory = driver->dma_space()->allocate(4096).value();
    memory.bytes()[17] = std::byte{0x5a};
    ASSERT_TRUE(driver->set_bus_master(true));
    std::array<std::byte, 1> one{};
    ASSERT_TRUE(test.model.host.read(memory.address(), one)) << "the card has reached that memory before";
    const auto view = look_at_card_elsewhere(here());
    ASSERT_TRUE(view) << view.error().text();
    const auto copy = (*view)->dma_space()->memory_at(memory.address(), 4096);
    ASSERT_EQ(copy.size(), 4096U);
    EXPECT_EQ(copy[17], std::byte{0x5a});
    EXPECT_NE(copy.data(), memory.data());
    EXPECT_TRUE((*view)->dma_space()->memory_at({0x10}, 16).empty());
    EXPECT_FALSE((*view)->dma_space()->allocate(64));
}

TEST_F(WindowTest, lets_nobody_change_anything) {
    const Bar bar = driver->map_bar(0, 4096).value();
    bar.store<std::uint32_t>(Register::memory, 7);
    const auto view = look_at_card_elsewhere(here());
    (*view)->map_bar(0, 4096)->store<std::uint32_t>(Register::memory, 8);
    EXPECT_FALSE((*view)->config_write(pci_config::command, 2, 0));
    EXPECT_EQ(bar.load<std::uint32_t>(Register::memory), 7U);
}

TEST_F(WindowTest, is_listed_with_its_cards) {
    const auto cards = list_cards_elsewhere().cards;
    const auto own = std::ranges::find(cards, here(), &CardElsewhere::address);
    ASSERT_NE(own, cards.end());
    EXPECT_EQ(own->identity.device, 0x4321);
    EXPECT_FALSE(own->program.empty());
    EXPECT_TRUE(list_cards_elsewhere("/nonexistent").cards.empty()) << "found by the proc that it was given";
}

TEST_F(WindowTest, mistaken_addresses_name_the_next_step) {
    EXPECT_EQ(look_at_card_elsewhere(here(1)).error().kind, ErrorKind::not_found);
    for (const char* address : {"sim:@", "sim:@x", "sim:@0", "sim:@1/", "sim:@1/x", "sim:@99999999999999999999"}) {
        EXPECT_EQ(look_at_card_elsewhere(address).error().kind, ErrorKind::invalid_argument) << address;
    }
    EXPECT_EQ(Window::open({}).error().kind, ErrorKind::busy) << "one window for each process";
    add_scheme();
    const auto device = Device::open(here());
    ASSERT_FALSE(device);
    EXPECT_NE(device.error().text().find("belongs to another process"), std::string::npos) << device.error().text();
    window.reset();
    EXPECT_EQ(look_at_card_elsewhere(here()).error().kind, ErrorKind::not_found);
}

TEST_F(WindowTest, nonsense_ends_one_connection_and_not_the_window) {
    const std::array<std::byte, 5> short_request{};
    std::array<std::byte, 64> reply{};
    {
        const File viewer = connect();
        ASSERT_EQ(::send(viewer.get(), short_request.data(), short_request.size(), 0), 5);
        EXPECT_EQ(::recv(viewer.get(), reply.data(), reply.size(), 0), 0) << "closed";
    }
    const File viewer = connect();
    for (const window::Request request :
         {window::Request{.question = static_cast<window::Question>(99)},
          window::Request{.question = window::Question::registers, .size = 3},
          window::Request{.question = window::Question::memory, .size = ~0U},
          window::Request{.question = window::Question::memory, .size = 64, .offset = ~std::uint64_t{0}}}) {
        ASSERT_EQ(::send(viewer.get(), &request, sizeof request, 0), static_cast<ssize_t>(sizeof request));
        window::ReplyHeader header;
        ASSERT_EQ(::recv(viewer.get(), &header, sizeof header, 0), static_cast<ssize_t>(sizeof header));
        EXPECT_EQ(header.answer, window::Answer::refused);
    }
}

TEST_F(WindowTest, a_silent_viewer_holds_up_the_next_one_for_a_moment_only) {
    const File silent = connect();
    EXPECT_TRUE(look_at_card_elsewhere(here()).has_value() || look_at_card_elsewhere(here()).has_value());
}

TEST_F(WindowTest, closing_it_does_not_wait_for_a_viewer) {
    const File silent = connect();
    window.reset();
    std::byte nothing{};
    EXPECT_LE(::recv(silent.get(), &nothing, 1, 0), 0);
}

}  // namespace
}  // namespace ixy::sim::test
