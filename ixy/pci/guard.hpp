// The guard: a process that outlives its owner and stops the owner's cards.
//
// A card keeps writing to memory when the program that drives it is killed; without an IOMMU, nothing protects whoever
// gets those pages next. So opening the first function through sysfs forks a small process that holds on to everything:
// each DMA region's file, each function's configuration space and with it the lock. When the socket between the two
// closes, the owner is dead: the guard turns bus mastering off, waits, gives the cards back to the kernel, and only
// then exits, which releases the memory and the lock.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <mutex>

#include <ixy/core/error.hpp>
#include <ixy/pci/files.hpp>
#include <ixy/pci/undo.hpp>

namespace ixy {

/// The owner's end. Destroying it tells the guard to end and waits until it has. Thread rule: any thread.
/// If a program forks without exec, the guard stays quiet as long as the children live: they own the cards too.
class Guard {
public:
    static constexpr unsigned most_functions = 64;
    static constexpr unsigned most_steps = 8;

    /// Starts the process. Errors: system.
    static Expected<std::unique_ptr<Guard>> start();
    ~Guard();
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

    pid_t pid() const { return pid_; }

    /// Every call below fails if the guard has been killed, or does not answer for 5 seconds.
    Expected<> check_alive();
    /// Holds a copy of `memory` until the guard ends.
    Expected<> keep_memory(int memory);
    /// Holds a copy of `config`, its lock included. Returns the number under which its steps are filed.
    Expected<unsigned> keep_function(int config);
    /// Files `step`, to be taken before those filed earlier.
    Expected<> push(unsigned function, const UndoStep& step);
    /// Removes the last step, which has been taken.
    Expected<> pop(unsigned function);
    /// Lets go of `function` without taking its steps.
    Expected<> release(unsigned function);

private:
    enum class Request : std::uint8_t { check, keep_memory, keep_function, push, pop, release, end };
    struct Message;
    struct Answer;
    struct Process;
    Guard(File socket, pid_t pid) : socket_(std::move(socket)), pid_(pid) {}
    Expected<unsigned> ask(Message message, int file = -1);
    Expected<> tell(const Message& message, int file = -1);

    std::mutex mutex_;
    File socket_;
    pid_t pid_;
    unsigned asked_ = 0;
};

}  // namespace ixy
