// Huge pages: the counts in sysfs and the entries of pagemap, from fake files; and that this machine either provides
// physical memory or says what is missing.
#include <gtest/gtest.h>
#include <unistd.h>
#include <ixy/core/hugepages.hpp>

#include <cstring>

#include "fake_folder.hpp"

namespace ixy {
namespace {

using test::FakeFolder;

struct Pagemap {
    FakeFolder folder;
    std::string file = folder.path("pagemap");
    explicit Pagemap(std::initializer_list<std::uint64_t> entries) {
        folder.write("pagemap", std::string(reinterpret_cast<const char*>(entries.begin()), entries.size() * 8));
    }
};

const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
constexpr std::uint64_t present = 1ull << 63;

TEST(pagemap, the_address_is_the_frame_number_plus_the_offset) {
    const Pagemap map{0, present | 0x1234, present | 1ull << 61 | 1ull << 55 | 0x7f'ffff'ffff'ffff};
    EXPECT_EQ(physical_address(page + 7, map.file)->value, 0x1234 * page + 7);
    EXPECT_EQ(physical_address(2 * page, map.file)->value, 0x7f'ffff'ffff'ffff * page);
}

TEST(pagemap, a_hidden_frame_number_means_missing_permission_never_page_0) {
    const Pagemap map{0x8100'0000'0000'0000, present, 0x8180'0000'0000'0000};
    for (const std::uint64_t address : {std::uint64_t{0}, page, 2 * page}) {
        const auto physical = physical_address(address, map.file);
        ASSERT_FALSE(physical.has_value());
        EXPECT_EQ(physical.error().kind, ErrorKind::permission);
        EXPECT_NE(physical.error().next, "");
    }
}

TEST(pagemap, absent_and_swapped_pages_are_errors) {
    const Pagemap map{0x1234, 1ull << 62 | 0x1234};
    for (const std::uint64_t address : {std::uint64_t{0}, page, 2 * page, 1000 * page})
        EXPECT_EQ(physical_address(address, map.file).error().kind, ErrorKind::system) << address;
}

TEST(pagemap, a_missing_file_is_named) {
    const auto physical = physical_address(0, "/nonexistent/pagemap");
    EXPECT_EQ(physical.error().kind, ErrorKind::not_found);
    EXPECT_NE(physical.error().what.find("/nonexistent/pagemap"), std::string::npos);
}

TEST(huge_page_count, is_read_in_total_and_per_node) {
    const FakeFolder sys;
    sys.write("kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "512\n");
    sys.write("kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "500\n");
    sys.write("devices/system/node/node1/hugepages/hugepages-1048576kB/nr_hugepages", "3\n");
    sys.write("devices/system/node/node1/hugepages/hugepages-1048576kB/free_hugepages", "2\n");
    EXPECT_EQ(huge_page_count(HugePage::two_mib, any_node, sys.path())->total, 512u);
    EXPECT_EQ(huge_page_count(HugePage::two_mib, any_node, sys.path())->free, 500u);
    EXPECT_EQ(huge_page_count(HugePage::one_gib, 1, sys.path())->total, 3u);
    EXPECT_EQ(huge_page_count(HugePage::one_gib, 1, sys.path())->free, 2u);
    EXPECT_EQ(huge_page_count(HugePage::one_gib, any_node, sys.path()).error().kind, ErrorKind::not_found);
    EXPECT_EQ(huge_page_count(HugePage::two_mib, 7, sys.path()).error().kind, ErrorKind::not_found);
}

TEST(huge_page_count, nonsense_in_a_file_is_an_error_that_names_it) {
    const FakeFolder sys;
    for (const char* nonsense : {"", "many\n", "-1\n", "12 34\n", "99999999999999999999999\n"}) {
        sys.write("kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", nonsense);
        const auto count = huge_page_count(HugePage::two_mib, any_node, sys.path());
        ASSERT_FALSE(count.has_value()) << nonsense;
        EXPECT_NE(count.error().what.find("nr_hugepages"), std::string::npos);
    }
}

TEST(available_huge_page, is_1_gib_only_when_there_are_no_others) {
    const FakeFolder sys;
    EXPECT_EQ(available_huge_page(sys.path()), HugePage::two_mib);
    sys.write("kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages", "1\n");
    sys.write("kernel/mm/hugepages/hugepages-1048576kB/free_hugepages", "1\n");
    EXPECT_EQ(available_huge_page(sys.path()), HugePage::one_gib);
    sys.write("kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "8\n");
    sys.write("kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "8\n");
    EXPECT_EQ(available_huge_page(sys.path()), HugePage::two_mib);
}

TEST(set_huge_page_count, writes_the_number_and_returns_what_the_kernel_keeps) {
    const FakeFolder sys;
    const std::string file = "devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages";
    sys.write(file, "0\n");
    EXPECT_EQ(set_huge_page_count(HugePage::two_mib, 64, 0, sys.path()), 64u);
    EXPECT_EQ(sys.read(file), "64\n");
}

TEST(set_huge_page_count, never_creates_a_file) {
    const FakeFolder sys;
    EXPECT_EQ(set_huge_page_count(HugePage::one_gib, 1, any_node, sys.path()).error().kind, ErrorKind::not_found);
    EXPECT_TRUE(std::filesystem::is_empty(sys.path()));
}

TEST(physical_space, the_process_shares_one_while_anyone_holds_it) {
    auto first = PhysicalSpace::shared();
    EXPECT_EQ(PhysicalSpace::shared(HugePage::one_gib), first);
    EXPECT_EQ(first->largest_piece(), std::size_t{2} << 20);
    first.reset();
    EXPECT_EQ(PhysicalSpace::shared(HugePage::one_gib)->largest_piece(), std::size_t{1} << 30);
}

// This machine may or may not have huge pages; both outcomes have rules.
TEST(physical_space, hands_out_a_kept_page_first_or_says_what_is_missing) {
    const auto space = PhysicalSpace::shared();
    int kept = 0;
    ASSERT_TRUE(space->set_keeper([&kept](int file) -> Expected<> {
        EXPECT_GE(file, 0);
        ++kept;
        return {};
    }));
    const auto memory = space->allocate(4096, 4096);
    if (memory) {
        EXPECT_EQ(kept, 1);
        EXPECT_NE(memory->address().value, 0u);
        EXPECT_EQ(physical_address(reinterpret_cast<std::uintptr_t>(memory->data()))->value, memory->address().value);
        const auto refuses = [](int) -> Expected<> { return failure(ErrorKind::system, "no keeper"); };
        EXPECT_EQ(space->set_keeper(refuses).error().what, "no keeper");
    } else {
        EXPECT_TRUE(memory.error().kind == ErrorKind::no_memory || memory.error().kind == ErrorKind::permission)
            << memory.error().text();
        EXPECT_NE(memory.error().next, "");
        EXPECT_EQ(space->region_count(), 0u);
    }
}

}  // namespace
}  // namespace ixy
