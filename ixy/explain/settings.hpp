// What to explain, and where: the words of --explain and of the environment variable IXY_EXPLAIN.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <ixy/core/error.hpp>

namespace ixy::explain {

struct Settings {
    bool on = false;           ///< tell register accesses, loops in short
    bool registers = false;    ///< each of them, in loops too
    bool descriptors = false;  ///< and the descriptors that change hands with it
    bool json = false;         ///< as JSON, one object a line
    std::string file;          ///< explanations are appended to this file; empty: standard error
};

/// Reads "registers", "descriptors", "json", or several separated by commas. "1", "on" and nothing at all tell loops in
/// short; "0", "off" and "no" turn everything off. Errors: invalid_argument, naming the word and `source`.
Expected<Settings> parse_settings(std::string_view words, std::string_view source = "--explain");

/// Sets what is explained of each device that is opened from now on, instead of what the environment says: for a
/// program's own option. Empty: what the environment says. Thread rule: any thread.
void request(const std::optional<Settings>& settings);

/// What was requested, else what the environment asks for: IXY_EXPLAIN has the words; an empty one is off.
/// IXY_EXPLAIN_FILE has the file, if the request has none. Errors: those of parse_settings.
Expected<Settings> requested();

}  // namespace ixy::explain
