// Wrapping a function's BARs, and writing down what passes.
#include <ixy/pci/recorder.hpp>

#include <algorithm>
#include <utility>

namespace ixy {
namespace {

class Recorder final : public BarBackend {
public:
    Recorder(unsigned index, Bar inner, std::shared_ptr<RegisterLog> log)
        : index_(index), inner_(inner), log_(std::move(log)) {}

    std::uint64_t read(std::uint64_t offset, unsigned width, const std::source_location& where) override {
        const std::uint64_t value = read_bar(inner_, offset, width, where);
        log_->add({RegisterAccess::Kind::read, index_, offset, width, value, where});
        return value;
    }
    void write(std::uint64_t offset, unsigned width, std::uint64_t value, const std::source_location& where) override {
        log_->add({RegisterAccess::Kind::write, index_, offset, width, value, where});
        write_bar(inner_, offset, width, value, where);
    }

private:
    unsigned index_;
    Bar inner_;
    std::shared_ptr<RegisterLog> log_;
};

}  // namespace

void RegisterLog::add(const RegisterAccess& access) {
    const std::lock_guard lock(mutex_);
    accesses_.push_back(access);
}

void RegisterLog::clear() {
    const std::lock_guard lock(mutex_);
    accesses_.clear();
}

std::vector<RegisterAccess> RegisterLog::accesses() const {
    const std::lock_guard lock(mutex_);
    return accesses_;
}

std::vector<std::uint64_t> RegisterLog::written(std::uint64_t offset, unsigned bar) const {
    const std::lock_guard lock(mutex_);
    std::vector<std::uint64_t> values;
    for (const RegisterAccess& access : accesses_) {
        if (access.is_write() && access.bar == bar && access.offset == offset) values.push_back(access.value);
    }
    return values;
}

std::size_t RegisterLog::count(RegisterAccess::Kind kind) const {
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(std::ranges::count(accesses_, kind, &RegisterAccess::kind));
}

Expected<Bar> WrappedFunction::map_bar(unsigned index, std::size_t least) {
    auto bar = inner_->map_bar(index, least);
    if (!bar) return bar;
    auto& backend = backends_.at(index);
    if (!backend) backend = wrap_(index, *bar);
    return bar->through(*backend);
}

std::uint64_t read_bar(const Bar& bar, std::uint64_t offset, unsigned width, const std::source_location& where) {
    switch (width) {
        case 1:
            return bar.load<std::uint8_t>(offset, where);
        case 2:
            return bar.load<std::uint16_t>(offset, where);
        case 4:
            return bar.load<std::uint32_t>(offset, where);
        default:
            return bar.load<std::uint64_t>(offset, where);
    }
}

void write_bar(const Bar& bar, std::uint64_t offset, unsigned width, std::uint64_t value,
               const std::source_location& where) {
    switch (width) {
        case 1:
            return bar.store(offset, static_cast<std::uint8_t>(value), where);
        case 2:
            return bar.store(offset, static_cast<std::uint16_t>(value), where);
        case 4:
            return bar.store(offset, static_cast<std::uint32_t>(value), where);
        default:
            return bar.store(offset, value, where);
    }
}

std::unique_ptr<PciFunction> record(std::unique_ptr<PciFunction> inner, std::shared_ptr<RegisterLog> log) {
    return std::make_unique<WrappedFunction>(std::move(inner), [log = std::move(log)](unsigned index, Bar bar) {
        return std::make_unique<Recorder>(index, bar, log);
    });
}

}  // namespace ixy
