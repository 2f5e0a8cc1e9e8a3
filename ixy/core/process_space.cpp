// Plain anonymous memory, whose addresses are those of this process.
#include <ixy/core/process_space.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>

namespace ixy {

Expected<std::shared_ptr<ProcessSpace>> ProcessSpace::create(std::size_t region_bytes) {
    if (region_bytes == 0 || region_bytes % 4096 != 0)
        return failure(ErrorKind::invalid_argument, "cannot use regions of " + std::to_string(region_bytes) + " bytes",
                       "choose a multiple of 4096");
    return std::shared_ptr<ProcessSpace>(new ProcessSpace(region_bytes));
}

std::shared_ptr<ProcessSpace> ProcessSpace::shared() {
    static std::mutex mutex;
    static std::weak_ptr<ProcessSpace> only;
    const std::lock_guard lock(mutex);
    auto space = only.lock();
    if (!space) only = space = std::shared_ptr<ProcessSpace>(new ProcessSpace(default_region));
    return space;
}

ProcessSpace::~ProcessSpace() { unmap_all(); }

Expected<DmaSpace::Region> ProcessSpace::map_region(std::size_t, int) {
    const int file = memfd_create("ixy-process-memory", MFD_CLOEXEC);
    if (file < 0) return system_failure("memfd_create", errno);
    if (ftruncate(file, static_cast<off_t>(region_bytes_)) != 0) {
        const int error_number = errno;
        close(file);
        return system_failure("ftruncate of a memfd to " + std::to_string(region_bytes_) + " bytes", error_number);
    }
    void* memory = mmap(nullptr, region_bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (memory == MAP_FAILED) {
        const int error_number = errno;
        close(file);
        return system_failure("mmap of " + std::to_string(region_bytes_) + " bytes", error_number);
    }
    return Region{.memory = {static_cast<std::byte*>(memory), region_bytes_},
                  .granule = region_bytes_,
                  .addresses = {IoAddress{reinterpret_cast<std::uintptr_t>(memory)}},
                  .node = any_node,
                  .file = file};
}

void ProcessSpace::unmap_region(Region& region) noexcept {
    munmap(region.memory.data(), region.memory.size());
    close(region.file);
}

}  // namespace ixy
