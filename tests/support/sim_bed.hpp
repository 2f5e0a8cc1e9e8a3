// Test beds made of software NICs: no QEMU, no root, and a card that complains when it is used wrongly.
#pragma once

#include <vector>

#include "tests/support/test_bed.hpp"

namespace ixy::test {

/// Our models that the e1000 driver serves: inside the register access, in a thread of their own, and each of them in a
/// world of faults that a driver has to ride out unnoticed (rough_world.hpp). The first is the one for tests that one
/// card is enough for.
std::vector<Subject> sim_e1000_subjects();

}  // namespace ixy::test
