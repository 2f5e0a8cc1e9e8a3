// The checks of `ixy doctor`. Each looks at one thing and names the command that mends it.
#include "checks.hpp"

#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include <fmt/core.h>
#include <fmt/ranges.h>
#include <ixy/core/hugepages.hpp>
#include <ixy/nic/device.hpp>
#include <ixy/pci/enumerate.hpp>
#include <ixy/pci/in_use.hpp>

namespace ixy::app {
namespace {

Finding check_kernel() {
    utsname system{};
    ::uname(&system);
    int major = 0, minor = 0;
    std::sscanf(system.release, "%d.%d", &major, &minor);
    return {.subject = "kernel",
            .good = major > 5 || (major == 5 && minor >= 10),
            .what = fmt::format("Linux {} on {}", system.release, system.machine),
            .next = "Linux 5.10 or later is needed"};
}

/// The capabilities that DMA to physical memory and writing to sysfs need; capabilities(7).
Finding check_privileges(const KernelTree& tree) {
    struct Capability {
        unsigned bit;
        const char* name;
    };
    constexpr Capability needed[] = {{1, "CAP_DAC_OVERRIDE"}, {17, "CAP_SYS_RAWIO"}, {21, "CAP_SYS_ADMIN"}};
    const std::string status = read_text(tree.proc + "/self/status").value_or("");
    const std::size_t at = status.find("CapEff:");
    const unsigned long long effective =
        at == std::string::npos ? 0 : std::strtoull(status.c_str() + at + 7, nullptr, 16);
    std::vector<std::string> missing;
    for (const Capability& each : needed) {
        if ((effective >> each.bit & 1) == 0) missing.emplace_back(each.name);
    }
    return {.subject = "privileges",
            .good = missing.empty(),
            .what = missing.empty() ? "root's, as far as they are needed (physical addresses, sysfs, I/O ports)"
                                    : fmt::format("{} missing", fmt::join(missing, ", ")),
            .next = "run programs with sudo (this one too, to see more)"};
}

Finding check_huge_pages(const KernelTree& tree) {
    std::size_t free = 0;
    std::vector<std::string> texts;
    for (const auto& [size, name] : {std::pair(HugePage::two_mib, "2 MiB"), std::pair(HugePage::one_gib, "1 GiB")}) {
        const auto count = huge_page_count(size, any_node, tree.sys);
        if (!count || (count->total == 0 && size == HugePage::one_gib)) continue;
        texts.push_back(fmt::format("{} of {}, {} free", count->total, name, count->free));
        free += count->free;
    }
    return {.subject = "huge pages",
            .good = free > 0,
            .what = texts.empty() ? "the kernel has none" : fmt::format("{}", fmt::join(texts, "; ")),
            .next = "sudo ixy hugepages 512"};
}

Finding check_lockdown(const KernelTree& tree) {
    const std::string state = read_text(tree.sys + "/kernel/security/lockdown").value_or("[none]");
    return {.subject = "lockdown",
            .good = state.find("[none]") != std::string::npos,
            .what = "kernel lockdown: " + state,
            .next = "the kernel forbids mapping a card's registers: switch Secure Boot off in the firmware"};
}

Finding check_sysfs(const KernelTree& tree) {
    struct statvfs mount{};
    const bool read_only = ::statvfs(tree.sys.c_str(), &mount) != 0 || (mount.f_flag & ST_RDONLY) != 0;
    return {.subject = "sysfs",
            .good = !read_only,
            .what = tree.sys + (read_only ? " is mounted read-only" : " is writable"),
            .next = "run outside of the container, or in a privileged one"};
}

/// True where an IOMMU translates what the card asks for, so that physical addresses do not work.
bool is_translated(const KernelTree& tree, const NetworkCard& card) {
    return read_text(tree.pci_folder(card.address) + "/iommu_group/type").value_or("").starts_with("DMA");
}

std::vector<Finding> check_cards(const KernelTree& tree, const std::vector<NetworkCard>& cards) {
    std::vector<Finding> findings;
    bool one_is_usable = false;
    for (const NetworkCard& card : cards) {
        const DriverEntry* const known = find_driver(card.identity);
        if (known == nullptr) continue;
        const bool translated = is_translated(tree, card);
        const bool vfio = card.driver == "vfio-pci";
        const bool good = !card.in_use && !translated && !vfio;
        one_is_usable |= good;
        Finding finding{.subject = "card", .good = good, .needed = false};
        finding.what = fmt::format("{} {}: free", card.address, known->model);
        if (card.in_use) {
            finding.what = card.in_use->what;
            finding.next = card.in_use->next;
        } else if (translated) {
            finding.what = fmt::format("{} {}: behind an IOMMU that translates", card.address, known->model);
            finding.next = "boot with iommu=pt on the kernel's command line";
        } else if (vfio) {
            finding.what = fmt::format("{} {}: bound to vfio-pci", card.address, known->model);
            finding.next = "sudo ixy restore " + card.address;
        }
        findings.push_back(finding);
    }
    findings.push_back(
        {.subject = "cards",
         .good = one_is_usable,
         .what = one_is_usable      ? "at least one can be used"
                 : findings.empty() ? fmt::format("none of {} is one that ixy has a driver for", cards.size())
                                    : "all that ixy has a driver for are taken",
         .next = findings.empty()
                     ? "plug one in, give a virtual machine one (-device e1000), or take software NICs: sim:82540em"
                     : "free one, as said above"});
    return findings;
}

/// The kernel's driver for a card that ixy knows has to be there for the card to go back to.
Finding check_kernel_drivers(const KernelTree& tree, const std::vector<NetworkCard>& cards) {
    std::vector<std::string> without;
    for (const NetworkCard& card : cards) {
        if (find_driver(card.identity) != nullptr && card.driver.empty()) without.push_back(card.address);
    }
    const std::string first = without.empty() ? "" : tree.pci_folder(without.front());
    return {.subject = "kernel drivers",
            .good = without.empty(),
            .needed = false,
            .what = without.empty() ? "each card has one to go back to"
                                    : fmt::format("no driver has {}", fmt::join(without, ", ")),
            .next = "modprobe $(cat " + first + "/modalias)"};
}

Finding check_vfio(const KernelTree& tree) {
    const bool loaded = exists(tree.sys + "/bus/pci/drivers/vfio-pci");
    return {.subject = "vfio-pci",
            .good = loaded,
            .needed = false,
            .what = loaded ? "loaded" : "not loaded",
            .next = "sudo modprobe vfio-pci"};
}

Finding check_iommu(const KernelTree& tree) {
    const std::size_t groups = folder_entries(tree.sys + "/kernel/iommu_groups").size();
    return {.subject = "IOMMU",
            .good = groups > 0,
            .needed = false,
            .what = groups > 0 ? fmt::format("{} groups", groups) : "none: a card can reach all of memory",
            .next = "switch VT-d or AMD-Vi on in the firmware, and boot with intel_iommu=on iommu=pt"};
}

Finding check_locked_memory() {
    rlimit limit{};
    ::getrlimit(RLIMIT_MEMLOCK, &limit);
    const bool unlimited = limit.rlim_cur == RLIM_INFINITY;
    return {.subject = "locked memory",
            .good = unlimited || limit.rlim_cur >= rlim_t{64} << 20 || ::geteuid() == 0,
            .needed = false,
            .what = unlimited ? "no limit" : fmt::format("at most {} KiB", limit.rlim_cur >> 10),
            .next = "for VFIO without root: ulimit -l unlimited, or memlock in /etc/security/limits.conf"};
}

Finding check_software_cards() {
    return {.subject = "software NICs", .good = true, .what = "sim:82540em is there, and needs nothing of all this"};
}

Finding check_kvm() {
    const bool usable = ::access("/dev/kvm", R_OK | W_OK) == 0;
    return {
        .subject = "KVM",
        .good = usable,
        .needed = false,
        .what = usable ? "/dev/kvm can be opened" : "no access to /dev/kvm; virtual machines run in software emulation",
        .next = "switch virtualisation on in the firmware; sudo adduser $USER kvm"};
}

Finding check_qemu() {
    std::istringstream folders(std::getenv("PATH") != nullptr ? std::getenv("PATH") : "");
    std::string found;
    for (std::string folder; found.empty() && std::getline(folders, folder, ':');) {
        const std::string program = folder + "/qemu-system-x86_64";
        if (::access(program.c_str(), X_OK) == 0) found = program;
    }
    return {.subject = "QEMU",
            .good = !found.empty(),
            .needed = false,
            .what = found.empty() ? "no qemu-system-x86_64 in the PATH" : found,
            .next = "sudo apt install qemu-system-x86"};
}

}  // namespace

std::vector<Finding> examine_machine(const KernelTree& tree) {
    const std::vector<NetworkCard> cards = list_network_cards(tree);
    std::vector<Finding> findings = {check_kernel(), check_privileges(tree), check_huge_pages(tree),
                                     check_lockdown(tree), check_sysfs(tree)};
    std::ranges::move(check_cards(tree, cards), std::back_inserter(findings));
    for (Finding finding : {check_kernel_drivers(tree, cards), check_vfio(tree), check_iommu(tree),
                            check_locked_memory(), check_kvm(), check_qemu(), check_software_cards()}) {
        findings.push_back(std::move(finding));
    }
    return findings;
}

}  // namespace ixy::app
