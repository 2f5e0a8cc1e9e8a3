// One register access and what the datasheet knows about it. Text and JSON are made from this.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <source_location>
#include <utility>
#include <vector>

#include <ixy/datasheet/chip.hpp>
#include <ixy/datasheet/decode.hpp>

namespace ixy::explain {

/// What a read does to the register.
enum class ReadEffect : std::uint8_t {
    none,
    clears,
    clears_both,       ///< the high half of a 64-bit count, and its low half with it
    high_half_clears,  ///< the low half of such a count: it stays until the high half is read
    may_clear  ///< causes of a chip with MSI-X: if it is used, only when an interrupt was sent or all are masked
};

struct Access {
    std::chrono::nanoseconds time{};  ///< since the device was opened
    bool is_write = false;
    unsigned bar = 0;
    std::uint64_t offset = 0;  ///< bytes from the start of the BAR
    unsigned width = 4;        ///< bytes
    std::uint64_t value = 0;   ///< read or written
    std::source_location where{};

    // What is known about it
    const datasheet::RegisterInfo* info = nullptr;  ///< null: the datasheet has no register there
    const datasheet::Chip* chip = nullptr;          ///< whose fields it has; null: those of any chip
    std::size_t index = 0;                          ///< which one of an array of registers
    std::optional<std::uint32_t> before{};          ///< what the register held when it was last seen
    ReadEffect read_effect = ReadEffect::none;      ///< of a read

    std::uint32_t bits() const { return static_cast<std::uint32_t>(value); }
    /// Writing a one does something and writing a zero does nothing (interrupt causes and masks).
    bool ones_act() const;
    /// Reserved bits that this write sets, and that were not set before. None where ones act: there, they do nothing.
    std::uint32_t reserved_bits_set() const;
    /// The access is to an older offset of the register (datasheet::Alias).
    bool is_alias() const { return info != nullptr && offset != info->address(index); }
};

/// A field and its previous value, if known.
struct FieldChange {
    datasheet::DecodedField field;
    std::optional<std::uint32_t> before;
};

/// The fields worth reporting: those that differ from what the register held before; if that is unknown, those that are
/// not zero; and where ones act, those that are ones.
std::vector<FieldChange> changes(const Access& access);

/// What each register held when it was last read or written. Thread rule: one at a time.
class RegisterMemory {
public:
    /// `chip` null: nothing is known about any register.
    explicit RegisterMemory(const datasheet::Chip* chip) : chip_(chip) {}

    /// Fills in what is known about `access`, and learns from it.
    void look_up(Access& access);
    /// What the register at `offset` of BAR 0 held when it was last seen.
    std::optional<std::uint32_t> value(std::uint32_t offset) const;

private:
    ReadEffect read_effect(const datasheet::RegisterInfo& info) const;
    void learn(const Access& access);
    void learn_read(const Access& access);

    const datasheet::Chip* chip_;
    std::map<std::pair<unsigned, std::uint64_t>, std::uint32_t> values_;  // by BAR and offset
};

}  // namespace ixy::explain
