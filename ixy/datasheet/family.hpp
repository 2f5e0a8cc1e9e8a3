// What sets a family of chips apart beside its registers, as data: where its rings are, which descriptors they hold and
// how to tell them apart, and which accesses do more than a row of the table says. The explainer, the fault injector
// and the tools read it here, so that none of them names a family.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <ixy/datasheet/register.hpp>

namespace ixy::datasheet {

/// A setting: the bits `mask` of a register are `value`. Of an array of registers, the element of the queue in
/// question.
struct Setting {
    const RegisterInfo* info = nullptr;  ///< null: it always holds
    std::uint32_t mask = 0;
    std::uint32_t value = 0;

    constexpr bool holds_in(std::uint32_t bits) const { return (bits & mask) == value; }
};

/// `field` of `info` is `number`, by default all ones: a bit that is set.
template <class R>
constexpr Setting setting(const R& info, const typename R::Field& field, std::uint32_t number = ~0U) {
    return {&info, field.mask(), field(number).bits};
}

// --- descriptors ---------------------------------------------------------------------------------------------------

inline constexpr std::size_t descriptor_words = 4;
inline constexpr std::size_t descriptor_bytes = 16;
using DescriptorWords = std::array<std::uint32_t, descriptor_words>;

/// A mark in a descriptor: the bits `mask` of a word are `value`. With no mask it is always there.
struct Mark {
    std::size_t word = 0;
    std::uint32_t mask = 0;
    std::uint32_t value = 0;

    constexpr bool is_in(const DescriptorWords& words) const { return (words[word] & mask) == value; }
};

/// A field of one of a descriptor's words.
struct WordField {
    std::size_t word = 0;
    std::uint8_t low = 0;
    std::uint8_t width = 0;

    constexpr std::uint32_t of(const DescriptorWords& words) const {
        return FieldInfo{{}, {}, low, width}.extract(words[word]);
    }
    constexpr bool is(std::size_t at_word, std::uint8_t at_low) const {
        return width != 0 && at_word == word && at_low == low;
    }
};

/// `field` of the word `word`: word_field(2, RDESC_LENGTH.LENGTH)
constexpr WordField word_field(std::size_t word, const auto& field) { return {word, field.low, field.width}; }

/// One kind of descriptor.
struct DescriptorKind {
    std::string_view name;  ///< in a picture of a ring: "data"
    std::string_view title;
    std::string_view section;
    std::array<const RegisterInfo*, descriptor_words> words;  ///< in their order, described like registers
    Mark mark{};                                              ///< what a descriptor of this kind looks like
    Setting format{};                                         ///< what the driver has set when its rings hold this kind
    Mark done{};             ///< what the device writes when it is done with the descriptor
    bool has_buffer = true;  ///< the first two words are a buffer's address, the lower half first
    WordField length{};      ///< bytes in the buffer; without a width if no field says so
};

// --- rings ---------------------------------------------------------------------------------------------------------

/// Rings of one direction whose registers are arrays, one element for each queue from `first_queue` on.
struct RingBank {
    bool is_receive;
    std::size_t first_queue;
    const RegisterInfo* base_low;
    const RegisterInfo* base_high;
    const RegisterInfo* length;  ///< bytes
    const RegisterInfo* head;
    const RegisterInfo* tail;
    std::array<Setting, 2> enabled{};  ///< what the driver has set while the ring is in use

    constexpr std::size_t queues() const { return tail->count; }
};

// --- accesses ------------------------------------------------------------------------------------------------------

/// Two registers that are one counter of 64 bits. Reading the high half clears both, reading the low half nothing.
struct WideCounter {
    const Number* low;
    const Number* high;
};

/// A sentence that an access deserves, beside what its fields say.
struct Remark {
    Setting when;  ///< what is written, or read
    bool is_write;
    std::string_view text;
};

struct Family {
    std::string_view name;            ///< of the driver and the folders: "e1000"
    std::uint16_t vendor;             ///< PCI vendor of all its chips
    std::uint32_t register_bytes;     ///< of BAR 0
    std::span<const RingBank> rings;  ///< of all its chips; a chip has those whose tail it has
    /// The kinds that a ring may hold. The first whose mark and format fit is the one.
    std::span<const DescriptorKind> receive_descriptors;
    std::span<const DescriptorKind> transmit_descriptors;
    std::span<const WideCounter> wide_counters;
    std::span<const Remark> remarks;
    Setting reset;    ///< what a driver writes to reset the registers
    Setting link_on;  ///< what a driver writes to have a link
    Setting link_up;  ///< what the device shows while it has one
    /// Registers that drivers wait for, base decisions on or use as doorbells: where faults hurt most.
    std::span<const std::string_view> pivotal;
    /// Registers that never read as all ones while the device is there.
    std::array<const RegisterInfo*, 2> signs_of_life;
};

}  // namespace ixy::datasheet
