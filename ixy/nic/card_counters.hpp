// A card's counters, 64 bits wide: registers of 32 bits that clear on read become totals that lose nothing.
#pragma once

#include <cstdint>
#include <vector>

#include <ixy/datasheet/chip.hpp>
#include <ixy/nic/driver.hpp>
#include <ixy/pci/bar.hpp>

namespace ixy {

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

/// All counters of one card: the registers of its chip that a read clears.
class CardCounters {
public:
    CardCounters(Bar registers, const datasheet::Chip& chip);

    /// Begins at zero; receiver and transmitter must be off.
    void start();
    /// Adds what has been counted since the last call. Call it at least every half hour at 1 Gbit/s, before the counts
    /// of frames overflow their 32 bits.
    void refresh();
    /// The total of `counter`; a counter of 64 bits goes by the register of its low half.
    std::uint64_t operator[](const datasheet::RegisterInfo& counter) const;
    std::vector<NamedCounter> all() const;

private:
    struct Entry {
        const datasheet::RegisterInfo* low;
        const datasheet::RegisterInfo* high;  // of a counter of 64 bits, or null
        Accumulator sum;
    };
    std::uint64_t read(const Entry& entry) const;

    Bar registers_;
    std::vector<Entry> entries_;
};

}  // namespace ixy
