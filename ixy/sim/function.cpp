// Does for the driver of a software card what firmware and the kernel's PCI core do for other drivers.
#include <ixy/sim/function.hpp>

#include <sys/eventfd.h>

#include <array>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include <ixy/core/files.hpp>
#include <ixy/core/process_space.hpp>
#include <ixy/pci/wrapped.hpp>
#include <ixy/sim/card/card_thread.hpp>

namespace ixy::sim {
namespace {

class SimFunction final : public PciFunction {
public:
    SimFunction(std::shared_ptr<Card> card, std::string address, Running running);
    ~SimFunction() override;

    std::string_view address() const override { return address_; }
    const PciIdentity& identity() const override { return card_->type().identity; }
    Expected<std::uint32_t> config_read(std::uint32_t offset, unsigned width) override;
    Expected<> config_write(std::uint32_t offset, unsigned width, std::uint32_t value) override;
    Expected<Bar> map_bar(unsigned index, std::size_t least) override;
    const std::shared_ptr<DmaSpace>& dma_space() const override { return memory_; }
    Expected<std::vector<Interrupt>> enable_interrupts(InterruptKind kind, std::size_t count) override;
    Expected<> unmask_interrupt(std::size_t vector) override;
    Expected<> reset() override;
    void wait(std::chrono::nanoseconds duration) override;
    Card& card() { return *card_; }

private:
    /// A BAR: each access goes to the card, here or in its own thread.
    struct Window final : BarBackend {
        std::uint64_t read(std::uint64_t offset, unsigned width, const std::source_location&) override {
            return thread != nullptr ? thread->read(index, offset, width) : card->bar_read(index, offset, width);
        }
        void write(std::uint64_t offset, unsigned width, std::uint64_t value, const std::source_location&) override {
            if (thread != nullptr) {
                thread->write(index, offset, width, value);
            } else {
                card->bar_write(index, offset, width, value);
            }
        }
        Card* card = nullptr;
        CardThread* thread = nullptr;  ///< null: the calling thread carries out its accesses
        unsigned index = 0;
    };

    void flush() {
        if (carries_accesses_) thread_->flush();
    }
    void enable_in_config_space(std::optional<InterruptKind> kind);
    void disable_interrupts();

    std::shared_ptr<Card> card_;
    std::string address_;
    std::shared_ptr<DmaSpace> memory_ = ProcessSpace::shared();
    std::unique_ptr<CardThread> thread_;
    bool carries_accesses_ = false;  ///< thread_ does
    std::array<Window, 6> windows_;
    InterruptKind interrupt_kind_ = InterruptKind::legacy;
    std::vector<File> event_files_;
};

SimFunction::SimFunction(std::shared_ptr<Card> card, std::string address, Running running)
    : card_(std::move(card)), address_(std::move(address)), carries_accesses_(running == Running::thread) {
    // All of the process's DMA memory, piece by piece as it grows.
    card_->on_dma_miss([memory = memory_](Iommu& iommu, IoAddress) {
        bool mapped = false;
        for (const auto& region : memory->shared_regions()) {
            mapped |= iommu.map(region.address, region.memory).has_value();  // busy: mapped already
        }
        return mapped;
    });
    if (running != Running::manual) thread_ = std::make_unique<CardThread>(*card_, carries_accesses_);
    for (unsigned i = 0; i < windows_.size(); ++i) {
        windows_[i].card = card_.get();
        windows_[i].thread = carries_accesses_ ? thread_.get() : nullptr;
        windows_[i].index = i;
    }
    card_->config_write(pci_config::command, 2, pci_config::command_memory | pci_config::command_io);
    card_->service();
}

SimFunction::~SimFunction() {
    thread_.reset();
    disable_interrupts();
    card_->config_write(pci_config::command, 2, 0);
    card_->on_dma_miss(nullptr);
    card_->unmap_all();
}

Expected<std::uint32_t> SimFunction::config_read(std::uint32_t offset, unsigned width) {
    flush();
    return card_->config_read(offset, width);
}

Expected<> SimFunction::config_write(std::uint32_t offset, unsigned width, std::uint32_t value) {
    flush();
    card_->config_write(offset, width, value);
    return {};
}

Expected<Bar> SimFunction::map_bar(unsigned index, std::size_t least) {
    const auto& bars = card_->type().bars;
    if (index >= bars.size() || bars[index].kind == BarLayout::Kind::absent) {
        return failure(ErrorKind::unsupported, address_ + " has no BAR " + std::to_string(index));
    }
    if (bars[index].size < least) {
        return failure(ErrorKind::device_failed, address_ + ": BAR " + std::to_string(index) + " has " +
                                                     std::to_string(bars[index].size) + " bytes, not " +
                                                     std::to_string(least));
    }
    return Bar(windows_[index], bars[index].size);
}

/// Enables one kind of message and disables the other; with no kind, or with the line, disables both.
void SimFunction::enable_in_config_space(std::optional<InterruptKind> kind) {
    const auto set = [this](std::uint8_t capability, std::uint32_t bit, bool on) {
        const std::uint32_t offset = card_->capability(capability);
        if (offset == 0) return;
        const std::uint32_t control = card_->config_read(offset + pci_config::message_control, 2);
        card_->config_write(offset + pci_config::message_control, 2, on ? control | bit : control & ~bit);
    };
    set(pci_config::capability_msi, pci_config::msi_enable, kind == InterruptKind::msi);
    set(pci_config::capability_msi_x, pci_config::msi_x_enable, kind == InterruptKind::msi_x);
}

void SimFunction::disable_interrupts() {
    enable_in_config_space(std::nullopt);
    for (unsigned i = 0; i < event_files_.size(); ++i) (void)card_->set_event_file(interrupt_kind_, i, -1);
    event_files_.clear();
}

Expected<std::vector<Interrupt>> SimFunction::enable_interrupts(InterruptKind kind, std::size_t count) {
    const CardType& type = card_->type();
    const std::size_t most = kind == InterruptKind::legacy ? 1 : kind == InterruptKind::msi ? type.msi : type.msi_x;
    if (count == 0 || count > most) {
        return failure(
            ErrorKind::unsupported,
            address_ + " has " + std::to_string(most) + " interrupts of that kind, not " + std::to_string(count),
            "ask for fewer, or for another kind");
    }
    flush();
    disable_interrupts();
    std::vector<Interrupt> interrupts;
    interrupt_kind_ = kind;
    for (unsigned i = 0; i < count; ++i) {
        File& file = event_files_.emplace_back(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
        if (!file.is_open()) {
            const int error_number = errno;
            disable_interrupts();
            return system_failure(address_ + ": an eventfd for interrupt " + std::to_string(i), error_number);
        }
        (void)card_->set_event_file(kind, i, file.get());
        interrupts.push_back({file.get()});
    }
    enable_in_config_space(kind);
    return interrupts;
}

Expected<> SimFunction::unmask_interrupt(std::size_t vector) {
    if (vector >= event_files_.size()) {
        return failure(ErrorKind::invalid_argument,
                       address_ + ": interrupt " + std::to_string(vector) + " is not enabled");
    }
    flush();
    return card_->mask_interrupt(interrupt_kind_, static_cast<unsigned>(vector), false);
}

/// Resets as a kernel does: afterwards decoding is on again, bus mastering and interrupts are off.
Expected<> SimFunction::reset() {
    if (!card_->type().express) return PciFunction::reset();
    flush();
    disable_interrupts();
    card_->reset();
    card_->config_write(pci_config::command, 2, pci_config::command_memory | pci_config::command_io);
    return {};
}

void SimFunction::wait(std::chrono::nanoseconds duration) {
    flush();
    card_->clock().pass(duration);
    card_->catch_up();
}

}  // namespace

std::unique_ptr<PciFunction> make_function(std::shared_ptr<Card> card, std::string address, Running running) {
    try {
        return std::make_unique<SimFunction>(std::move(card), std::move(address), running);
    } catch (const std::system_error&) {
        return nullptr;
    }
}

Card* find_card(PciFunction* function) {
    while (auto* const wrapped = dynamic_cast<WrappedFunction*>(function)) function = &wrapped->inner();
    auto* const software = dynamic_cast<SimFunction*>(function);
    return software != nullptr ? &software->card() : nullptr;
}

}  // namespace ixy::sim
