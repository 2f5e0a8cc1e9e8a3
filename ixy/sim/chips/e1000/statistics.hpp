// The statistics registers (manual 13.7): what each frame adds to which counters. All are cleared by a read and stay at
// their highest value instead of wrapping.
#pragma once

#include <cstdint>
#include <span>

#include <ixy/datasheet/e1000/statistics.hpp>
#include <ixy/sim/chips/e1000/registers.hpp>

namespace ixy::sim::e1000 {

class Statistics {
public:
    explicit Statistics(RegisterFile& registers);

    /// Adds one to a counter.
    void count(const datasheet::Number& counter) { registers_.count(counter); }
    /// A frame went out: `frame` without its check sequence.
    void sent(std::span<const std::byte> frame);
    /// A frame came in, whatever happens to it: total packets and octets.
    void seen(std::span<const std::byte> frame);
    /// It was good, passed the filters and was of legal length: good packets and octets, size bins, broadcast,
    /// multicast.
    void accepted(std::span<const std::byte> frame);

private:
    /// Adds to a 64-bit count.
    void count_octets(const datasheet::Number& low, const datasheet::Number& high, std::uint64_t more);

    RegisterFile& registers_;
};

}  // namespace ixy::sim::e1000
