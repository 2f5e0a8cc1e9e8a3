// How a chip's registers are described: the datasheet as data.
//
// One constexpr object describes one register: its offset, its reset value, its writable bits, the meaning of its
// fields, and the section of the manual that defines it. Four readers share these objects:
//
//   the driver          regs.write(RCTL, RCTL.EN | RCTL.BAM)      typed; compiles to one store
//   the software model  info.reset, info.writable, info.access    dispatch, masks, clear on read
//   the tools           decode(info, value)                       named dumps, explained accesses
//   the tests           one row, one check
//
// A register is spelled as in the manual, and its fields are its members:
//
//   struct Rctl : Register<Rctl> {
//       using Register::Register;
//       Field EN{this, 1, "EN", "receiver enabled"};
//       Field BSIZE{this, {16, 2}, "BSIZE", "receive buffer size"};
//   };
//   inline constexpr Rctl RCTL{{.name = "RCTL", .offset = 0x0100, .access = Access::RW, ...}};
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace ixy::datasheet {

/// The effect of reading or writing a register (or one field).
enum class Access : std::uint8_t {
    RO,   ///< read only; writes are ignored
    RW,   ///< reads return the written value
    RC,   ///< read only, and a read clears it (statistics)
    W1C,  ///< reads give the state; writing a one clears that bit
    RC1,  ///< both: a read clears it, and so does writing ones (interrupt causes)
    W1S,  ///< reads give the state; writing a one sets that bit (interrupt masks)
    WO,   ///< write only; the result of a read is undefined
    SC,   ///< reads give the state; the device clears set bits when it has done the work
    RS,   ///< a read sets it: the reader of a zero has acquired it (semaphores)
};

/// The meaning of one value of a field: {2, "1000 Mb/s"}.
struct Meaning {
    std::uint32_t value;
    std::string_view text;
};

/// One field of a register: bits [low, low + width).
struct FieldInfo {
    std::string_view name;
    std::string_view meaning;
    std::uint8_t low = 0;
    std::uint8_t width = 0;
    Access access = Access::RW;
    std::span<const Meaning> values{};

    constexpr std::uint32_t mask() const { return (width == 32 ? ~0U : (1U << width) - 1U) << low; }
    constexpr std::uint32_t extract(std::uint32_t bits) const { return (bits & mask()) >> low; }
};

/// The position of a field. A plain number is a single bit.
struct Bits {
    std::uint8_t low;
    std::uint8_t width;
    constexpr Bits(int bit) : low(static_cast<std::uint8_t>(bit)), width(1) {}
    constexpr Bits(int first, int count)
        : low(static_cast<std::uint8_t>(first)), width(static_cast<std::uint8_t>(count)) {}
};

/// The table row with which each register begins.
struct Row {
    std::string_view name;  ///< as the manual spells it
    std::uint32_t offset;   ///< bytes from the start of the BAR
    Access access = Access::RW;
    std::uint32_t reset = 0;       ///< value after power-on or reset, where it is fixed
    std::uint32_t writable = ~0U;  ///< bits that a write reaches, self-clearing ones included
    std::uint32_t absent = 0;      ///< read-only fields that only other chips have
    std::uint16_t count = 1;       ///< array length
    std::uint16_t stride = 4;      ///< bytes from one element to the next
    std::string_view title{};      ///< the manual's long name
    std::string_view section{};    ///< the manual's section
};

/// A register without its type, for tools, models and tests.
class RegisterInfo : public Row {
public:
    constexpr explicit RegisterInfo(const Row& row) : Row(row) {}
    RegisterInfo(const RegisterInfo&) = delete;  // fields_ points into the register itself
    RegisterInfo& operator=(const RegisterInfo&) = delete;

    constexpr std::span<const FieldInfo> fields() const { return {fields_, field_count_}; }
    constexpr std::uint32_t address(std::size_t index = 0) const {
        return offset + static_cast<std::uint32_t>(index) * stride;
    }
    /// True when `where` is one of this register's elements.
    constexpr bool covers(std::uint32_t where) const {
        return where >= offset && where < offset + std::uint32_t{count} * stride && (where - offset) % stride == 0;
    }

protected:
    constexpr void keep_fields_in(FieldInfo* storage) { fields_ = storage; }
    constexpr void append(const FieldInfo& field) { fields_[field_count_++] = field; }

private:
    FieldInfo* fields_ = nullptr;
    std::size_t field_count_ = 0;
};

/// A value of register R. Values of different registers do not mix.
template <class R>
struct Value {
    std::uint32_t bits = 0;

    friend constexpr Value operator|(Value a, Value b) { return {a.bits | b.bits}; }
    friend constexpr Value operator&(Value a, Value b) { return {a.bits & b.bits}; }
    constexpr Value operator~() const { return {~bits}; }
    constexpr Value& operator|=(Value other) { return *this = *this | other; }
    constexpr Value& operator&=(Value other) { return *this = *this & other; }
    constexpr explicit operator bool() const { return bits != 0; }
    friend constexpr bool operator==(Value, Value) = default;
};

/// One element of register R, as named by a read or write.
template <class R>
struct Location {
    std::uint32_t offset;
};

/// Register R with its fields as members; `MostFields` is room for their descriptions.
template <class R, std::size_t MostFields = 32>
struct Register : RegisterInfo {
    std::array<FieldInfo, MostFields> field_storage{};

    constexpr Register(const Row& row) : RegisterInfo(row) { keep_fields_in(field_storage.data()); }

    /// A field that knows its register, so that RCTL.EN cannot end up in CTRL.
    struct Field {
        std::uint8_t low;
        std::uint8_t width;

        constexpr Field(Register* owner, Bits at, std::string_view name, std::string_view meaning,
                        std::span<const Meaning> values = {})
            : Field(owner, at, name, meaning, owner->access, values) {}
        constexpr Field(Register* owner, Bits at, std::string_view name, std::string_view meaning, Access access,
                        std::span<const Meaning> values = {})
            : low(at.low), width(at.width) {
            owner->append({name, meaning, low, width, access, values});
        }

        constexpr std::uint32_t mask() const { return (width == 32 ? ~0U : (1U << width) - 1U) << low; }
        /// All bits of the field: RCTL.EN
        constexpr operator Value<R>() const { return {mask()}; }
        /// The field holding `number`: RCTL.BSIZE(2)
        constexpr Value<R> operator()(std::uint32_t number) const { return {(number << low) & mask()}; }
        /// The number that the field holds in `value`: STATUS.SPEED.of(value)
        constexpr std::uint32_t of(Value<R> value) const { return (value.bits & mask()) >> low; }

        friend constexpr Value<R> operator|(Field a, Field b) { return Value<R>(a) | Value<R>(b); }
        friend constexpr Value<R> operator|(Value<R> a, Field b) { return a | Value<R>(b); }
        friend constexpr Value<R> operator|(Field a, Value<R> b) { return Value<R>(a) | b; }
        friend constexpr Value<R> operator&(Value<R> a, Field b) { return a & Value<R>(b); }
        constexpr Value<R> operator~() const { return ~Value<R>(*this); }
    };

    constexpr operator Location<R>() const { return {offset}; }
    /// Element `index` of a register array: RAL[3]
    constexpr Location<R> operator[](std::size_t index) const { return {address(index)}; }
    /// A value from plain bits: RCTL.from(0x8002)
    static constexpr Value<R> from(std::uint32_t bits) { return {bits}; }
};

/// A register that holds one plain number or has no named fields: addresses, indices, counters.
struct Number : Register<Number, 0> {
    using Register::Register;
};

}  // namespace ixy::datasheet
