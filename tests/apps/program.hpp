// A program under test: started as a user would start it, with its output captured.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace ixy::test {

/// A folder that is removed with its owner.
class TemporaryFolder {
public:
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

private:
    std::filesystem::path path_;
};

struct ProgramOptions {
    std::size_t file_size_limit = 0;  ///< bytes (RLIMIT_FSIZE); 0: none
    bool close_output = false;        ///< standard output is a pipe without a reader
    bool stall_output = false;        ///< standard output is a full pipe whose reader does nothing
};

class Program {
public:
    /// Starts build/bin/`name`.
    Program(const std::string& name, std::vector<std::string> arguments, const ProgramOptions& options = {});
    /// Kills it if it is still running.
    ~Program();
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;

    void signal(int number);
    bool running();
    /// Waits until it ends. Returns its exit status; 128 + the signal that ended it; -1 if it was killed after `limit`.
    int wait(std::chrono::seconds limit = std::chrono::seconds(30));
    pid_t id() const { return process_; }
    /// The processor time that all of its threads have used; zero once it has ended.
    std::chrono::nanoseconds processor_time() const;
    std::string output() const;
    std::string errors() const;
    /// Until it has said `text` on standard error, or has ended.
    void await(const std::string& text);
    /// Until it has opened its cards and can be woken, or has ended.
    void await_start() { await(", link "); }
    /// Each line of standard output as JSON.
    std::vector<nlohmann::json> json_lines() const;

private:
    TemporaryFolder folder_;
    pid_t process_ = -1;
    int status_ = -1;
};

}  // namespace ixy::test
