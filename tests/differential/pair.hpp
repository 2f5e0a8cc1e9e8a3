// Two machines that run the same script and are compared after each step.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "tests/differential/known.hpp"
#include "tests/differential/machine.hpp"
#include "tests/differential/rings.hpp"
#include "tests/differential/script.hpp"

#include <ixy/datasheet/e1000/chips.hpp>
#include <ixy/datasheet/e1000/descriptors.hpp>

namespace ixy::test {

class Pair {
public:
    using Found = std::optional<std::string>;  ///< the difference, if any

    /// `intolerant_of`: a known difference not to tolerate this time.
    explicit Pair(const datasheet::e1000::Chip& chip, const KnownDifference* intolerant_of = nullptr);

    /// Runs `step` on both and compares read values, sent frames, memory and interrupt line.
    Found run(const Step& step);
    /// Checks that nothing else has changed in memory.
    Found finish() { return compare_outcome(true); }

    /// One of our registers, read without side effects, to choose the next step. Not for registers cleared by reading.
    std::uint32_t peek(std::uint32_t offset) { return ours_->read(offset); }

private:
    /// One of the chip's receive queues.
    struct Queue {
        const RingRegisters& at;
        std::uint64_t base;
        std::uint32_t size;                  ///< descriptors
        std::uint32_t before;                ///< the head before a frame came
        std::uint32_t after;                 ///< and afterwards
        std::vector<std::uint64_t> buffers;  ///< the addresses in the descriptors
    };

    void do_write(const Step& step);
    std::vector<std::span<std::byte>> buffers_to_checksum(const Step& step);
    std::span<std::byte> counterpart(std::span<std::byte> of_ours);
    void spoil_sent();
    Found do_read(const Step& step);
    void settle_causes();
    Found do_frame(const Step& step);
    void spoil_received(bool taken);
    void settle_threshold(const Queue& queue);
    Found compare_outcome(bool memory_too);
    Found compare_sent();
    Found compare_interrupts();
    Found compare_received(const Queue& queue);
    Found compare_legacy(std::uint64_t address, const std::string& name);
    Found compare_extended(std::uint64_t address, const std::string& name);
    std::pair<std::size_t, bool> piece(std::uint64_t address);
    void accept_check_sequence(const std::vector<std::span<std::byte>>& pieces);
    Found compare_memory();
    bool is_extended();
    /// The value of our card's register.
    template <class R>
    datasheet::Value<R> get(const datasheet::Register<R>& reg) {
        return {peek(reg.offset)};
    }
    bool tolerates(const KnownDifference& difference) const;
    template <class T>
    T* at(Machine& machine, std::uint64_t address);
    /// Stops comparing these counters until they are read, which restarts them.
    void spoil(const KnownDifference& why, std::initializer_list<const datasheet::RegisterInfo*> counters);

    const datasheet::e1000::Chip& chip_;
    std::unique_ptr<Machine> ours_;
    std::unique_ptr<Machine> theirs_;
    const KnownDifference* intolerant_of_;
    std::set<const datasheet::RegisterInfo*> spoilt_;
    bool messages_ = false;  ///< MSI-X is on
};

}  // namespace ixy::test
