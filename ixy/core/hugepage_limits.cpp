#include <ixy/core/hugepage_limits.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <sstream>

#include <ixy/core/cpu.hpp>
#include <ixy/core/files.hpp>

namespace ixy {

namespace {

std::string reserve_more(HugePage size) {
    return "run: " + as_root(size == HugePage::one_gib ? "ixy hugepages --size 1G 1" : "ixy hugepages 512");
}

std::optional<std::uint64_t> limit_of(__rlimit_resource_t resource) {
    rlimit limit{};
    if (getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return std::nullopt;
    return limit.rlim_cur;
}

std::optional<std::uint64_t> number_in(const std::string& text) {
    std::uint64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, number);
    if (parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
    return number;
}

/// The control group in `folder` + `group`, or the nearest one above it, whose limit has no room for another page.
std::optional<HugePageLimit> full_group(const std::string& folder, std::string group, HugePage size) {
    const std::string prefix = size == HugePage::one_gib ? "/hugetlb.1GB." : "/hugetlb.2MB.";
    // Control groups version 2, pages in use and pages promised; then version 1.
    constexpr std::pair<const char*, const char*> files[] = {{"max", "current"},
                                                             {"rsvd.max", "rsvd.current"},
                                                             {"limit_in_bytes", "usage_in_bytes"},
                                                             {"rsvd.limit_in_bytes", "rsvd.usage_in_bytes"}};
    for (;;) {
        for (const auto& [limit_file, usage_file] : files) {
            const std::string file = folder + group + prefix + limit_file;
            const auto text = read_text(file);
            const auto limit = number_in(text.value_or("max"));
            const auto usage = number_in(read_text(folder + group + prefix + usage_file).value_or("0"));
            if (limit && usage.value_or(0) + static_cast<std::size_t>(size) > *limit) return HugePageLimit{file, *text};
        }
        if (group.empty()) return std::nullopt;
        group.erase(group.rfind('/'));
    }
}

std::optional<HugePageLimit> find_limit(HugePage size, const std::string& sys, const std::string& proc) {
    // 0::/user.slice, and with version 1: 7:hugetlb:/docker/4711
    std::istringstream lines(read_text(proc + "/self/cgroup").value_or(""));
    for (std::string line; std::getline(lines, line);) {
        const std::size_t first = line.find(':'), second = line.find(':', first + 1);
        if (second == std::string::npos) continue;
        const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
        const std::string group = line.substr(second + 1) == "/" ? "" : line.substr(second + 1);
        if (controllers == ",,") {
            for (const char* mount : {"/fs/cgroup", "/fs/cgroup/unified"})
                if (auto limit = full_group(sys + mount, group, size)) return limit;
        } else if (controllers.find(",hugetlb,") != std::string::npos) {
            if (auto limit = full_group(sys + "/fs/cgroup/hugetlb", group, size)) return limit;
        }
    }
    return std::nullopt;
}

/// Free pages on the NUMA nodes that this process may take memory from.
std::optional<std::size_t> free_on_our_nodes(HugePage size, const std::string& sys, const std::string& proc) {
    constexpr std::string_view key = "Mems_allowed_list:\t";
    const std::string status = read_text(proc + "/self/status").value_or("");
    const std::size_t at = status.find(key);
    if (at == std::string::npos) return std::nullopt;
    const std::size_t begin = at + key.size();
    const auto nodes = parse_cpu_list(std::string_view(status).substr(begin, status.find('\n', begin) - begin));
    if (!nodes) return std::nullopt;
    std::size_t free = 0;
    for (const int node : *nodes) {
        const auto count = huge_page_count(size, node, sys);
        if (!count) return std::nullopt;  // a kernel without NUMA
        free += count->free;
    }
    return free;
}

Error no_memory(std::string what, std::string next) { return {ErrorKind::no_memory, std::move(what), std::move(next)}; }

Error explain_create(int error_number, const HugePageFacts& facts) {
    if (error_number == EPERM || error_number == EACCES || error_number == ENOSYS) {
        return {ErrorKind::permission, "huge pages are forbidden here: memfd_create is blocked by a sandbox",
                "allow it: docker run --security-opt seccomp=unconfined, or a profile with memfd_create"};
    }
    if (error_number == ENODEV || error_number == EINVAL || error_number == ENOENT) {
        return no_memory("this kernel has no huge pages of " + name(facts.size),
                         facts.size == HugePage::one_gib ? "use those of 2 MiB: " + as_root("ixy hugepages 512")
                                                         : "use a kernel that is built with CONFIG_HUGETLBFS");
    }
    return system_failure("memfd_create", error_number).error();
}

Error explain_lock(int error_number, const HugePageFacts& facts) {
    if (!facts.locked_memory || facts.privileges.has(Capability::ipc_lock))
        return system_failure("locking a huge page of " + name(facts.size), error_number).error();
    return {ErrorKind::permission,
            "a huge page cannot be locked: this process may lock " + std::to_string(*facts.locked_memory >> 10) +
                " KiB (ulimit -l)",
            facts.privileges.root ? "lift that limit: ulimit -l unlimited, or docker run --ulimit memlock=-1"
                                  : "run this as root, with sudo"};
}

}  // namespace

HugePageFacts gather_huge_page_facts(HugePage size, const std::string& sys, const std::string& proc) {
    HugePageFacts facts{.size = size};
    if (const auto count = huge_page_count(size, any_node, sys)) {
        const std::size_t promised = promised_huge_pages(size, sys);
        facts.total = count->total;
        facts.available = count->free - std::min(promised, count->free);
    }
    facts.on_our_nodes = free_on_our_nodes(size, sys, proc);
    facts.limit = find_limit(size, sys, proc);
    facts.address_space = limit_of(RLIMIT_AS);
    facts.locked_memory = limit_of(RLIMIT_MEMLOCK);
    facts.privileges = current_privileges(proc);
    return facts;
}

std::optional<Error> explain_shortage(const HugePageFacts& facts) {
    if (facts.limit) {
        return no_memory(
            "a control group allows this process no more huge pages: " + facts.limit->file + " is " + facts.limit->text,
            "raise that limit: echo max > " + facts.limit->file +
                ", or the container's own (Kubernetes: hugepages-2Mi)");
    }
    if (facts.total.value_or(0) == 0)
        return no_memory("no huge page of " + name(facts.size) + " is reserved", reserve_more(facts.size));
    if (facts.available == 0) {
        return no_memory(
            "no huge page of " + name(facts.size) + " is left: all " + std::to_string(*facts.total) + " are in use",
            reserve_more(facts.size));
    }
    if (facts.on_our_nodes == 0) {
        return no_memory("no huge page of " + name(facts.size) +
                             " is left on the NUMA nodes that this process may use (Mems_allowed_list in "
                             "/proc/self/status)",
                         "reserve some there: " + as_root("ixy hugepages 512 --node N") + ", or widen cpuset.mems");
    }
    return std::nullopt;
}

Error explain_no_huge_page(HugePageStep step, int error_number, const HugePageFacts& facts) {
    const std::string page = "a huge page of " + name(facts.size);
    switch (step) {
        case HugePageStep::create:
            return explain_create(error_number, facts);
        case HugePageStep::size:
            return system_failure(page, error_number).error();
        case HugePageStep::map:
            if (error_number != ENOMEM) return system_failure("mapping " + page, error_number).error();
            if (auto shortage = explain_shortage(facts)) return *shortage;
            if (facts.address_space) {
                return no_memory(page + " does not fit: this process may map " +
                                     std::to_string(*facts.address_space >> 10) + " KiB (ulimit -v)",
                                 "lift that limit: ulimit -v unlimited");
            }
            return no_memory("no huge page of " + name(facts.size) + " is left", reserve_more(facts.size));
        case HugePageStep::bring_in:
            // The kernel answers EFAULT ("Bad address") where a touch would be a SIGBUS.
            if (error_number != EFAULT && error_number != ENOMEM)
                return system_failure("faulting in " + page, error_number).error();
            if (auto shortage = explain_shortage(facts)) return *shortage;
            return no_memory(
                "the kernel gives this process no huge page, although " + std::to_string(facts.available) + " are free",
                "a control group above may limit them (hugetlb.2MB.max, cpuset.mems): raise the "
                "container's limit, or run this outside");
        case HugePageStep::lock:
            return explain_lock(error_number, facts);
    }
    return {};
}

Error explain_hidden_address(const std::string& pagemap, const Privileges& privileges) {
    std::string next = how_to_get(Capability::sys_admin, privileges);
    if (next.empty()) next = "this kernel hides them from everyone: run this outside the sandbox";
    return {ErrorKind::permission, pagemap + ": the kernel hides physical addresses from this process",
            std::move(next)};
}

}  // namespace ixy
