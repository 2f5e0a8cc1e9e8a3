// Statistics: counters that stay at their highest value, and sizes that include the check sequence.
#include <ixy/sim/chips/e1000/statistics.hpp>

#include <algorithm>
#include <array>
#include <limits>

#include <ixy/datasheet/e1000/family.hpp>
#include <ixy/datasheet/e1000/receive.hpp>
#include <ixy/sim/chips/e1000/offload.hpp>

namespace ixy::sim::e1000 {

using namespace datasheet::e1000;
using datasheet::Number;

namespace {

enum class Destination { unicast, multicast, broadcast };

Destination destination(std::span<const std::byte> frame) {
    if (frame.empty() || (frame[0] & std::byte{1}) == std::byte{0}) return Destination::unicast;
    const bool all_ones = std::ranges::all_of(frame.first(std::min<std::size_t>(frame.size(), 6)),
                                              [](std::byte each) { return each == std::byte{0xff}; });
    return all_ones ? Destination::broadcast : Destination::multicast;
}

/// The one of six counters for frames of that size, check sequence included; nullptr for less than 64 bytes.
const Number* bin(const std::array<const Number*, 6>& bins, std::size_t size) {
    constexpr std::array<std::size_t, 5> last{64, 127, 255, 511, 1023};
    if (size < 64) return nullptr;
    return bins[static_cast<std::size_t>(std::ranges::lower_bound(last, size) - last.begin())];
}

constexpr std::array received_bins{&PRC64, &PRC127, &PRC255, &PRC511, &PRC1023, &PRC1522};
constexpr std::array sent_bins{&PTC64, &PTC127, &PTC255, &PTC511, &PTC1023, &PTC1522};

}  // namespace

/// 13.7: a read clears. Of a pair, the low half is read first, and reading the high half clears both.
Statistics::Statistics(RegisterFile& registers) : registers_(registers) {
    for (const auto& [low, high] : WIDE_COUNTERS) {
        registers.on_read(*low, [this, low](std::size_t) { return registers_.number(*low); });
        registers.on_read(*high, [this, low, high](std::size_t) {
            const std::uint32_t value = registers_.number(*high);
            registers_.set(*low, 0);
            registers_.set(*high, 0);
            return value;
        });
    }
}

void Statistics::count_octets(const Number& low, const Number& high, std::uint64_t more) {
    constexpr std::uint64_t highest = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t value = std::uint64_t{registers_.number(high)} << 32 | registers_.number(low);
    value = more > highest - value ? highest : value + more;
    registers_.set(low, static_cast<std::uint32_t>(value));
    registers_.set(high, static_cast<std::uint32_t>(value >> 32));
}

void Statistics::sent(std::span<const std::byte> frame) {
    const std::size_t size = frame.size() + check_sequence_size;
    count(TPT);
    count(GPTC);
    count_octets(TOTL, TOTH, size);
    count_octets(GOTCL, GOTCH, size);
    if (const Number* counter = bin(sent_bins, size)) count(*counter);
    const Destination to = destination(frame);
    if (to == Destination::broadcast) count(BPTC);
    if (to == Destination::multicast) count(MPTC);
}

void Statistics::seen(std::span<const std::byte> frame) {
    count(TPR);
    count_octets(TORL, TORH, frame.size() + check_sequence_size);
}

void Statistics::accepted(std::span<const std::byte> frame) {
    const std::size_t size = frame.size() + check_sequence_size;
    count(GPRC);
    count_octets(GORCL, GORCH, size);
    if (const Number* counter = bin(received_bins, size)) count(*counter);
    const Destination to = destination(frame);
    // 13.7.28: broadcast that came in by another filter is not counted, nor is it multicast.
    if (to == Destination::broadcast && (registers_.get(RCTL) & RCTL.BAM)) count(BPRC);
    if (to == Destination::multicast) count(MPRC);
}

}  // namespace ixy::sim::e1000
