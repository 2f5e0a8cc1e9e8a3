// Records each access on its way.
#include <ixy/pci/recorder.hpp>

#include <algorithm>
#include <utility>

#include <ixy/pci/wrapped.hpp>

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

std::unique_ptr<PciFunction> record(std::unique_ptr<PciFunction> inner, std::shared_ptr<RegisterLog> log) {
    return std::make_unique<WrappedFunction>(std::move(inner), [log = std::move(log)](unsigned index, Bar bar) {
        return std::make_unique<Recorder>(index, bar, log);
    });
}

}  // namespace ixy
