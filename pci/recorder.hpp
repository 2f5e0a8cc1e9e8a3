// Something between a driver and its device: a function whose BARs go through backends of ours, and the simplest of
// them, one that writes down each access.
//
//   auto log = std::make_shared<RegisterLog>();
//   auto device = Device::open(record(std::move(function), log));
//   log->clear();
//   device->tx_queue(0).send(batch);
//   log->accesses();          // one write, to TDT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <source_location>
#include <vector>

#include <ixy/pci/function.hpp>

namespace ixy {

/// One access to a register.
struct RegisterAccess {
    enum class Kind : std::uint8_t { read, write };
    Kind kind;
    unsigned bar;          ///< 0 to 5
    std::uint64_t offset;  ///< bytes from the start of the BAR
    unsigned width;        ///< bytes: 1, 2, 4 or 8
    std::uint64_t value;   ///< what was read or written
    std::source_location where;

    bool is_read() const { return kind == Kind::read; }
    bool is_write() const { return kind == Kind::write; }
};

/// What a driver did to its device's registers, in order. Thread rule: any thread.
class RegisterLog {
public:
    void add(const RegisterAccess& access);
    void clear();
    /// All accesses since the last clear().
    std::vector<RegisterAccess> accesses() const;
    std::size_t reads() const { return count(RegisterAccess::Kind::read); }
    std::size_t writes() const { return count(RegisterAccess::Kind::write); }
    /// The values written to `offset` of BAR `bar`, in order: written(TDT.offset)
    std::vector<std::uint64_t> written(std::uint64_t offset, unsigned bar = 0) const;

private:
    std::size_t count(RegisterAccess::Kind kind) const;

    mutable std::mutex mutex_;
    std::vector<RegisterAccess> accesses_;
};

/// A function like `inner`, but for its BARs: each goes through the backend that `wrap` makes around it, which passes
/// on what it likes. Owns both. Configuration space, DMA memory and interrupts are those of `inner`.
class WrappedFunction final : public PciFunction {
public:
    /// Called when BAR `index` is mapped for the first time; `inner` is the window of the function inside.
    using Wrap = std::function<std::unique_ptr<BarBackend>(unsigned index, Bar inner)>;

    WrappedFunction(std::unique_ptr<PciFunction> inner, Wrap wrap) : inner_(std::move(inner)), wrap_(std::move(wrap)) {}

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

private:
    std::unique_ptr<PciFunction> inner_;
    Wrap wrap_;
    std::array<std::unique_ptr<BarBackend>, 6> backends_;
};

/// Reads or writes `width` bytes (1, 2, 4 or 8) of `bar`: how a backend passes an access on.
std::uint64_t read_bar(const Bar& bar, std::uint64_t offset, unsigned width, const std::source_location& where);
void write_bar(const Bar& bar, std::uint64_t offset, unsigned width, std::uint64_t value,
               const std::source_location& where);

/// A function that does as `inner` does, and writes each register access into `log`.
std::unique_ptr<PciFunction> record(std::unique_ptr<PciFunction> inner, std::shared_ptr<RegisterLog> log);

}  // namespace ixy
