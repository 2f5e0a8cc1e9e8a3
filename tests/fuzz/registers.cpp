// Fuzzes what a driver does to registers: reads and writes of any width anywhere, frames, time and resets in between.
#include <vector>

#include "tests/fuzz/card.hpp"
#include "tests/fuzz/input.hpp"

namespace ixy::fuzz {
namespace {

using datasheet::RegisterInfo;

constexpr std::uint32_t memory_size = 0x4000, register_space = 0x2'0000, io_space = 64;

class Script {
public:
    explicit Script(Input input) : input_(input), card_(fresh_card(input_.up_to(last_card()), memory_size)) {}

    void run() {
        fill_memory();
        while (!input_.empty()) {
            step();
            card_.host.frames.clear();
            card_.host.reports.clear();
        }
    }

private:
    /// The driver's descriptors and buffers in memory may hold anything.
    void fill_memory() {
        auto state = input_.take<std::uint32_t>();
        for (std::byte& each : card_.host.memory) {
            state = state * 1'664'525 + 1'013'904'223;
            each = static_cast<std::byte>(state >> 24);
        }
    }

    void step() {
        const std::uint32_t choice = input_.up_to(15);
        if (choice < 8) {
            const auto value = input_.take<std::uint32_t>();
            card_.nic->write(0, known_offset(), 4, value);
        } else if (choice < 10) {
            card_.nic->read(0, known_offset(), 4);
        } else if (choice == 10) {
            const unsigned width = 1U << input_.up_to(3);
            access(0, input_.up_to(register_space - width), width);
        } else if (choice == 11) {
            const unsigned width = 1U << input_.up_to(2);
            access(2, input_.up_to(io_space - width), width);
        } else if (choice == 12) {
            const std::vector<std::byte> frame(input_.up_to(2000), static_cast<std::byte>(input_.take<std::uint8_t>()));
            card_.nic->receive(frame, input_.up_to(7) == 0);
        } else if (choice == 13) {
            card_.host.pass(*card_.nic, std::chrono::microseconds(input_.take<std::uint16_t>()));
        } else if (choice == 14) {
            card_.nic->set_cable(input_.up_to(1) == 1);
        } else {
            card_.nic->reset(input_.up_to(1) == 1 ? sim::ResetKind::power_on : sim::ResetKind::function_level);
        }
    }

    std::uint32_t known_offset() {
        const auto registers = card_.chip.registers;
        const RegisterInfo& info = *registers[input_.up_to(static_cast<std::uint32_t>(registers.size() - 1))];
        return info.address(info.count == 1 ? 0 : input_.up_to(info.count - 1U));
    }

    void access(unsigned bar, std::uint64_t offset, unsigned width) {
        if (input_.up_to(1) == 0) {
            card_.nic->read(bar, offset, width);
        } else {
            card_.nic->write(bar, offset, width, input_.take<std::uint64_t>());
        }
    }

    Input input_;
    Card& card_;
};

}  // namespace
}  // namespace ixy::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    ixy::fuzz::Script(ixy::fuzz::Input(std::as_bytes(std::span(data, size)))).run();
    return 0;
}
