// What the card counted. Manual, section 13.7.
#include <ixy/nic/e1000/e1000.hpp>

#include <utility>

#include <ixy/nic/e1000/limits.hpp>

#include <ixy/datasheet/e1000/registers.hpp>

namespace ixy::e1000 {

using namespace datasheet::e1000;

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
