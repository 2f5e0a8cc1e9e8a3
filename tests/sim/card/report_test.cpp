// What happens to a card's complaints.
#include <gtest/gtest.h>
#include <ixy/sim/card/report.hpp>

#include <algorithm>
#include <string>

namespace ixy::sim {
namespace {

Report report(Misuse kind, std::size_t number = 0) { return {kind, std::to_string(number), {}}; }

TEST(ReportList, counts_each_kind_beyond_the_stored_reports) {
    ReportList list;
    for (std::size_t i = 0; i < 1500; ++i) list.report("card", report(Misuse::bad_ring));
    list.report("card", report(Misuse::bad_descriptor));
    EXPECT_EQ(list.count(), 1501U);
    EXPECT_EQ(list.count(Misuse::bad_ring), 1500U);
    EXPECT_EQ(list.count(Misuse::bad_descriptor), 1U);
    EXPECT_EQ(list.reports().size(), 1000U);
    list.clear();
    EXPECT_EQ(list.count(), 0U);
}

TEST(ReportPrinter, prints_repeats_once_and_says_when_it_falls_silent) {
    ReportPrinter printer;
    testing::internal::CaptureStderr();
    for (std::size_t i = 0; i < 1500; ++i) {
        printer.report("card", report(Misuse::bad_ring, i));
        printer.report("card", report(Misuse::bad_ring, i));
    }
    const std::string said = testing::internal::GetCapturedStderr();
    EXPECT_EQ(std::ranges::count(said, '\n'), 1001);
    EXPECT_TRUE(said.starts_with("card: bad ring: 0\ncard: bad ring: 1\n")) << said.substr(0, 100);
    EXPECT_TRUE(said.ends_with("no more are printed\n")) << said.substr(said.size() - 100);
}

TEST(Misuse, each_kind_has_a_name) {
    for (std::size_t kind = 0; kind < misuse_kinds; ++kind) EXPECT_FALSE(name(static_cast<Misuse>(kind)).empty());
}

}  // namespace
}  // namespace ixy::sim
