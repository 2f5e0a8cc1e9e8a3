// The wrapper that makes a device fail.
#include <ixy/faults/injector.hpp>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <random>
#include <utility>
#include <vector>

#include <ixy/core/files.hpp>
#include <ixy/core/numbers.hpp>
#include <ixy/datasheet/catalogue.hpp>
#include <ixy/pci/wrapped.hpp>

namespace ixy::faults {
namespace {

/// Bytes of ones, which a bus returns when nobody answers.
std::uint64_t all_ones(unsigned width) { return ~std::uint64_t{0} >> (64 - 8 * width); }

/// A fault and its place on this card.
struct Placed {
    Fault fault;
    std::uint64_t first = 0;  ///< offset
    std::uint64_t stride = 4;
    std::uint64_t count = 0;  ///< registers; 0 if the fault is not in registers
    std::uint32_t mask = ~0U;
    unsigned low = 0;

    bool is_at(std::uint64_t offset) const {
        return offset >= first && (offset - first) % stride == 0 && (offset - first) / stride < count;
    }
};

std::unexpected<Error> misplaced(const Fault& fault, const std::string& what) {
    return failure(ErrorKind::invalid_argument, "line " + std::to_string(fault.line) + " of the faults: " + what,
                   "names are those of the datasheet, which `ixy regs` prints; or write an offset, as in 0x00008");
}

Expected<> place_in(const datasheet::Chip& chip, Placed& placed) {
    const Target& target = placed.fault.target;
    const datasheet::RegisterInfo* const info = chip.find(target.name);
    if (info == nullptr)
        return misplaced(placed.fault, "the " + std::string(chip.name) + " has no register " + target.name);
    if (target.index.value_or(0) >= info->count) {
        return misplaced(placed.fault, target.name + " has " + std::to_string(info->count) + " elements, from 0");
    }
    placed.first = info->address(target.index.value_or(0));
    placed.stride = info->stride;
    placed.count = target.index ? 1 : info->count;
    if (target.field.empty()) return {};
    for (const datasheet::FieldInfo& field : info->fields()) {
        if (field.name != target.field || !chip.has(*info, field)) continue;
        placed.mask = field.mask();
        placed.low = field.low;
        if (placed.fault.kind == Kind::stuck && (placed.fault.value > placed.mask >> placed.low)) {
            return misplaced(placed.fault, std::to_string(placed.fault.value) + " does not fit into " + target.name +
                                               "." + target.field + ", which holds 0 to " +
                                               std::to_string(placed.mask >> placed.low));
        }
        return {};
    }
    return misplaced(placed.fault,
                     "the " + std::string(chip.name) + "'s " + target.name + " has no field " + target.field);
}

/// "0x00008"
std::optional<std::uint32_t> read_offset(std::string_view text) {
    const auto offset = parse_decimal_or_hex(text);
    return offset && std::in_range<std::uint32_t>(*offset) ? std::optional(static_cast<std::uint32_t>(*offset))
                                                           : std::nullopt;
}

Expected<Placed> place(const Fault& fault, const datasheet::Chip* chip) {
    Placed placed{.fault = fault};
    if (fault.kind == Kind::gone || fault.is_of_memory()) return placed;
    const std::string name = fault.kind == Kind::flap ? "the link's state" : fault.target.name;
    if (name.starts_with("0x") && placed.fault.target.field.empty()) {
        const auto offset = read_offset(name);
        const bool possible =
            offset &&
            (chip == nullptr || (*offset % sizeof(std::uint32_t) == 0 && *offset < chip->family->register_bytes));
        if (!possible) return misplaced(fault, name + " is not a register's offset");
        placed.first = *offset;
        placed.count = 1;
        return placed;
    }
    if (chip == nullptr) return misplaced(fault, "there is no datasheet for this card, so " + name + " is unknown");
    if (fault.kind == Kind::flap) {
        const datasheet::Setting& link = chip->family->link_up;
        placed.first = link.info->address();
        placed.count = 1;
        placed.mask = link.mask;
        return placed;
    }
    if (auto found = place_in(*chip, placed); !found) return std::unexpected(found.error());
    return placed;
}

/// Everything that is going wrong with one device.
class Faults {
public:
    Faults(std::vector<Placed> placed, std::uint64_t seed, std::shared_ptr<Counts> counts)
        : placed_(std::move(placed)), counts_(counts ? std::move(counts) : std::make_shared<Counts>()), dice_(seed) {}

    /// Counts an access, and returns its number.
    std::uint64_t next() { return ++counts_->accesses; }
    bool is_gone(std::uint64_t access) const {
        for (const Placed& each : placed_) {
            if (each.fault.kind == Kind::gone && each.fault.is_active(access)) return true;
        }
        return false;
    }
    /// Judged by the register accesses so far.
    bool is_gone_now() const { return is_gone(counts_->accesses + 1); }
    std::uint64_t alter(std::uint64_t access, std::uint64_t offset, std::uint64_t value) {
        const std::uint64_t before = value;
        for (const Placed& each : placed_) {
            if (each.is_at(offset) && each.fault.is_active(access)) value = alter(each, access, value);
        }
        if (value != before) ++counts_->altered;
        return value;
    }
    bool ignores(std::uint64_t access, std::uint64_t offset) const {
        for (const Placed& each : placed_) {
            if (each.fault.kind == Kind::ignore && each.is_at(offset) && each.fault.is_active(access)) return true;
        }
        return false;
    }
    /// A read that nobody answers.
    std::uint64_t read_nothing(unsigned width) {
        ++counts_->altered;
        leave();
        return all_ones(width);
    }
    void leave() { std::call_once(went_, leave_); }
    void drop_write() { ++counts_->dropped; }
    /// `leave` is called once, at the first access that finds the device gone.
    void on_leaving(std::function<void()> leave) { leave_ = std::move(leave); }

private:
    std::uint64_t alter(const Placed& each, std::uint64_t access, std::uint64_t value) {
        const std::uint64_t mask = each.mask;
        switch (each.fault.kind) {
            case Kind::stuck:
                return (value & ~mask) | (std::uint64_t{each.fault.value} << each.low & mask);
            case Kind::flip:
                return value ^ mask;
            case Kind::random: {
                const std::lock_guard lock(mutex_);
                return (value & ~mask) | (dice_() & mask);
            }
            case Kind::flap: {
                const std::uint64_t phase = (access - each.fault.after - 1) / std::max(each.fault.every, 1U);
                return phase % 2 == 0 && phase / 2 < each.fault.value ? value & ~mask : value;
            }
            default:
                return value;
        }
    }

    const std::vector<Placed> placed_;
    std::shared_ptr<Counts> counts_;
    std::once_flag went_;
    std::function<void()> leave_ = [] {};
    std::mutex mutex_;  ///< guards the dice
    std::mt19937_64 dice_;
};

class FaultyBar final : public BarBackend {
public:
    FaultyBar(unsigned index, Bar inner, std::shared_ptr<Faults> faults)
        : is_registers_(index == 0), inner_(inner), faults_(std::move(faults)) {}

    std::uint64_t read(std::uint64_t offset, unsigned width, const std::source_location& where) override {
        const std::uint64_t access = faults_->next();
        if (faults_->is_gone(access)) return faults_->read_nothing(width);
        const std::uint64_t value = read_bar(inner_, offset, width, where);
        return is_registers_ ? faults_->alter(access, offset, value) & all_ones(width) : value;
    }
    void write(std::uint64_t offset, unsigned width, std::uint64_t value, const std::source_location& where) override {
        const std::uint64_t access = faults_->next();
        if (faults_->is_gone(access)) faults_->leave();
        if (faults_->is_gone(access) || (is_registers_ && faults_->ignores(access, offset)))
            return faults_->drop_write();
        write_bar(inner_, offset, width, value, where);
    }

private:
    bool is_registers_;
    Bar inner_;
    std::shared_ptr<Faults> faults_;
};

class FaultyFunction final : public WrappedFunction {
public:
    FaultyFunction(std::unique_ptr<PciFunction> inner, const std::shared_ptr<Faults>& faults)
        : WrappedFunction(std::move(inner),
                          [faults](unsigned index, Bar bar) -> std::unique_ptr<BarBackend> {
                              return std::make_unique<FaultyBar>(index, bar, faults);
                          }),
          faults_(faults) {
        // A card that is gone no longer writes to memory.
        faults_->on_leaving([this] { (void)WrappedFunction::set_bus_master(false); });
    }

    Expected<std::uint32_t> config_read(std::uint32_t offset, unsigned width) override {
        if (faults_->is_gone_now()) return static_cast<std::uint32_t>(all_ones(width));
        return WrappedFunction::config_read(offset, width);
    }
    Expected<> config_write(std::uint32_t offset, unsigned width, std::uint32_t value) override {
        if (faults_->is_gone_now()) return {};
        return WrappedFunction::config_write(offset, width, value);
    }
    /// Stopping the card inside is right at any time: its memory will be somebody else's.
    Expected<> set_bus_master(bool on) override {
        if (!on || !faults_->is_gone_now()) return WrappedFunction::set_bus_master(on);
        return gone();
    }
    Expected<std::vector<Interrupt>> enable_interrupts(InterruptKind kind, std::size_t count) override {
        if (count == 0 || !faults_->is_gone_now()) return WrappedFunction::enable_interrupts(kind, count);
        return gone();
    }
    Expected<> reset() override { return faults_->is_gone_now() ? gone() : WrappedFunction::reset(); }

private:
    std::unexpected<Error> gone() const {
        return failure(ErrorKind::device_failed,
                       std::string(address()) + " is gone: its command register reads as all ones",
                       "is the card powered and plugged in?");
    }

    std::shared_ptr<Faults> faults_;
};

const datasheet::Chip* chip_of(const PciFunction& function) {
    return datasheet::find_chip(function.identity().vendor, function.identity().device);
}

}  // namespace

Expected<std::unique_ptr<PciFunction>> inject(std::unique_ptr<PciFunction> inner, const Plan& plan,
                                              std::shared_ptr<Counts> counts) {
    std::vector<Placed> all;
    for (const Fault& fault : plan.faults) {
        auto placed = place(fault, chip_of(*inner));
        if (!placed) return std::unexpected(placed.error());
        all.push_back(std::move(*placed));
    }
    auto faults = std::make_shared<Faults>(std::move(all), plan.seed, std::move(counts));
    return std::make_unique<FaultyFunction>(std::move(inner), faults);
}

Expected<std::optional<Plan>> requested_plan(const datasheet::Chip* chip) {
    const char* const variable = std::getenv("IXY_FAULTS");
    if (variable == nullptr || *variable == '\0') return std::nullopt;
    const std::string wish = variable;
    if (wish.starts_with("seed:")) {
        const auto seed = parse_whole(std::string_view(wish).substr(5));
        if (!seed || chip == nullptr) {
            return failure(ErrorKind::invalid_argument, "IXY_FAULTS=" + wish + ": cannot make faults from that",
                           "write seed:7, for a card that has a datasheet here");
        }
        return random_plan(*seed, *chip);
    }
    const bool is_file = wish.find('/') != std::string::npos || exists(wish);
    const Expected<std::string> script = is_file ? read_script(wish) : wish;
    if (!script) return failure(script.error().kind, "IXY_FAULTS: " + script.error().what, "name a script, or seed:7");
    auto plan = parse_plan(*script);
    if (!plan) return failure(plan.error().kind, "IXY_FAULTS: " + plan.error().what, plan.error().next);
    return std::optional(std::move(*plan));
}

Expected<> inject_if_requested(std::unique_ptr<PciFunction>& function) {
    const auto plan = requested_plan(chip_of(*function));
    if (!plan) return std::unexpected(plan.error());
    if (!*plan) return {};
    for (const Fault& fault : (*plan)->faults) {
        if (!fault.is_of_memory() || function->address().starts_with("sim:")) continue;
        return failure(ErrorKind::unsupported,
                       std::string(function->address()) + ": line " + std::to_string(fault.line) +
                           " of the faults is for software cards only",
                       "name a card as in sim:82540em, or remove that line");
    }
    auto faulty = inject(std::move(function), **plan);
    if (!faulty) return std::unexpected(faulty.error());
    function = std::move(*faulty);
    return {};
}

}  // namespace ixy::faults
