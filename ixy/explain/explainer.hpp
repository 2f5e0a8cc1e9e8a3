// A device that reports what its driver does to it: each register access as a sentence, or as JSON.
//
//   IXY_EXPLAIN=descriptors ixy-fwd 0000:03:00.0 0000:04:00.0         any program that uses the library
//   auto device = Device::open(explain::explain(std::move(function), {.on = true}, sink));
#pragma once

#include <memory>

#include <ixy/explain/settings.hpp>
#include <ixy/explain/sink.hpp>
#include <ixy/pci/function.hpp>

namespace ixy::explain {

/// A function that behaves like `inner` and explains each register access to `sink`. Its time begins now. Chips whose
/// datasheet we have are explained by names, others by offsets. Thread rule: as for any function.
std::unique_ptr<PciFunction> explain(std::unique_ptr<PciFunction> inner, const Settings& settings,
                                     std::shared_ptr<Sink> sink);

/// Puts an explainer around `function` if the program or the environment asked for one (requested()); Device::open
/// does this. Errors: those of requested() and open_sink().
Expected<> explain_if_requested(std::unique_ptr<PciFunction>& function);

}  // namespace ixy::explain
