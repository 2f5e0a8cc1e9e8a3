// A window into the software cards of this process: other processes can look at their registers and rings while they
// run, as `ixy regs` and `ixy rings` do. They cannot change anything: registers that a read would change are refused.
//
//   ixy-fwd, pid 1234                              ixy rings sim:@1234/0
//     Card ◀── Window ◀────── socket ◀────── ObservedFunction (view.hpp)
#pragma once

#include <memory>
#include <thread>
#include <vector>

#include <ixy/core/error.hpp>
#include <ixy/core/files.hpp>
#include <ixy/sim/card/card.hpp>

namespace ixy::sim {

/// Answers viewers in a thread of its own. Only processes of this user, and root, are answered.
class Window {
public:
    /// `cards` must outlive the window; a viewer names them by their place in it. Errors: busy (this process has a
    /// window already), system.
    static Expected<std::unique_ptr<Window>> open(std::vector<Card*> cards);
    ~Window();
    Window(const Window&) = delete;
    Window& operator=(const Window&) = delete;

private:
    Window(std::vector<Card*> cards, File listener, File stop);
    void run();
    bool wait_for_files() const;
    void answer(int viewer) const;

    std::vector<Card*> cards_;
    File listener_;
    File stop_;
    std::thread thread_;
};

}  // namespace ixy::sim
