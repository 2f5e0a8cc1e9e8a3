// CPUs and NUMA nodes: lists from fake trees, and pinning of real threads to this process's CPUs.
#include <gtest/gtest.h>
#include <ixy/core/cpu.hpp>

#include <thread>

#include "fake_folder.hpp"

namespace ixy {
namespace {

using List = std::vector<int>;

TEST(cpu_list, ranges_and_single_numbers) {
    EXPECT_EQ(parse_cpu_list("0"), List({0}));
    EXPECT_EQ(parse_cpu_list("0-3,8,10-11"), List({0, 1, 2, 3, 8, 10, 11}));
    EXPECT_EQ(parse_cpu_list("5,1-2,2,5"), List({1, 2, 5}));
    EXPECT_EQ(parse_cpu_list("65535"), List({65535}));
    EXPECT_EQ(parse_cpu_list(""), List());  // a memory-only node
}

TEST(cpu_list, nonsense_is_an_error) {
    for (const char* list :
         {"-", "a", "1-", "-1", "3-1", "1,", ",1", "1,,2", "1 2", "0-65536", "99999999999", "1-2-3", "0x1"})
        EXPECT_EQ(parse_cpu_list(list).error().kind, ErrorKind::invalid_argument) << list;
}

TEST(cpus_of_node, are_read_from_sysfs) {
    const test::FakeFolder sys;
    sys.write("devices/system/cpu/online", "0-7\n");
    sys.write("devices/system/node/online", "0,2\n");
    sys.write("devices/system/node/node2/cpulist", "4-5,7\n");
    EXPECT_EQ(cpus_of_node(2, sys.path()), List({4, 5, 7}));
    EXPECT_EQ(cpus_of_node(any_node, sys.path()), List({0, 1, 2, 3, 4, 5, 6, 7}));
    EXPECT_EQ(cpus_of_node(1, sys.path()).error().kind, ErrorKind::not_found);
    EXPECT_EQ(numa_nodes(sys.path()), List({0, 2}));
    EXPECT_EQ(numa_nodes("/nonexistent"), List());
}

TEST(pin_to_cpu, the_thread_runs_there_and_only_there) {
    for (const int cpu : allowed_cpus())
        std::jthread([cpu] {
            ASSERT_TRUE(pin_to_cpu(cpu));
            EXPECT_EQ(current_cpu(), cpu);
            EXPECT_EQ(allowed_cpus(), List({cpu}));
        });
}

TEST(pin_to_cpu, the_inherited_mask_is_no_limit) {
    const List cpus = allowed_cpus();
    std::jthread([&] {
        ASSERT_TRUE(pin_to_cpu(cpus.front()));
        EXPECT_TRUE(pin_to_cpu(cpus.back()));  // now outside the mask, unless there is only one
        EXPECT_EQ(allowed_cpus(), List({cpus.back()}));
    });
}

TEST(pin_to_cpu, offline_cpus_and_cpus_outside_the_cpuset_are_told_apart) {
    const test::FakeFolder sys;
    sys.write("devices/system/cpu/online", "0-1\n");
    EXPECT_NE(pin_to_cpu(60000, sys.path()).error().what.find("CPU 60000 is not online"), std::string::npos);
    sys.write("devices/system/cpu/online", "0-60000\n");
    EXPECT_NE(pin_to_cpu(60000, sys.path()).error().what.find("cpuset"), std::string::npos);
}

TEST(pin_to_cpu, an_absent_cpu_is_an_error_and_changes_nothing) {
    const List before = allowed_cpus();
    for (const int cpu : {-1, 60000, 65536, INT_MAX, INT_MIN})
        EXPECT_EQ(pin_to_cpu(cpu).error().kind, ErrorKind::invalid_argument);
    EXPECT_EQ(allowed_cpus(), before);
}

TEST(pin_to_node, keeps_an_existing_affinity_within_the_node) {
    const test::FakeFolder sys;
    const int mine = allowed_cpus().back();
    sys.write("devices/system/node/node0/cpulist", "0-" + std::to_string(mine) + "\n");
    std::jthread([&] {
        ASSERT_TRUE(pin_to_cpu(mine));
        ASSERT_TRUE(pin_to_node(0, sys.path()));
        EXPECT_EQ(allowed_cpus(), List({mine}));
    });
}

TEST(pin_to_node, moves_to_the_node_when_the_thread_is_elsewhere) {
    const test::FakeFolder sys;
    const List cpus = allowed_cpus();
    sys.write("devices/system/node/node1/cpulist", std::to_string(cpus.front()) + "\n");
    std::jthread([&] {
        ASSERT_TRUE(pin_to_cpu(cpus.back()));
        ASSERT_TRUE(pin_to_node(1, sys.path()));
        EXPECT_EQ(current_cpu(), cpus.front());
    });
}

TEST(pin_to_node, any_node_leaves_the_affinity_unchanged) {
    const List before = allowed_cpus();
    EXPECT_TRUE(pin_to_node(any_node, "/nonexistent"));
    EXPECT_EQ(allowed_cpus(), before);
    EXPECT_EQ(pin_to_node(3, "/nonexistent").error().kind, ErrorKind::not_found);
    EXPECT_GE(current_node(), 0);
}

}  // namespace
}  // namespace ixy
