// A world that fails a card: write-backs that are lost, come twice, or say the wrong thing; memory that cannot be
// reached. Between a model and its card, as a host around a host.
//
//   sim:82540em,faults=seed:7        random faults of memory
//   sim:82540em,faults=/path         those of a script; what a line can be is in ixy/faults/plan.hpp
#pragma once

#include <cstdint>
#include <memory>

#include <ixy/core/error.hpp>
#include <ixy/faults/plan.hpp>
#include <ixy/sim/model.hpp>

namespace ixy::sim {

/// A host that does as `inner`, but for the faults of memory in `plan`; those of registers are not its business.
/// `inner` lives longer. Thread rule: a host's, one at a time.
std::unique_ptr<Host> make_faulty_host(Host& inner, const faults::Plan& plan);

/// The same for CardOptions::wrap, whose context is a const faults::Plan*, needed until the card is made.
std::unique_ptr<Host> wrap_in_faults(Host& inner, void* plan);

/// One to three faults of memory: the same for the same seed, everywhere.
faults::Plan random_memory_faults(std::uint64_t seed);

/// What `text` asks for: "seed:7", or the name of a script. Errors: those of reading the file and of parse_plan.
Expected<faults::Plan> read_faults(std::string_view text);

}  // namespace ixy::sim
