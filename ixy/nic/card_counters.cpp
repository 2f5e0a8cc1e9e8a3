// Counting without losing.
#include <ixy/nic/card_counters.hpp>

#include <algorithm>

namespace ixy {

void Accumulator::start(std::uint64_t first, std::uint64_t second) {
    kind_ = first == 0 ? Kind::unknown : second < first ? Kind::clears : Kind::keeps;
    last_ = second;
    total_ = 0;
}

void Accumulator::add(std::uint64_t reading) {
    total_ += kind_ == Kind::clears || reading < last_ ? reading : reading - last_;
    last_ = reading;
}

void Accumulator::add(std::uint64_t first, std::uint64_t second) {
    constexpr std::uint64_t certain = 16;  // this many are never counted between two consecutive readings
    if (second < first) {
        kind_ = Kind::clears;
        add(first);
    } else if (first >= certain) {
        kind_ = Kind::keeps;
    }
    add(second);
}

CardCounters::CardCounters(Bar registers, const datasheet::Chip& chip) : registers_(registers) {
    const auto is_high_half = [&](const datasheet::RegisterInfo* counter) {
        return std::ranges::find(chip.family->wide_counters, counter, &datasheet::WideCounter::high) !=
               chip.family->wide_counters.end();
    };
    for (const datasheet::RegisterInfo* counter : chip.registers) {
        if (counter->access != datasheet::Access::RC) continue;
        if (is_high_half(counter)) {
            entries_.back().high = counter;  // comes right after its low half
        } else {
            entries_.push_back({counter, nullptr, {}});
        }
    }
}

/// The low half is read first; reading the high half clears both.
std::uint64_t CardCounters::read(const Entry& entry) const {
    const std::uint64_t low = registers_.load<std::uint32_t>(entry.low->offset);
    if (entry.high == nullptr) return low;
    return low | std::uint64_t{registers_.load<std::uint32_t>(entry.high->offset)} << 32;
}

void CardCounters::start() {
    for (Entry& entry : entries_) {
        const std::uint64_t first = read(entry);
        entry.sum.start(first, read(entry));
    }
}

void CardCounters::refresh() {
    for (Entry& entry : entries_) {
        const std::uint64_t reading = read(entry);
        if (entry.sum.undecided() && reading != 0) {
            entry.sum.add(reading, read(entry));
        } else {
            entry.sum.add(reading);
        }
    }
}

std::uint64_t CardCounters::operator[](const datasheet::RegisterInfo& counter) const {
    for (const Entry& entry : entries_) {
        if (entry.low == &counter) return entry.sum.total();
    }
    return 0;
}

std::vector<NamedCounter> CardCounters::all() const {
    std::vector<NamedCounter> list;
    for (const Entry& entry : entries_) list.push_back({entry.low->name, entry.low->title, entry.sum.total()});
    return list;
}

}  // namespace ixy
