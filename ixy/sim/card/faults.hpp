// Memory faults: write-backs that get lost, arrive twice or carry wrong values; memory that cannot be reached. They are
// injected by a host between the card's own host and the model.
//
//   sim:82540em,faults=seed:7        random memory faults
//   sim:82540em,faults=/path         a script's faults; ixy/faults/plan.hpp lists the possible lines
#pragma once

#include <cstdint>
#include <memory>

#include <ixy/core/error.hpp>
#include <ixy/faults/plan.hpp>
#include <ixy/sim/chips/model.hpp>

namespace ixy::sim {

/// A host that does what `inner` does, except for the memory faults in `plan`; register faults are ignored here.
/// `inner` must outlive it. Thread rule: a host's, any lane.
std::unique_ptr<Host> make_faulty_host(Host& inner, const faults::Plan& plan);

/// The same for CardOptions::wrap. Its context is a const faults::Plan*, which must live until the card is made.
std::unique_ptr<Host> wrap_in_faults(Host& inner, void* plan);

/// One to three memory faults; the same seed gives the same faults everywhere.
faults::Plan random_memory_faults(std::uint64_t seed);

/// The plan that `text` names: "seed:7", or the name of a script. Errors: those of reading the file and of parse_plan.
Expected<faults::Plan> read_faults(std::string_view text);

}  // namespace ixy::sim
