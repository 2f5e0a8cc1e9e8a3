// The checks of `ixy doctor`. Each looks at one thing and names the command that fixes it; a thing that it cannot look
// at counts as unseen.
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
#include <ixy/core/hugepage_limits.hpp>
#include <ixy/core/hugepages.hpp>
#include <ixy/core/privileges.hpp>
#include <ixy/nic/device.hpp>
#include <ixy/nic/drivers.hpp>
#include <ixy/pci/enumerate.hpp>
#include <ixy/pci/sysfs.hpp>

namespace ixy::app {
namespace {

using State = Finding::State;

State good_if(bool good) { return good ? State::good : State::missing; }

Finding check_kernel() {
    utsname system{};
    ::uname(&system);
    int major = 0, minor = 0;
    std::sscanf(system.release, "%d.%d", &major, &minor);
    return {.subject = "kernel",
            .state = good_if(major > 5 || (major == 5 && minor >= 10)),
            .what = fmt::format("Linux {} on {}", system.release, system.machine),
            .next = "Linux 5.10 or later is needed"};
}

/// The capabilities that DMA to physical memory and writing to sysfs need; capabilities(7).
Finding check_privileges(const KernelTree& tree) {
    Finding finding{.subject = "privileges", .what = "root's, as far as needed (physical addresses, sysfs)"};
    if (const auto status = read_text(tree.proc + "/self/status"); !status) {
        finding.state = State::unseen;
        finding.what = status.error().what;
        finding.next = "mount proc: mount -t proc proc " + tree.proc;
        return finding;
    }
    const Privileges own = current_privileges(tree.proc);
    std::vector<std::string> missing;
    for (const Capability each : {Capability::dac_override, Capability::sys_rawio, Capability::sys_admin}) {
        if (!own.has(each)) missing.push_back(capability_name(each));
        if (finding.next.empty()) finding.next = how_to_get(each, own);
    }
    finding.state = good_if(missing.empty() && own.machines_own);
    if (!missing.empty())
        finding.what = fmt::format("{} missing", fmt::join(missing, ", "));
    else if (!own.machines_own)
        finding.what = "root's, but only in a user namespace";
    return finding;
}

Finding check_huge_pages(const KernelTree& tree) {
    std::vector<std::string> texts;
    for (const auto& [size, name] : {std::pair(HugePage::two_mib, "2 MiB"), std::pair(HugePage::one_gib, "1 GiB")}) {
        const auto count = huge_page_count(size, any_node, tree.sys);
        if (!count || (count->total == 0 && size == HugePage::one_gib)) continue;
        texts.push_back(fmt::format("{} of {}, {} free", count->total, name, count->free));
    }
    Finding finding{.subject = "huge pages", .what = fmt::format("{}", fmt::join(texts, "; "))};
    const auto facts = gather_huge_page_facts(available_huge_page(tree.sys), tree.sys, tree.proc);
    if (texts.empty() && !exists(tree.sys + "/kernel/mm")) {
        finding.state = State::unseen;
        finding.what = "cannot be seen: there is no " + tree.sys + "/kernel/mm";
    } else if (const auto shortage = explain_shortage(facts)) {
        finding.what = shortage->what;
        finding.next = shortage->next;
    } else {
        finding.state = State::good;
    }
    return finding;
}

Finding check_lockdown(const KernelTree& tree) {
    const std::string folder = tree.sys + "/kernel/security";
    Finding finding{.subject = "lockdown",
                    .state = State::good,
                    .what = "this kernel has none",
                    .next = "the kernel forbids mapping a card's registers: switch Secure Boot off in the firmware"};
    if (const auto state = read_text(folder + "/lockdown")) {
        finding.state = good_if(state->find("[none]") != std::string::npos);
        finding.what = "kernel lockdown: " + *state;
    } else if (state.error().kind != ErrorKind::not_found || !exists(tree.sys + "/kernel") ||
               (exists(folder) && folder_entries(folder).empty())) {
        finding.state = State::unseen;
        finding.what = "kernel lockdown cannot be seen: " + state.error().what;
        finding.next = as_root("mount -t securityfs securityfs " + folder);
    }
    return finding;
}

Finding check_sysfs(const KernelTree& tree) {
    struct statvfs mount{};
    Finding finding{.subject = "sysfs", .what = tree.sys + " is writable"};
    if (!exists(tree.sys + "/bus") || ::statvfs(tree.sys.c_str(), &mount) != 0) {
        finding.what = "there is no sysfs at " + tree.sys;
        finding.next = as_root("mount -t sysfs sysfs " + tree.sys);
    } else if ((mount.f_flag & ST_RDONLY) != 0) {
        finding.what = tree.sys + " is mounted read-only";
        finding.next = "run outside the container, or in a privileged one";
    } else {
        finding.state = State::good;
    }
    return finding;
}

Finding check_card(const KernelTree& tree, const NetworkCard& card, std::string_view model) {
    Finding finding{.subject = "card", .needed = false};
    if (card.in_use) {
        finding.what = card.in_use->what;
        finding.next = card.in_use->next;
    } else if (const auto reached = check_physical_addresses_work(tree, card.address); !reached) {
        finding.what = reached.error().what;
        finding.next = reached.error().next;
    } else if (card.driver == "vfio-pci") {
        finding.what = fmt::format("{} {}: bound to vfio-pci, which ixy does not use yet", card.address, model);
        finding.next = as_root("ixy restore " + card.address);
    } else {
        finding.state = State::good;
        finding.what = fmt::format("{} {}: free", card.address, model);
    }
    return finding;
}

std::vector<Finding> check_cards(const KernelTree& tree, const std::vector<NetworkCard>& cards) {
    std::vector<Finding> findings;
    for (const NetworkCard& card : cards) {
        if (const DriverEntry* const known = find_driver(card.identity))
            findings.push_back(check_card(tree, card, known->model));
    }
    const bool usable = std::ranges::any_of(findings, [](const Finding& each) { return each.state == State::good; });
    findings.push_back(
        {.subject = "cards",
         .state = good_if(usable),
         .what = usable             ? "at least one can be used"
                 : findings.empty() ? fmt::format("ixy has a driver for none of the {}", cards.size())
                                    : "none of those that ixy has a driver for can be used",
         .next = findings.empty()
                     ? "plug one in, give a virtual machine one (-device e1000), or use software NICs: sim:82540em"
                     : "free one, as described above"});
    return findings;
}

/// Each card that ixy knows needs a kernel driver that it can go back to.
Finding check_kernel_drivers(const KernelTree& tree, const std::vector<NetworkCard>& cards) {
    std::vector<std::string> without;
    std::size_t known = 0;
    for (const NetworkCard& card : cards) {
        if (find_driver(card.identity) == nullptr) continue;
        ++known;
        if (card.driver.empty()) without.push_back(card.address);
    }
    const std::string first = without.empty() ? "" : tree.pci_folder(without.front());
    return {.subject = "kernel drivers",
            .state = good_if(without.empty()),
            .needed = false,
            .what = known == 0        ? "no card needs one"
                    : without.empty() ? "each card has one to go back to"
                                      : fmt::format("none bound to {}", fmt::join(without, ", ")),
            .next = as_root("modprobe $(cat " + first + "/modalias)")};
}

Finding check_locked_memory(const KernelTree& tree) {
    constexpr rlim_t enough = rlim_t{64} << 20;
    rlimit limit{};
    ::getrlimit(RLIMIT_MEMLOCK, &limit);
    const bool unlimited = limit.rlim_cur == RLIM_INFINITY || current_privileges(tree.proc).has(Capability::ipc_lock);
    return {.subject = "locked memory",
            .state = good_if(unlimited || limit.rlim_cur >= enough),
            .what = unlimited ? "no limit" : fmt::format("at most {} KiB", limit.rlim_cur >> 10),
            .next = "ulimit -l unlimited, or docker run --ulimit memlock=-1"};
}

Finding check_software_cards() {
    return {
        .subject = "software NICs", .state = State::good, .what = "sim:82540em is available and needs none of this"};
}

Finding check_kvm() {
    const bool usable = ::access("/dev/kvm", R_OK | W_OK) == 0;
    return {
        .subject = "KVM",
        .state = good_if(usable),
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
            .state = good_if(!found.empty()),
            .needed = false,
            .what = found.empty() ? "no qemu-system-x86_64 in the PATH" : found,
            .next = "sudo apt install qemu-system-x86"};
}

}  // namespace

std::vector<Finding> examine_machine(const KernelTree& tree) {
    std::vector<Finding> findings = {check_kernel(), check_privileges(tree), check_huge_pages(tree),
                                     check_lockdown(tree), check_sysfs(tree)};
    if (const auto cards = list_network_cards(tree)) {
        std::ranges::move(check_cards(tree, *cards), std::back_inserter(findings));
        findings.push_back(check_kernel_drivers(tree, *cards));
    } else {
        findings.push_back({.subject = "cards", .state = State::unseen, .what = cards.error().what});
    }
    for (Finding finding : {check_locked_memory(tree), check_kvm(), check_qemu(), check_software_cards()}) {
        findings.push_back(std::move(finding));
    }
    return findings;
}

}  // namespace ixy::app
