// Counting without losing: registers of 32 bits that clear on read become totals of 64. Manual, section 13.7.
#include <ixy/nic/e1000/statistics.hpp>

#include <utility>

#include <ixy/nic/e1000/e1000.hpp>
#include <ixy/nic/e1000/limits.hpp>

#include <ixy/datasheet/e1000/registers.hpp>

namespace ixy::e1000 {

using namespace datasheet::e1000;

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

CardCounters::CardCounters(Bar registers, const datasheet::e1000::Chip& chip) : registers_(registers) {
    for (const datasheet::RegisterInfo* counter : chip.registers) {
        if (counter->access != datasheet::Access::RC) continue;
        if (counter == &GORCH || counter == &GOTCH || counter == &TORH || counter == &TOTH) {
            entries_.back().high = counter;  // comes right after its low half
        } else {
            entries_.push_back({counter, nullptr, {}});
        }
    }
}

/// 13.7.31: the low half is read first; reading the high half clears both.
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

/// A card that disappears while it is read answers with ones, which must not be counted.
void E1000::refresh_counters() {
    CardCounters latest = counters_;
    latest.refresh();
    if (!gone()) counters_ = std::move(latest);
}

/// Octets of good frames, or else of all frames, without their check sequences. Not every card counts both: QEMU 11
/// counts frames and answers 0 for GOTC. The bytes handed over are the last resort: they may not have reached the wire.
std::uint64_t E1000::bytes_sent() const {
    const std::uint64_t frames = counters_[GPTC];
    for (const datasheet::RegisterInfo* octets : {&GOTCL, &TOTL}) {
        const std::uint64_t counted = counters_[*octets];
        if (counted >= frames * (shortest_frame + fcs_size)) return counted - frames * fcs_size;
    }
    return transmit_->counters.bytes.value();
}

/// The queue counts received frames, exactly and as the program saw them; the card counts sent frames, since only it
/// knows what reached the wire.
Statistics E1000::statistics() {
    refresh_counters();
    const RxQueueCounters& rx = receive_->counters;
    return {.rx_packets = rx.packets.value(),
            .rx_bytes = rx.bytes.value(),
            .tx_packets = counters_[GPTC],
            .tx_bytes = bytes_sent(),
            .rx_missed = counters_[MPC],
            .rx_errors = counters_[CRCERRS] + counters_[RXERRC] + counters_[RLEC] + rx.errors.value(),
            .rx_dropped = rx.oversized.value(),
            .tx_errors = counters_[ECOL] + counters_[LATECOL] + transmit_->counters.refused.value()};
}

std::vector<NamedCounter> E1000::counters() {
    refresh_counters();
    return counters_.all();
}

}  // namespace ixy::e1000
