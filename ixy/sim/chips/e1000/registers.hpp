// The register file of an 8254x: every register of the datasheet's table, with its reset value, its writable bits and
// its access modes. Whatever a register does beyond remembering its value is attached here by the chapter in charge.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string_view>
#include <vector>

#include <ixy/datasheet/e1000/chip.hpp>
#include <ixy/sim/chips/model.hpp>

namespace ixy::sim::e1000 {

/// Thread rule: one at a time (a card's lock).
class RegisterFile {
public:
    RegisterFile(const datasheet::e1000::Chip& chip, Host& host);

    // --- software's accesses: access modes, masks, hooks, reports ---
    std::uint32_t read(std::uint32_t offset);
    void write(std::uint32_t offset, std::uint32_t value);

    // --- the chip's own accesses: plain values ---
    /// The value at `offset`, which may be an alias; zero where there is none. Has no effects.
    std::uint32_t held(std::uint32_t offset) const;
    /// The same without bits that act when written: writing this value leaves the register unchanged.
    std::uint32_t harmless(std::uint32_t offset) const;
    template <class R>
    datasheet::Value<R> get(datasheet::Location<R> at) const {
        return {values_[at.offset / 4]};
    }
    template <class R, std::size_t N>
    datasheet::Value<R> get(const datasheet::Register<R, N>& reg) const {
        return {values_[reg.offset / 4]};
    }
    template <class R>
    void set(datasheet::Location<R> at, std::type_identity_t<datasheet::Value<R>> value) {
        values_[at.offset / 4] = value.bits;
    }
    template <class R, std::size_t N>
    void set(const datasheet::Register<R, N>& reg, std::type_identity_t<datasheet::Value<R>> value) {
        values_[reg.offset / 4] = value.bits;
    }
    std::uint32_t number(datasheet::Location<datasheet::Number> at) const { return values_[at.offset / 4]; }
    void set(datasheet::Location<datasheet::Number> at, std::uint32_t number) { values_[at.offset / 4] = number; }

    /// Adds one to a counter; a full one stays full (13.7).
    void count(datasheet::Location<datasheet::Number> counter) {
        std::uint32_t& value = values_[counter.offset / 4];
        if (value != ~0U) ++value;
    }

    /// Returns the result of software's read of element `index`, instead of the stored value; may have effects.
    using OnRead = std::function<std::uint32_t(std::size_t index)>;
    void on_read(const datasheet::RegisterInfo& info, OnRead act);
    /// Called after software's write was stored within the register's mask: `written` is the value as it was written,
    /// `before` what the register held. A write-only register stores values like any other.
    using OnWrite = std::function<void(std::uint32_t written, std::uint32_t before, std::size_t index)>;
    void on_write(const datasheet::RegisterInfo& info, OnWrite act);

    /// Sets every register to its reset value, or to zero if it has no fixed one (arrays of addresses, ...).
    void reset();
    /// Reports that the driver did something to a register that it must not do: "RCTL: `what` (13.4.22)".
    void report(Misuse kind, const datasheet::RegisterInfo& info, std::string_view what) const;

    const datasheet::e1000::Chip& chip() const { return chip_; }
    Host& host() const { return host_; }

private:
    /// A register, and what a write to it does bit by bit. Bits in none of these masks keep their values.
    struct Entry {
        const datasheet::RegisterInfo* info = nullptr;
        std::uint32_t plain = 0;     ///< take the written value
        std::uint32_t clears = 0;    ///< cleared by a written one
        std::uint32_t sets = 0;      ///< set by a written one
        std::uint32_t acts = 0;      ///< all bits for which a write does more than store them
        std::uint32_t reserved = 0;  ///< must be written as they were read
        OnRead on_read;
        OnWrite on_write;
    };
    struct Place {
        std::uint16_t entry = 0;  ///< 0: no register here
        std::uint16_t index = 0;
    };
    void add(const datasheet::RegisterInfo& info);
    void place(std::uint32_t offset, std::size_t entry);
    Entry& entry_of(const datasheet::RegisterInfo& info);
    const Place* find(std::uint32_t offset);

    const datasheet::e1000::Chip& chip_;
    Host& host_;
    std::vector<Entry> entries_;
    std::vector<Place> places_;          ///< by offset / 4
    std::vector<std::uint32_t> values_;  ///< by offset / 4; an alias has none of its own
    std::set<std::uint32_t> unknown_;    ///< offsets without a register that were reported
};

}  // namespace ixy::sim::e1000
