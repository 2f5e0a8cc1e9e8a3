// What the card counted. 82574 datasheet, 10.2.7.
#include <ixy/nic/e1000e/e1000e.hpp>

#include <utility>

#include <ixy/datasheet/e1000/registers.hpp>

namespace ixy::e1000e {

using namespace datasheet::e1000;

/// A card that disappears while it is read answers with ones, which must not be counted.
void E1000e::refresh_counters() {
    CardCounters latest = counters_;
    latest.refresh();
    if (!gone()) counters_ = std::move(latest);
}

/// Octets of good frames, or else of all frames, without their check sequences. Not every card counts both. The bytes
/// handed over are the last resort: they may not have reached the wire.
std::uint64_t E1000e::bytes_sent() const {
    const std::uint64_t frames = counters_[GPTC];
    for (const datasheet::RegisterInfo* octets : {&GOTCL, &TOTL}) {
        const std::uint64_t counted = counters_[*octets];
        if (counted >= frames * (shortest_frame + fcs_size)) return counted - frames * fcs_size;
    }
    std::uint64_t bytes = 0;
    for (const auto& ring : transmit_) bytes += ring->counters.bytes.value();
    return bytes;
}

/// The queues count received frames, exactly and as the program saw them; the card counts sent frames, since only it
/// knows what reached the wire.
Statistics E1000e::statistics() {
    refresh_counters();
    Statistics sum{.tx_packets = counters_[GPTC],
                   .tx_bytes = bytes_sent(),
                   .rx_missed = counters_[MPC],
                   .rx_errors = counters_[CRCERRS] + counters_[RXERRC] + counters_[RLEC],
                   .tx_errors = counters_[ECOL] + counters_[LATECOL]};
    for (const auto& ring : receive_) {
        const RxQueueCounters& rx = ring->counters;
        sum.rx_packets += rx.packets.value();
        sum.rx_bytes += rx.bytes.value();
        sum.rx_errors += rx.errors.value();
        sum.rx_dropped += rx.oversized.value();
    }
    for (const auto& ring : transmit_) sum.tx_errors += ring->counters.refused.value();
    return sum;
}

std::vector<NamedCounter> E1000e::counters() {
    refresh_counters();
    return counters_.all();
}

}  // namespace ixy::e1000e
