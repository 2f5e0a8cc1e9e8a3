// Which cause is named when there is no huge page or no physical address: from fake files, and in a child process that
// gives up the privilege it needs.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <ixy/core/hugepage_limits.hpp>

#include <cerrno>

#include "fake_folder.hpp"

namespace ixy {
namespace {

using test::FakeFolder;

constexpr std::uint64_t all_capabilities = ~std::uint64_t{0};

/// A machine with 8 huge pages, 4 of them free.
HugePageFacts some_facts() {
    return {.size = HugePage::two_mib,
            .total = 8,
            .available = 4,
            .on_our_nodes = 4,
            .limit = std::nullopt,
            .address_space = std::nullopt,
            .locked_memory = 65536,
            .privileges = {.root = true, .effective = all_capabilities}};
}

void expect_cause(HugePageStep step, int error_number, const HugePageFacts& facts, const std::string& what,
                  const std::string& next) {
    const Error error = explain_no_huge_page(step, error_number, facts);
    EXPECT_NE(error.what.find(what), std::string::npos) << error.text();
    EXPECT_NE(error.next.find(next), std::string::npos) << error.text();
    EXPECT_EQ(error.what.find("Bad address"), std::string::npos) << error.text();
}

TEST(no_huge_page, a_control_group_limit_is_named_with_its_file) {
    HugePageFacts facts = some_facts();
    facts.limit = HugePageLimit{"/sys/fs/cgroup/box/hugetlb.2MB.max", "0"};
    for (const auto& [step, error] : {std::pair(HugePageStep::map, ENOMEM), {HugePageStep::bring_in, EFAULT}})
        expect_cause(step, error, facts, "/sys/fs/cgroup/box/hugetlb.2MB.max is 0", "raise that limit");
}

TEST(no_huge_page, a_hidden_limit_is_reported_as_likely) {
    expect_cause(HugePageStep::bring_in, EFAULT, some_facts(), "although 4 are free", "hugetlb.2MB.max");
}

TEST(no_huge_page, none_reserved_and_none_left_are_told_apart) {
    HugePageFacts facts = some_facts();
    facts.available = 0;
    expect_cause(HugePageStep::map, ENOMEM, facts, "all 8 are in use", "ixy hugepages 512");
    facts.total = 0;
    expect_cause(HugePageStep::map, ENOMEM, facts, "no huge page of 2 MiB is reserved", "ixy hugepages 512");
    facts.size = HugePage::one_gib;
    expect_cause(HugePageStep::bring_in, EFAULT, facts, "no huge page of 1 GiB is reserved", "--size 1G");
}

TEST(no_huge_page, none_on_the_allowed_nodes) {
    HugePageFacts facts = some_facts();
    facts.on_our_nodes = 0;
    expect_cause(HugePageStep::map, ENOMEM, facts, "NUMA nodes that this process may use", "cpuset.mems");
}

TEST(no_huge_page, process_limits_name_ulimit) {
    HugePageFacts facts = some_facts();
    facts.address_space = 1 << 20;
    expect_cause(HugePageStep::map, ENOMEM, facts, "1024 KiB (ulimit -v)", "ulimit -v unlimited");
    expect_cause(HugePageStep::size, EFBIG, facts, "File too large", "ulimit -f unlimited");
    facts.privileges.effective = 0;
    expect_cause(HugePageStep::lock, ENOMEM, facts, "64 KiB (ulimit -l)", "ulimit -l unlimited");
    facts.privileges.root = false;
    expect_cause(HugePageStep::lock, EPERM, facts, "64 KiB (ulimit -l)", "sudo");
}

TEST(no_huge_page, kernels_without_them_and_sandboxes_forbidding_them_are_told_apart) {
    expect_cause(HugePageStep::create, ENODEV, some_facts(), "this kernel has no huge pages", "CONFIG_HUGETLBFS");
    for (const int error : {EPERM, ENOSYS})
        expect_cause(HugePageStep::create, error, some_facts(), "blocked by a sandbox", "seccomp");
    expect_cause(HugePageStep::create, EMFILE, some_facts(), "Too many open files", "ulimit -n");
}

TEST(huge_page_facts, come_from_sysfs_and_proc) {
    const FakeFolder files;
    const std::string pages = "sys/kernel/mm/hugepages/hugepages-2048kB/";
    files.write(pages + "nr_hugepages", "8\n");
    files.write(pages + "free_hugepages", "5\n");
    files.write(pages + "resv_hugepages", "3\n");
    files.write("sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages", "4\n");
    files.write("sys/devices/system/node/node1/hugepages/hugepages-2048kB/free_hugepages", "1\n");
    files.write("proc/self/status", "CapEff:\t0000000000200000\nMems_allowed_list:\t1\nother:\t1\n");
    files.write("proc/self/uid_map", "         0     100000      65536\n");
    const HugePageFacts facts = gather_huge_page_facts(HugePage::two_mib, files.path("sys"), files.path("proc"));
    EXPECT_EQ(facts.total, 8u);
    EXPECT_EQ(facts.available, 2u);
    EXPECT_EQ(facts.on_our_nodes, 1u);
    EXPECT_FALSE(facts.limit.has_value());
    EXPECT_TRUE(facts.privileges.has(Capability::sys_admin));
    EXPECT_FALSE(facts.privileges.has(Capability::ipc_lock));
    EXPECT_FALSE(facts.privileges.machines_own);
    EXPECT_FALSE(gather_huge_page_facts(HugePage::one_gib, files.path("sys"), files.path("proc")).total.has_value());
}

TEST(huge_page_facts, the_full_control_group_is_found_at_any_mount_point) {
    struct {
        const char *cgroup, *limit_file, *limit, *usage_file, *usage;
        bool full;
    } const cases[] = {
        {"0::/a/b\n", "fs/cgroup/a/b/hugetlb.2MB.max", "0", "fs/cgroup/a/b/hugetlb.2MB.current", "0", true},
        {"0::/a/b\n", "fs/cgroup/a/hugetlb.2MB.max", "4194304", "fs/cgroup/a/hugetlb.2MB.current", "4194304", true},
        {"0::/a/b\n", "fs/cgroup/a/hugetlb.2MB.max", "4194304", "fs/cgroup/a/hugetlb.2MB.current", "2097152", false},
        {"0::/a\n", "fs/cgroup/a/hugetlb.2MB.max", "max", "fs/cgroup/a/hugetlb.2MB.current", "2097152", false},
        {"0::/a\n", "fs/cgroup/a/hugetlb.2MB.rsvd.max", "0", "fs/cgroup/a/hugetlb.2MB.rsvd.current", "0", true},
        // The container's own group, mounted as if it were the root.
        {"0::/docker/77\n", "fs/cgroup/hugetlb.2MB.max", "0", "fs/cgroup/hugetlb.2MB.current", "0", true},
        {"0::/\n", "fs/cgroup/hugetlb.2MB.max", "0", "fs/cgroup/hugetlb.2MB.current", "0", true},
        {"4:cpu,hugetlb:/x\n0::/\n", "fs/cgroup/hugetlb/x/hugetlb.2MB.limit_in_bytes", "2097152",
         "fs/cgroup/hugetlb/x/hugetlb.2MB.usage_in_bytes", "2097152", true},
        {"0::/a\n", "fs/cgroup/unified/a/hugetlb.2MB.max", "0", "fs/cgroup/unified/a/hugetlb.2MB.current", "0", true},
    };
    for (const auto& each : cases) {
        const FakeFolder files;
        files.write("proc/self/cgroup", each.cgroup);
        files.write(std::string("sys/") + each.limit_file, std::string(each.limit) + "\n");
        files.write(std::string("sys/") + each.usage_file, std::string(each.usage) + "\n");
        const auto facts = gather_huge_page_facts(HugePage::two_mib, files.path("sys"), files.path("proc"));
        ASSERT_EQ(facts.limit.has_value(), each.full) << each.cgroup << each.limit_file;
        if (each.full) {
            EXPECT_EQ(facts.limit->file, files.path("sys") + "/" + each.limit_file);
            EXPECT_EQ(facts.limit->text, each.limit);
        }
    }
}

TEST(privileges, only_ordinary_users_are_told_to_use_sudo) {
    const Privileges user{.root = false}, bare_root{.root = true}, root{.root = true, .effective = all_capabilities},
        rootless{.root = true, .effective = all_capabilities, .machines_own = false};
    EXPECT_NE(how_to_get(Capability::sys_admin, user).find("sudo"), std::string::npos);
    EXPECT_NE(how_to_get(Capability::sys_admin, bare_root).find("CAP_SYS_ADMIN"), std::string::npos);
    EXPECT_NE(how_to_get(Capability::sys_admin, bare_root).find("--cap-add=SYS_ADMIN"), std::string::npos);
    EXPECT_NE(how_to_get(Capability::sys_admin, rootless).find("user namespace"), std::string::npos);
    EXPECT_EQ(how_to_get(Capability::sys_admin, root), "");
    EXPECT_NE(explain_hidden_address("/proc/self/pagemap", root).next, "");
    for (const Privileges& each : {bare_root, rootless, root})
        EXPECT_EQ(explain_hidden_address("/proc/self/pagemap", each).next.find("sudo"), std::string::npos);
}

// The kernel itself hides the frame number from a process without CAP_SYS_ADMIN, whatever its user.
TEST(privileges, a_process_without_cap_sys_admin_is_told_what_it_lacks) {
    static const int page = 1;
    const pid_t child = fork();
    if (child == 0) {
        __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
        __user_cap_data_struct none[2]{};
        if (syscall(SYS_capset, &header, none) != 0) _exit(2);
        const auto address = physical_address(reinterpret_cast<std::uintptr_t>(&page));
        if (address || address.error().kind != ErrorKind::permission) _exit(3);
        const bool names_sudo = address.error().next.find("sudo") != std::string::npos;
        _exit(names_sudo == (geteuid() != 0) ? 0 : 4);
    }
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace ixy
