// Scripts as text and back.
#include "tests/differential/script.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <random>
#include <sstream>
#include <stdexcept>

namespace ixy::test {
namespace {

constexpr std::array<std::string_view, 9> kinds = {"write", "set",   "read",  "drop",    "put",
                                                   "fill",  "frame", "cable", "messages"};

std::string hex(const std::vector<std::byte>& bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const std::byte byte : bytes) {
        text += digits[std::to_integer<unsigned>(byte) >> 4];
        text += digits[std::to_integer<unsigned>(byte) & 0xf];
    }
    return text.empty() ? "-" : text;
}

std::vector<std::byte> bytes_of_hex(std::string_view text) {
    std::vector<std::byte> bytes;
    for (std::size_t i = 0; text != "-" && i + 1 < text.size(); i += 2) {
        bytes.push_back(static_cast<std::byte>(std::stoul(std::string(text.substr(i, 2)), nullptr, 16)));
    }
    return bytes;
}

std::string name_of(const datasheet::Found& reg) {
    std::string name(reg.info->name);
    return reg.info->count == 1 ? name : name + '[' + std::to_string(reg.index) + ']';
}

datasheet::Found find_register(std::string_view word, const datasheet::e1000::Chip& chip) {
    const auto bracket = word.find('[');
    const datasheet::RegisterInfo* info = chip.find(word.substr(0, bracket));
    if (info == nullptr) throw std::runtime_error("no register " + std::string(word));
    const std::size_t index = bracket == std::string_view::npos ? 0 : std::stoul(std::string(word.substr(bracket + 1)));
    if (index >= info->count) throw std::runtime_error("no element " + std::string(word));
    return {info, index};
}

}  // namespace

std::string Step::text() const {
    std::ostringstream line;
    line << kinds[static_cast<std::size_t>(kind)] << ' ' << std::hex << std::showbase;
    switch (kind) {
        case Kind::write:
        case Kind::set:
            line << name_of(reg) << ' ' << value;
            break;
        case Kind::read:
        case Kind::drop:
            line << name_of(reg);
            break;
        case Kind::put:
            line << address << ' ' << hex(bytes);
            break;
        case Kind::fill:
            line << address << ' ' << std::dec << size << ' ' << seed;
            break;
        case Kind::frame:
            line << std::dec << size << ' ' << seed << ' ' << hex(bytes);
            break;
        case Kind::cable:
            line << (value != 0 ? "in" : "out");
            break;
        case Kind::messages:
            line << (value != 0 ? "on" : "off");
            break;
    }
    return line.str();
}

std::optional<Step> parse_step(std::string_view line, const datasheet::e1000::Chip& chip) {
    std::istringstream words{std::string(line)};
    words.unsetf(std::ios::basefield);  // both 0x1f and 31
    std::string word;
    if (!(words >> word) || word.front() == '#') return std::nullopt;
    const auto kind = std::ranges::find(kinds, word);
    if (kind == kinds.end()) throw std::runtime_error("\"" + std::string(line) + "\": no such step");
    Step step{.kind = static_cast<Step::Kind>(kind - kinds.begin())};
    switch (step.kind) {
        case Step::Kind::write:
        case Step::Kind::set:
        case Step::Kind::read:
        case Step::Kind::drop:
            words >> word;
            step.reg = find_register(word, chip);
            if (step.kind == Step::Kind::write || step.kind == Step::Kind::set) words >> step.value;
            break;
        case Step::Kind::put:
            words >> step.address >> word;
            step.bytes = bytes_of_hex(word);
            break;
        case Step::Kind::fill:
            words >> step.address >> step.size >> step.seed;
            break;
        case Step::Kind::frame:
            words >> step.size >> step.seed >> word;
            step.bytes = bytes_of_hex(word);
            break;
        case Step::Kind::cable:
            words >> word;
            step.value = word == "in";
            break;
        case Step::Kind::messages:
            words >> word;
            step.value = word == "on";
            break;
    }
    if (!words) throw std::runtime_error("\"" + std::string(line) + "\": not understood");
    return step;
}

std::vector<Step> parse_script(std::string_view text, const datasheet::e1000::Chip& chip) {
    std::istringstream lines{std::string(text)};
    std::vector<Step> script;
    for (std::string line; std::getline(lines, line);) {
        if (auto step = parse_step(line, chip)) script.push_back(std::move(*step));
    }
    return script;
}

std::string text(const std::vector<Step>& script) {
    std::string all;
    for (const Step& step : script) all += step.text() + '\n';
    return all;
}

std::vector<std::byte> make_bytes(std::size_t size, std::uint32_t seed, const std::vector<std::byte>& first) {
    std::vector<std::byte> bytes(first.begin(), first.begin() + static_cast<long>(std::min(size, first.size())));
    std::minstd_rand random(seed + 1);
    while (bytes.size() < size) bytes.push_back(static_cast<std::byte>(random() >> 8));
    return bytes;
}

}  // namespace ixy::test
