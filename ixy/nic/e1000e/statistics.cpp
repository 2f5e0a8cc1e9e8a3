// What the card counted. 82574 datasheet, 10.2.7.
#include <ixy/nic/e1000e/e1000e.hpp>

#include <optional>
#include <utility>

#include <ixy/datasheet/e1000/registers.hpp>

namespace ixy::e1000e {

using namespace datasheet::e1000;

namespace {

/// What a program has handed over to all queues.
struct HandedOver {
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;
};

HandedOver handed_over(const std::vector<std::unique_ptr<TransmitRing>>& rings) {
    HandedOver sum;
    for (const auto& ring : rings) {
        sum.packets += ring->counters.packets.value();
        sum.bytes += ring->counters.bytes.value();
    }
    return sum;
}

/// Octets of good frames, or else of all frames; empty if the card counts neither.
std::optional<std::uint64_t> octets_sent(const CardCounters& counters) {
    const std::uint64_t least = counters[GPTC] * shortest_frame;
    for (const datasheet::RegisterInfo* octets : {&GOTCL, &TOTL}) {
        if (counters[*octets] >= least) return counters[*octets];
    }
    return {};
}

}  // namespace

/// A card that disappears while it is read answers with ones, which must not be counted. When everything is sent, the
/// octets show whether they include the check sequences: QEMU's card leaves them out. Fewer octets than were handed
/// over mean that not everything is sent: a packet that the card cuts into segments is several frames.
void E1000e::refresh_counters() {
    CardCounters latest = counters_;
    latest.refresh();
    if (gone()) return;
    counters_ = std::move(latest);
    const HandedOver all = handed_over(transmit_);
    const std::uint64_t frames = counters_[GPTC];
    const auto octets = octets_sent(counters_);
    const bool all_sent = frames != 0 && frames == all.packets && octets >= all.bytes;
    if (all_sent && octets < all.bytes + frames * fcs_size) counts_fcs_ = false;
}

/// The octets without check sequences. The bytes handed over are the last resort: they may not have reached the wire.
std::uint64_t E1000e::bytes_sent() const {
    const auto octets = octets_sent(counters_);
    if (!octets) return handed_over(transmit_).bytes;
    return counts_fcs_ ? *octets - counters_[GPTC] * fcs_size : *octets;
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
