// The card's counters, 64 bits wide. Manual, section 13.7.
#pragma once

#include <cstdint>
#include <vector>

#include <ixy/datasheet/e1000/chip.hpp>
#include <ixy/nic/device.hpp>
#include <ixy/pci/bar.hpp>

namespace ixy::e1000 {

/// Adds up one counter of a card, which may or may not clear it on read. Hardware clears all counters, QEMU's model
/// keeps some (MPC, RNBC, CRCERRS): two consecutive readings show which kind it is.
class Accumulator {
public:
    /// Begins at zero. `first` and `second` are consecutive readings, taken while nothing was counted.
    void start(std::uint64_t first, std::uint64_t second);
    /// True while a second reading is needed.
    bool undecided() const { return kind_ == Kind::unknown; }
    void add(std::uint64_t reading);
    /// Adds two consecutive readings, which may settle which kind it is.
    void add(std::uint64_t first, std::uint64_t second);
    std::uint64_t total() const { return total_; }

private:
    enum class Kind : std::uint8_t { unknown, clears, keeps };

    std::uint64_t total_ = 0;
    std::uint64_t last_ = 0;
    Kind kind_ = Kind::unknown;
};

/// All counters of one card.
class CardCounters {
public:
    CardCounters(Bar registers, const datasheet::e1000::Chip& chip);

    /// Begins at zero; receiver and transmitter must be off.
    void start();
    /// Adds what has been counted since the last call. Must be called at least every half hour at 1 Gbit/s, before 32
    /// bits overflow.
    void refresh();
    /// The total of `counter`; for counts of octets, that is the low half's register (GORCL).
    std::uint64_t operator[](const datasheet::RegisterInfo& counter) const;
    std::vector<NamedCounter> all() const;

private:
    struct Entry {
        const datasheet::RegisterInfo* low;
        const datasheet::RegisterInfo* high;  // of a count of octets, or null
        Accumulator sum;
    };
    std::uint64_t read(const Entry& entry) const;

    Bar registers_;
    std::vector<Entry> entries_;
};

}  // namespace ixy::e1000
