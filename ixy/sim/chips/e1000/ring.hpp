// A ring of descriptors as five registers describe it: base, length, head and tail (manual 3.2.6 and 3.4).
//
// The chip owns the descriptors from the head up to, not including, the tail; none when they are equal. The head is the
// chip's to move, the tail the driver's. Whatever a driver writes, an index that is used is one of the ring's.
#pragma once

#include <cstdint>

#include <ixy/core/packet.hpp>
#include <ixy/sim/chips/e1000/registers.hpp>

namespace ixy::sim::e1000 {

class Ring {
public:
    using Register = datasheet::Location<datasheet::Number>;
    struct Registers {
        const datasheet::Number& base_low;
        const datasheet::Number& base_high;
        const datasheet::Number& length;
        const datasheet::Number& head;
        const datasheet::Number& tail;
    };
    static constexpr std::uint32_t descriptor_size = 16;

    Ring(RegisterFile& registers, const Registers& at) : registers_(registers), at_(at) {}

    const Registers& at() const { return at_; }
    /// In descriptors.
    std::uint32_t size() const { return registers_.number(at_.length) / descriptor_size; }
    std::uint32_t head() const { return registers_.number(at_.head); }
    std::uint32_t tail() const { return registers_.number(at_.tail); }
    bool sound() const { return head() < size() && tail() < size(); }
    /// How many descriptors the chip owns; none while head or tail are not in the ring.
    std::uint32_t ready() const {
        if (!sound()) return 0;
        return tail() >= head() ? tail() - head() : size() - head() + tail();
    }
    /// The address of descriptor `index`.
    IoAddress address(std::uint32_t index) const {
        const std::uint64_t base =
            std::uint64_t{registers_.number(at_.base_high)} << 32 | registers_.number(at_.base_low);
        return IoAddress{base} + std::uint64_t{index} * descriptor_size;
    }
    /// The index `count` after `index`; `count` is at most the ring's size.
    std::uint32_t following(std::uint32_t index, std::uint32_t count = 1) const {
        return index + count < size() ? index + count : index + count - size();
    }
    /// Moves the head on by one.
    void advance() { registers_.set(at_.head, following(head())); }
    /// Software wrote `value` to base or length.
    void written(const datasheet::Number& which, std::uint32_t value);
    /// Reports faults of a ring that is used. True when head and tail are in it.
    bool check();

private:
    RegisterFile& registers_;
    Registers at_;
    // As they were written, if the register cannot hold that; else 0
    std::uint32_t odd_base_ = 0;
    std::uint32_t odd_length_ = 0;
};

}  // namespace ixy::sim::e1000
