// Giving a function back, step by step. Only system calls: the guard runs this after a fork.
#include <ixy/pci/undo.hpp>

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <cassert>
#include <cstring>

#include <ixy/pci/function.hpp>

namespace ixy {

bool UndoStep::fits(std::string_view where, std::string_view content) {
    return where.size() < UndoStep{}.path.size() && content.size() < UndoStep{}.text.size();
}

UndoStep UndoStep::write(std::string_view where, std::string_view content) {
    assert(fits(where, content));
    UndoStep step;
    where.copy(step.path.data(), step.path.size() - 1);
    content.copy(step.text.data(), step.text.size() - 1);
    return step;
}

UndoStep UndoStep::command(std::uint16_t command) {
    UndoStep step;
    step.kind = Kind::stop_bus_master;
    step.value = static_cast<std::uint16_t>(command & ~pci_config::command_bus_master);
    return step;
}

void UndoStep::run(int config) const noexcept {
    if (kind == Kind::stop_bus_master) {
        // The read comes back after the write has arrived; requests that the card had sent before it end within
        // microseconds.
        std::uint16_t readback = 0;
        [[maybe_unused]] ssize_t done = ::pwrite(config, &value, sizeof value, pci_config::command);
        done = ::pread(config, &readback, sizeof readback, pci_config::command);
        const timespec pause{0, 1'000'000};
        ::nanosleep(&pause, nullptr);
        return;
    }
    const int file = ::open(path.data(), O_WRONLY | O_CLOEXEC);
    if (file < 0) return;
    [[maybe_unused]] const ssize_t done = ::write(file, text.data(), std::strlen(text.data()));
    ::close(file);
}

}  // namespace ixy
