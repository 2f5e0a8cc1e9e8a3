// A software card as a PCI function, and opened by its address.
#include <gtest/gtest.h>
#include <poll.h>

#include <ixy/core/process_space.hpp>
#include <ixy/nic/device.hpp>
#include <ixy/pci/identity.hpp>
#include <ixy/sim/function.hpp>

#include "tests/sim/card/test_model.hpp"

namespace ixy::sim::test {
namespace {

using namespace std::chrono_literals;

bool has_fired(Interrupt interrupt) {
    pollfd file{.fd = interrupt.event_file, .events = POLLIN, .revents = 0};
    std::uint64_t count = 0;
    return ::poll(&file, 1, 0) == 1 && ::read(interrupt.event_file, &count, sizeof count) == sizeof count;
}

class FunctionTest : public testing::TestWithParam<Running> {
protected:
    TestCard test{express_type};
    std::unique_ptr<PciFunction> function = make_function(test.card, "sim:test", GetParam());
};
std::string running_name(const testing::TestParamInfo<Running>& subject) {
    constexpr std::array names = {"inside", "thread", "manual"};
    return names.at(static_cast<std::size_t>(subject.param));
}
INSTANTIATE_TEST_SUITE_P(, FunctionTest, testing::Values(Running::inside, Running::thread, Running::manual),
                         running_name);

TEST_P(FunctionTest, has_the_identity_of_its_type) {
    EXPECT_EQ(function->address(), "sim:test");
    EXPECT_EQ(function->identity().device, 0x4321);
    EXPECT_EQ(function->config_read(pci_config::vendor_id, 4).value(), 0x4321'8086U);
    EXPECT_EQ(find_capability(*function, pci_config::capability_msi_x).value(),
              test.card->capability(pci_config::capability_msi_x));
}

TEST_P(FunctionTest, its_bars_are_windows_onto_the_card) {
    const Bar bar = function->map_bar(0, 4096).value();
    EXPECT_EQ(bar.size(), 4096U);
    EXPECT_EQ(bar.mapped(), nullptr);
    bar.store<std::uint32_t>(memory, 0x1234'5678);
    EXPECT_EQ(bar.load<std::uint16_t>(memory + 2), 0x1234U);
    EXPECT_EQ(function->map_bar(1, 1).error().kind, ErrorKind::unsupported);
    EXPECT_EQ(function->map_bar(6, 1).error().kind, ErrorKind::unsupported);
    EXPECT_EQ(function->map_bar(0, 8192).error().kind, ErrorKind::device_failed);
}

TEST_P(FunctionTest, the_card_reaches_dma_memory_and_nothing_else) {
    auto dma = function->dma_space()->allocate(4096).value();
    Host& host = test.model.host;
    const std::array bytes{std::byte{0x5a}};
    ASSERT_TRUE(function->set_bus_master(false));
    EXPECT_FALSE(host.write(dma.address(), bytes));
    ASSERT_TRUE(function->set_bus_master(true));
    EXPECT_TRUE(host.write(dma.address(), bytes));
    EXPECT_EQ(dma.data()[0], std::byte{0x5a});
    std::array<std::byte, 16> ours{};
    EXPECT_FALSE(host.write(IoAddress{reinterpret_cast<std::uintptr_t>(ours.data())}, bytes));
}

TEST(FunctionMemoryTest, the_card_reaches_memory_added_later) {
    const TestCard test;
    const auto function = make_function(test.card, "sim:test", Running::manual);
    ASSERT_TRUE(function->set_bus_master(true));
    const auto one = function->dma_space()->allocate(4096).value();
    EXPECT_TRUE(test.model.host.write(one.address(), std::array{std::byte{1}}));
    const auto more = function->dma_space()->allocate(ProcessSpace::default_region).value();  // gets its own region
    EXPECT_TRUE(test.model.host.write(more.address() + (more.size() - 1), std::array{std::byte{1}}));
}

TEST_P(FunctionTest, all_software_cards_share_one_memory) {
    const TestCard other;
    const auto second = make_function(other.card, "sim:other", Running::manual);
    EXPECT_EQ(function->dma_space(), second->dma_space());
}

TEST_P(FunctionTest, legacy_interrupt_fires_once_until_it_is_unmasked) {
    const auto interrupts = function->enable_interrupts(InterruptKind::legacy, 1).value();
    test.write(line, 1);
    EXPECT_TRUE(has_fired(interrupts[0]));
    EXPECT_FALSE(has_fired(interrupts[0]));
    ASSERT_TRUE(function->unmask_interrupt(0));
    EXPECT_TRUE(has_fired(interrupts[0]));
    test.write(line, 0);
    ASSERT_TRUE(function->unmask_interrupt(0));
    EXPECT_FALSE(has_fired(interrupts[0]));
    EXPECT_FALSE(function->unmask_interrupt(1));
}

TEST_P(FunctionTest, msi_fires_each_time) {
    ASSERT_TRUE(function->set_bus_master(true));
    const auto interrupts = function->enable_interrupts(InterruptKind::msi, 1).value();
    for (int i = 0; i < 3; ++i) {
        test.write(line, 1);
        EXPECT_TRUE(has_fired(interrupts[0]));
        test.write(line, 0);
    }
}

TEST_P(FunctionTest, each_msi_x_vector_has_its_own_file) {
    ASSERT_TRUE(function->set_bus_master(true));
    const auto interrupts = function->enable_interrupts(InterruptKind::msi_x, 3).value();
    ASSERT_EQ(interrupts.size(), 3U);
    test.write(message, 2);
    EXPECT_FALSE(has_fired(interrupts[0]));
    EXPECT_TRUE(has_fired(interrupts[2]));
}

TEST_P(FunctionTest, one_kind_of_interrupt_replaces_the_other) {
    ASSERT_TRUE(function->set_bus_master(true));
    ASSERT_TRUE(function->enable_interrupts(InterruptKind::msi_x, 3));
    const auto line_interrupt = function->enable_interrupts(InterruptKind::legacy, 1).value();
    test.write(message, 0);
    test.write(line, 1);
    EXPECT_TRUE(has_fired(line_interrupt[0]));
    test.write(line, 0);
    const auto msi = function->enable_interrupts(InterruptKind::msi, 1).value();
    test.write(line, 1);
    EXPECT_TRUE(has_fired(msi[0]));
}

TEST_P(FunctionTest, unsupported_interrupts_are_refused) {
    for (const auto& [kind, count] : {std::pair{InterruptKind::legacy, 2U},
                                      {InterruptKind::msi, 2U},
                                      {InterruptKind::msi_x, 41U},
                                      {InterruptKind::msi, 0U}}) {
        const auto refused = function->enable_interrupts(kind, count);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().kind, ErrorKind::unsupported);
    }
}

TEST_P(FunctionTest, reset_affects_only_the_function) {
    ASSERT_TRUE(function->set_bus_master(true));
    ASSERT_TRUE(function->enable_interrupts(InterruptKind::msi, 1));
    ASSERT_TRUE(function->reset());
    EXPECT_EQ(test.model.resets, 1);
    EXPECT_EQ(function->config_read(pci_config::command, 2).value(), 3U);
    EXPECT_EQ(function->map_bar(0, 4096)->load<std::uint32_t>(memory), 0U) << "it answers at once";

    const TestCard plain(plain_type);
    const auto refused = make_function(plain.card, "sim:plain", GetParam())->reset();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::unsupported);
}

TEST_P(FunctionTest, waiting_advances_the_cards_time) {
    test.write(timer_0, 5'000'000'000);
    function->wait(4s);  // stepped: takes no time
    EXPECT_TRUE(test.model.fired.empty());
    function->wait(1s);
    EXPECT_EQ(test.model.fired.size(), 1U);
}

TEST_P(FunctionTest, a_card_outlives_its_function_but_is_switched_off) {
    auto dma = function->dma_space()->allocate(4096).value();
    ASSERT_TRUE(function->set_bus_master(true));
    ASSERT_TRUE(function->enable_interrupts(InterruptKind::msi, 1));
    ASSERT_TRUE(test.model.host.write(dma.address(), std::array{std::byte{1}}));
    function.reset();
    EXPECT_EQ(test.card->config_read(pci_config::command, 2), 0U);
    test.card->config_write(pci_config::command, 2, 7);
    EXPECT_FALSE(test.model.host.write(dma.address(), std::array{std::byte{1}}));
    test.write(line, 1);

    function = make_function(test.card, "sim:again", GetParam());
    ASSERT_TRUE(function->set_bus_master(true));
    EXPECT_TRUE(test.model.host.write(dma.address(), std::array{std::byte{1}}));
    const auto interrupts = function->enable_interrupts(InterruptKind::legacy, 1).value();
    EXPECT_TRUE(has_fired(interrupts[0])) << "the line is still up";
}

TEST(ProcessSpaceTest, shared_memory_lives_while_anyone_holds_it) {
    auto space = ProcessSpace::shared();
    EXPECT_EQ(space, ProcessSpace::shared());
    const std::weak_ptr<ProcessSpace> watch = space;
    auto piece = space->allocate(64).value();
    space.reset();
    EXPECT_FALSE(watch.expired());
    piece = {};
    EXPECT_TRUE(watch.expired());
    EXPECT_NE(ProcessSpace::shared(), nullptr);
}

// --- by address ---

TEST(OpenTest, a_card_is_opened_by_its_address) {
    add_scheme();
    add_scheme();
    auto function = open_pci_function("sim:82540em,wire=open-test");
    ASSERT_TRUE(function) << function.error().text();
    EXPECT_EQ((*function)->address(), "sim:82540em,wire=open-test");
    EXPECT_EQ((*function)->identity().device, 0x100e);
}

TEST(OpenTest, a_cable_has_two_ends) {
    add_scheme();
    auto one = open_pci_function("sim:82540em,wire=ends");
    auto two = open_pci_function("sim:82540em,wire=ends");
    ASSERT_TRUE(one && two);
    const auto three = open_pci_function("sim:82540em,wire=ends");
    ASSERT_FALSE(three);
    EXPECT_EQ(three.error().kind, ErrorKind::busy);
    EXPECT_TRUE(three.error().what.starts_with("sim:82540em,wire=ends: ")) << three.error().what;
    one->reset();
    EXPECT_TRUE(open_pci_function("sim:82540em,wire=ends"));
}

TEST(OpenTest, the_caller_may_reject_a_card_before_it_is_opened) {
    const auto refused =
        open_sim_function("sim:82540em", {.accept = [](std::string_view address, const PciIdentity&) -> Expected<> {
                              return failure(ErrorKind::unsupported, std::string(address) + ": not that one");
                          }});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().what, "sim:82540em: not that one");
}

TEST(OpenTest, the_driver_opens_it_like_any_card) {
    add_scheme();
    for (const std::string keys : {"", ",thread=yes", ",clock=stepped"}) {
        auto one = Device::open("sim:82540em,wire=driver" + keys);
        ASSERT_TRUE(one) << one.error().text();
        auto two = Device::open("sim:82540em,wire=driver" + keys);
        ASSERT_TRUE(two) << two.error().text();
        EXPECT_EQ(one->model(), "82540EM");
        EXPECT_TRUE(one->link().up);
        EXPECT_NE(one->mac_address(), two->mac_address());
        EXPECT_EQ(one->dma_space(), two->dma_space());
    }
    const auto given = Device::open("sim:82540em,mac=02:00:00:00:be:ef");
    ASSERT_TRUE(given);
}

TEST(OpenTest, default_addresses_are_the_same_in_each_run) {
    add_scheme();
    const auto address_of = [](const std::string& text) { return Device::open(text).value().mac_address(); };
    const MacAddress first = address_of("sim:82540em,wire=stable");
    EXPECT_EQ(first, address_of("sim:82540em,wire=stable"));
    EXPECT_NE(first, address_of("sim:82540em,wire=other"));
    EXPECT_FALSE(first.is_multicast());
}

}  // namespace
}  // namespace ixy::sim::test
