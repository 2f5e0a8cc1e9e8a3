#include <ixy/core/hugepages.hpp>

#include <fcntl.h>
#include <linux/mempolicy.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <mutex>

#include <ixy/core/files.hpp>
#include <ixy/core/hugepage_limits.hpp>

namespace ixy {

std::string name(HugePage size) { return size == HugePage::one_gib ? "1 GiB" : "2 MiB"; }

namespace {

std::string folder(HugePage size, int node, const std::string& sys) {
    const std::string pages = "hugepages-" + std::to_string(static_cast<std::size_t>(size) / 1024) + "kB";
    return node == any_node ? sys + "/kernel/mm/hugepages/" + pages
                            : sys + "/devices/system/node/node" + std::to_string(node) + "/hugepages/" + pages;
}

Expected<std::size_t> read_count(const std::string& path) {
    const auto number = read_number(path);
    if (!number) return std::unexpected(number.error());
    if (*number < 0) return failure(ErrorKind::system, path + ": not a count: " + std::to_string(*number));
    return static_cast<std::size_t>(*number);
}

/// The NUMA node of the memory at `address`, or any_node if the kernel does not say.
int node_of(void* address) {
    int node = any_node;
    if (syscall(SYS_get_mempolicy, &node, nullptr, 0ul, address, MPOL_F_NODE | MPOL_F_ADDR) != 0) return any_node;
    return node;
}

/// Asks for memory from `node` in preference to others; if none is left there, the kernel uses another node.
void prefer_node(std::span<std::byte> memory, int node) {
    constexpr unsigned most_nodes = 1024, bits = 8 * sizeof(unsigned long);
    if (node < 0 || node >= static_cast<int>(most_nodes)) return;
    unsigned long mask[most_nodes / bits] = {};
    mask[static_cast<unsigned>(node) / bits] = 1ul << (static_cast<unsigned>(node) % bits);
    // A failure (no NUMA in this kernel, no such node) costs only speed; the region's node then says where it is.
    syscall(SYS_mbind, memory.data(), memory.size(), MPOL_PREFERRED, mask, most_nodes + 1ul, 0u);
}

/// Faults `memory` in. Returns an error number, or 0. Linux before 5.14 has no call for this: there a system call
/// writes to it for us, and returns EFAULT where our own access would raise SIGBUS (a control group's limit).
int populate(std::span<std::byte> memory) {
    constexpr int populate_write = 23;  // MADV_POPULATE_WRITE, which C libraries of that time do not define
    if (madvise(memory.data(), memory.size(), populate_write) == 0) return 0;
    if (errno != EINVAL) return errno;
    return syscall(SYS_getcpu, memory.data(), nullptr, nullptr) == 0 ? 0 : errno;
}

}  // namespace

Expected<HugePageCount> huge_page_count(HugePage size, int node, const std::string& sys) {
    const auto total = read_count(folder(size, node, sys) + "/nr_hugepages");
    if (!total) return std::unexpected(total.error());
    const auto free = read_count(folder(size, node, sys) + "/free_hugepages");
    if (!free) return std::unexpected(free.error());
    return HugePageCount{.total = *total, .free = *free};
}

std::size_t promised_huge_pages(HugePage size, const std::string& sys) {
    return read_count(folder(size, any_node, sys) + "/resv_hugepages").value_or(0);
}

Expected<std::size_t> set_huge_page_count(HugePage size, std::size_t count, int node, const std::string& sys) {
    const std::string path = folder(size, node, sys) + "/nr_hugepages";
    if (auto written = write_file(path, std::to_string(count) + "\n"); !written)
        return std::unexpected(std::move(written.error()));
    return read_count(path);
}

HugePage available_huge_page(const std::string& sys) {
    const auto count = [&](HugePage size) {
        return huge_page_count(size, any_node, sys).value_or(HugePageCount{}).total;
    };
    return count(HugePage::two_mib) == 0 && count(HugePage::one_gib) != 0 ? HugePage::one_gib : HugePage::two_mib;
}

Expected<IoAddress> physical_address(std::uintptr_t address, const std::string& pagemap) {
    constexpr std::uint64_t present = 1ull << 63, frame_mask = (1ull << 55) - 1;
    const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    const int file = open(pagemap.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return file_failure(pagemap, errno);
    std::uint64_t entry = 0;
    const ssize_t got = pread(file, &entry, sizeof entry, static_cast<off_t>(address / page * sizeof entry));
    const int error_number = errno;
    close(file);
    if (got < 0) return system_failure(pagemap, error_number);
    if (got != sizeof entry || (entry & present) == 0)
        return failure(ErrorKind::system, pagemap + ": no memory at address " + std::to_string(address));
    // Without privilege, the other bits are valid and the frame number is 0. Frame 0 is never ours: no DMA goes there.
    const std::uint64_t frame = entry & frame_mask;
    if (frame == 0) return std::unexpected(explain_hidden_address(pagemap, current_privileges()));
    return IoAddress{frame * page + address % page};
}

std::shared_ptr<PhysicalSpace> PhysicalSpace::shared(HugePage size) {
    static std::mutex mutex;
    static std::weak_ptr<PhysicalSpace> existing;
    const std::scoped_lock lock(mutex);
    auto space = existing.lock();
    if (!space) existing = space = std::shared_ptr<PhysicalSpace>(new PhysicalSpace(size));
    return space;
}

PhysicalSpace::~PhysicalSpace() { unmap_all(); }

std::string PhysicalSpace::describe() const { return "physical addresses, " + name(size_) + " huge pages"; }

Expected<> PhysicalSpace::set_keeper(Keeper keeper) {
    const std::scoped_lock lock(mutex_);
    const auto kept = visit_regions([&keeper](const Region& region) { return keeper(region.file); });
    if (kept) keeper_ = std::move(keeper);
    return kept;
}

std::unexpected<Error> PhysicalSpace::failed(HugePageStep step, int error_number) const {
    return std::unexpected(explain_no_huge_page(step, error_number, gather_huge_page_facts(size_)));
}

Expected<DmaSpace::Region> PhysicalSpace::map_region(std::size_t, int node) {
    const std::size_t bytes = largest_piece();
    const auto size_flag = static_cast<unsigned>(std::countr_zero(bytes)) << MAP_HUGE_SHIFT;
    const int file = memfd_create("ixy-huge-page", MFD_CLOEXEC | MFD_HUGETLB | size_flag);
    if (file < 0) return failed(HugePageStep::create, errno);
    const bool sized = ftruncate(file, static_cast<off_t>(bytes)) == 0;
    void* memory = sized ? mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) : MAP_FAILED;
    if (memory == MAP_FAILED) {
        const int error_number = errno;
        close(file);
        return failed(sized ? HugePageStep::map : HugePageStep::size, error_number);
    }
    Region region{.memory = {static_cast<std::byte*>(memory), bytes}, .granule = bytes, .addresses = {}, .file = file};
    if (auto settled = settle(region, node); !settled) {
        unmap_region(region);
        return std::unexpected(std::move(settled.error()));
    }
    return region;
}

/// Brings the page into memory, on `node` if possible, looks up its address, and passes it to the keeper.
Expected<> PhysicalSpace::settle(Region& region, int node) const {
    prefer_node(region.memory, node);
    if (const int error_number = populate(region.memory); error_number != 0)
        return failed(HugePageStep::bring_in, error_number);
    if (mlock(region.memory.data(), region.memory.size()) != 0) return failed(HugePageStep::lock, errno);
    const auto address = physical_address(reinterpret_cast<std::uintptr_t>(region.memory.data()));
    if (!address) return std::unexpected(address.error());
    if (address->value % region.memory.size() != 0)
        return failure(ErrorKind::system, "/proc/self/pagemap: the memory is not a huge page of " + name(size_));
    region.addresses = {*address};
    region.node = node_of(region.memory.data());
    return keeper_ ? keeper_(region.file) : Expected<>{};
}

void PhysicalSpace::unmap_region(Region& region) noexcept {
    munmap(region.memory.data(), region.memory.size());
    close(region.file);
}

}  // namespace ixy
