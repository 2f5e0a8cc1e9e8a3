// The conformance suite on our own models, which are fast enough to run all of it on each.
#include "tests/nic/subjects.hpp"
#include "tests/support/sim_bed.hpp"

namespace ixy::test {

std::vector<Subject> every_subject() { return sim_subjects(); }
std::vector<Subject> one_of_a_kind() { return sim_subjects(); }
std::vector<Subject> subjects_in_little_memory() { return {}; }

}  // namespace ixy::test
