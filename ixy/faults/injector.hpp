// A device that fails according to a plan. It wraps any function: a real card, QEMU's, a software NIC.
//
//   IXY_FAULTS='never STATUS.LU' ixy-pktgen 0000:03:00.0          any program that uses the library
//   auto device = Device::open(*faults::inject(std::move(function), *faults::parse_plan("gone after 500 accesses")));
#pragma once

#include <atomic>
#include <memory>
#include <optional>

#include <ixy/faults/plan.hpp>
#include <ixy/pci/function.hpp>

namespace ixy::faults {

/// What has gone wrong so far. Thread rule: any thread.
struct Counts {
    std::atomic<std::uint64_t> accesses{0};  ///< of registers, whether they failed or not
    std::atomic<std::uint64_t> altered{0};   ///< reads that a fault changed
    std::atomic<std::uint64_t> dropped{0};   ///< writes that did not arrive
};

/// A function like `inner`, whose registers fail as `plan` says; `counts` may be null. Memory faults are left to the
/// software card, which also gets them from requested_plan(). A card that is gone no longer masters the bus. Errors:
/// invalid_argument (a register or field that the card does not have).
Expected<std::unique_ptr<PciFunction>> inject(std::unique_ptr<PciFunction> inner, const Plan& plan,
                                              std::shared_ptr<Counts> counts = {});

/// The plan that the environment variable IXY_FAULTS asks for, if any: the path of a script (it has a slash, or
/// exists); "seed:7", random faults; or a script itself, "never STATUS.LU; gone after 500 accesses". Random faults are
/// for `chip` (null: unknown). Errors: not_found and others (the file), those of parse_plan.
Expected<std::optional<Plan>> requested_plan(const datasheet::Chip* chip);

/// Puts the requested plan around `function`, if there is one; Device::open does this. Errors: those of
/// requested_plan and inject; unsupported (memory faults on a card that is not software).
Expected<> inject_if_requested(std::unique_ptr<PciFunction>& function);

}  // namespace ixy::faults
