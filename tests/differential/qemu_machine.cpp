// QEMU's card: registers through the qtest socket, memory in the file that we share with it, the cable a socket.
#include <stdexcept>

#include "tests/differential/machine.hpp"

#include <ixy/pci/function.hpp>

namespace ixy::test {
namespace {

constexpr unsigned slot = 2 << 3;  // where Qemu puts its first card

/// The machine's clock stands still while nothing waits for it, else it jumps to the next timer, once all earlier ones
/// have been served: what the card has in store for later is over when a timer of ours, that was set later, is served.
/// That is ACPI's power management timer, which tells of every 2.3 seconds of that clock; QEMU's card is deaf for a
/// second after RCTL was written, and nothing in it takes longer.
class MachineClock {
public:
    explicit MachineClock(std::shared_ptr<QtestConnection> connection) : connection_(std::move(connection)) {
        constexpr unsigned bridge = 0x1f << 3;  // ICH9's LPC function: where ACPI's registers are, and that they are
        connection_->config_write(bridge, 0x40, 4, status);
        connection_->config_write(bridge, 0x44, 1, 0x80);
        connection_->out(enable, 2, timer);
    }
    void let_pass_all() const {
        for (int i = 0; i < 2; ++i) {            // the first may be near
            connection_->out(status, 2, timer);  // clears it, and sets it going
            if (!eventually([&] { return (connection_->in(status, 2) & timer) != 0; }))
                throw std::runtime_error("QEMU's clock does not go on");
        }
    }

private:
    static constexpr std::uint16_t status = 0x600, enable = 0x602;
    static constexpr std::uint32_t timer = 1;  // of both
    std::shared_ptr<QtestConnection> connection_;
};

class QemuMachine final : public Machine {
public:
    QemuMachine() : connection_(qemu_.connection()), clock_(connection_) {
        auto function = open_pci_function(qemu_.address());
        if (!function) throw std::runtime_error(function.error().text());
        function_ = std::move(*function);
        registers_ = function_->map_bar(0, 0x20000).value();
        (void)function_->set_bus_master(true);
        memory_ = function_->dma_space()->memory_at(IoAddress{arena_begin}, arena_size);
        std::ranges::fill(memory_, std::byte{0});
    }

    std::uint32_t read(std::uint32_t offset) override { return registers_.load<std::uint32_t>(offset); }
    void write(std::uint32_t offset, std::uint32_t value) override {
        registers_.store(offset, value);
        clock_.let_pass_all();
    }
    std::span<std::byte> memory() override { return memory_; }
    /// QEMU's loop takes the frame from the cable, and gives it to the card before it answers us again.
    void put(const Frame& frame) override {
        Wire& wire = qemu_.wire();
        if (!wire.send(frame) || !eventually([&] { return wire.is_empty(); }))
            throw std::runtime_error("QEMU leaves a frame in the cable");
        clock_.let_pass_all();
    }
    Frame take() override { return qemu_.wire().receive(std::chrono::milliseconds(0)); }
    bool interrupt() override {
        constexpr std::uint32_t interrupt_status = 1 << 3;
        return (connection_->config_read(slot, pci_config::status, 2) & interrupt_status) != 0;
    }
    void set_cable(bool plugged) override {
        qemu_.set_link(0, plugged);
        clock_.let_pass_all();
    }

private:
    Qemu qemu_;
    std::shared_ptr<QtestConnection> connection_;
    MachineClock clock_;
    std::unique_ptr<PciFunction> function_;
    Bar registers_;
    std::span<std::byte> memory_;
};

}  // namespace

std::unique_ptr<Machine> make_qemu_machine() { return std::make_unique<QemuMachine>(); }

}  // namespace ixy::test
