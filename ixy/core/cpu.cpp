#include <ixy/core/cpu.hpp>

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <iterator>

#include <ixy/core/files.hpp>

namespace ixy {

namespace {

constexpr int most_cpus = 65536;  // far beyond what Linux can be built for
constexpr int word_bits = 8 * sizeof(unsigned long);
using Mask = std::vector<unsigned long>;

/// Returns an error number, or 0.
int run_on(const std::vector<int>& cpus) {
    Mask mask(most_cpus / word_bits);
    for (const int cpu : cpus) mask[static_cast<std::size_t>(cpu / word_bits)] |= 1ul << (cpu % word_bits);
    return syscall(SYS_sched_setaffinity, 0, mask.size() * sizeof mask[0], mask.data()) == 0 ? 0 : errno;
}

Expected<std::vector<int>> read_list(const std::string& path) {
    auto list = read_text(path);
    if (!list) return std::unexpected(std::move(list.error()));
    return parse_cpu_list(*list);
}

/// Takes a number from the front of `text`, or returns -1.
int take_number(std::string_view& text) {
    int number = -1;
    const auto [stopped, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem != std::errc{} || number < 0 || number >= most_cpus) return -1;
    text.remove_prefix(static_cast<std::size_t>(stopped - text.data()));
    return number;
}

}  // namespace

Expected<std::vector<int>> parse_cpu_list(std::string_view list) {
    std::vector<bool> listed(most_cpus);
    for (std::string_view rest = list; !rest.empty();) {
        const int first = take_number(rest);
        int last = first;
        if (rest.starts_with('-')) {
            rest.remove_prefix(1);
            last = take_number(rest);
        }
        const bool more = rest.starts_with(',') && rest.size() > 1;
        if (first < 0 || last < first || (!rest.empty() && !more))
            return failure(ErrorKind::invalid_argument, "\"" + std::string(list) + "\" is not a list of CPUs",
                           "write it like 0-3,8");
        std::fill(listed.begin() + first, listed.begin() + last + 1, true);
        if (more) rest.remove_prefix(1);
    }
    std::vector<int> numbers;
    for (int number = 0; number < most_cpus; ++number)
        if (listed[static_cast<std::size_t>(number)]) numbers.push_back(number);
    return numbers;
}

Expected<std::vector<int>> cpus_of_node(int node, const std::string& sys) {
    const std::string system = sys + "/devices/system/";
    const std::string node_list = system + "node/node" + std::to_string(node) + "/cpulist";
    return read_list(node == any_node ? system + "cpu/online" : node_list);
}

std::vector<int> numa_nodes(const std::string& sys) {
    return read_list(sys + "/devices/system/node/online").value_or(std::vector<int>{});
}

int current_cpu() {
    unsigned cpu = 0;
    syscall(SYS_getcpu, &cpu, nullptr, nullptr);
    return static_cast<int>(cpu);
}

int current_node() {
    unsigned node = 0;
    syscall(SYS_getcpu, nullptr, &node, nullptr);
    return static_cast<int>(node);
}

std::vector<int> allowed_cpus() {
    Mask mask(most_cpus / word_bits);
    std::vector<int> cpus;
    if (syscall(SYS_sched_getaffinity, 0, mask.size() * sizeof mask[0], mask.data()) < 0) return cpus;
    for (int cpu = 0; cpu < most_cpus; ++cpu)
        if (mask[static_cast<std::size_t>(cpu / word_bits)] >> (cpu % word_bits) & 1) cpus.push_back(cpu);
    return cpus;
}

Expected<> pin_to_cpu(int cpu, const std::string& sys) {
    const std::string name = "CPU " + std::to_string(cpu);
    if (cpu < 0 || cpu >= most_cpus) return failure(ErrorKind::invalid_argument, "there is no " + name);
    // The kernel decides: it allows CPUs beyond those this thread has now (taskset), unless a cpuset forbids them.
    const int error_number = run_on({cpu});
    if (error_number == 0) return {};
    if (error_number != EINVAL) return system_failure("running on " + name, error_number);
    const auto online = cpus_of_node(any_node, sys);
    if (online && !std::ranges::binary_search(*online, cpu)) {
        return failure(ErrorKind::invalid_argument, name + " is not online",
                       "list the online CPUs: cat /sys/devices/system/cpu/online");
    }
    return failure(ErrorKind::invalid_argument, "a control group's cpuset keeps this process off " + name,
                   "see which it may use: cat /sys/fs/cgroup/cpuset.cpus.effective; docker run --cpuset-cpus sets it");
}

Expected<> pin_to_node(int node, const std::string& sys) {
    if (node == any_node) return {};
    auto cpus = cpus_of_node(node, sys);
    if (!cpus) return std::unexpected(std::move(cpus.error()));
    std::vector<int> ours;
    std::ranges::set_intersection(*cpus, allowed_cpus(), std::back_inserter(ours));
    const int error_number = run_on(ours.empty() ? *cpus : ours);
    if (error_number == 0) return {};
    if (error_number != EINVAL) return system_failure("sched_setaffinity", error_number);
    return failure(ErrorKind::invalid_argument,
                   "this process may not run on any CPU of NUMA node " + std::to_string(node),
                   "see which it may use: taskset -cp $$");
}

}  // namespace ixy
