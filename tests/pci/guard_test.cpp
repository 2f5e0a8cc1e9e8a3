// The owner of a card is killed by SIGKILL: what the guard does then, and what it survives.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <functional>
#include <thread>

#include <ixy/pci/sysfs.hpp>
#include <tests/pci/fake_sysfs.hpp>

namespace ixy {
namespace {

using test::FakeSysfs;

constexpr const char* guarded = "0000:03:00.0";

bool eventually(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
}

/// Gone, or a zombie that has not been reaped yet.
bool has_ended(pid_t pid) {
    const std::string status = FakeSysfs::get("/proc/" + std::to_string(pid) + "/stat");
    return status.empty() || status[status.rfind(')') + 2] == 'Z';
}

bool is_stopped(pid_t pid) {
    const std::string status = FakeSysfs::get("/proc/" + std::to_string(pid) + "/stat");
    return !status.empty() && status[status.rfind(')') + 2] == 'T';
}

std::string process_file(pid_t pid, const char* name) {
    return FakeSysfs::get("/proc/" + std::to_string(pid) + "/" + name);
}

bool holds(pid_t pid, const std::string& name) {
    for (const auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd")) {
        if (std::filesystem::read_symlink(entry).string().find(name) != std::string::npos) return true;
    }
    return false;
}

/// A process in its own process group that opens the card, lets it do DMA, shares memory with the guard, and waits.
struct Owner : testing::Test {
    void SetUp() override {
        folder = fake.add({});
        int ends[2];
        ASSERT_EQ(::pipe(ends), 0);
        pid = ::fork();
        if (pid == 0) {
            ::setpgid(0, 0);
            ::close(ends[0]);
            live(ends[1]);
        }
        ::setpgid(pid, pid);
        ::close(ends[1]);
        pipe = File(ends[0]);
        ASSERT_EQ(::read(pipe.get(), &guard, sizeof guard), static_cast<ssize_t>(sizeof guard)) << "the owner failed";
    }
    [[noreturn]] void live(int report) {
        const auto function = SysfsFunction::open(guarded, {}, fake.tree);
        const auto session = SysfsSession::get();
        const int memory = ::memfd_create("ixy-test-memory", 0);
        if (!function || !session || !(*function)->set_bus_master(true) || !(*session)->guard->keep_memory(memory))
            ::_exit(1);
        const pid_t guard_pid = (*function)->guard().pid();
        [[maybe_unused]] const ssize_t told = ::write(report, &guard_pid, sizeof guard_pid);
        for (;;) ::pause();
    }
    void TearDown() override {
        kill_owner();
        ::kill(guard, SIGCONT);
        EXPECT_TRUE(eventually([this] { return has_ended(guard); })) << "the guard never ends";
    }
    void kill_owner() {
        if (std::exchange(alive, false)) {
            ::kill(-pid, SIGKILL);
            ::waitpid(pid, nullptr, 0);
        }
    }
    bool lock_is_free() const {
        const File config(::open((folder / "config").c_str(), O_RDONLY | O_CLOEXEC));
        return ::flock(config.get(), LOCK_EX | LOCK_NB) == 0;
    }
    bool bus_master() const { return (fake.command(guarded) & pci_config::command_bus_master) != 0; }

    FakeSysfs fake;
    std::filesystem::path folder;
    pid_t pid = -1;
    pid_t guard = -1;
    bool alive = true;
    File pipe;
};

TEST_F(Owner, when_killed_the_guard_stops_and_returns_the_card) {
    EXPECT_TRUE(bus_master());
    kill_owner();
    ASSERT_TRUE(eventually([this] { return has_ended(guard); }));
    EXPECT_FALSE(bus_master());
    EXPECT_EQ(fake.command(guarded), 0x0103);
    EXPECT_EQ(FakeSysfs::get(fake.driver_folder("e1000") / "bind"), guarded);
    EXPECT_EQ(FakeSysfs::get(folder / "driver_override")[0], '\n');
    EXPECT_EQ(FakeSysfs::get(folder / "enable")[0], '0');
    EXPECT_TRUE(lock_is_free());
}

TEST_F(Owner, when_killed_memory_and_lock_stay_until_the_card_is_stopped) {
    ::kill(guard, SIGSTOP);
    ASSERT_TRUE(eventually([this] { return is_stopped(guard); }));
    kill_owner();
    EXPECT_TRUE(bus_master());
    EXPECT_TRUE(holds(guard, "memfd:ixy-test-memory"));
    EXPECT_FALSE(lock_is_free());
    EXPECT_EQ(SysfsFunction::open(guarded, {.force = true}, fake.tree).error().kind, ErrorKind::busy);
    ::kill(guard, SIGCONT);
    ASSERT_TRUE(eventually([this] { return lock_is_free(); }));
    EXPECT_FALSE(bus_master());
}

TEST_F(Owner, when_killed_the_card_can_be_taken_again_at_once) {
    kill_owner();
    EXPECT_TRUE(SysfsFunction::open(guarded, {}, fake.tree).has_value());
}

TEST_F(Owner, when_killed_its_pipes_close_although_the_guard_lives) {
    ::kill(guard, SIGSTOP);
    ASSERT_TRUE(eventually([this] { return is_stopped(guard); }));
    kill_owner();
    char byte;
    pollfd wait{pipe.get(), POLLIN, 0};
    ASSERT_EQ(::poll(&wait, 1, 5000), 1);
    EXPECT_EQ(::read(pipe.get(), &byte, 1), 0);
}

TEST_F(Owner, has_a_guard_with_its_own_name_group_and_parent) {
    EXPECT_EQ(process_file(guard, "comm"), "ixy-guard\n");
    const std::string command_line = process_file(guard, "cmdline");
    EXPECT_EQ(command_line.substr(0, 10), std::string("ixy-guard\0", 10));
    EXPECT_EQ(command_line.find("test"), std::string::npos);
    EXPECT_NE(::getpgid(guard), pid);
    EXPECT_EQ(::getsid(guard), ::getpgid(guard));
    EXPECT_EQ(process_file(pid, ("task/" + std::to_string(pid) + "/children").c_str()), "")
        << "the program has a child";
}

TEST_F(Owner, has_a_guard_that_ignores_polite_signals) {
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGPIPE}) ::kill(guard, signal);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    EXPECT_FALSE(has_ended(guard));
    EXPECT_TRUE(bus_master());
    kill_owner();
    ASSERT_TRUE(eventually([this] { return has_ended(guard); }));
    EXPECT_FALSE(bus_master());
}

TEST(Guard, ends_with_the_last_function) {
    FakeSysfs fake;
    fake.add({});
    pid_t guard = 0;
    {
        const auto function = SysfsFunction::open(guarded, {}, fake.tree);
        ASSERT_TRUE(function.has_value());
        guard = (*function)->guard().pid();
        EXPECT_FALSE(has_ended(guard));
    }
    EXPECT_TRUE(eventually([guard] { return has_ended(guard); }));
}

TEST(Guard, forgets_a_function_that_was_closed) {
    FakeSysfs fake;
    fake.add({});
    fake.add({.address = "0000:04:00.0", .interface = "lo"});
    const auto other = SysfsFunction::open("0000:04:00.0", {}, fake.tree);
    ASSERT_TRUE(other.has_value());
    for (unsigned i = 0; i < 2 * Guard::most_functions; ++i) {
        ASSERT_TRUE(SysfsFunction::open(guarded, {}, fake.tree).has_value());
    }
    EXPECT_FALSE(holds((*other)->guard().pid(), guarded));
    EXPECT_TRUE(holds((*other)->guard().pid(), "0000:04:00.0"));
}

TEST(Guard, when_killed_is_noticed_by_the_next_open_and_harmless_to_close) {
    FakeSysfs fake;
    fake.add({});
    fake.add({.address = "0000:04:00.0", .interface = "lo"});
    {
        const auto function = SysfsFunction::open(guarded, {}, fake.tree);
        ASSERT_TRUE(function.has_value());
        ::kill((*function)->guard().pid(), SIGKILL);
        const auto second = SysfsFunction::open("0000:04:00.0", {}, fake.tree);
        ASSERT_FALSE(second.has_value());
        EXPECT_NE(second.error().what.find("guard"), std::string::npos) << second.error().text();
    }
    EXPECT_EQ(FakeSysfs::get(fake.driver_folder("e1000") / "bind"), guarded);
    EXPECT_EQ(fake.command(guarded), 0x0103);
    EXPECT_TRUE(SysfsFunction::open(guarded, {}, fake.tree).has_value()) << "a new guard";
}

TEST(Guard, late_answers_are_not_mistaken_for_answers_to_later_requests) {
    const auto guard = Guard::start().value();
    const File file(::memfd_create("ixy-test-config", MFD_CLOEXEC));
    EXPECT_EQ(guard->keep_function(file.get()).value(), 0U);
    ::kill(guard->pid(), SIGSTOP);
    const auto late = guard->check_alive();
    ASSERT_FALSE(late);
    EXPECT_NE(late.error().what.find("does not answer"), std::string::npos) << late.error().text();
    ::kill(guard->pid(), SIGCONT);
    EXPECT_EQ(guard->keep_function(file.get()).value(), 1U);
    EXPECT_TRUE(guard->check_alive());
}

TEST(Guard, refuses_functions_beyond_its_capacity) {
    auto guard = Guard::start();
    ASSERT_TRUE(guard.has_value());
    const File file(::memfd_create("ixy-test-config", MFD_CLOEXEC));
    for (unsigned i = 0; i < Guard::most_functions; ++i) EXPECT_EQ((*guard)->keep_function(file.get()).value(), i);
    EXPECT_FALSE((*guard)->keep_function(file.get()).has_value());
    for (unsigned i = 0; i < Guard::most_steps; ++i) EXPECT_TRUE((*guard)->push(0, UndoStep::command(0)).has_value());
    EXPECT_FALSE((*guard)->push(0, UndoStep::command(0)).has_value());
    EXPECT_TRUE((*guard)->check_alive().has_value());
}

TEST(Guard, keeps_more_regions_than_a_process_may_open_files_by_default) {
    auto guard = Guard::start();
    ASSERT_TRUE(guard.has_value());
    const File file(::memfd_create("ixy-test-memory", MFD_CLOEXEC));
    for (int i = 0; i < 2000; ++i) {
        const auto kept = (*guard)->keep_memory(file.get());
        ASSERT_TRUE(kept.has_value()) << i << ": " << kept.error().text();
    }
}

}  // namespace
}  // namespace ixy
