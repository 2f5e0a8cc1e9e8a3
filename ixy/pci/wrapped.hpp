// A layer between a driver and its device: a function that passes everything on to the one inside it, and whose BARs go
// through our backends. An explainer, a fault injector and a recorder are such functions; they nest.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <source_location>
#include <utility>

#include <ixy/pci/function.hpp>

namespace ixy {

/// A function like `inner`. Its BARs go through the backend that `wrap` makes around each; a derived class overrides
/// anything else that is to differ. Owns `inner` and the backends, which are destroyed first.
class WrappedFunction : public PciFunction {
public:
    /// Called when BAR `index` is mapped for the first time; `inner` is the window of the function inside.
    using Wrap = std::function<std::unique_ptr<BarBackend>(unsigned index, Bar inner)>;

    /// Without `wrap`, BARs are those of `inner`.
    explicit WrappedFunction(std::unique_ptr<PciFunction> inner, Wrap wrap = {})
        : inner_(std::move(inner)), wrap_(std::move(wrap)) {}

    std::string_view address() const override { return inner_->address(); }
    const PciIdentity& identity() const override { return inner_->identity(); }
    int numa_node() const override { return inner_->numa_node(); }
    Expected<std::uint32_t> config_read(std::uint32_t offset, unsigned width) override {
        return inner_->config_read(offset, width);
    }
    Expected<> config_write(std::uint32_t offset, unsigned width, std::uint32_t value) override {
        return inner_->config_write(offset, width, value);
    }
    Expected<> set_bus_master(bool on) override { return inner_->set_bus_master(on); }
    Expected<Bar> map_bar(unsigned index, std::size_t least) override;
    const std::shared_ptr<DmaSpace>& dma_space() const override { return inner_->dma_space(); }
    Expected<std::vector<Interrupt>> enable_interrupts(InterruptKind kind, std::size_t count) override {
        return inner_->enable_interrupts(kind, count);
    }
    Expected<> unmask_interrupt(std::size_t vector) override { return inner_->unmask_interrupt(vector); }
    Expected<> reset() override { return inner_->reset(); }
    void wait(std::chrono::nanoseconds duration) override { inner_->wait(duration); }

    PciFunction& inner() { return *inner_; }

private:
    std::unique_ptr<PciFunction> inner_;
    Wrap wrap_;
    std::array<std::unique_ptr<BarBackend>, 6> backends_;
};

/// Reads or writes `width` bytes (1, 2, 4 or 8) of `bar`: how a backend passes an access on.
std::uint64_t read_bar(const Bar& bar, std::uint64_t offset, unsigned width, const std::source_location& where);
void write_bar(const Bar& bar, std::uint64_t offset, unsigned width, std::uint64_t value,
               const std::source_location& where);

}  // namespace ixy
