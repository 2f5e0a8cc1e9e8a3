// The conformance suite on QEMU's cards.
#include "tests/nic/subjects.hpp"

namespace ixy::test {

std::vector<Subject> every_subject() { return qemu_e1000_subjects(); }
std::vector<Subject> one_of_a_kind() { return {qemu_e1000_subjects().front()}; }
std::vector<Subject> subjects_in_little_memory() { return one_of_a_kind(); }

}  // namespace ixy::test
