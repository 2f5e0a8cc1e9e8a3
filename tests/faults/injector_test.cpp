// What a driver sees of a failing device.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <vector>

#include "tests/support/memory_card.hpp"

#include <ixy/datasheet/e1000/chips.hpp>
#include <ixy/faults/injector.hpp>

namespace ixy::faults {
namespace {

using namespace datasheet::e1000;

/// A card with configuration space, whose registers hold what was written.
class Inject : public testing::Test {
protected:
    Bar inject(std::string_view script) {
        auto card = std::make_unique<test::MemoryCard>();
        card_ = card.get();
        counts = std::make_shared<Counts>();
        function = faults::inject(std::move(card), parse_plan(script).value(), counts).value();
        return function->map_bar(0, 0).value();
    }
    test::MemoryCard& card() { return *card_; }

    std::unique_ptr<PciFunction> function;
    std::shared_ptr<Counts> counts;

private:
    test::MemoryCard* card_ = nullptr;
};

TEST_F(Inject, fields_may_stick_or_never_become_ready) {
    const Bar bar = inject("never STATUS.LU\nstuck STATUS.SPEED 1\nstuck MPC 0x1234");
    const auto status = bar.read(STATUS);
    EXPECT_FALSE(status & STATUS.LU);
    EXPECT_TRUE(status & STATUS.FD) << "other fields are unaffected";
    EXPECT_EQ(STATUS.SPEED.of(status), 1U);
    EXPECT_EQ(bar.read(MPC).bits, 0x1234U);
    EXPECT_EQ(counts->accesses, 2U);
    EXPECT_EQ(counts->altered, 2U);
    bar.write(RCTL, RCTL.EN);
    EXPECT_EQ(bar.read(RCTL), RCTL.EN);
    EXPECT_EQ(counts->altered, 2U);
}

TEST_F(Inject, times_count_accesses_to_all_registers) {
    const Bar bar = inject("flip RCTL after 2 accesses for 2 accesses");
    bar.write(RCTL, 1);
    EXPECT_EQ(bar.read(RCTL).bits, 1U);
    EXPECT_EQ(bar.read(RCTL).bits, ~1U);
    bar.read(STATUS);
    EXPECT_EQ(bar.read(RCTL).bits, 1U);
}

TEST_F(Inject, the_link_flaps) {
    const Bar bar = inject("flap 2 times every 3 accesses after 1 access");
    std::string seen;
    for (int i = 0; i < 16; ++i) seen += bar.read(STATUS) & STATUS.LU ? '1' : '0';
    EXPECT_EQ(seen, "1000111000111111");
}

TEST_F(Inject, lost_writes_are_counted) {
    const Bar bar = inject("ignore RAL[1]\nignore 0x03818 after 3 accesses");
    bar.write(RAL[1], 5);
    bar.write(RAL[2], 6);
    bar.write(TDT, 1);
    bar.write(TDT, 2);
    EXPECT_EQ(card().get(RAL[1].offset), 0U);
    EXPECT_EQ(card().get(RAL[2].offset), 6U);
    EXPECT_EQ(card().get(TDT.offset), 1U);
    EXPECT_EQ(counts->dropped, 2U);
}

TEST_F(Inject, a_name_without_an_index_means_the_whole_array) {
    const Bar bar = inject("stuck RAL 7");
    for (std::size_t i = 0; i < RAL.count; ++i) {
        EXPECT_EQ(bar.read(RAL[i]).bits, 7U);
        EXPECT_EQ(bar.read(RAH[i]).bits, 0U) << "RAH is interleaved with them";
    }
}

TEST_F(Inject, random_numbers_repeat_with_the_seed) {
    const auto numbers = [this](std::string_view script) {
        const Bar bar = inject(script);
        std::vector<std::uint32_t> seen;
        for (int i = 0; i < 20; ++i) seen.push_back(bar.read(GPRC).bits);
        return seen;
    };
    const auto first = numbers("seed 1; random GPRC");
    EXPECT_EQ(numbers("seed 1; random GPRC"), first);
    EXPECT_NE(numbers("seed 2; random GPRC"), first);
    EXPECT_GT(std::set<std::uint32_t>(first.begin(), first.end()).size(), 15U);
}

TEST_F(Inject, a_removed_device_answers_nowhere) {
    const Bar bar = inject("gone after 2 accesses");
    EXPECT_EQ(function->config_read(pci_config::command, 2).value(), 0U);
    bar.write(RCTL, 5);
    EXPECT_EQ(bar.read(RCTL).bits, 5U);
    EXPECT_EQ(function->config_read(pci_config::command, 2).value(), 0xffffU) << "even before any other access notices";
    bar.write(RCTL, 6);
    EXPECT_EQ(bar.read(RCTL).bits, ~0U);
    EXPECT_EQ(bar.load<std::uint8_t>(0), 0xff);
    EXPECT_EQ(bar.load<std::uint64_t>(0), ~std::uint64_t{0});
    EXPECT_EQ(card().get(RCTL.offset), 5U);
    EXPECT_EQ(function->config_read(0, 4).value(), ~0U);
    EXPECT_TRUE(function->config_write(pci_config::command, 2, 7));
    EXPECT_FALSE(function->set_bus_master(true));
    EXPECT_EQ(counts->dropped, 1U);
    EXPECT_EQ(counts->altered, 3U);
}

TEST_F(Inject, faults_in_absent_registers_are_errors_that_name_the_line) {
    for (const auto& [script, text] :
         {std::pair("\nnever STATIS.LU", "no register STATIS"),
          {"\nnever STATUS.UP", "no field UP"},
          {"\nflip RAL[16]", "16 elements"},
          {"\nrandom MPC EITR", "no register EITR"},
          {"\nnever 0xZZ", "0xZZ is not a register"},
          {"\nstuck STATUS.SPEED 9", "9 does not fit into STATUS.SPEED, which holds 0 to 3"},
          {"\nignore 0x3", "0x3 is not a register"},
          {"\nrandom 0xfffffff0", "0xfffffff0 is not a register"},
          {"\nstuck 0x1ffffffff 1", "0x1ffffffff is not a register"}}) {
        const auto faulty = faults::inject(std::make_unique<test::MemoryCard>(), parse_plan(script).value());
        ASSERT_FALSE(faulty) << script;
        EXPECT_NE(faulty.error().what.find("line 2"), std::string::npos) << faulty.error().text();
        EXPECT_NE(faulty.error().what.find(text), std::string::npos) << faulty.error().text();
    }
    auto unknown = std::make_unique<test::MemoryCard>();
    unknown->set_identity({.vendor = 0x1af4, .device = 0x1000});
    EXPECT_FALSE(faults::inject(std::move(unknown), parse_plan("never STATUS.LU").value()));
    unknown = std::make_unique<test::MemoryCard>();
    unknown->set_identity({.vendor = 0x1af4, .device = 0x1000});
    EXPECT_TRUE(faults::inject(std::move(unknown), parse_plan("stuck 0x12 1; gone").value())) << "offsets are enough";
}

/// IXY_FAULTS, for any opened device.
class RequestedFaults : public testing::Test {
protected:
    void TearDown() override { ::unsetenv("IXY_FAULTS"); }
    static Expected<> request(const char* value) {
        ::setenv("IXY_FAULTS", value, 1);
        std::unique_ptr<PciFunction> function = std::make_unique<test::MemoryCard>();
        const PciFunction* const before = function.get();
        auto done = inject_if_requested(function);
        if (done) {
            EXPECT_NE(function.get(), before);
        }
        return done;
    }
};

TEST_F(RequestedFaults, no_request_leaves_the_function_untouched) {
    std::unique_ptr<PciFunction> function = std::make_unique<test::MemoryCard>();
    const PciFunction* const before = function.get();
    ASSERT_TRUE(inject_if_requested(function));
    ::setenv("IXY_FAULTS", "", 1);
    ASSERT_TRUE(inject_if_requested(function));
    EXPECT_EQ(function.get(), before);
}

TEST_F(RequestedFaults, come_from_a_script_a_file_or_a_seed) {
    EXPECT_TRUE(request("never STATUS.LU; gone after 3 accesses"));
    EXPECT_TRUE(request("gone"));
    EXPECT_TRUE(request("seed:7"));
    const auto file = std::filesystem::temp_directory_path() / ("ixy-faults-" + std::to_string(::getpid()));
    std::ofstream(file) << "# comment\nnever STATUS.LU\n";
    EXPECT_TRUE(request(file.c_str()));
    std::ofstream(file) << "\nnever STATUS.\n";
    const auto wrong = request(file.c_str());
    ASSERT_FALSE(wrong);
    EXPECT_NE(wrong.error().what.find("line 2"), std::string::npos) << wrong.error().text();
    std::filesystem::remove(file);
    EXPECT_EQ(request("/no/such/file").error().kind, ErrorKind::not_found);
    EXPECT_FALSE(request("seed:"));
    EXPECT_FALSE(request("seed:x"));
}

TEST_F(RequestedFaults, memory_faults_are_only_for_software_cards) {
    const auto refused = request("lose write-back after 1 write-back");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::unsupported);
    EXPECT_NE(refused.error().what.find("line 1"), std::string::npos) << refused.error().text();
}

}  // namespace
}  // namespace ixy::faults
