// Parses "sim:CHIP,KEY=VALUE,…". Each key is one row of a table.
#include <ixy/sim/address.hpp>

#include <algorithm>
#include <cctype>
#include <utility>

#include <ixy/core/mac_address.hpp>
#include <ixy/core/numbers.hpp>

namespace ixy::sim {
namespace {

constexpr std::string_view scheme = "sim:";

/// Stores the parsed value in `value`. Returns false if parsing failed.
template <class T>
bool set(T& value, const Expected<T>& read) {
    if (read) value = *read;
    return read.has_value();
}

bool read_time(std::string_view text, std::chrono::nanoseconds& value) {
    return set(value, parse_time(text)) && value <= std::chrono::seconds(1000);
}

bool read_choice(std::string_view text, std::string_view yes, std::string_view no, bool& value) {
    value = text == yes;
    return text == yes || text == no;
}

bool read_mac(std::string_view text, CardAddress& card) {
    const auto address = MacAddress::parse(text);
    card.mac_given = address && address->is_station();
    if (card.mac_given) card.model.mac = address->bytes;
    return card.mac_given;
}

/// The keys that may follow the chip's name.
struct Key {
    std::string_view name;
    std::string_view values;  ///< what may follow "name="
    bool (*read)(std::string_view text, CardAddress& card);
};
constexpr Key keys[] = {
    {"wire", "a name, /path, tap:NAME, loop, or pcap:IN:OUT",
     [](std::string_view text, CardAddress& card) { return !(card.wire = text).empty(); }},
    {"mac", "the card's own address, such as 52:54:00:00:00:01: not multicast (odd first byte) and not zero", read_mac},
    {"rate", "bits per second, such as 1G, 2.5G or 100M",
     [](std::string_view text, CardAddress& card) {
         return set(card.impairments.bits_per_second, parse_bit_rate(text));
     }},
    {"delay", "a time, such as 10us or 1.5ms",
     [](std::string_view text, CardAddress& card) { return read_time(text, card.impairments.delay); }},
    {"loss", "a share of the frames, such as 0.01 or 1%",
     [](std::string_view text, CardAddress& card) { return set(card.impairments.loss, parse_share(text)); }},
    {"reorder", "a share of the frames, such as 0.01 or 1%",
     [](std::string_view text, CardAddress& card) { return set(card.impairments.reorder, parse_share(text)); }},
    {"corrupt", "a share of the frames, such as 0.01 or 1%",
     [](std::string_view text, CardAddress& card) { return set(card.impairments.corruption, parse_share(text)); }},
    {"seed", "a whole number",
     [](std::string_view text, CardAddress& card) { return set(card.impairments.seed, parse_whole(text)); }},
    {"hold", "yes or no",
     [](std::string_view text, CardAddress& card) { return read_choice(text, "yes", "no", card.hold); }},
    {"link", "the time that auto-negotiation takes, such as 20ms or 2s",
     [](std::string_view text, CardAddress& card) { return read_time(text, card.model.link_delay); }},
    {"clock", "real or stepped",
     [](std::string_view text, CardAddress& card) { return read_choice(text, "stepped", "real", card.stepped_clock); }},
    {"thread", "yes or no",
     [](std::string_view text, CardAddress& card) { return read_choice(text, "yes", "no", card.own_thread); }},
    {"strict", "print or off",
     [](std::string_view text, CardAddress& card) { return read_choice(text, "print", "off", card.strict); }},
    {"faults", "seed:NUMBER, or the name of a script",
     [](std::string_view text, CardAddress& card) { return !(card.faults = text).empty(); }},
};

/// "a, b, c"
template <class List>
std::string names_of(const List& list) {
    std::string names;
    for (const auto& entry : list) names.append(names.empty() ? "" : ", ").append(entry.name);
    return names;
}

/// Cuts off and returns the word up to the next comma.
std::string_view take_word(std::string_view& rest) {
    const std::string_view word = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    return word;
}

std::string lower_case(std::string_view text) {
    std::string lower(text);
    for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return lower;
}

}  // namespace

Expected<CardAddress> parse_card_address(std::string_view text) {
    const auto mistake = [text](std::string_view word, std::string_view why, std::string next) {
        return failure(ErrorKind::invalid_argument,
                       "\"" + std::string(text) + "\": \"" + std::string(word) + "\" " + std::string(why),
                       std::move(next));
    };
    std::string_view rest = text.starts_with(scheme) ? text.substr(scheme.size()) : text;
    CardAddress card;
    const std::string_view chip = take_word(rest);
    card.type = find_card_type(lower_case(chip));
    if (card.type == nullptr)
        return mistake(chip, "is not a software card", "the cards are: " + names_of(card_types()));

    std::array<bool, std::size(keys)> given{};
    while (!rest.empty()) {
        const std::string_view word = take_word(rest);
        const std::string_view name = word.substr(0, word.find('='));
        const auto* const key = std::ranges::find(keys, name, &Key::name);
        if (key == std::end(keys)) return mistake(word, "is not understood", "the keys are: " + names_of(keys));
        const std::string form = std::string(key->name) + "= takes " + std::string(key->values);
        if (name.size() == word.size()) return mistake(word, "has no value", form);
        if (std::exchange(given[static_cast<std::size_t>(key - keys)], true)) {
            return mistake(name, "is given twice", "say it once");
        }
        if (!key->read(word.substr(name.size() + 1), card)) return mistake(word, "is not understood", form);
    }
    return card;
}

}  // namespace ixy::sim
