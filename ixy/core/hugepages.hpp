// DMA memory without an IOMMU: huge pages and their physical addresses.
//
// A huge page is contiguous in physical memory and never swapped out, and its physical address can be read from
// /proc/self/pagemap (Linux: Documentation/admin-guide/mm/pagemap.rst, hugetlbpage.rst).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <ixy/core/dma.hpp>
#include <ixy/core/error.hpp>

namespace ixy {

/// Sizes of huge pages, in bytes.
enum class HugePage : std::size_t { two_mib = std::size_t{2} << 20, one_gib = std::size_t{1} << 30 };
std::string name(HugePage size);  ///< "2 MiB"

/// Which step of getting a huge page has failed; see hugepage_limits.hpp.
enum class HugePageStep : std::uint8_t;

struct HugePageCount {
    std::size_t total = 0;
    std::size_t free = 0;
};

/// How many huge pages the kernel has reserved, on one NUMA node or in total. `sys` is where sysfs is mounted. Errors:
/// not_found if the kernel has no huge pages of that size, or the machine no such node.
Expected<HugePageCount> huge_page_count(HugePage size, int node = any_node, const std::string& sys = "/sys");

/// How many free pages are promised to programs that have not touched them yet.
std::size_t promised_huge_pages(HugePage size, const std::string& sys = "/sys");

/// Asks the kernel to reserve `count` huge pages in total, or on one NUMA node. Returns how many are reserved now:
/// fewer than requested if it found no more contiguous memory. Errors: permission (needs root), not_found, system.
Expected<std::size_t> set_huge_page_count(HugePage size, std::size_t count, int node = any_node,
                                          const std::string& sys = "/sys");

/// The size of huge pages to use: 2 MiB, unless only pages of 1 GiB are reserved.
HugePage available_huge_page(const std::string& sys = "/sys");

/// The physical address behind `address` in this process. `pagemap` is the file to read. Errors: permission if the
/// kernel hides physical addresses (needs root or CAP_SYS_ADMIN), system if no memory is there.
Expected<IoAddress> physical_address(std::uintptr_t address, const std::string& pagemap = "/proc/self/pagemap");

/// Huge pages whose IoAddress is the physical address. The process has one such space, so all devices reached through
/// sysfs can exchange packets without copying. Thread rule: as DmaSpace.
class PhysicalSpace final : public DmaSpace {
public:
    /// The process's space. Creates it, with pages of `size`, unless someone holds it already (then its page size
    /// stays). Maps nothing yet.
    static std::shared_ptr<PhysicalSpace> shared(HugePage size = HugePage::two_mib);
    ~PhysicalSpace() override;

    std::size_t largest_piece() const override { return static_cast<std::size_t>(size_); }
    std::string describe() const override;

    /// Keeps the memory alive if this process dies while devices still write to it. Called with the file behind each
    /// region: for existing regions now, for each later one before any of its addresses is handed out. Must not
    /// allocate from this space. If it fails, the memory is not used. Errors: those of `keeper` for an existing region;
    /// the keeper is then not set.
    using Keeper = std::function<Expected<>(int file)>;
    Expected<> set_keeper(Keeper keeper);

private:
    explicit PhysicalSpace(HugePage size) : size_(size) {}
    Expected<Region> map_region(std::size_t bytes, int node) override;
    void unmap_region(Region& region) noexcept override;
    Expected<> settle(Region& region, int node) const;
    std::unexpected<Error> failed(HugePageStep step, int error_number) const;

    HugePage size_;
    Keeper keeper_;
};

}  // namespace ixy
