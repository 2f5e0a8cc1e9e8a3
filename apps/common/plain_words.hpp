// The command line's help and error messages in plain words, instead of the parser's own.
#pragma once

#include <span>
#include <string>

#include <CLI/CLI.hpp>

namespace ixy::app {

/// Adds a switch: an option that takes no value.
CLI::Option* add_switch(CLI::App& app, const std::string& name, bool& value, const std::string& help);

/// Shows the help of `app` and of its commands without the parser's types in capitals, braces and brackets. Call it
/// once all commands have been added.
void use_plain_help(CLI::App& app);

/// What is wrong with `words`, which `app` has refused with `mistake`: names the wrong word and the nearest known one.
std::string describe_mistake(const CLI::App& app, const CLI::ParseError& mistake, std::span<char* const> words);

}  // namespace ixy::app
