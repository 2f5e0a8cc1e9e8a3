// The cards that an executable of the conformance suite tests: each links one of subjects_*.cpp.
#pragma once

#include <vector>

#include "tests/support/test_bed.hpp"

namespace ixy::test {

std::vector<Subject> every_subject();
/// For behaviour that no two cards of one driver differ in: fewer cards where each costs time.
std::vector<Subject> one_of_a_kind();
/// Subjects with little DMA memory: 64 MiB.
std::vector<Subject> subjects_in_little_memory();

}  // namespace ixy::test
