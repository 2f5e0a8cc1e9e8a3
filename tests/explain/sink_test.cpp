// Writing explanations to a pipe.
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>

#include <ixy/core/files.hpp>
#include <ixy/explain/sink.hpp>

#include "tests/core/fake_folder.hpp"

namespace ixy::explain {
namespace {

std::atomic<bool> asked = false;

class SinkIntoPipe : public testing::Test {
protected:
    SinkIntoPipe() {
        asked = false;
        end_waiting_when([] { return asked.load(); });
        if (::mkfifo(path.c_str(), 0600) != 0) throw std::runtime_error("no pipe");
    }
    ~SinkIntoPipe() override { end_waiting_when(nullptr); }

    ixy::test::FakeFolder folder;
    const std::string path = folder.path("pipe");
};

TEST_F(SinkIntoPipe, waits_for_its_reader_until_the_program_is_told_to_end) {
    std::jthread ending([] { asked = true; });
    const auto sink = open_sink(path);
    ASSERT_FALSE(sink);
    EXPECT_EQ(sink.error().kind, ErrorKind::timeout);
    EXPECT_NE(sink.error().what.find(path), std::string::npos);
}

TEST_F(SinkIntoPipe, lines_a_stalled_reader_misses_at_program_end_are_counted) {
    const File reader(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    const auto sink = open_sink(path);
    ASSERT_TRUE(sink);
    const std::string line = std::string(99, 'x') + "\n";
    std::string lines;
    for (int i = 0; i < 2000; ++i) lines += line;  // more than fits in a pipe
    const std::uint64_t before = lost_lines();
    ::testing::internal::CaptureStderr();
    asked = true;
    (*sink)->print(lines);
    const std::uint64_t lost = lost_lines() - before;
    EXPECT_GT(lost, 0U);
    EXPECT_LT(lost, 2000U);
    (*sink)->print(line);
    EXPECT_EQ(lost_lines() - before, lost + 1);
    const std::string said = ::testing::internal::GetCapturedStderr();
    EXPECT_EQ(said, path + ": its reader has stopped reading; the explanations end here\n");
}

}  // namespace
}  // namespace ixy::explain
