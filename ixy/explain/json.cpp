// From accesses and descriptors to JSON.
#include <ixy/explain/json.hpp>

#include <ixy/explain/text.hpp>

namespace ixy::explain {
namespace {

std::string seconds_number(std::chrono::nanoseconds time) {
    const auto whole = std::chrono::floor<std::chrono::seconds>(time);
    const std::string nanoseconds = std::to_string((time - whole).count());
    return std::to_string(whole.count()) + '.' + std::string(9 - nanoseconds.size(), '0') + nanoseconds;
}

JsonText begin(std::string_view device, std::chrono::nanoseconds time, std::string_view event) {
    JsonText line;
    line.add_raw("time", seconds_number(time)).add("device", device).add("event", event);
    return line;
}

void add_source(JsonText& line, const std::source_location& where) {
    line.add("file", source_name(where.file_name())).add("line", where.line()).add("function", where.function_name());
}

void add_before(JsonText& object, const std::optional<std::uint32_t>& before) {
    before ? object.add("before", *before) : object.add_null("before");
}

JsonText field_object(const datasheet::DecodedField& field) {
    JsonText object;
    object.add("name", field.name).add("low", std::uint64_t{field.low}).add("width", std::uint64_t{field.width});
    object.add("value", field.number).add("meaning", field.meaning);
    if (!field.value_meaning.empty()) object.add("value_meaning", field.value_meaning);
    return object;
}

std::string descriptor_object(const Descriptor& descriptor) {
    JsonText object;
    object.add("slot", descriptor.slot);
    if (descriptor.kind == nullptr) return object.add_null("kind").text();
    object.add("kind", descriptor.kind->title).add("section", descriptor.kind->section);
    JsonText words(JsonText::Kind::array);
    JsonText fields(JsonText::Kind::array);
    for (std::size_t i = 0; i < descriptor.words.size(); ++i) {
        words.add_raw({}, std::to_string(descriptor.words[i]));
        for (const auto& field : datasheet::decode(*descriptor.kind->words[i], descriptor.words[i], descriptor.chip)) {
            if (field.number != 0) fields.add_raw({}, field_object(field).text());
        }
    }
    if (const auto buffer = descriptor.buffer()) object.add("buffer", *buffer);
    if (const auto length = descriptor.length()) object.add("length", *length);
    return object.add_raw("words", words.text()).add_raw("fields", fields.text()).text();
}

std::string_view event_name(Handover::Kind kind) {
    switch (kind) {
        case Handover::Kind::to_card:
            return "to_card";
        case Handover::Kind::from_card:
            return "from_card";
        case Handover::Kind::unseen:
            return "unseen";
        default:
            return "bad_tail";
    }
}

}  // namespace

JsonText& JsonText::add_raw(std::string_view key, std::string_view value) {
    if (text_.size() > 1) text_ += ",";
    if (kind_ == Kind::object) text_ += quoted(key) + ":";
    text_ += value;
    return *this;
}

std::string JsonText::quoted(std::string_view text) {
    std::string result = "\"";
    for (const char c : text) {
        if (static_cast<unsigned char>(c) < 0x20) {
            char escaped[8];
            std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(c));
            result += escaped;
            continue;
        }
        if (c == '"' || c == '\\') result += '\\';
        result += c;
    }
    return result + "\"";
}

std::string json_opened(std::string_view device, const PciIdentity& identity, const datasheet::Chip* chip) {
    JsonText line = begin(device, {}, "open");
    line.add("vendor", std::uint64_t{identity.vendor}).add("device_id", std::uint64_t{identity.device});
    chip != nullptr ? line.add("chip", chip->name) : line.add_null("chip");
    return line.text();
}

std::string json_line(std::string_view device, const Access& access) {
    JsonText line = begin(device, access.time, access.is_write ? "write" : "read");
    line.add("bar", std::uint64_t{access.bar}).add("offset", access.offset).add("width", std::uint64_t{access.width});
    if (access.info != nullptr) {
        line.add("register", access.info->name).add("index", access.index);
        line.add("title", access.info->title).add("section", access.info->section);
    } else {
        line.add_null("register");
    }
    line.add("value", access.value);
    add_before(line, access.before);
    JsonText fields(JsonText::Kind::array);
    for (const FieldChange& change : changes(access)) {
        JsonText field = field_object(change.field);
        add_before(field, change.before);
        fields.add_raw({}, field.text());
    }
    line.add_raw("fields", fields.text()).add("reserved", access.reserved_bits_set());
    add_source(line, access.where);
    return line.text();
}

std::string json_line(std::string_view device, const Handover& handover) {
    JsonText line = begin(device, handover.time, event_name(handover.kind));
    const RingRegisters& registers = handover.ring.registers;
    line.add("ring", registers.is_receive() ? "receive" : "transmit").add("queue", std::uint64_t{registers.queue()});
    line.add("base", handover.ring.base.value).add("size", handover.ring.size);
    line.add("first", handover.first).add("count", handover.count);
    JsonText descriptors(JsonText::Kind::array);
    for (const Descriptor& descriptor : handover.descriptors) descriptors.add_raw({}, descriptor_object(descriptor));
    line.add_raw("descriptors", descriptors.text());
    add_source(line, handover.where);
    return line.text();
}

}  // namespace ixy::explain
