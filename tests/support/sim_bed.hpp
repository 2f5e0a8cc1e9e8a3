// Test beds made of software NICs: no QEMU, no root, and a card that complains about misuse.
#pragma once

#include <vector>

#include "tests/support/test_bed.hpp"

namespace ixy::test {

/// Our models, for each driver: run inside the register access, run in a thread of their own, and each in a world
/// that a driver has to survive without noticing (rough_world.hpp). Tests that need only one card use the first.
std::vector<Subject> sim_subjects();

}  // namespace ixy::test
