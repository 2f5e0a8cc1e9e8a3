// Which cards an executable of the conformance suite is about: it has one of subjects_*.cpp.
#pragma once

#include <vector>

#include "tests/support/test_bed.hpp"

namespace ixy::test {

std::vector<Subject> every_subject();
/// For what no two cards of a kind do differently: fewer where each costs time.
std::vector<Subject> one_of_a_kind();
/// Those whose DMA memory is small: 64 MiB.
std::vector<Subject> subjects_in_little_memory();

}  // namespace ixy::test
