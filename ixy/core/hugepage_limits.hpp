// Why this process cannot get a huge page: the kernel's error number fits several causes; the facts tell which it was.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include <ixy/core/error.hpp>
#include <ixy/core/hugepages.hpp>
#include <ixy/core/privileges.hpp>

namespace ixy {

/// A control group's limit on huge pages, which has no room for one more.
struct HugePageLimit {
    std::string file;  ///< "/sys/fs/cgroup/…/hugetlb.2MB.max"
    std::string text;  ///< its contents, in bytes
};

struct HugePageFacts {
    HugePage size = HugePage::two_mib;
    std::optional<std::size_t> total;            ///< on the machine; empty: the kernel has none of that size
    std::size_t available = 0;                   ///< free and not promised
    std::optional<std::size_t> on_our_nodes;     ///< free on the NUMA nodes that this process may use (cpuset)
    std::optional<HugePageLimit> limit;          ///< of the control group that this process is in, or one above
    std::optional<std::uint64_t> address_space;  ///< RLIMIT_AS in bytes, if limited
    std::optional<std::uint64_t> locked_memory;  ///< RLIMIT_MEMLOCK
    Privileges privileges;
};

/// `sys` and `proc` are where sysfs (with the control groups below fs/cgroup) and proc are mounted.
HugePageFacts gather_huge_page_facts(HugePage size, const std::string& sys = "/sys", const std::string& proc = "/proc");

/// The steps of getting a huge page, each of which can fail.
enum class HugePageStep : std::uint8_t {
    create,    ///< memfd_create
    size,      ///< ftruncate
    map,       ///< mmap, which promises the page
    bring_in,  ///< the first touch, which takes it
    lock,      ///< mlock
};

/// Why `step` failed with `error_number`, and what to do about it.
Error explain_no_huge_page(HugePageStep step, int error_number, const HugePageFacts& facts);

/// Why this process would not get a huge page now, as far as can be seen in advance; empty if it should get one.
std::optional<Error> explain_shortage(const HugePageFacts& facts);

/// Why the kernel hides a physical address (/proc/self/pagemap has page frame 0).
Error explain_hidden_address(const std::string& pagemap, const Privileges& privileges);

}  // namespace ixy
