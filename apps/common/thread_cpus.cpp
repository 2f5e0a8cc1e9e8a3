// CPUs from the command line, or those of a NUMA node.
#include "thread_cpus.hpp"

#include <algorithm>
#include <iterator>

#include <ixy/core/cpu.hpp>

namespace ixy::app {

ThreadCpus::ThreadCpus(const CommonOptions& options, int node)
    : cpus_(options.cpus), node_(node), is_demanded_(!options.cpus.empty()) {
    if (is_demanded_ || options.queues == 1) return;
    const auto near = cpus_of_node(node);
    const auto allowed = allowed_cpus();
    if (near) std::ranges::set_intersection(*near, allowed, std::back_inserter(cpus_));
    if (cpus_.empty()) cpus_ = allowed;
}

Expected<> ThreadCpus::pin(std::size_t thread) const {
    const auto pinned = cpus_.empty() ? pin_to_node(node_) : pin_to_cpu(cpus_[thread % cpus_.size()]);
    return is_demanded_ ? pinned : Expected<>();
}

}  // namespace ixy::app
