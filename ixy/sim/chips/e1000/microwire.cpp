// One bit at each rising edge of the clock: a start bit, two bits of operation, the address, sixteen bits of data.
// Operations that change the memory take effect when chip select falls.
#include <ixy/sim/chips/e1000/microwire.hpp>

#include <algorithm>
#include <bit>

namespace ixy::sim::e1000 {

Microwire::Microwire(std::span<std::uint16_t> words)
    : words_(words), address_bits_(static_cast<unsigned>(std::bit_width(words.size()) - 1)) {}

bool Microwire::drive(bool select, bool clock, bool data_in) {
    const bool rising = clock && !clock_;
    clock_ = clock;
    if (!select) deselect();
    if (select && rising) clock_in(data_in);
    return data_out_;
}

void Microwire::clock_in(bool bit) {
    const std::uint32_t one = bit ? 1 : 0;
    switch (phase_) {
        case Phase::start:
            if (bit) phase_ = Phase::command;
            break;
        case Phase::command:
            shift_ = shift_ << 1 | one;
            if (++bits_ == 2 + address_bits_) decode();
            break;
        case Phase::read:
            data_out_ = (shift_ >> 15 & 1) != 0;
            shift_ <<= 1;
            if (++bits_ % 16 == 0) shift_ = words_[++address_ % words_.size()];  // the next word follows automatically
            break;
        case Phase::write:
        case Phase::write_all:
            if (bits_ == 16) break;
            shift_ = shift_ << 1 | one;
            ++bits_;
            break;
        default:
            break;
    }
}

void Microwire::decode() {
    const std::uint32_t operation = shift_ >> address_bits_;
    address_ = shift_ % words_.size();
    bits_ = 0;
    shift_ = 0;
    switch (operation) {
        case 0b01:
            phase_ = Phase::write;
            return;
        case 0b10:
            phase_ = Phase::read;
            shift_ = words_[address_];
            data_out_ = false;  // a zero precedes the data
            return;
        case 0b11:
            phase_ = Phase::erase;
            return;
        default:
            break;
    }
    constexpr Phase more[] = {Phase::done, Phase::write_all, Phase::erase_all, Phase::done};
    const std::size_t which = address_ >> (address_bits_ - 2);
    phase_ = more[which];
    if (which == 0) write_enabled_ = false;
    if (which == 3) write_enabled_ = true;
}

void Microwire::deselect() {
    const bool whole = bits_ == 16;
    const auto data = static_cast<std::uint16_t>(shift_);
    if (write_enabled_) {
        if (phase_ == Phase::write && whole) words_[address_] = data;
        if (phase_ == Phase::write_all && whole) std::ranges::fill(words_, data);
        if (phase_ == Phase::erase) words_[address_] = 0xffff;
        if (phase_ == Phase::erase_all) std::ranges::fill(words_, std::uint16_t{0xffff});
    }
    phase_ = Phase::start;
    shift_ = 0;
    bits_ = 0;
    data_out_ = true;
}

}  // namespace ixy::sim::e1000
