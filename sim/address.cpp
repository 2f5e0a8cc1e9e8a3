// Parses "sim:CHIP,KEY=VALUE,…". Each key is one row of a table.
#include <ixy/sim/address.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <optional>
#include <span>
#include <utility>

namespace ixy::sim {
namespace {

constexpr std::string_view scheme = "sim:";

struct Unit {
    std::string_view name;
    double factor;
};
constexpr Unit bit_rates[] = {{"", 1}, {"k", 1e3}, {"K", 1e3}, {"M", 1e6}, {"G", 1e9}};
constexpr Unit times[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}};  // in nanoseconds
constexpr Unit shares[] = {{"", 1}, {"%", 0.01}};

/// A number with one of those units, in the unit whose factor is 1; not negative, and at most `most` then.
std::optional<double> read_quantity(std::string_view text, std::span<const Unit> units, double most) {
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    const std::string_view name = text.substr(static_cast<std::size_t>(end - text.data()));
    const auto unit = std::ranges::find(units, name, &Unit::name);
    if (error != std::errc{} || unit == units.end()) return std::nullopt;
    const double quantity = number * unit->factor;
    return quantity >= 0 && quantity <= most ? std::optional(quantity) : std::nullopt;
}

bool read_share(std::string_view text, double& value) {
    const auto share = read_quantity(text, shares, 1);
    value = share.value_or(0);
    return share.has_value();
}

bool read_time(std::string_view text, std::chrono::nanoseconds& value) {
    const auto time = read_quantity(text, times, 1e12);
    value = std::chrono::nanoseconds(static_cast<std::int64_t>(time.value_or(0)));
    return time.has_value();
}

bool read_choice(std::string_view text, std::string_view yes, std::string_view no, bool& value) {
    value = text == yes;
    return text == yes || text == no;
}

/// Six pairs of hexadecimal digits separated by colons; neither a multicast address nor zero.
bool read_mac(std::string_view text, CardAddress& card) {
    auto& mac = card.model.mac;
    if (text.size() != 3 * mac.size() - 1) return false;
    for (std::size_t i = 0; i < mac.size(); ++i) {
        const char* const pair = text.data() + 3 * i;
        const auto [end, error] = std::from_chars(pair, pair + 2, mac[i], 16);
        if (error != std::errc{} || end != pair + 2 || (i != 0 && pair[-1] != ':')) return false;
    }
    card.mac_given = (mac[0] & 1) == 0 && std::ranges::any_of(mac, [](std::uint8_t byte) { return byte != 0; });
    return card.mac_given;
}

/// The keys that may follow the chip's name.
struct Key {
    std::string_view name;
    std::string_view values;  ///< what can follow "name="
    bool (*read)(std::string_view text, CardAddress& card);
};
constexpr Key keys[] = {
    {"wire", "a name, /path, tap:NAME, loop, or pcap:IN:OUT",
     [](std::string_view text, CardAddress& card) { return !(card.wire = text).empty(); }},
    {"mac", "a card's own address, as in 52:54:00:00:00:01: no group's (first byte odd), and not zero", read_mac},
    {"rate", "bits a second, as in 1G, 2.5G, 100M",
     [](std::string_view text, CardAddress& card) {
         const auto rate = read_quantity(text, bit_rates, 1e15);
         card.impairments.bits_per_second = rate.value_or(0);
         return rate > 0;
     }},
    {"delay", "a time, as in 10us, 1.5ms",
     [](std::string_view text, CardAddress& card) { return read_time(text, card.impairments.delay); }},
    {"loss", "a share of the frames, as in 0.01 or 1%",
     [](std::string_view text, CardAddress& card) { return read_share(text, card.impairments.loss); }},
    {"reorder", "a share of the frames, as in 0.01 or 1%",
     [](std::string_view text, CardAddress& card) { return read_share(text, card.impairments.reorder); }},
    {"corrupt", "a share of the frames, as in 0.01 or 1%",
     [](std::string_view text, CardAddress& card) { return read_share(text, card.impairments.corruption); }},
    {"seed", "a whole number",
     [](std::string_view text, CardAddress& card) {
         const char* const end = text.data() + text.size();
         const auto [last, error] = std::from_chars(text.data(), end, card.impairments.seed);
         return error == std::errc{} && last == end;
     }},
    {"hold", "yes or no",
     [](std::string_view text, CardAddress& card) { return read_choice(text, "yes", "no", card.hold); }},
    {"link", "what auto-negotiation takes, as in 20ms, 2s",
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
