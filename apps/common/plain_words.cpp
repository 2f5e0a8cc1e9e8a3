// Plain words in place of the parser's.
#include "plain_words.hpp"

#include <algorithm>
#include <memory>
#include <numeric>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <fmt/ranges.h>

namespace ixy::app {

namespace {

/// The parser's own help would show types, defaults in braces and "REQUIRED".
class PlainHelp final : public CLI::Formatter {
public:
    PlainHelp() {
        label("OPTIONS", "options");
        label("Positionals", "Arguments");
        label("SUBCOMMAND", "COMMAND");
        label("TEXT", "VALUE");
    }

private:
    std::string make_description(const CLI::App* app) const override { return app->get_description() + "\n"; }
    std::string make_option_name(const CLI::Option* option, bool is_positional) const override {
        const std::string name = CLI::Formatter::make_option_name(option, is_positional);
        return name.substr(0, name.find('{'));
    }
    std::string make_option_opts(const CLI::Option* option) const override {
        const bool has_value = !option->get_positional() && option->get_expected_max() != 0;
        return has_value ? " " + get_label(option->get_type_name()) : "";
    }
    std::string make_option_desc(const CLI::Option* option) const override {
        const bool is_needed = option->get_required() && !option->get_positional();
        return option->get_description() + (is_needed ? " (required)" : "");
    }
};

/// How many letters to change, add or leave out to turn one word into the other.
std::size_t letters_between(std::string_view from, std::string_view to) {
    std::vector<std::size_t> row(to.size() + 1);
    std::iota(row.begin(), row.end(), 0U);
    for (std::size_t i = 0; i < from.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i + 1);
        for (std::size_t j = 0; j < to.size(); ++j) {
            const std::size_t same = diagonal + (from[i] == to[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({same, row[j] + 1, diagonal + 1});
        }
    }
    return row.back();
}

std::string unknown(std::string_view kind, std::string_view word, const std::vector<std::string>& known) {
    std::string text = fmt::format("unknown {} \"{}\"", kind, word);
    const auto nearest =
        std::ranges::min_element(known, {}, [word](const std::string& each) { return letters_between(each, word); });
    if (nearest != known.end() && letters_between(*nearest, word) <= 2)
        text += fmt::format(": did you mean {}?", *nearest);
    return text;
}

std::vector<std::string> commands_of(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::App* const each : app.get_subcommands(nullptr)) names.push_back(each->get_name());
    return names;
}

/// The app and the command that was given, if one was.
std::vector<const CLI::App*> parsed_apps(const CLI::App& app) {
    std::vector<const CLI::App*> apps{&app};
    for (const CLI::App* const given : app.get_subcommands()) apps.push_back(given);
    return apps;
}

bool misses_command(const CLI::App& app) {
    return app.get_require_subcommand_min() != 0 && app.get_subcommands().empty();
}

/// `word` is one that the parser could not use.
std::string describe_unexpected(const CLI::App& app, std::string_view word) {
    if (!word.starts_with('-')) {
        return misses_command(app) ? unknown("command", word, commands_of(app))
                                   : fmt::format("unexpected argument \"{}\"", word);
    }
    std::vector<std::string> known;
    for (const CLI::App* const each : parsed_apps(app)) {
        for (const CLI::Option* const option : each->get_options()) {
            if (option->get_group().empty()) continue;  // not in the help
            for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
        }
    }
    return unknown("option", word.substr(0, word.find('=')), known);
}

/// The option of that name has too few or too many values.
std::string describe_count(const CLI::App& app, std::string name, std::span<char* const> words) {
    if (!name.starts_with("--")) name.insert(0, "--");  // the parser drops them when a switch has a value
    const CLI::Option* option = nullptr;
    for (const CLI::App* const each : parsed_apps(app)) {
        if (option == nullptr) option = each->get_option_no_throw(name);
    }
    if (option != nullptr && option->get_expected_max() == 0) return name + " takes no value";
    const auto times =
        std::ranges::count_if(words, [&](std::string_view word) { return word.substr(0, word.find('=')) == name; });
    return name + (times > 1 ? " is given twice: give it once" : " needs a value");
}

}  // namespace

CLI::Option* add_switch(CLI::App& app, const std::string& name, bool& value, const std::string& help) {
    return app.add_flag(name, value, help)->disable_flag_override();
}

void use_plain_help(CLI::App& app) {
    const auto plain_help = std::make_shared<PlainHelp>();
    app.formatter(plain_help);
    for (CLI::App* const command : app.get_subcommands([](CLI::App*) { return true; })) {
        command->formatter(plain_help);
        command->group("Commands");
    }
}

std::string describe_mistake(const CLI::App& app, const CLI::ParseError& mistake, std::span<char* const> words) {
    // The parser looks for missing words first, and would not name the wrong one.
    const std::vector<std::string> unexpected = app.remaining(true);
    const auto is_wrong = [&app](std::string_view word) {
        return word != "--" && (word.starts_with('-') || misses_command(app));
    };
    if (const auto wrong = std::ranges::find_if(unexpected, is_wrong); wrong != unexpected.end())
        return describe_unexpected(app, *wrong);
    const bool is_surplus = dynamic_cast<const CLI::ExtrasError*>(&mistake) != nullptr;
    if (is_surplus && !unexpected.empty()) return describe_unexpected(app, unexpected.front());
    std::string text = mistake.what();
    if (dynamic_cast<const CLI::ArgumentMismatch*>(&mistake) != nullptr)
        return describe_count(app, text.substr(0, text.find_first_of(": ")), words);
    if (dynamic_cast<const CLI::RequiredError*>(&mistake) != nullptr && misses_command(app))
        return fmt::format("missing command: {}", fmt::join(commands_of(app), ", "));
    return text;
}

}  // namespace ixy::app
