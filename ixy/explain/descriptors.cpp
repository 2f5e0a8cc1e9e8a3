// Reading and naming descriptors.
#include <ixy/explain/descriptors.hpp>

#include <algorithm>

#include <ixy/datasheet/decode.hpp>
#include <ixy/explain/text.hpp>
#include <ixy/pci/barrier.hpp>

namespace ixy::explain {

using datasheet::DescriptorKind;

namespace {

bool holds(const datasheet::Setting& setting, const datasheet::Chip& chip, const RingRegisters& ring,
           const ReadRegister& read) {
    if (setting.info == nullptr) return true;
    return chip.has(*setting.info) && setting.holds_in(read(ring.address(*setting.info)));
}

}  // namespace

std::string RingRegisters::name() const {
    return std::string(is_receive() ? "receive" : "transmit") + " ring" +
           (queue() == 0 ? "" : " " + std::to_string(queue()));
}

std::vector<RingRegisters> rings_of(const datasheet::Chip& chip) {
    std::vector<RingRegisters> rings;
    for (const datasheet::RingBank& bank : chip.family->rings) {
        if (!chip.has(*bank.tail)) continue;
        for (std::size_t i = 0; i < bank.queues(); ++i) rings.push_back({&bank, i});
    }
    return rings;
}

std::optional<std::uint64_t> Descriptor::buffer() const {
    if (kind == nullptr || !kind->has_buffer) return std::nullopt;
    return words[0] | std::uint64_t{words[1]} << 32;
}

std::optional<std::uint32_t> Descriptor::length() const {
    if (kind == nullptr || kind->length.width == 0) return std::nullopt;
    return kind->length.of(words);
}

bool Descriptor::is_done() const { return kind != nullptr && kind->done.is_in(words); }

RingPlace find_ring(const datasheet::Chip& chip, const RingRegisters& ring, const ReadRegister& read) {
    const auto value = [&](const datasheet::RegisterInfo& info) { return read(ring.address(info)) & info.writable; };
    RingPlace place{.chip = &chip, .registers = ring};
    place.size = value(*ring.bank->length) / static_cast<std::uint32_t>(descriptor_bytes);
    if (place.size == 0) return place;
    place.base = {value(*ring.bank->base_low) | std::uint64_t{value(*ring.bank->base_high)} << 32};
    const datasheet::Family& family = *chip.family;
    for (const DescriptorKind& kind : ring.is_receive() ? family.receive_descriptors : family.transmit_descriptors) {
        if (holds(kind.format, chip, ring, read)) place.kinds.push_back(&kind);
    }
    return place;
}

bool is_enabled(const datasheet::Chip& chip, const RingRegisters& ring, const ReadRegister& read) {
    return std::ranges::all_of(ring.bank->enabled,
                               [&](const datasheet::Setting& setting) { return holds(setting, chip, ring, read); });
}

Descriptor read_descriptor(const DmaSpace& space, const RingPlace& ring, std::uint32_t slot) {
    const auto memory = space.memory_at(ring.base + std::uint64_t{slot} * descriptor_bytes, descriptor_bytes);
    Descriptor descriptor{.slot = slot, .chip = ring.chip};
    if (memory.empty()) return descriptor;
    const auto* words = reinterpret_cast<const std::uint32_t*>(memory.data());
    for (std::size_t i = descriptor.words.size(); i-- != 0;) descriptor.words[i] = dma_load(words[i]);
    const auto kind = std::ranges::find_if(
        ring.kinds, [&](const DescriptorKind* each) { return each->mark.is_in(descriptor.words); });
    if (kind != ring.kinds.end()) descriptor.kind = *kind;
    return descriptor;
}

std::string descriptor_text(const Descriptor& descriptor) {
    std::string slot = std::to_string(descriptor.slot);
    slot.insert(0, slot.size() < 3 ? 3 - slot.size() : 0, ' ');
    std::string text = "[" + slot + "] ";
    if (descriptor.kind == nullptr) return text + "in memory that cannot be reached from here";
    text += std::string(descriptor.kind->name) + ":";
    const auto length = descriptor.length();
    if (length && *length != 0) text += " " + std::to_string(*length) + " bytes";
    if (const auto buffer = descriptor.buffer())
        text += (length && *length != 0 ? " at " : " buffer at ") + hex(*buffer, 16);
    std::string_view separator = text.ends_with(':') ? " " : ", ";
    for (std::size_t i = 0; i < descriptor.words.size(); ++i) {
        for (const auto& field : datasheet::decode(*descriptor.kind->words[i], descriptor.words[i], descriptor.chip)) {
            if (field.number == 0 || descriptor.kind->length.is(i, field.low)) continue;
            text += std::string(separator) + std::string(field.name);
            if (field.width > 1) text += " " + number_of(field.number, field.width);
            separator = field.width > 1 ? ", " : " ";
        }
    }
    return text;
}

}  // namespace ixy::explain
