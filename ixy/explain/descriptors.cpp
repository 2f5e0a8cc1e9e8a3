// Reading and naming descriptors.
#include <ixy/explain/descriptors.hpp>

#include <algorithm>

#include <ixy/datasheet/decode.hpp>
#include <ixy/datasheet/e1000/chips.hpp>
#include <ixy/explain/text.hpp>
#include <ixy/pci/barrier.hpp>

namespace ixy::explain {

using namespace datasheet::e1000;

namespace {

constexpr RingRegisters rings[] = {
    {true, 0, &RDBAL, &RDBAH, &RDLEN, &RDH, &RDT},
    {true, 1, &RDBAL1, &RDBAH1, &RDLEN1, &RDH1, &RDT1},
    {false, 0, &TDBAL, &TDBAH, &TDLEN, &TDH, &TDT},
    {false, 1, &TDBAL1, &TDBAH1, &TDLEN1, &TDH1, &TDT1},
};

const DescriptorInfo& kind_of(const RingPlace& ring, const DescriptorWords& words) {
    const std::uint32_t options = words[2];
    if (ring.registers->is_receive) {
        return ring.extended && (options & EXTENDED_STATUS.DD.mask()) != 0 ? EXTENDED_RECEIVE_DESCRIPTOR
                                                                           : RECEIVE_DESCRIPTOR;
    }
    if ((options & TDESC_CMD.DEXT.mask()) == 0) return TRANSMIT_DESCRIPTOR;
    return DATA_CMD.DTYP.of(DATA_CMD.from(options)) == 0 ? CONTEXT_DESCRIPTOR : DATA_DESCRIPTOR;
}

std::string_view kind_name(const DescriptorInfo& info) {
    if (&info == &TRANSMIT_DESCRIPTOR) return "legacy";
    if (&info == &CONTEXT_DESCRIPTOR) return "context";
    if (&info == &DATA_DESCRIPTOR) return "data";
    return &info == &EXTENDED_RECEIVE_DESCRIPTOR ? "extended" : "receive";
}

bool is_length(const datasheet::DecodedField& field) { return field.name == "Length" || field.name == "DTALEN"; }

}  // namespace

std::string RingRegisters::name() const {
    return std::string(is_receive ? "receive" : "transmit") + " ring" + (queue == 0 ? "" : " " + std::to_string(queue));
}

std::span<const RingRegisters> all_rings() { return rings; }

std::optional<std::uint64_t> Descriptor::buffer() const {
    if (info == nullptr || info->words[0] != &BUFFER_ADDRESS_LOW) return std::nullopt;
    return words[0] | std::uint64_t{words[1]} << 32;
}

std::optional<std::uint32_t> Descriptor::length() const {
    if (info == nullptr) return std::nullopt;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const auto fields = datasheet::decode(*info->words[i], words[i]);
        const auto found = std::ranges::find_if(fields, is_length);
        if (found != fields.end()) return found->number;
    }
    return std::nullopt;
}

bool Descriptor::is_done() const {
    if (info == nullptr) return false;
    if (info == &EXTENDED_RECEIVE_DESCRIPTOR) return true;
    return (words[3] & RDESC_STATUS.DD.mask()) != 0;  // bit 0 in all the others
}

Descriptor read_descriptor(const DmaSpace& space, const RingPlace& ring, std::uint32_t slot) {
    const auto memory = space.memory_at(ring.base + std::uint64_t{slot} * descriptor_bytes, descriptor_bytes);
    Descriptor descriptor{.slot = slot};
    if (memory.empty()) return descriptor;
    const auto* words = reinterpret_cast<const std::uint32_t*>(memory.data());
    for (std::size_t i = descriptor.words.size(); i-- != 0;) descriptor.words[i] = dma_load(words[i]);
    descriptor.info = &kind_of(ring, descriptor.words);
    return descriptor;
}

std::string descriptor_text(const Descriptor& descriptor) {
    std::string slot = std::to_string(descriptor.slot);
    slot.insert(0, slot.size() < 3 ? 3 - slot.size() : 0, ' ');
    std::string text = "[" + slot + "] ";
    if (descriptor.info == nullptr) return text + "in memory that cannot be reached from here";
    text += std::string(kind_name(*descriptor.info)) + ":";
    const auto length = descriptor.length();
    if (length && *length != 0) text += " " + std::to_string(*length) + " bytes";
    if (const auto buffer = descriptor.buffer())
        text += (length && *length != 0 ? " at " : " buffer at ") + hex(*buffer, 16);
    std::string_view separator = text.ends_with(':') ? " " : ", ";
    for (std::size_t i = 0; i < descriptor.words.size(); ++i) {
        for (const auto& field : datasheet::decode(*descriptor.info->words[i], descriptor.words[i])) {
            if (field.number == 0 || is_length(field)) continue;
            text += std::string(separator) + std::string(field.name);
            if (field.width > 1) text += " " + number_of(field.number, field.width);
            separator = field.width > 1 ? ", " : " ";
        }
    }
    return text;
}

}  // namespace ixy::explain
