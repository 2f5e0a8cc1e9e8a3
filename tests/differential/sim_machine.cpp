// Our card alone: no PCI function in front of it, and a stepped clock.
#include <sys/eventfd.h>
#include <unistd.h>

#include <stdexcept>
#include <vector>

#include "tests/differential/machine.hpp"
#include "tests/support/far_end.hpp"

#include <ixy/sim/card/card.hpp>

namespace ixy::test {
namespace {

using namespace std::chrono_literals;

/// Longer than the longest settings of the card's timers: 67 ms (RDTR) and 17 ms (ITR).
constexpr sim::Time all_that_comes = 100ms;

class SimMachine final : public Machine {
public:
    explicit SimMachine(const sim::CardType& type)
        : memory_(arena_size),
          card_(type, far_end_.plug(),
                {.name = "ours",
                 .model = {.mac = {0x52, 0x54, 0x00, 0x00, 0x00, 0x01}},
                 .clock = clock_,
                 .reports = reports_}) {
        card_.config_write(pci_config::command, 2,
                           pci_config::command_io | pci_config::command_memory | pci_config::command_bus_master);
        (void)card_.map(IoAddress{arena_begin}, memory_);
        for (unsigned vector = 0; vector < type.msi_x; ++vector) {
            files_.push_back(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
            (void)card_.set_event_file(InterruptKind::msi_x, vector, files_.back());
        }
    }
    ~SimMachine() override {
        for (const int file : files_) ::close(file);
    }

    std::uint32_t read(std::uint32_t offset) override {
        return static_cast<std::uint32_t>(card_.bar_read(0, offset, 4));
    }
    void write(std::uint32_t offset, std::uint32_t value) override {
        card_.bar_write(0, offset, 4, value);
        settle();
    }
    std::span<std::byte> memory() override { return memory_; }
    void put(const Frame& frame) override {
        (void)far_end_.send(frame, 0ms);
        settle();
    }
    Frame take() override { return far_end_.receive(0ms); }
    bool interrupt() override {
        constexpr std::uint32_t interrupt_status = 1 << 3;
        return (card_.config_read(pci_config::status, 2) & interrupt_status) != 0;
    }
    void set_messages(bool on) override {
        card_.config_write(card_.capability(pci_config::capability_msi_x) + 2, 2, on ? 0x8000 : 0);
        settle();
    }
    std::uint32_t messages() override {
        std::uint32_t vectors = 0;
        for (std::size_t vector = 0; vector < files_.size(); ++vector) {
            eventfd_t count = 0;
            if (::eventfd_read(files_[vector], &count) == 0) vectors |= 1U << vector;
        }
        return vectors;
    }
    void set_cable(bool plugged) override {
        card_.set_cable(plugged);
        settle();
    }
    std::string reports() override { return reports_->text(); }

private:
    void settle() { clock_->pass(all_that_comes); }

    std::vector<std::byte> memory_;
    std::vector<int> files_;  ///< events, one per vector
    FarEnd far_end_{false};
    std::shared_ptr<sim::SteppedClock> clock_ = std::make_shared<sim::SteppedClock>();
    std::shared_ptr<sim::ReportList> reports_ = std::make_shared<sim::ReportList>();
    sim::Card card_;
};

}  // namespace

std::unique_ptr<Machine> make_sim_machine(const datasheet::e1000::Chip& chip) {
    for (const sim::CardType& type : sim::card_types()) {
        if (chip.serves(type.identity.device)) return std::make_unique<SimMachine>(type);
    }
    throw std::runtime_error(std::string(chip.name) + ": there is no software card with this chip");
}

}  // namespace ixy::test
