// QEMU's card: registers through the qtest socket, memory in a file shared with QEMU, the cable as a socket.
#include <stdexcept>
#include <utility>

#include "tests/differential/machine.hpp"

#include <ixy/pci/function.hpp>

namespace ixy::test {
namespace {

constexpr unsigned slot = 2 << 3;  // where Qemu puts its first card
constexpr std::uint32_t mailbox_begin = 0x1f'0000;
constexpr std::size_t mailbox_size = 4 * message_vectors;

/// The machine's clock stands still while nothing waits for it; otherwise it jumps to the next timer once all earlier
/// ones have been served. So everything pending in the card is done when a later timer of ours expires: one of the
/// HPET, whose counter counts 10 ns. QEMU's card is deaf for a second after a write to RCTL; nothing takes longer.
class MachineClock {
public:
    static QemuOptions options() { return {.arguments = {"-machine", "hpet=on"}}; }

    explicit MachineClock(std::shared_ptr<QtestConnection> connection) : connection_(std::move(connection)) {
        connection_->write(timer_configuration, 8, 1 << 1 | 1 << 2);  // its interrupt stays until cleared
        connection_->write(configuration, 8, 1);                      // the counter runs
    }
    void let_pass_all() const {
        constexpr std::uint64_t two_seconds = 200'000'000;
        connection_->write(comparator, 8, connection_->read(counter, 8) + two_seconds);
        if (!eventually([&] { return (connection_->read(status, 8) & 1) != 0; }))
            throw std::runtime_error("QEMU's clock does not advance");
        connection_->write(status, 8, 1);
    }

private:
    static constexpr std::uint64_t base = 0xfed0'0000, configuration = base + 0x10, status = base + 0x20,
                                   counter = base + 0xf0, timer_configuration = base + 0x100, comparator = base + 0x108;
    std::shared_ptr<QtestConnection> connection_;
};

class QemuMachine final : public Machine {
public:
    explicit QemuMachine(const std::string& model)
        : qemu_({Card{.model = model}}, MachineClock::options()), connection_(qemu_.connection()), clock_(connection_) {
        auto function = open_pci_function(qemu_.address());
        if (!function) throw std::runtime_error(function.error().text());
        function_ = std::move(*function);
        registers_ = function_->map_bar(0, 0x20000).value();
        (void)function_->set_bus_master(true);
        memory_ = function_->dma_space()->memory_at(IoAddress{arena_begin}, arena_size);
        std::ranges::fill(memory_, std::byte{0});
        mailbox_ = function_->dma_space()->memory_at(IoAddress{mailbox_begin}, mailbox_size);
    }

    std::uint32_t read(std::uint32_t offset) override { return registers_.load<std::uint32_t>(offset); }
    void write(std::uint32_t offset, std::uint32_t value) override {
        registers_.store(offset, value);
        clock_.let_pass_all();
    }
    std::span<std::byte> memory() override { return memory_; }
    /// QEMU's loop takes the frame from the cable and gives it to the card before it answers us again.
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
    /// A message is a write to memory: each vector writes its own word.
    void set_messages(bool on) override {
        Bar table = function_->map_bar(3, 16 * message_vectors).value();
        for (unsigned vector = 0; vector < message_vectors; ++vector) {
            const std::uint32_t entry[] = {mailbox_begin + vector * 4, 0, 1, 0};  // address, data, unmasked
            for (unsigned i = 0; i < 4; ++i) table.store(vector * 16 + i * 4, entry[i]);
        }
        std::uint32_t capability = connection_->config_read(slot, pci_config::capabilities, 1);
        while (connection_->config_read(slot, capability, 1) != pci_config::capability_msi_x)
            capability = connection_->config_read(slot, capability + 1, 1);
        connection_->config_write(slot, capability + 2, 2, on ? 0x8000 : 0);
        clock_.let_pass_all();
    }
    std::uint32_t messages() override {
        std::uint32_t vectors = 0;
        for (unsigned vector = 0; vector < message_vectors; ++vector) {
            if (std::exchange(mailbox_[vector * 4], std::byte{0}) != std::byte{0}) vectors |= 1U << vector;
        }
        return vectors;
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
    std::span<std::byte> mailbox_;
};

}  // namespace

std::unique_ptr<Machine> make_qemu_machine(const datasheet::e1000::Chip& chip) {
    return std::make_unique<QemuMachine>(chip.features.interrupts_by_message ? "e1000e" : "e1000");
}

}  // namespace ixy::test
