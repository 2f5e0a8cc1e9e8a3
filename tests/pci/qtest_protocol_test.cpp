// The qtest connection against servers other than QEMU: nothing they say or omit hangs or confuses it.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include <ixy/pci/qtest.hpp>

namespace ixy {
namespace {

using namespace std::chrono_literals;

/// Listens like a QEMU, and answers each line with the result of `answer`.
class FakeQemu {
public:
    explicit FakeQemu(std::function<std::string(const std::string&)> answer) {
        std::string folder = std::filesystem::temp_directory_path() / "ixy-fake-XXXXXX";
        folder_ = ::mkdtemp(folder.data());
        sockaddr_un name{.sun_family = AF_UNIX, .sun_path = {}};
        socket().native().copy(name.sun_path, sizeof name.sun_path - 1);
        listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        EXPECT_EQ(::bind(listener_, reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
        EXPECT_EQ(::listen(listener_, 1), 0);
        thread_ = std::thread([this, answer = std::move(answer)] { serve(answer); });
    }
    ~FakeQemu() {
        ::shutdown(listener_, SHUT_RDWR);
        thread_.join();
        ::close(listener_);
        std::filesystem::remove_all(folder_);
    }
    std::filesystem::path socket() const { return folder_ / "s"; }

private:
    void serve(const std::function<std::string(const std::string&)>& answer) {
        const int file = ::accept(listener_, nullptr, nullptr);
        char line[512];
        for (ssize_t size; file >= 0 && (size = ::recv(file, line, sizeof line, 0)) > 0;) {
            const std::string text = answer({line, static_cast<std::size_t>(size)});
            if (::send(file, text.data(), text.size(), MSG_NOSIGNAL) < 0) break;
        }
        ::close(file);
    }

    std::filesystem::path folder_;
    int listener_ = -1;
    std::thread thread_;
};

TEST(QtestProtocol, a_silent_server_times_out) {
    FakeQemu fake([](const std::string&) { return ""; });
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(QtestConnection::open(fake.socket(), 100ms).error().kind, ErrorKind::timeout);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
}

TEST(QtestProtocol, a_server_with_another_protocol_is_refused) {
    for (const std::string talk :
         {"220 mail.example.org ESMTP\n", "OK big\n", "OK\n", "\n", "IRQ\nIRQ raise\nIRQ raise 99\nFAIL\n"}) {
        FakeQemu fake([talk](const std::string&) { return talk; });
        EXPECT_EQ(QtestConnection::open(fake.socket(), 100ms).error().kind, ErrorKind::device_failed) << talk;
    }
    FakeQemu endless([](const std::string&) { return std::string(100'000, 'x'); });
    EXPECT_FALSE(QtestConnection::open(endless.socket(), 100ms));
}

TEST(QtestProtocol, the_clock_is_stepped_if_ours_and_interrupt_lines_are_recorded) {
    std::string steps;
    std::mutex mutex;
    FakeQemu fake([&](const std::string& line) -> std::string {
        const std::lock_guard lock(mutex);
        if (line == "endianness\n") return "OK little\n";
        if (line.starts_with("clock_step ")) steps += line;
        if (line.starts_with("readl ")) return "IRQ raise 22\nIRQ lower 3\nOK 0x0000000000000005\n";
        if (line.starts_with("readb ")) return "IRQ lower 22\nOK nonsense\n";
        return "OK 0\n";
    });
    const auto connection = QtestConnection::open(fake.socket(), 5s);
    ASSERT_TRUE(connection) << connection.error().text();
    QtestConnection* const qtest = connection->get();
    qtest->pass_time(3us);
    EXPECT_EQ(qtest->read(0, 4), 5U);
    EXPECT_TRUE(qtest->irq_level(22));
    EXPECT_EQ(qtest->read(0, 1), 0xffU) << "an answer that is not a number reads as all ones";
    EXPECT_FALSE(qtest->irq_level(22));
    const std::lock_guard lock(mutex);
    EXPECT_EQ(steps, "clock_step 0\nclock_step 3000\n");
}

}  // namespace
}  // namespace ixy
