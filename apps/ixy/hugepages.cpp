// `ixy hugepages`
#include <fmt/core.h>

#include "commands.hpp"

namespace ixy::app {

Expected<> set_huge_pages(const KernelTree& tree, std::size_t count, HugePage size, int node) {
    const auto got = set_huge_page_count(size, count, node, tree.sys);
    if (!got) return std::unexpected(got.error());
    const auto now = huge_page_count(size, node, tree.sys);
    const std::size_t mebibytes = *got * (static_cast<std::size_t>(size) >> 20);
    fmt::print("reserved {} huge pages of {}{}: {} MiB, {} of them free\n", *got,
               size == HugePage::two_mib ? "2 MiB" : "1 GiB", node == any_node ? "" : fmt::format(" on node {}", node),
               mebibytes, now ? now->free : 0);
    if (*got >= count) return {};
    return failure(
        ErrorKind::no_memory, fmt::format("{} were requested, but only {} are reserved", count, *got),
        fmt::format("memory is short or fragmented: end programs, or boot with {}hugepages={} on the kernel's "
                    "command line",
                    size == HugePage::two_mib ? "" : "hugepagesz=1G ", count));
}

}  // namespace ixy::app
