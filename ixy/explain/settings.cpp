// From words to settings.
#include <ixy/explain/settings.hpp>

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <utility>

namespace ixy::explain {
namespace {

std::mutex request_mutex;
std::optional<Settings> own_request;  // guarded by request_mutex

bool apply(std::string_view word, Settings& settings) {
    if (word == "registers") settings.registers = true;
    if (word == "descriptors") settings.descriptors = true;
    if (word == "json") settings.json = true;
    return word == "registers" || word == "descriptors" || word == "json";
}

}  // namespace

Expected<Settings> parse_settings(std::string_view words, std::string_view source) {
    if (words.empty() || words == "1" || words == "on") return Settings{.on = true};
    if (words == "0" || words == "off" || words == "no") return Settings{};
    Settings settings{.on = true};
    for (std::string_view rest = words;;) {
        const std::string_view word = rest.substr(0, rest.find(','));
        if (!apply(word, settings)) {
            return failure(ErrorKind::invalid_argument,
                           "unknown " + std::string(source) + " value '" + std::string(word) + "'",
                           "choose on, off, registers, descriptors, json, or several of the last three with commas");
        }
        if (word.size() == rest.size()) return settings;
        rest.remove_prefix(word.size() + 1);
    }
}

void request(const std::optional<Settings>& settings) {
    const std::lock_guard lock(request_mutex);
    own_request = settings;
}

Expected<Settings> requested() {
    std::optional<Settings> settings;
    {
        const std::lock_guard lock(request_mutex);
        settings = own_request;
    }
    if (!settings) {
        const char* const words = std::getenv("IXY_EXPLAIN");
        if (words == nullptr || *words == '\0') return Settings{};
        auto parsed = parse_settings(words, "IXY_EXPLAIN");
        if (!parsed) return parsed;
        settings = std::move(*parsed);
    }
    if (const char* const file = std::getenv("IXY_EXPLAIN_FILE"); file != nullptr && settings->file.empty()) {
        settings->file = file;
    }
    return *settings;
}

}  // namespace ixy::explain
