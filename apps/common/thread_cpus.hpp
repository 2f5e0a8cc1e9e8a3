// On which CPU each of a program's threads runs.
#pragma once

#include <cstddef>
#include <vector>

#include "options.hpp"

namespace ixy::app {

/// The choice for all threads of a program.
class ThreadCpus {
public:
    /// As the options say: with --cpu, thread i has the i-th of its CPUs; with several queues, the i-th CPU of NUMA
    /// node `node` that this process may use. When there are fewer CPUs than threads, they go round. Otherwise, the
    /// only thread may run on any CPU of the node. Call it before pin().
    ThreadCpus(const CommonOptions& options, int node);

    /// Pins the calling thread, which is number `thread`, and the threads that it starts from now on. Errors:
    /// invalid_argument (a CPU of --cpu).
    Expected<> pin(std::size_t thread) const;
    /// How many CPUs there are for the threads; 0: they are not pinned to single CPUs.
    std::size_t count() const { return cpus_.size(); }

private:
    std::vector<int> cpus_;
    int node_;
    bool is_demanded_;  ///< by --cpu; otherwise it is a preference, and the program works without
};

}  // namespace ixy::app
