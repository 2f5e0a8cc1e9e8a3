// Fault scripts.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include <ixy/datasheet/e1000/chips.hpp>
#include <ixy/faults/plan.hpp>

namespace ixy::faults {
namespace {

using datasheet::e1000::CHIP_82540EM;
using datasheet::e1000::CHIPS;

TEST(FaultPlan, says_what_where_and_when) {
    const auto plan = parse_plan(
        "# a card with a bad cable\n"
        "never STATUS.LU\n"
        "stuck CTRL.RST 1 after 100 accesses\n"
        "\n"
        "flip RAL[3] for 1 access   # once; and no more\n"
        "random GPRC MPC after 5 accesses for 20 accesses\r\n"
        "ignore 0x03818; seed 0x7; gone after 500 accesses\n"
        "flap 3 times every 100 accesses after 10 accesses");
    ASSERT_TRUE(plan) << plan.error().text();
    EXPECT_EQ(plan->seed, 7U);
    ASSERT_EQ(plan->faults.size(), 8U);
    const auto& faults = plan->faults;
    EXPECT_EQ(faults[0].kind, Kind::stuck);
    EXPECT_EQ(faults[0].target.name, "STATUS");
    EXPECT_EQ(faults[0].target.field, "LU");
    EXPECT_EQ(faults[0].value, 0U);
    EXPECT_EQ(faults[0].line, 2U);
    EXPECT_EQ(faults[1].value, 1U);
    EXPECT_EQ(faults[1].after, 100U);
    EXPECT_EQ(faults[2].target.index, 3U);
    EXPECT_EQ(faults[2].lasts, 1U);
    EXPECT_EQ(faults[3].target.name, "GPRC");
    EXPECT_EQ(faults[4].target.name, "MPC");
    EXPECT_EQ(faults[3].lasts, 20U);
    EXPECT_EQ(faults[5].target.name, "0x03818");
    EXPECT_EQ(faults[5].line, 7U);
    EXPECT_EQ(faults[6].kind, Kind::gone);
    EXPECT_EQ(faults[6].line, 7U);
    EXPECT_EQ(faults[7].value, 3U);
    EXPECT_EQ(faults[7].every, 100U);
}

TEST(FaultPlan, faults_of_memory_count_write_backs) {
    const auto plan = parse_plan(
        "lose write-back after 10 write-backs for 1 write-back\n"
        "double write-back\nlength 65535 after 3 write-backs\n"
        "garble write-back for 2 write-backs; fail DMA after 50 transfers for 1 transfer");
    ASSERT_TRUE(plan) << plan.error().text();
    ASSERT_EQ(plan->faults.size(), 5U);
    for (const Fault& fault : plan->faults) EXPECT_TRUE(fault.is_of_memory());
    EXPECT_EQ(plan->faults[0].after, 10U);
    EXPECT_EQ(plan->faults[2].value, 65535U);
    EXPECT_EQ(plan->faults[3].kind, Kind::garble_write_back);
    EXPECT_EQ(plan->faults[4].after, 50U);
    EXPECT_EQ(script_of(*parse_plan(script_of(*plan))), script_of(*plan));
    EXPECT_FALSE(parse_plan("lose write-back after 10 accesses"));
    EXPECT_FALSE(parse_plan("fail DMA after 10 write-backs"));
}

TEST(FaultPlan, a_fault_lasts_as_long_as_it_says) {
    const Fault fault{.after = 10, .lasts = 2};
    EXPECT_FALSE(fault.is_active(10));
    EXPECT_TRUE(fault.is_active(11));
    EXPECT_TRUE(fault.is_active(12));
    EXPECT_FALSE(fault.is_active(13));
    EXPECT_TRUE(Fault{}.is_active(1));
    EXPECT_TRUE(Fault{}.is_active(Fault::forever));
}

TEST(FaultPlan, errors_name_their_line_and_word) {
    const auto expect_mistake = [](std::string_view script, std::string_view line, std::string_view word) {
        const auto plan = parse_plan(script);
        ASSERT_FALSE(plan) << script;
        EXPECT_EQ(plan.error().kind, ErrorKind::invalid_argument);
        EXPECT_NE(plan.error().what.find(line), std::string::npos) << plan.error().text();
        EXPECT_NE(plan.error().what.find(word), std::string::npos) << plan.error().text();
        EXPECT_FALSE(plan.error().next.empty());
    };
    expect_mistake("never", "line 1", "missing");
    expect_mistake("\n\nsometimes STATUS", "line 3", "\"sometimes\"");
    expect_mistake("gone; gone after five accesses", "line 1", "\"five\"");
    expect_mistake("gone after 5", "line 1", "missing");
    expect_mistake("gone after 5 minutes", "line 1", "\"minutes\"");
    expect_mistake("gone after 5 accesses now", "line 1", "\"now\"");
    expect_mistake("stuck STATUS.LU", "line 1", "missing");
    expect_mistake("stuck STATUS 0x100000000", "line 1", "0x100000000");
    expect_mistake("stuck STATUS -1", "line 1", "-1");
    expect_mistake("flip STATUS.", "line 1", "STATUS.");
    expect_mistake("flip RAL[", "line 1", "RAL[");
    expect_mistake("flip RAL[x]", "line 1", "RAL[x]");
    expect_mistake("flap 3 every 5 accesses", "line 1", "\"every\"");
    expect_mistake("flap 3 times every 0 accesses", "line 1", "\"0\"");
    expect_mistake("length 65536", "line 1", "\"65536\" is not a whole number from 0 to 65535");
    expect_mistake("length 66k", "line 1", "\"66k\" is not a whole number from 0 to 65535");
    expect_mistake("flap 0 times every 5 accesses", "line 1", "\"0\" is not a whole number from 1");
    expect_mistake("gone for 0 accesses", "line 1", "\"0\" is not a whole number from 1");
    expect_mistake("lose write-back for 0 write-backs", "line 1", "\"0\"");
    expect_mistake("gone after 18446744073709551616 accesses", "line 1", "18446744073709551616");
    expect_mistake("gone after 18446744073709551615k accesses", "line 1", "18446744073709551615k");
    expect_mistake("gone after 1.5 accesses", "line 1", "\"1.5\"");
    expect_mistake("seed", "line 1", "missing");
    expect_mistake("seed 1 2", "line 1", "\"2\"");
}

TEST(FaultPlan, numbers_follow_the_command_line_and_may_be_hexadecimal) {
    const auto plan = parse_plan("stuck STATUS 010; stuck STATUS 0x10; gone after 1.5k accesses for 2M accesses");
    ASSERT_TRUE(plan) << plan.error().text();
    EXPECT_EQ(plan->faults[0].value, 10U);
    EXPECT_EQ(plan->faults[1].value, 16U);
    EXPECT_EQ(plan->faults[2].after, 1500U);
    EXPECT_EQ(plan->faults[2].lasts, 2'000'000U);
}

TEST(FaultPlan, an_empty_plan_is_valid) {
    for (const char* script : {"", "\n\n", " \t", ";;", "# never STATUS.LU; gone"}) {
        const auto plan = parse_plan(script);
        ASSERT_TRUE(plan) << script;
        EXPECT_TRUE(plan->faults.empty()) << script;
    }
}

TEST(FaultPlan, garbage_is_parsed_safely) {
    std::uint64_t state = 1;
    for (int i = 0; i < 20'000; ++i) {
        std::string script;
        for (int word = 0; word < 8; ++word) {
            constexpr std::string_view words[] = {
                "never ", "stuck ", "flip ", "random ", "gone ", "after ", "for ", "5 ", "accesses ", "RAL[2] ",
                "A.B ",   "[",      "]",     ".",       ";",     "\n",     "#",    "0x", "seed "};
            state = state * 6364136223846793005ULL + 1442695040888963407ULL;
            script += words[(state >> 33) % std::size(words)];
        }
        if (const auto plan = parse_plan(script)) {
            EXPECT_EQ(script_of(*plan), script_of(*parse_plan(script_of(*plan)))) << script;
        }
    }
}

TEST(FaultPlan, random_plans_repeat_with_the_seed_and_can_be_written_as_text) {
    std::set<std::string> different;
    for (std::uint64_t seed = 0; seed < 500; ++seed) {
        for (const datasheet::Chip* chip : CHIPS) {
            const Plan plan = random_plan(seed, *chip);
            const std::string script = script_of(plan);
            EXPECT_EQ(script, script_of(random_plan(seed, *chip)));
            const auto again = parse_plan(script);
            ASSERT_TRUE(again) << script << again.error().text();
            EXPECT_EQ(script_of(*again), script);
            if (chip == &CHIP_82540EM) different.insert(script);
        }
    }
    EXPECT_GT(different.size(), 490U);
}

}  // namespace
}  // namespace ixy::faults
