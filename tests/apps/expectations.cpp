// Expectations of programs.
#include "tests/apps/expectations.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace ixy::test {

using namespace std::chrono_literals;

void expect_said(const Program& program, const std::string& text) {
    EXPECT_NE(program.errors().find(text), std::string::npos) << program.errors();
}

void expect_end(Program& program, int status) { EXPECT_EQ(program.wait(), status) << program.errors(); }

void expect_idle(std::initializer_list<Program*> programs) {
    for (Program* program : programs) program->await_start();
    std::this_thread::sleep_for(100ms);
    std::vector<std::chrono::nanoseconds> before;
    for (const Program* program : programs) before.push_back(program->processor_time());
    std::this_thread::sleep_for(1s);
    auto earlier = before.begin();
    for (Program* program : programs) {
        EXPECT_LT(program->processor_time() - *earlier++, 50ms) << program->errors();
        EXPECT_TRUE(program->running()) << program->errors();
    }
}

}  // namespace ixy::test
