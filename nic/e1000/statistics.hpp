// The card's counters, 64 bits wide. Manual, section 13.7.
#pragma once

#include <cstdint>
#include <vector>

#include <ixy/datasheet/chip.hpp>
#include <ixy/nic/device.hpp>
#include <ixy/pci/bar.hpp>

namespace ixy::e1000 {

/// Adds up one counter of a card that clears it when it is read, or does not. Hardware clears all of them, QEMU's model
/// keeps some (MPC, RNBC, CRCERRS): which kind it is shows in two readings in a row.
class Accumulator {
public:
    /// Begins at zero. `first` and `second` were read in a row while nothing was counted.
    void start(std::uint64_t first, std::uint64_t second);
    /// True while a second reading is wanted.
    bool undecided() const { return kind_ == Kind::unknown; }
    void add(std::uint64_t reading);
    /// Two readings in a row, which may settle what kind it is.
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
    CardCounters(Bar registers, const datasheet::Chip& chip);

    /// Begins at zero; receiver and transmitter must be off.
    void start();
    /// Takes in what has been counted since the last call; at least every half hour at 1 Gbit/s, before 32 bits are
    /// full.
    void refresh();
    /// The total of `counter`, for counts of octets its low half (GORCL).
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
