// CPUs and NUMA nodes: where a thread runs, and where it should to be close to its card. System calls and sysfs only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <ixy/core/dma.hpp>
#include <ixy/core/error.hpp>

namespace ixy {

/// The numbers in a list as the kernel writes them, "0-3,8,10-11", ascending and once each. Numbers go up to 65535.
/// Errors: invalid_argument.
Expected<std::vector<int>> parse_cpu_list(std::string_view list);

/// The CPUs of a NUMA node; for any_node those of the whole machine. `sys` is where sysfs is mounted. Errors:
/// not_found.
Expected<std::vector<int>> cpus_of_node(int node, const std::string& sys = "/sys");

/// The machine's NUMA nodes; empty where the kernel knows none.
std::vector<int> numa_nodes(const std::string& sys = "/sys");

/// Where the calling thread runs at this moment.
int current_cpu();
int current_node();

/// The CPUs that the calling thread may run on.
std::vector<int> allowed_cpus();

/// Lets the calling thread run on `cpu` only, also on one that is outside of allowed_cpus() if the kernel agrees.
/// Errors: invalid_argument when there is no such CPU, or a cpuset forbids it.
Expected<> pin_to_cpu(int cpu, const std::string& sys = "/sys");

/// Lets the calling thread run on `node`'s CPUs only; on those of them that it may run on already, if there are any, so
/// that a choice made outside (taskset) stays. With any_node the thread stays free. Errors: not_found,
/// invalid_argument.
Expected<> pin_to_node(int node, const std::string& sys = "/sys");

}  // namespace ixy
