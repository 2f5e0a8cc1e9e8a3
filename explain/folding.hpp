// What a person would not tell twice: a register that is polled and does not change, an array that is filled with one
// value, counters that are zero; and, where a line of source does the same again with other numbers, what they mean.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <ixy/explain/access.hpp>

namespace ixy::explain {

/// Thread rule: one at a time.
class Folding {
public:
    /// The sentence for `access`, short where it was heard before, after a line for each thing that was folded before
    /// it; empty when it is folded.
    std::string tell(const Access& access);
    /// What was folded since the last sentence.
    std::string summary();

private:
    struct Told {
        Access access;           ///< the latest of its kind
        std::uint64_t more = 0;  ///< how often it came again since the last sentence
    };
    static Told* find(std::vector<Told>& list, const Access& access);
    bool fold(const Access& access);
    void remember(const Access& access);

    using Source = std::tuple<const datasheet::RegisterInfo*, bool, std::string_view, std::uint32_t>;
    std::set<Source> heard_;   ///< register, write or read, file, line
    std::vector<Told> polls_;  ///< reads since the last write
    std::vector<Told> rows_;   ///< writes to arrays
    Told zeros_;               ///< reads of counters that were zero
    Access first_zero_;
};

}  // namespace ixy::explain
