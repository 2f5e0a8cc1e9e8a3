// Reading and writing scripts of faults.
#include <ixy/faults/plan.hpp>

#include <algorithm>
#include <utility>

#include <ixy/core/numbers.hpp>

namespace ixy::faults {
namespace {

constexpr std::string_view form = "docs/explain.md lists what a line can be, as in: never STATUS.LU after 100 accesses";

bool read_number(std::string_view text, std::uint64_t& value) {
    const auto number = parse_decimal_or_hex(text);
    value = number.value_or(0);
    return number.has_value();
}

std::vector<std::string_view> split(std::string_view line) {
    std::vector<std::string_view> words;
    line = line.substr(0, line.find('#'));
    while (true) {
        const std::size_t begin = line.find_first_not_of(" \t\r");
        if (begin == std::string_view::npos) return words;
        line.remove_prefix(begin);
        words.push_back(line.substr(0, line.find_first_of(" \t\r")));
        line.remove_prefix(words.back().size());
    }
}

/// "STATUS", "STATUS.LU", "RAL[3]", "0x00008"
std::optional<Target> parse_target(std::string_view text) {
    Target target;
    if (const std::size_t dot = text.find('.'); dot != std::string_view::npos) {
        target.field = text.substr(dot + 1);
        if (target.field.empty()) return std::nullopt;
        text = text.substr(0, dot);
    }
    if (const std::size_t bracket = text.find('['); bracket != std::string_view::npos) {
        if (!text.ends_with(']')) return std::nullopt;
        std::uint64_t index = 0;
        if (!read_number(text.substr(bracket + 1, text.size() - bracket - 2), index)) return std::nullopt;
        target.index = index;
        text = text.substr(0, bracket);
    }
    target.name = text;
    return text.empty() ? std::nullopt : std::optional(target);
}

/// The unit that a fault of this kind counts: plural and singular.
std::pair<std::string_view, std::string_view> unit_of(Kind kind) {
    if (kind == Kind::fail_dma) return {"transfers", "transfer"};
    if (kind >= Kind::lose_write_back) return {"write-backs", "write-back"};
    return {"accesses", "access"};
}

/// The words of one line, taken from the front. A missing or wrong word makes it fail, for good.
class Line {
public:
    Line(std::vector<std::string_view> words, unsigned line) : words_(std::move(words)), line_(line) {}

    bool ended() const { return next_ == words_.size(); }
    bool failed() const { return failed_; }
    bool accept(std::string_view word) {
        const bool is_next = !failed_ && !ended() && words_[next_] == word;
        next_ += is_next ? 1 : 0;
        return is_next;
    }
    /// A word for what is counted: "access", "accesses".
    void expect_unit(Kind kind) {
        const auto [many, one] = unit_of(kind);
        const bool good = accept(many) || accept(one);
        failed_ = failed_ || !good;
    }
    void expect(std::string_view word) { failed_ = failed_ || !accept(word); }
    std::uint64_t expect_number(std::uint64_t most, std::uint64_t least = 0) {
        if (failed_) return 0;
        std::uint64_t value = 0;
        if (!ended() && read_number(words_[next_], value) && value >= least && value <= most) {
            ++next_;
            return value;
        }
        failed_ = true;
        wanted_ = "a whole number from " + std::to_string(least) + " to " + std::to_string(most);
        return 0;
    }
    Target expect_target() {
        auto target = ended() ? std::nullopt : parse_target(words_[next_]);
        failed_ = failed_ || !target;
        next_ += failed_ ? 0 : 1;
        return target.value_or(Target{});
    }
    std::unexpected<Error> error() const {
        std::string what = "line " + std::to_string(line_) + " of the faults";
        what += ended() ? ": something is missing at the end"
                        : ": \"" + std::string(words_[next_]) + "\" is not " + wanted_;
        return failure(ErrorKind::invalid_argument, std::move(what), std::string(form));
    }
    unsigned number_of_line() const { return line_; }
    bool next_is_timing() const { return ended() || words_[next_] == "after" || words_[next_] == "for"; }

private:
    std::vector<std::string_view> words_;
    std::size_t next_ = 0;
    unsigned line_;
    bool failed_ = false;
    std::string wanted_ = "understood";  ///< what the wrong word is not
};

constexpr std::uint64_t most32 = std::numeric_limits<std::uint32_t>::max();

/// The fault that the line's first words name, or nothing.
std::optional<Fault> parse_kind(Line& line) {
    const auto at_target = [&line](Kind kind) { return Fault{.kind = kind, .target = line.expect_target()}; };
    if (line.accept("never")) return at_target(Kind::stuck);
    if (line.accept("flip")) return at_target(Kind::flip);
    if (line.accept("random")) return at_target(Kind::random);
    if (line.accept("ignore")) return at_target(Kind::ignore);
    if (line.accept("gone")) return Fault{.kind = Kind::gone};
    if (line.accept("stuck")) {
        Fault fault = at_target(Kind::stuck);
        fault.value = static_cast<std::uint32_t>(line.expect_number(most32));
        return fault;
    }
    if (line.accept("flap")) {
        Fault fault{.kind = Kind::flap, .value = static_cast<std::uint32_t>(line.expect_number(most32, 1))};
        if (!line.accept("time")) line.expect("times");
        line.expect("every");
        fault.every = static_cast<std::uint32_t>(line.expect_number(most32, 1));
        line.expect_unit(fault.kind);
        return fault;
    }
    for (const auto& [word, kind] : {std::pair("lose", Kind::lose_write_back),
                                     {"double", Kind::double_write_back},
                                     {"garble", Kind::garble_write_back}}) {
        if (!line.accept(word)) continue;
        line.expect("write-back");
        return Fault{.kind = kind};
    }
    if (line.accept("fail")) {
        line.expect("DMA");
        return Fault{.kind = Kind::fail_dma};
    }
    if (line.accept("length")) {
        return Fault{.kind = Kind::length, .value = static_cast<std::uint32_t>(line.expect_number(0xffff))};
    }
    return std::nullopt;
}

void parse_timing(Line& line, Fault& fault) {
    if (line.accept("after")) {
        fault.after = line.expect_number(Fault::forever - 1);
        line.expect_unit(fault.kind);
    }
    if (line.accept("for")) {
        fault.lasts = line.expect_number(Fault::forever, 1);
        line.expect_unit(fault.kind);
    }
}

Expected<> parse_line(Line line, Plan& plan) {
    if (line.ended()) return {};
    if (line.accept("seed")) {
        plan.seed = line.expect_number(Fault::forever);
        return line.failed() || !line.ended() ? Expected<>(line.error()) : Expected<>();
    }
    auto fault = parse_kind(line);
    if (!fault || line.failed()) return line.error();
    fault->line = line.number_of_line();
    std::vector<Fault> faults{*fault};
    while (fault->kind == Kind::random && !line.next_is_timing()) {
        fault->target = line.expect_target();
        if (line.failed()) return line.error();
        faults.push_back(*fault);
    }
    Fault timing = *fault;
    parse_timing(line, timing);
    if (line.failed() || !line.ended()) return line.error();
    for (Fault& each : faults) {
        each.after = timing.after;
        each.lasts = timing.lasts;
        plan.faults.push_back(each);
    }
    return {};
}

std::string text_of(const Target& target) {
    std::string text = target.name;
    if (target.index) text += "[" + std::to_string(*target.index) + "]";
    if (!target.field.empty()) text += "." + target.field;
    return text;
}

std::string text_of(const Fault& fault) {
    switch (fault.kind) {
        case Kind::stuck:
            return "stuck " + text_of(fault.target) + " " + std::to_string(fault.value);
        case Kind::flip:
            return "flip " + text_of(fault.target);
        case Kind::random:
            return "random " + text_of(fault.target);
        case Kind::ignore:
            return "ignore " + text_of(fault.target);
        case Kind::flap:
            return "flap " + std::to_string(fault.value) + " times every " + std::to_string(fault.every) + " accesses";
        case Kind::gone:
            return "gone";
        case Kind::lose_write_back:
            return "lose write-back";
        case Kind::double_write_back:
            return "double write-back";
        case Kind::garble_write_back:
            return "garble write-back";
        case Kind::fail_dma:
            return "fail DMA";
        default:
            return "length " + std::to_string(fault.value);
    }
}

}  // namespace

Expected<Plan> parse_plan(std::string_view script) {
    Plan plan;
    for (unsigned number = 1; !script.empty();) {
        const std::size_t end = std::min(script.find_first_of("\n;"), script.size());
        // Comments are skipped, along with any semicolons in them.
        const std::size_t comment = std::min(script.find('#'), end);
        const std::size_t next = comment == end ? end : std::min(script.find('\n'), script.size());
        if (auto done = parse_line(Line(split(script.substr(0, comment)), number), plan); !done) {
            return std::unexpected(done.error());
        }
        if (next < script.size() && script[next] == '\n') ++number;
        script.remove_prefix(std::min(next + 1, script.size()));
    }
    return plan;
}

std::string script_of(const Plan& plan) {
    std::string script = "seed " + std::to_string(plan.seed) + "\n";
    for (const Fault& fault : plan.faults) {
        const std::string unit = " " + std::string(unit_of(fault.kind).first);
        script += text_of(fault);
        if (fault.after != 0) script += " after " + std::to_string(fault.after) + unit;
        if (fault.lasts != Fault::forever) script += " for " + std::to_string(fault.lasts) + unit;
        script += "\n";
    }
    return script;
}

}  // namespace ixy::faults
