// QEMU's card: registers through the qtest socket, memory in the file that we share with it, the cable a socket.
#include <stdexcept>

#include "tests/differential/machine.hpp"

#include <ixy/pci/function.hpp>

namespace ixy::test {
namespace {

constexpr unsigned slot = 2 << 3;  // where Qemu puts its first card

class QemuMachine final : public Machine {
public:
    QemuMachine() : connection_(qemu_.connection()) {
        auto function = open_pci_function(qemu_.address());
        if (!function) throw std::runtime_error(function.error().text());
        function_ = std::move(*function);
        registers_ = function_->map_bar(0, 0x20000).value();
        (void)function_->set_bus_master(true);
        memory_ = function_->dma_space()->memory_at(IoAddress{arena_begin}, arena_size);
        std::ranges::fill(memory_, std::byte{0});
    }

    std::uint32_t read(std::uint32_t offset) override { return registers_.load<std::uint32_t>(offset); }
    void write(std::uint32_t offset, std::uint32_t value) override { registers_.store(offset, value); }
    std::span<std::byte> memory() override { return memory_; }
    /// QEMU's loop sees the frame and the next line from us at once, and may serve either first; but not the second.
    void put(const Frame& frame) override {
        if (!qemu_.wire().send(frame)) throw std::runtime_error("the cable is full");
        for (int i = 0; i < 3; ++i) connection_->read(arena_begin, 4);
    }
    Frame take(std::chrono::milliseconds limit) override { return qemu_.wire().receive(limit); }
    bool interrupt() override {
        constexpr std::uint32_t interrupt_status = 1 << 3;
        return (connection_->config_read(slot, pci_config::status, 2) & interrupt_status) != 0;
    }
    void set_cable(bool plugged) override { qemu_.set_link(0, plugged); }

private:
    Qemu qemu_;
    std::shared_ptr<QtestConnection> connection_;
    std::unique_ptr<PciFunction> function_;
    Bar registers_;
    std::span<std::byte> memory_;
};

}  // namespace

std::unique_ptr<Machine> make_qemu_machine() { return std::make_unique<QemuMachine>(); }

}  // namespace ixy::test
