// Writing to pipes despite signals and slow readers.
#include <gtest/gtest.h>

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <string>
#include <thread>

#include <ixy/core/files.hpp>

namespace ixy {
namespace {

using namespace std::chrono_literals;

struct Pipe {
    Pipe() {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
        reader = File(ends[0]);
        writer = File(ends[1]);
    }
    File reader, writer;
};

std::string read_bytes(const File& file, std::size_t count) {
    std::string text;
    char part[4096];
    while (text.size() < count) {
        const ssize_t got = ::read(file.get(), part, std::min(sizeof part, count - text.size()));
        if (got <= 0) break;
        text.append(part, static_cast<std::size_t>(got));
    }
    return text;
}

extern "C" void do_nothing(int) {}

/// SIGUSR1 interrupts system calls while it lives, as in a program that catches it.
class CaughtSignal {
public:
    CaughtSignal() {
        struct sigaction action{};
        action.sa_handler = do_nothing;
        ::sigaction(SIGUSR1, &action, &before_);
    }
    ~CaughtSignal() { ::sigaction(SIGUSR1, &before_, nullptr); }
    CaughtSignal(const CaughtSignal&) = delete;
    CaughtSignal& operator=(const CaughtSignal&) = delete;

private:
    struct sigaction before_{};
};

TEST(WriteAll, signals_on_a_full_pipe_lose_nothing) {
    const CaughtSignal caught;
    const Pipe pipe;
    const std::string text(1 << 20, 'x');
    auto left = std::as_bytes(std::span(text));
    std::atomic<int> waits = 0;
    const pthread_t writer = ::pthread_self();
    std::jthread reader([&] {
        while (waits < 3) std::this_thread::sleep_for(1ms);  // now the pipe is full
        for (int i = 0; i < 20; ++i) {
            ::pthread_kill(writer, SIGUSR1);
            EXPECT_EQ(read_bytes(pipe.reader, text.size() / 20).size(), text.size() / 20);
        }
        read_bytes(pipe.reader, text.size() % 20);
    });
    EXPECT_EQ(write_all(pipe.writer.get(), left, [&](auto) { return ++waits != 0; }), 0);
    EXPECT_TRUE(left.empty());
}

TEST(WriteAll, gives_up_on_a_stalled_reader_and_reports_the_unwritten_rest) {
    const Pipe pipe;
    const std::string text(1 << 20, 'x');
    auto left = std::as_bytes(std::span(text));
    EXPECT_EQ(write_all(pipe.writer.get(), left, [](auto standstill) { return standstill < 150ms; }), ETIMEDOUT);
    ASSERT_LT(left.size(), text.size());
    const std::size_t written = text.size() - left.size();
    EXPECT_EQ(read_bytes(pipe.reader, written).size(), written);
}

TEST(WriteAll, reports_why_nothing_can_be_written) {
    std::string text = "x";
    auto left = std::as_bytes(std::span(text));
    EXPECT_EQ(write_all(File(::open("/dev/full", O_WRONLY | O_CLOEXEC)).get(), left, {}), ENOSPC);
    EXPECT_EQ(write_all(-1, left, {}), EBADF);
    Pipe pipe;
    pipe.reader.close();
    auto* const before = std::signal(SIGPIPE, SIG_IGN);
    EXPECT_EQ(write_all(pipe.writer.get(), left, {}), EPIPE);
    std::signal(SIGPIPE, before);
    EXPECT_EQ(left.size(), 1U);
}

}  // namespace
}  // namespace ixy
