// Starting, watching and ending programs.
#include "tests/apps/program.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace ixy::test {
namespace fs = std::filesystem;

namespace {

std::string read_all(const fs::path& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

void redirect(int file, const fs::path& path) {
    const int opened = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (opened < 0 || ::dup2(opened, file) < 0) ::_exit(126);
}

void give_closed_pipe(int file) {
    int ends[2];
    if (::pipe(ends) != 0 || ::dup2(ends[1], file) < 0) ::_exit(126);
    ::close(ends[0]);
    ::close(ends[1]);
}

void give_full_pipe(int file) {
    int ends[2];
    if (::pipe2(ends, O_NONBLOCK) != 0 || ::dup2(ends[1], file) < 0) ::_exit(126);
    while (::write(file, "", 1) == 1) continue;
    ::fcntl(file, F_SETFL, 0);  // the reading end stays open in the program
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
    std::string name = fs::temp_directory_path() / "ixy-apps-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot create " + name);
    path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

Program::Program(const std::string& name, std::vector<std::string> arguments, const ProgramOptions& options) {
    const std::string file = std::string(IXY_PROGRAMS_FOLDER) + "/" + name;
    arguments.insert(arguments.begin(), name);
    std::vector<char*> words;
    for (std::string& word : arguments) words.push_back(word.data());
    words.push_back(nullptr);
    process_ = ::fork();
    if (process_ < 0) throw std::runtime_error("fork failed");
    if (process_ > 0) return;

    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    redirect(STDERR_FILENO, folder_ / "errors");
    redirect(STDOUT_FILENO, folder_ / "output");
    if (options.close_output) give_closed_pipe(STDOUT_FILENO);
    if (options.stall_output) give_full_pipe(STDOUT_FILENO);
    if (options.file_size_limit != 0) {
        const rlimit limit{options.file_size_limit, options.file_size_limit};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    ::execv(file.c_str(), words.data());
    ::_exit(127);
}

Program::~Program() {
    if (running()) {
        ::kill(process_, SIGKILL);
        ::waitpid(process_, nullptr, 0);
    }
}

/// A program that has ended gets no signal: its process id is now -1, which would address every process.
void Program::signal(int number) {
    if (running()) ::kill(process_, number);
}

void Program::await(const std::string& text) {
    while (running() && errors().find(text) == std::string::npos)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

bool Program::running() {
    int state = 0;
    if (process_ > 0 && ::waitpid(process_, &state, WNOHANG) == process_) {
        process_ = -1;
        status_ = WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
    }
    return process_ > 0;
}

int Program::wait(std::chrono::seconds limit) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (running()) {
        if (std::chrono::steady_clock::now() > end) {
            ::kill(process_, SIGKILL);
            ::waitpid(process_, nullptr, 0);
            process_ = -1;
            return -1;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return status_;
}

std::chrono::nanoseconds Program::processor_time() const {
    clockid_t clock{};
    timespec time{};
    if (process_ < 0 || ::clock_getcpuclockid(process_, &clock) != 0 || ::clock_gettime(clock, &time) != 0) return {};
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

std::string Program::output() const { return read_all(folder_ / "output"); }
std::string Program::errors() const { return read_all(folder_ / "errors"); }

std::vector<nlohmann::json> Program::json_lines() const {
    std::vector<nlohmann::json> lines;
    std::istringstream text(output());
    for (std::string line; std::getline(text, line);) lines.push_back(nlohmann::json::parse(line));
    return lines;
}

}  // namespace ixy::test
