// Folds what a person would not tell twice: a polled register that does not change, an array filled with one value,
// counters that are zero, a loop that writes and reads one register to get at something behind it, such as each word of
// an EEPROM; and, when a source line does the same again with other numbers, what they mean.
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
    /// `every_access`: loops are told in full.
    explicit Folding(bool every_access = false) : every_access_(every_access) {}
    /// The sentence for `access`, short if it was heard before, preceded by a line for each thing folded before it;
    /// empty if it is folded itself.
    std::string tell(const Access& access);
    /// What was folded since the last sentence.
    std::string summary();

private:
    /// Register, write or read, file, line.
    using Source = std::tuple<const datasheet::RegisterInfo*, bool, std::string_view, std::uint32_t>;
    struct Told {
        Access access;           ///< the latest of its kind
        std::uint64_t more = 0;  ///< repetitions since the last sentence
    };
    /// Consecutive accesses to one register, with nothing else in between.
    struct Loop {
        Access access;           ///< the latest
        std::uint64_t told = 0;  ///< accesses that were told
        bool has_write = false;  ///< of those that were told
        bool has_read = false;
        std::uint64_t writes = 0;  ///< not told yet
        std::uint64_t reads = 0;
    };
    static Told* find(std::vector<Told>& list, const Access& access);
    bool fold(const Access& access);
    bool fold_loop(const Access& access);
    static Source source_of(const Access& access);
    void remember(const Access& access);

    bool every_access_;
    std::set<Source> heard_;
    Loop loop_;
    std::vector<Told> polls_;  ///< reads since the last write
    std::vector<Told> rows_;   ///< writes to arrays
    Told zeros_;               ///< reads of counters that were zero
    Access first_zero_;
};

}  // namespace ixy::explain
