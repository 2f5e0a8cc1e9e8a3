// From an access to text.
#include <ixy/explain/sentence.hpp>

#include <ixy/explain/text.hpp>

namespace ixy::explain {
namespace {

std::string place_name(const Access& access) {
    if (access.info != nullptr) return register_name(*access.info, access.index);
    return access.bar == 0 ? "?" : "BAR " + std::to_string(access.bar);
}

/// "0x00000000 -> 0x0400801a", and also in decimal if the register is a plain number.
std::string value_text(const Access& access) {
    const unsigned digits = 2 * access.width;
    const std::string now = hex(access.value, digits);
    std::string text;
    if (access.ones_act() || !access.before) {
        text = access.is_write ? "<- " + now : "   " + now;
    } else if (*access.before == access.value) {
        text = now + " as before";
    } else {
        text = hex(*access.before, digits) + " -> " + now;
    }
    const bool plain_number = access.info != nullptr && access.info->fields().empty() && access.info->count == 1;
    if (plain_number && access.value > 9 && access.value <= 0xffff) text += " (" + std::to_string(access.value) + ")";
    return text;
}

/// " 0 -> 1"
std::string numbers(const FieldChange& change) {
    std::string text;
    if (change.before) text += " " + number_of(*change.before, change.field.width) + " ->";
    return text + " " + number_of(change.field.number, change.field.width);
}

std::string field_line(const FieldChange& change, bool ones_act) {
    const datasheet::DecodedField& field = change.field;
    std::string text = std::string(indent) + std::string(field.name) + numbers(change);
    if (ones_act) text += " written";
    text += ": " + std::string(field.meaning);
    if (!field.value_meaning.empty()) text += ": " + std::string(field.value_meaning);
    return text + "\n";
}

std::string beginning(const Access& access) {
    return seconds(access.time) + (access.is_write ? "  write " : "  read  ") + padded(place_name(access), 10) + " " +
           hex(access.offset, 5) + "  " + padded(value_text(access), 24);
}

bool is_every_bit(const Access& access) { return access.ones_act() && access.bits() == ~0U; }

/// What a card that is gone reads as.
bool is_nothing(const Access& access) { return !access.is_write && access.bits() == ~0U; }

std::string_view effect_of(ReadEffect read) {
    switch (read) {
        case ReadEffect::none:
            return {};
        case ReadEffect::clears:
            return "the read clears it";
        case ReadEffect::clears_both:
            return "the read clears both halves";
        case ReadEffect::high_half_clears:
            return "it stays until its high half is read";
        case ReadEffect::may_clear:
            return "the read clears it; with MSI-X, only once an interrupt was sent";
    }
    return {};
}

/// What the family's table says about such an access.
std::string remarks(const Access& access) {
    std::string text;
    if (access.info == nullptr) return text;
    for (const datasheet::Remark& remark : access.chip->family->remarks) {
        const bool fits = remark.when.info == access.info && remark.is_write == access.is_write;
        if (fits && remark.when.holds_in(access.bits())) text += std::string(indent) + std::string(remark.text) + "\n";
    }
    return text;
}

/// What should catch the reader's eye.
std::string oddities(const Access& access) {
    std::string text;
    const auto add = [&text](const std::string& what) { text += std::string(indent) + what + "\n"; };
    if (access.info == nullptr) {
        if (access.bar == 0) add("the datasheet has no register there");
        return text;
    }
    const datasheet::RegisterInfo& info = *access.info;
    if (access.is_alias()) add("an older offset of this register, which is at " + hex(info.address(access.index), 5));
    if (const std::uint32_t reserved = access.reserved_bits_set(); reserved != 0) {
        add("reserved bits are written as ones: " + hex(reserved, 8));
    }
    using datasheet::Access::RC;
    using datasheet::Access::RO;
    if (access.is_write && (info.access == RO || info.access == RC)) add("read only: the write does nothing");
    if (const std::string_view effect = effect_of(access.read_effect); !effect.empty() && access.value != 0) {
        add(std::string(effect));
    }
    if (is_nothing(access) && !info.fields().empty()) add("all ones: is the card gone?");
    return text;
}

/// "descriptors 30 to 1 of 32"
std::string slots_text(const Handover& handover) {
    const std::uint32_t size = handover.ring.size;
    const std::uint32_t last = (handover.first + handover.count - 1) % size;
    std::string text = handover.count == 1 ? "descriptor " : std::to_string(handover.count) + " descriptors, ";
    text += std::to_string(handover.first);
    if (handover.count > 1) text += " to " + std::to_string(last);
    return text + " of " + std::to_string(size) + ",";
}

}  // namespace

std::string sentence(const Access& access) {
    std::string text = beginning(access);
    if (access.info != nullptr) {
        text += "  " + std::string(access.info->title) + ", " + std::string(access.info->section);
    }
    text += source_line(access.where) + "\n";
    if (is_every_bit(access)) {
        text += std::string(indent) + "ones to every bit\n";
    } else if (!is_nothing(access)) {
        for (const FieldChange& change : changes(access)) text += field_line(change, access.ones_act());
    }
    return text + remarks(access) + oddities(access);
}

std::string short_sentence(const Access& access) {
    std::string text = beginning(access);
    if (access.info != nullptr) text += "  " + std::string(access.info->section);
    std::string_view separator = ": ";
    for (const FieldChange& change :
         is_every_bit(access) || is_nothing(access) ? std::vector<FieldChange>() : changes(access)) {
        text += std::string(separator) + std::string(change.field.name) + numbers(change);
        if (!change.field.value_meaning.empty()) text += " (" + std::string(change.field.value_meaning) + ")";
        separator = ", ";
    }
    return text + source_line(access.where) + "\n" + oddities(access);
}

std::string handover_text(const Handover& handover) {
    const RingPlace& ring = handover.ring;
    std::string text = seconds(handover.time) + "  " + ring.registers.name();
    if (handover.kind == Handover::Kind::bad_tail) {
        return text + ": the tail " + std::to_string(handover.first) + " is beyond its " + std::to_string(ring.size) +
               " descriptors\n";
    }
    text += " at " + hex(ring.base.value) + ": " + slots_text(handover);
    if (handover.kind == Handover::Kind::to_card) text += " handed to the card\n";
    if (handover.kind == Handover::Kind::from_card) text += " given back by the card\n";
    if (handover.kind == Handover::Kind::unseen) text += " given back by the card, and used again since\n";
    const std::size_t count = handover.descriptors.size();
    constexpr std::size_t most = 8;
    for (std::size_t i = 0; i < count; ++i) {
        if (count > most && i == most / 2) {
            i = count - 1;
            text += std::string(indent) + "… " + std::to_string(count - most / 2 - 1) + " more …\n";
        }
        text += std::string(indent) + descriptor_text(handover.descriptors[i]) + "\n";
    }
    return text;
}

}  // namespace ixy::explain
