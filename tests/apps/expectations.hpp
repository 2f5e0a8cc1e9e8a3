// What tests of whole programs expect of them.
#pragma once

#include <initializer_list>
#include <string>

#include "tests/apps/program.hpp"

namespace ixy::test {

/// On standard error.
void expect_said(const Program& program, const std::string& text);
/// Waits for its end.
void expect_end(Program& program, int status);
/// They have nothing to do, and leave the processor alone. Measured in processor time, not as a share of it: that of an
/// idle program does not depend on how fast the machine is.
void expect_idle(std::initializer_list<Program*> programs);

}  // namespace ixy::test
