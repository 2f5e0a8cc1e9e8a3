// Taking a PCI function from the kernel through sysfs, and giving it back.
#include <ixy/pci/sysfs.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>
#include <sstream>

#include <ixy/core/hugepages.hpp>
#include <ixy/core/privileges.hpp>
#include <ixy/pci/address.hpp>
#include <ixy/pci/identity.hpp>
#include <ixy/pci/in_use.hpp>

namespace ixy {
namespace {

std::unexpected<Error> gone(const std::string& address) {
    return failure(ErrorKind::device_failed, address + " is gone: it reads as all ones",
                   "it was unplugged or has lost power; if not: echo 1 > /sys/bus/pci/rescan");
}

}  // namespace

Expected<std::shared_ptr<SysfsSession>> SysfsSession::get() {
    static std::mutex mutex;
    static std::weak_ptr<SysfsSession> current;
    const std::lock_guard lock(mutex);
    if (auto session = current.lock()) {
        if (const auto alive = session->guard->check_alive(); !alive) return std::unexpected(alive.error());
        return session;
    }
    auto guard = Guard::start();
    if (!guard) return std::unexpected(guard.error());
    auto session = std::make_shared<SysfsSession>();
    session->guard = std::move(*guard);
    auto space = PhysicalSpace::shared(available_huge_page());
    const auto kept = space->set_keeper([keeper = std::weak_ptr(session)](int memory) -> Expected<> {
        const auto open = keeper.lock();
        return open ? open->guard->keep_memory(memory) : Expected<>{};
    });
    if (!kept) return std::unexpected(kept.error());
    session->space = std::move(space);
    current = session;
    return session;
}

SysfsFunction::SysfsFunction(std::string address, KernelTree tree)
    : address_(std::move(address)), tree_(std::move(tree)), folder_(tree_.pci_folder(address_)) {}

SysfsFunction::~SysfsFunction() { give_back(); }

Expected<std::unique_ptr<SysfsFunction>> SysfsFunction::open(const std::string& address, const PciOpenOptions& options,
                                                             const KernelTree& tree) {
    std::unique_ptr<SysfsFunction> function(new SysfsFunction(address, tree));
    if (const auto done = function->examine(options); !done) return std::unexpected(done.error());
    if (const auto done = function->take_from_kernel(); !done) return std::unexpected(done.error());
    if (const auto done = function->power_up(); !done) return std::unexpected(done.error());
    if (const auto done = function->enable(); !done) return std::unexpected(done.error());
    return function;
}

/// All the checks that can refuse before anything is changed.
Expected<> SysfsFunction::examine(const PciOpenOptions& options) {
    if (!exists(folder_)) {
        return failure(ErrorKind::not_found, "there is no PCI device " + address_, "ixy list shows the network cards");
    }
    identity_ = read_identity(folder_);
    numa_node_ = static_cast<int>(read_number(folder_ + "/numa_node").value_or(any_node));
    UsageFacts usage = gather_usage(tree_, address_);
    const auto in_use = reason_in_use(usage);
    if (in_use && in_use->kind == ErrorKind::invalid_argument) return std::unexpected(*in_use);
    if (options.accept != nullptr) {
        if (const auto accepted = options.accept(address_, identity_); !accepted) return accepted;
    }
    if (usage.driver == "vfio-pci") {
        return failure(ErrorKind::unsupported,
                       address_ + " is bound to vfio-pci, and this ixy does not support VFIO yet",
                       "give it back to the kernel: ixy restore " + address_);
    }
    if (in_use && !options.force) return std::unexpected(*in_use);
    auto locked = lock_function(tree_, address_);
    if (!locked) return std::unexpected(locked.error());
    config_ = std::move(*locked);
    if (const auto alive = check_alive(); !alive) return alive;
    return options.force ? Expected<>{} : check_physical_addresses_work(tree_, address_);
}

Expected<> SysfsFunction::check_alive() {
    const auto vendor = config_read(pci_config::vendor_id, 2);
    if (!vendor) return std::unexpected(vendor.error());
    if (*vendor == 0xffff) return gone(address_);
    const auto header = config_read(pci_config::header_type, 1);
    if (!header) return std::unexpected(header.error());
    if ((*header & 0x7f) != 0) {
        return failure(ErrorKind::invalid_argument, address_ + " is a bridge and has no registers of a network card",
                       "choose one of those that ixy list shows");
    }
    return {};
}

/// Records how to undo the change, here and in the guard, and then makes it.
template <class Action>
Expected<> SysfsFunction::change(const UndoStep& undo, Action action) {
    if (const auto filed = session_->guard->push(guarded_as_, undo); !filed) return filed;
    undo_.push_back(undo);
    return action();
}

Expected<> SysfsFunction::change_file(const std::string& path, std::string_view text, std::string_view text_before) {
    if (!UndoStep::fits(path, text_before)) {
        return failure(ErrorKind::system, "the content of " + path + " is too long to be restored");
    }
    return change(UndoStep::write(path, text_before), [&] { return write_file(path, text); });
}

Expected<> SysfsFunction::take_from_kernel() {
    auto session = SysfsSession::get();
    if (!session) return std::unexpected(session.error());
    const auto number = (*session)->guard->keep_function(config_.get());
    if (!number) return std::unexpected(number.error());
    session_ = std::move(*session);
    guarded_as_ = *number;

    // An idle card may sleep; the kernel wakes it and keeps it awake.
    const std::string power = folder_ + "/power/control";
    if (read_text(power) == "auto") {
        if (const auto done = change_file(power, "on", "auto"); !done) return done;
    }
    const std::string driver = link_target_name(folder_ + "/driver");
    const std::string override_file = folder_ + "/driver_override";
    auto override_before = read_text(override_file);
    if (override_before == "(null)") override_before = "";
    if (!driver.empty()) {
        const auto rebind = UndoStep::write(tree_.sys + "/bus/pci/drivers/" + driver + "/bind", address_);
        const auto unbind = [&] { return write_file(folder_ + "/driver/unbind", address_); };
        if (const auto done = change(rebind, unbind); !done) return done;
    } else if (override_before == taken_by_ixy) {
        // Left behind by an ixy that was killed together with its guard. Its driver is unknown; let the kernel choose.
        override_before = "";
        const auto probe = UndoStep::write(tree_.sys + "/bus/pci/drivers_probe", address_);
        if (const auto done = change(probe, [] { return Expected<>{}; }); !done) return done;
    }
    // A kernel driver that is loaded while we have the card must not take it.
    if (!override_before) return {};
    return change_file(override_file, taken_by_ixy, *override_before + "\n");
}

/// Enabling through the kernel also wakes the card from D3, restores its BARs and enables the bridges above it.
Expected<> SysfsFunction::power_up() {
    const std::string enable_file = folder_ + "/enable";
    if (exists(enable_file)) {
        if (const auto done = change_file(enable_file, "1", "0"); !done) return done;
    }
    const auto capability = find_capability(*this, pci_config::capability_power_management);
    if (!capability) return std::unexpected(capability.error());
    if (!*capability) return {};
    const auto control = config_read(**capability + 4, 2);  // PMCSR; PCI Power Management 1.2, 3.2.4
    if (!control) return std::unexpected(control.error());
    if (const unsigned state = *control & 3; state != 0) {
        return failure(ErrorKind::device_failed, address_ + " stays asleep in power state D" + std::to_string(state),
                       "wake it: echo on > " + folder_ + "/power/control");
    }
    return {};
}

Expected<> SysfsFunction::enable() {
    const auto before = config_read(pci_config::command, 2);
    if (!before) return std::unexpected(before.error());
    if (*before == 0xffff) return gone(address_);
    // Nothing will handle a legacy interrupt of this card, and its line may be shared: bit 10 silences it.
    const std::uint32_t wanted =
        (*before | pci_config::command_memory | pci_config::command_no_intx) & ~pci_config::command_bus_master;
    return change(UndoStep::command(static_cast<std::uint16_t>(*before)),
                  [&] { return config_write(pci_config::command, 2, wanted); });
}

void SysfsFunction::give_back() noexcept {
    for (const auto& bar : bars_) {
        if (!bar.empty()) ::munmap(bar.data(), bar.size());
    }
    while (!undo_.empty()) {
        undo_.back().run(config_.get());
        undo_.pop_back();
        (void)session_->guard->pop(guarded_as_);
    }
    if (session_) (void)session_->guard->release(guarded_as_);
    if (config_.is_open()) ::flock(config_.get(), LOCK_UN);
}

Expected<std::uint32_t> SysfsFunction::config_read(std::uint32_t offset, unsigned width) {
    std::uint32_t value = 0;
    const ssize_t got = ::pread(config_.get(), &value, width, offset);
    if (got == static_cast<ssize_t>(width)) return value;
    if (got < 0 && errno != ENODEV) return file_failure("cannot read " + folder_ + "/config", errno);
    if (got < 0 || offset < 64) return gone(address_);
    return failure(ErrorKind::permission, "cannot read " + folder_ + "/config beyond its first 64 bytes",
                   how_to_get(Capability::sys_admin, current_privileges()));
}

Expected<> SysfsFunction::config_write(std::uint32_t offset, unsigned width, std::uint32_t value) {
    const ssize_t written = ::pwrite(config_.get(), &value, width, offset);
    if (written == static_cast<ssize_t>(width)) return {};
    if (written < 0 && errno != ENODEV) return file_failure("cannot write " + folder_ + "/config", errno);
    return gone(address_);
}

Expected<Bar> SysfsFunction::map_bar(unsigned index, std::size_t least) {
    const std::string name = address_ + ": BAR " + std::to_string(index);
    if (index >= bars_.size())
        return failure(ErrorKind::invalid_argument, name + " does not exist", "there are 0 to 5");
    if (auto& bar = bars_[index]; !bar.empty() && bar.size() >= least) return Bar(bar.data(), bar.size());

    // One line for each BAR: first address, last address, flags (include/linux/ioport.h).
    constexpr std::uint64_t flag_memory = 0x200;
    std::istringstream lines(read_text(folder_ + "/resource").value_or(""));
    std::uint64_t first = 0, last = 0, flags = 0;
    lines.unsetf(std::ios::basefield);  // 0x means hexadecimal
    for (unsigned i = 0; i <= index; ++i) lines >> first >> last >> flags;
    if (!lines || last <= first) return failure(ErrorKind::unsupported, name + " is absent");
    if ((flags & flag_memory) == 0) return failure(ErrorKind::unsupported, name + " is in I/O space, not in memory");

    const std::string path = folder_ + "/resource" + std::to_string(index);
    const File file(::open(path.c_str(), O_RDWR | O_SYNC | O_CLOEXEC));
    if (!file.is_open()) {
        const bool locked_down = errno == EPERM;
        auto error = file_failure("cannot open " + path, errno);
        if (locked_down)
            error.error().next = "the kernel is locked down (Secure Boot): switch Secure Boot off in the firmware";
        return error;
    }
    struct stat status{};
    const std::size_t size = ::fstat(file.get(), &status) == 0 ? static_cast<std::size_t>(status.st_size) : 0;
    if (size < least || size == 0) {
        return failure(ErrorKind::device_failed,
                       name + " has " + std::to_string(size) + " bytes, and the driver needs " + std::to_string(least));
    }
    void* const memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
    if (memory == MAP_FAILED) return file_failure("cannot map " + path, errno);
    bars_[index] = {static_cast<std::byte*>(memory), size};
    return Bar(bars_[index].data(), size);
}

Expected<> check_physical_addresses_work(const KernelTree& tree, const std::string& address) {
    const std::string group = tree.pci_folder(address) + "/iommu_group";
    const auto type = read_text(group + "/type");
    if (!type && !exists(group)) return {};
    if (!type) return std::unexpected(type.error());
    if (!type->starts_with("DMA")) return {};
    return failure(ErrorKind::unsupported, address + " is behind an IOMMU, which blocks DMA to physical addresses",
                   "boot with iommu=pt on the kernel's command line");
}

Expected<std::unique_ptr<PciFunction>> open_sysfs_function(std::string_view address, const PciOpenOptions& options,
                                                           const KernelTree& tree) {
    const auto canonical = parse_pci_address(address);
    if (!canonical) {
        return failure(canonical.error().kind, canonical.error().what,
                       canonical.error().next + ", or sim:82540em for a software NIC");
    }
    auto function = SysfsFunction::open(*canonical, options, tree);
    if (!function) return std::unexpected(function.error());
    return std::unique_ptr<PciFunction>(std::move(*function));
}

}  // namespace ixy
