// Cycles of the time-stamp counter, which ticks at a constant rate whatever the processor's clock does.
#pragma once

#include <x86intrin.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <vector>

namespace ixy::bench {

/// Reads the counter once everything before it is done and before anything after it begins.
inline std::uint64_t cycles_now() {
    unsigned processor = 0;
    const std::uint64_t now = __rdtscp(&processor);
    _mm_lfence();
    return now;
}

/// The cost of reading the counter twice: the least of many tries.
inline std::uint64_t cycles_of_reading() {
    static const std::uint64_t least = [] {
        std::uint64_t best = std::numeric_limits<std::uint64_t>::max();
        for (int i = 0; i < 10'000; ++i) {
            const std::uint64_t begin = cycles_now();
            best = std::min(best, cycles_now() - begin);
        }
        return best;
    }();
    return least;
}

/// Cycles that `work` takes, without those of the counter itself.
template <class Work>
std::uint64_t count_cycles(Work work) {
    const std::uint64_t begin = cycles_now();
    work();
    const std::uint64_t spent = cycles_now() - begin;
    return spent - std::min(spent, cycles_of_reading());
}

/// The middle one of `figures`, which must not be empty: an interrupt, or another program's turn, costs as much as
/// thousands of rounds.
inline double median(std::vector<double> figures) {
    const auto middle = figures.begin() + static_cast<std::ptrdiff_t>(figures.size() / 2);
    std::ranges::nth_element(figures, middle);
    return *middle;
}

/// Cycles of the counter per second, measured once.
inline double cycles_per_second() {
    static const double rate = [] {
        using namespace std::chrono;
        const auto begin = steady_clock::now();
        const std::uint64_t first = cycles_now();
        while (steady_clock::now() - begin < milliseconds(50)) {
        }
        const std::uint64_t ticks = cycles_now() - first;
        return static_cast<double>(ticks) / duration<double>(steady_clock::now() - begin).count();
    }();
    return rate;
}

}  // namespace ixy::bench
