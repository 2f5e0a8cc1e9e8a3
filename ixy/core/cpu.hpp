// CPUs and NUMA nodes: where a thread runs, and where it should to be close to its card. System calls and sysfs only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <ixy/core/dma.hpp>
#include <ixy/core/error.hpp>

namespace ixy {

/// The numbers in a list in the kernel's format, "0-3,8,10-11": ascending, without duplicates, at most 65535.
/// Errors: invalid_argument.
Expected<std::vector<int>> parse_cpu_list(std::string_view list);

/// The CPUs of a NUMA node, or of the whole machine for any_node. `sys` is where sysfs is mounted. Errors: not_found.
Expected<std::vector<int>> cpus_of_node(int node, const std::string& sys = "/sys");

/// The machine's NUMA nodes; empty if the kernel reports none.
std::vector<int> numa_nodes(const std::string& sys = "/sys");

/// Where the calling thread is running right now.
int current_cpu();
int current_node();

/// The CPUs that the calling thread may run on.
std::vector<int> allowed_cpus();

/// Pins the calling thread to `cpu`, even to one outside allowed_cpus() if the kernel agrees. Errors: invalid_argument
/// if there is no such CPU, or a cpuset forbids it.
Expected<> pin_to_cpu(int cpu, const std::string& sys = "/sys");

/// Restricts the calling thread to `node`'s CPUs, or to those among them that it may already run on, if any, so that an
/// outside choice (taskset) stays in force. any_node changes nothing. Errors: not_found, invalid_argument.
Expected<> pin_to_node(int node, const std::string& sys = "/sys");

}  // namespace ixy
