// An access to a page that is gone raises SIGBUS at that very access, in the accessing thread. Threads hold the lock
// below while they map and unmap, and touch no shared memory meanwhile; so a thread that gets the signal does not hold
// it, and the handler may do whatever a function called in place of the access could do.
#include <ixy/sim/servers/vfio_user/shared_memory.hpp>

#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <cerrno>
#include <csignal>
#include <iterator>
#include <map>
#include <mutex>

namespace ixy::sim::vfio_user {
namespace {

struct Mapping {
    std::size_t size = 0;
    std::atomic<bool>* lost = nullptr;
};

/// All mappings, by first address.
struct Mappings {
    std::mutex mutex;
    std::map<std::uintptr_t, Mapping> all;
};

Mappings& mappings() {
    static auto* const forever = new Mappings;  // a signal may arrive while the process exits
    return *forever;
}

/// Replaces the mapping that holds `address` with memory of our own: the whole mapping, since parts of huge pages
/// cannot be replaced. False when there is none.
bool replace(std::uintptr_t address) {
    const std::lock_guard lock(mappings().mutex);
    const auto after = mappings().all.upper_bound(address);
    if (after == mappings().all.begin()) return false;
    const auto& [begin, mapping] = *std::prev(after);
    if (address - begin >= mapping.size) return false;
    *mapping.lost = true;
    void* const place = reinterpret_cast<void*>(begin);
    return ::mmap(place, mapping.size, PROT_READ | PROT_WRITE, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                  -1, 0) == place;
}

/// The bytes that a mapping of `size` bytes occupies: huge pages are mapped and unmapped only as a whole.
std::expected<std::size_t, int> mapped_size(const File& file, std::size_t size) {
    struct statfs system{};
    if (::fstatfs(file.get(), &system) != 0) return std::unexpected(errno);
    if (system.f_type != HUGETLBFS_MAGIC) return size;
    const auto page = static_cast<std::size_t>(system.f_bsize);
    return (size + page - 1) / page * page;
}

void on_bus_error(int signal, siginfo_t* about, void*) {
    const int before = errno;
    const bool replaced = about->si_code == BUS_ADRERR && replace(reinterpret_cast<std::uintptr_t>(about->si_addr));
    errno = before;
    if (replaced) return;  // the access is retried and finds memory
    std::signal(signal, SIG_DFL);
    std::raise(signal);  // takes effect once this handler has returned
}

}  // namespace

std::expected<SharedMemory, int> SharedMemory::map(const File& file, std::uint64_t offset, std::size_t size,
                                                   int protection, std::atomic<bool>& lost) {
    struct stat status{};
    if (::fstat(file.get(), &status) != 0) return std::unexpected(errno);
    const auto length = static_cast<std::uint64_t>(status.st_size);
    if (offset > length || size > length - offset) return std::unexpected(EINVAL);
    const auto mapped = mapped_size(file, size);
    if (!mapped) return std::unexpected(mapped.error());
    const std::lock_guard lock(mappings().mutex);
    void* const memory =
        ::mmap(nullptr, *mapped, protection, MAP_SHARED | MAP_NORESERVE, file.get(), static_cast<off_t>(offset));
    if (memory == MAP_FAILED) return std::unexpected(errno);
    mappings().all.emplace(reinterpret_cast<std::uintptr_t>(memory), Mapping{*mapped, &lost});
    return SharedMemory({static_cast<std::byte*>(memory), size});
}

SharedMemory::~SharedMemory() {
    if (bytes_.empty()) return;
    const std::lock_guard lock(mappings().mutex);
    const auto found = mappings().all.find(reinterpret_cast<std::uintptr_t>(bytes_.data()));
    ::munmap(bytes_.data(), found->second.size);
    mappings().all.erase(found);
}

void survive_lost_memory() {
    struct sigaction action{};
    action.sa_sigaction = on_bus_error;
    action.sa_flags = SA_SIGINFO;
    (void)mappings();  // created here, and not by the first signal
    ::sigaction(SIGBUS, &action, nullptr);
}

}  // namespace ixy::sim::vfio_user
