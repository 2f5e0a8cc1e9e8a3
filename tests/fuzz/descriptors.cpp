// Fuzzes what a card reads from memory: descriptors of all kinds, in rings that are set up correctly, and what it does
// with them in all settings. What a family's rings and descriptors are stands in its table. registers.cpp fuzzes the
// registers.
#include <cstdlib>
#include <utility>
#include <vector>

#include <ixy/sim/wires/wire.hpp>

#include "tests/fuzz/card.hpp"
#include "tests/fuzz/input.hpp"

namespace ixy::fuzz {
namespace {

using datasheet::DescriptorKind;
using datasheet::DescriptorWords;
using datasheet::RegisterInfo;
using datasheet::Setting;

constexpr std::uint32_t first_ring = 0x1000, memory_size = 0x1'0000;
constexpr std::uint32_t ring_size = 32, ring_bytes = ring_size * datasheet::descriptor_bytes;
constexpr std::size_t most_at_once = ring_size * 1100;  // frames of one ring, many of them segments
constexpr std::size_t most_to_come_back = 64;
constexpr sim::Time several_turns{32};

/// A ring of one queue.
struct Ring {
    const datasheet::RingBank* bank;
    std::size_t index;  ///< in the bank
    std::uint32_t base;
    std::uint32_t posted = 0;  ///< descriptors
};

class Script {
public:
    explicit Script(Input input) : input_(input), card_(fresh_card(input_.up_to(last_card()), memory_size)) {
        for (const datasheet::RingBank& bank : card_.chip.family->rings) {
            if (!card_.chip.has(*bank.tail)) continue;
            for (std::size_t i = 0; i < bank.queues(); ++i)
                rings_.push_back({&bank, i, first_ring + static_cast<std::uint32_t>(rings_.size()) * ring_bytes});
        }
    }

    void run() {
        card_.host.memory.assign(memory_size, std::byte{0x5a});
        card_.host.msi_x = input_.up_to(1) == 1;
        set_up();
        while (!input_.empty()) {
            step();
            if (card_.host.frames.size() > most_at_once * rings_.size()) std::abort();
            for (const auto& frame : card_.host.frames)
                if (frame.size() > sim::longest_wire_frame) std::abort();
            card_.host.frames.resize(std::min(card_.host.frames.size(), most_to_come_back));
            card_.host.reports.clear();
        }
        card_.host.pass(*card_.nic, several_turns);
        const Setting& reset = card_.chip.family->reset;  // the rest of a million segments would take too long
        write(*reset.info, 0, reset.value);
        card_.host.pass(*card_.nic, std::chrono::seconds(1));
        card_.host.frames.clear();
    }

private:
    void write(const RegisterInfo& info, std::size_t index, std::uint32_t value) {
        card_.nic->write(0, info.address(index), 4, value);
    }
    /// The setting, and anything in the register's other bits.
    void set(const Setting& setting, std::size_t index = 0) {
        if (setting.info == nullptr || !card_.chip.has(*setting.info)) return;
        const auto other_bits = input_.take<std::uint32_t>();
        write(*setting.info, setting.info->count == 1 ? 0 : index, (other_bits & ~setting.mask) | setting.value);
    }

    void set_up() {
        const datasheet::Family& family = *card_.chip.family;
        for (const Ring& ring : rings_) {
            write(*ring.bank->base_low, ring.index, ring.base);
            write(*ring.bank->base_high, ring.index, 0);
            write(*ring.bank->length, ring.index, ring_bytes);
        }
        for (std::uint32_t count = input_.up_to(15); count > 0; --count) change_a_register();
        for (const DescriptorKind& kind : family.receive_descriptors)
            if (input_.up_to(1) == 1) set(kind.format);
        // Nothing but the link itself: other bits of that register may reset the card.
        write(*family.link_on.info, 0, family.link_on.value);
        for (const Ring& ring : rings_)
            for (const Setting& setting : ring.bank->enabled) set(setting, ring.index);
    }

    /// Any register, or all elements of one: a key, a table, filters.
    void change_a_register() {
        const auto registers = card_.chip.registers;
        const RegisterInfo& info = *registers[input_.up_to(static_cast<std::uint32_t>(registers.size() - 1))];
        const auto value = input_.take<std::uint32_t>();
        if (is_of_a_ring(info)) return;
        for (std::uint32_t i = 0; i < info.count; ++i) write(info, i, value * (2 * i + 1));
    }
    bool is_of_a_ring(const RegisterInfo& info) const {
        return std::ranges::any_of(rings_, [&](const Ring& ring) {
            const datasheet::RingBank& bank = *ring.bank;
            const RegisterInfo* const all[] = {bank.base_low, bank.base_high, bank.length, bank.head, bank.tail};
            return std::ranges::find(all, &info) != std::end(all);
        });
    }

    void step() {
        switch (input_.up_to(9)) {
            case 0:
            case 1:
            case 2:
            case 3:
                return put_descriptor(any_ring());
            case 4:
            case 5:
                return hand_over(any_ring());
            case 6:
                return arrive();
            case 7:
                return come_back();
            case 8:
                return change_a_register();
            default:
                return scribble();
        }
    }

    Ring& any_ring() { return rings_[input_.up_to(static_cast<std::uint32_t>(rings_.size() - 1))]; }

    void hand_over(Ring& ring) { write(*ring.bank->tail, ring.index, ring.posted % ring_size); }

    std::uint64_t address() {
        const auto value = input_.take<std::uint16_t>();
        return value < 16 ? std::uint64_t{value} << 60 : value;  // some of them unmapped
    }

    void put_descriptor(Ring& ring) {
        const DescriptorWords words = ring.bank->is_receive ? receive_descriptor() : transmit_descriptor();
        card_.host.store(IoAddress{ring.base + ring.posted++ % ring_size * datasheet::descriptor_bytes}, words);
    }

    /// A buffer or two.
    DescriptorWords receive_descriptor() {
        const std::uint64_t first = address(), second = input_.up_to(1) == 0 ? 0 : address();
        return {static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(first >> 32),
                static_cast<std::uint32_t>(second), static_cast<std::uint32_t>(second >> 32)};
    }

    /// One of the family's kinds, with anything in it.
    DescriptorWords transmit_descriptor() {
        const auto kinds = card_.chip.family->transmit_descriptors;
        const std::uint32_t number = input_.up_to(static_cast<std::uint32_t>(kinds.size() - 1));
        auto words = input_.take<DescriptorWords>();
        for (const DescriptorKind& earlier : kinds.first(number))  // the first kind that fits is the one
            if (earlier.mark.is_in(words)) words[earlier.mark.word] ^= earlier.mark.mask & -earlier.mark.mask;
        const DescriptorKind& kind = kinds[number];
        words[kind.mark.word] = (words[kind.mark.word] & ~kind.mark.mask) | kind.mark.value;
        if (kind.has_buffer) {
            const std::uint64_t buffer = address();
            words[0] = static_cast<std::uint32_t>(buffer);
            words[1] = static_cast<std::uint32_t>(buffer >> 32);
        }
        return words;
    }

    void arrive() {
        std::vector<std::byte> frame(input_.up_to(17'000), std::byte{0xff});
        const auto head = input_.take_bytes(std::min<std::size_t>(input_.up_to(80), frame.size()));
        std::ranges::copy(head, frame.begin());
        card_.nic->receive(frame, input_.up_to(7) == 0);
    }

    /// What was sent arrives: packets that the card cut into segments, with checksums that it wrote.
    void come_back() {
        const auto sent = std::exchange(card_.host.frames, {});
        for (const auto& frame : sent) card_.nic->receive(frame, false);
    }

    void scribble() {
        const std::uint32_t at = input_.up_to(memory_size - 256);
        std::ranges::copy(input_.take_bytes(input_.up_to(255)), card_.host.memory.begin() + at);
    }

    Input input_;
    Card& card_;
    std::vector<Ring> rings_;
};

}  // namespace
}  // namespace ixy::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    ixy::fuzz::Script(ixy::fuzz::Input(std::as_bytes(std::span(data, size)))).run();
    return 0;
}
