// Two machines that live through the same script, and are compared after each step.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/differential/known.hpp"
#include "tests/differential/machine.hpp"
#include "tests/differential/script.hpp"

#include <ixy/datasheet/e1000/chips.hpp>
#include <ixy/datasheet/e1000/descriptors.hpp>

namespace ixy::test {

class Pair {
public:
    using Found = std::optional<std::string>;  ///< what differs, if anything does

    /// `intolerant_of`: a known difference that is not to be tolerated this time.
    Pair(std::unique_ptr<Machine> ours, std::unique_ptr<Machine> theirs,
         const KnownDifference* intolerant_of = nullptr);

    /// Does `step` on both, and compares what was read, what went out, memory and interrupt line.
    Found run(const Step& step);
    /// Nothing else may have changed in memory.
    Found finish() { return compare_outcome(true); }

    /// A register of ours, without having an effect: for who decides what to do next. Not for those cleared by reading.
    std::uint32_t peek(std::uint32_t offset) { return ours_->read(offset); }

private:
    Found do_read(const Step& step);
    Found do_frame(const Step& step);
    void settle_threshold(std::uint32_t head_before, std::uint32_t head_after);
    Found compare_outcome(bool memory_too);
    Found compare_sent();
    Found compare_received(std::uint32_t begin, std::uint32_t end);
    Found compare_descriptor(std::uint32_t slot);
    void accept_check_sequence(const std::vector<std::span<std::byte>>& pieces);
    Found compare_memory();
    std::uint64_t ring();  ///< where the receive ring is
    std::uint32_t receive_ring_size();
    bool tolerates(const KnownDifference& difference) const { return &difference != intolerant_of_; }
    template <class T>
    T* at(Machine& machine, std::uint64_t address);
    /// The registers of a count are not compared until they are read, and so begin anew.
    void spoil(const KnownDifference& why, std::initializer_list<const datasheet::RegisterInfo*> counters);

    std::unique_ptr<Machine> ours_;
    std::unique_ptr<Machine> theirs_;
    const KnownDifference* intolerant_of_;
    std::set<const datasheet::RegisterInfo*> spoilt_;
};

}  // namespace ixy::test
