// Folding repeated accesses into a count.
#include <ixy/explain/folding.hpp>

#include <algorithm>
#include <chrono>
#include <map>
#include <string_view>

#include <ixy/explain/sentence.hpp>
#include <ixy/explain/text.hpp>

namespace ixy::explain {
namespace {

bool same_line(const std::source_location& a, const std::source_location& b) {
    return a.line() == b.line() && std::string_view(a.file_name()) == b.file_name();
}

bool is_zero_counter(const Access& access) {
    return !access.is_write && access.info != nullptr && access.info->access == datasheet::Access::RC &&
           access.value == 0;
}

std::string name_of(const Access& access) {
    return access.info != nullptr ? register_name(*access.info, access.index) : hex(access.offset, 5);
}

std::string times(std::uint64_t count) { return count == 1 ? "once" : std::to_string(count) + " times"; }

}  // namespace

std::string Folding::tell(const Access& access) {
    if (fold(access)) return {};
    const std::string text = summary();
    remember(access);
    const bool is_new = heard_.insert(source_of(access)).second;
    return text + (is_new || access.info == nullptr ? sentence(access) : short_sentence(access));
}

/// Polls are matched by register, rows of writes by array and source line.
Folding::Told* Folding::find(std::vector<Told>& list, const Access& access) {
    const auto found = std::ranges::find_if(list, [&](const Told& told) {
        return access.is_write ? told.access.info == access.info && same_line(told.access.where, access.where)
                               : told.access.bar == access.bar && told.access.offset == access.offset;
    });
    return found == list.end() ? nullptr : &*found;
}

bool Folding::fold(const Access& access) {
    if (is_zero_counter(access)) {
        if (zeros_.more++ == 0) first_zero_ = access;
        zeros_.access = access;
        return true;
    }
    Told* const told = find(access.is_write ? rows_ : polls_, access);
    const bool says_nothing_new =
        told != nullptr && told->access.value == access.value &&
        (access.is_write ? access.index == told->access.index + 1 : access.before == access.value);
    if (!says_nothing_new) return fold_loop(access);
    told->access = access;
    ++told->more;
    return true;
}

Folding::Source Folding::source_of(const Access& access) {
    return {access.info, access.is_write, access.where.file_name(), access.where.line()};
}

/// A loop is told twice. After that, accesses by source lines that have been heard are only counted.
bool Folding::fold_loop(const Access& access) {
    const bool goes_on = access.info != nullptr && access.info->count == 1 && access.info == loop_.access.info;
    if (!goes_on) return false;
    loop_.access = access;
    const bool is_strange = access.reserved_bits_set() != 0 || (!access.is_write && access.bits() == ~0U);
    if (every_access_ || is_strange || loop_.told < 4 || !loop_.has_write || !loop_.has_read ||
        !heard_.contains(source_of(access))) {
        return false;
    }
    ++(access.is_write ? loop_.writes : loop_.reads);
    return true;
}

void Folding::remember(const Access& access) {
    if (access.info != loop_.access.info) loop_ = {};
    loop_.access = access;
    ++loop_.told;
    (access.is_write ? loop_.has_write : loop_.has_read) = true;
    if (access.is_write) polls_.clear();
    if (access.is_write && (access.info == nullptr || access.info->count == 1)) return;
    auto& list = access.is_write ? rows_ : polls_;
    if (Told* const told = find(list, access)) {
        told->access = access;
    } else {
        list.push_back({access});
    }
}

std::string Folding::summary() {
    std::map<std::chrono::nanoseconds, std::string> lines;  // in the order in which they ended
    const auto add = [&lines](const Access& last, const std::string& what) {
        lines[last.time] += seconds(last.time) + "  … " + what + "\n";
    };
    for (Told& told : polls_) {
        if (told.more != 0) add(told.access, name_of(told.access) + " read " + times(told.more) + " more, unchanged");
        told.more = 0;
    }
    if (loop_.writes + loop_.reads != 0) {
        add(loop_.access, name_of(loop_.access) + " written " + times(loop_.writes) + " and read " +
                              times(loop_.reads) + " more" + source_line(loop_.access.where));
        loop_.writes = loop_.reads = 0;
    }
    for (Told& told : rows_) {
        if (told.more == 0) continue;
        const std::string first = register_name(*told.access.info, told.access.index + 1 - told.more);
        const std::string last = name_of(told.access);
        add(told.access, (told.more == 1 ? last : first + " to " + last) + " likewise");
        told.more = 0;
    }
    if (zeros_.more != 0) {
        const std::string first = name_of(first_zero_);
        const std::string last = name_of(zeros_.access);
        const std::string count = zeros_.more == 1 ? "" : " " + times(zeros_.more);
        const std::string what = first == last ? last + " read" + count + ": 0"
                                               : "counters read" + count + ", " + first + " to " + last + ": all are 0";
        add(zeros_.access, what + source_line(zeros_.access.where));
        zeros_.more = 0;
    }
    std::string text;
    for (const auto& [time, line] : lines) text += line;
    return text;
}

}  // namespace ixy::explain
