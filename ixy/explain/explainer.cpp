// The wrapper around a device, and what it says about each access.
#include <ixy/explain/explainer.hpp>

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include <ixy/datasheet/catalogue.hpp>
#include <ixy/explain/narrator.hpp>
#include <ixy/pci/wrapped.hpp>

namespace ixy::explain {
namespace {

using Clock = std::chrono::steady_clock;

/// Everything known about one device. The lock is not held while the device works, which may take long.
class Explainer {
public:
    Explainer(PciFunction& function, const datasheet::Chip* chip, std::unique_ptr<Narrator> narrator, bool descriptors)
        : chip_(chip), space_(*function.dma_space()), descriptors_(descriptors), narrator_(std::move(narrator)) {
        forget();
        narrator_->opened(function.identity(), chip);
    }
    ~Explainer() { narrator_->finish(); }
    Explainer(const Explainer&) = delete;
    Explainer& operator=(const Explainer&) = delete;

    /// The device was reset: nothing is known about its registers and rings any more.
    void forget() {
        const std::lock_guard lock(mutex_);
        memory_ = RegisterMemory(chip_);
        if (descriptors_ && chip_ != nullptr) rings_.emplace(*chip_, space_);
    }

    void tell(Access access) {
        const std::lock_guard lock(mutex_);
        access.time = Clock::now() - opened_;
        memory_.look_up(access);
        narrator_->tell(access);
        if (!rings_) return;
        for (const Handover& handover : rings_->look(access, memory_)) narrator_->tell(handover);
    }

private:
    const Clock::time_point opened_ = Clock::now();
    const datasheet::Chip* chip_;
    const DmaSpace& space_;
    bool descriptors_;
    std::mutex mutex_;  ///< guards all below
    RegisterMemory memory_{chip_};
    std::optional<RingWatch> rings_;
    std::unique_ptr<Narrator> narrator_;
};

class ExplainedBar final : public BarBackend {
public:
    ExplainedBar(unsigned index, Bar inner, std::shared_ptr<Explainer> explainer)
        : index_(index), inner_(inner), explainer_(std::move(explainer)) {}

    std::uint64_t read(std::uint64_t offset, unsigned width, const std::source_location& where) override {
        const std::uint64_t value = read_bar(inner_, offset, width, where);
        explainer_->tell({.bar = index_, .offset = offset, .width = width, .value = value, .where = where});
        return value;
    }
    /// Told before it is done: a software device acts, and what it does is told, inside the write.
    void write(std::uint64_t offset, unsigned width, std::uint64_t value, const std::source_location& where) override {
        explainer_->tell(
            {.is_write = true, .bar = index_, .offset = offset, .width = width, .value = value, .where = where});
        write_bar(inner_, offset, width, value, where);
    }

private:
    unsigned index_;
    Bar inner_;
    std::shared_ptr<Explainer> explainer_;
};

class ExplainedFunction final : public WrappedFunction {
public:
    ExplainedFunction(std::unique_ptr<PciFunction> inner, const std::shared_ptr<Explainer>& explainer)
        : WrappedFunction(std::move(inner),
                          [explainer](unsigned index, Bar bar) -> std::unique_ptr<BarBackend> {
                              return std::make_unique<ExplainedBar>(index, bar, explainer);
                          }),
          explainer_(explainer) {}

    Expected<> reset() override {
        auto done = WrappedFunction::reset();
        explainer_->forget();
        return done;
    }

private:
    std::shared_ptr<Explainer> explainer_;
};

}  // namespace

std::unique_ptr<PciFunction> explain(std::unique_ptr<PciFunction> inner, const Settings& settings,
                                     std::shared_ptr<Sink> sink) {
    const PciIdentity& identity = inner->identity();
    const datasheet::Chip* const chip = datasheet::find_chip(identity.vendor, identity.device);
    auto narrator = settings.json ? tell_as_json(std::string(inner->address()), std::move(sink))
                                  : tell_as_text(std::string(inner->address()), std::move(sink), settings.registers);
    const auto explainer = std::make_shared<Explainer>(*inner, chip, std::move(narrator), settings.descriptors);
    return std::make_unique<ExplainedFunction>(std::move(inner), explainer);
}

Expected<> explain_if_requested(std::unique_ptr<PciFunction>& function) {
    const auto settings = requested();
    if (!settings) return std::unexpected(settings.error());
    if (!settings->on) return {};
    auto sink = open_sink(settings->file);
    if (!sink) return std::unexpected(sink.error());
    function = explain(std::move(function), *settings, std::move(*sink));
    return {};
}

}  // namespace ixy::explain
