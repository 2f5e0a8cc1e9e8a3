// Which cache lines a queue writes: memory is compared before and after each of its steps.
//
// Nothing has to be named to be found: all heap blocks of the process (the test's operator new keeps a list), all DMA
// memory, and the program's static data are compared. So a program that links written_lines.cpp has one thread at a
// time: nothing runs in the background. A write that changes no bit is not seen; a test repeats its steps with data
// that differ.
//
// A driver may write anything, and all that it writes counts. A card's own state is the card's business: of what
// happens in a card, DMA alone counts. watched() puts itself between the two, to know which of them is at work.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include <ixy/core/dma.hpp>
#include <ixy/pci/function.hpp>

namespace ixy::test {

inline constexpr std::size_t line_bytes = 64;

/// For what the watch itself allocates: it is not on the list of heap blocks.
template <class T>
struct Unlisted {
    using value_type = T;
    Unlisted() = default;
    template <class U>
    explicit Unlisted(const Unlisted<U>&) {}
    T* allocate(std::size_t count) {
        void* const memory = std::malloc(count * sizeof(T));
        if (memory == nullptr) std::abort();
        return static_cast<T*>(memory);
    }
    void deallocate(T* memory, std::size_t) { std::free(memory); }
    bool operator==(const Unlisted&) const { return true; }
};

/// Cache lines: their addresses divided by line_bytes.
using Lines = std::set<std::uintptr_t, std::less<>, Unlisted<std::uintptr_t>>;

/// The lines that were written in the steps of one queue.
class WrittenLines {
public:
    explicit WrittenLines(std::shared_ptr<DmaSpace> dma) : dma_(std::move(dma)) {}
    WrittenLines(const WrittenLines&) = delete;
    WrittenLines& operator=(const WrittenLines&) = delete;

    /// Runs `step`, in which program and driver act. A step of one queue ends before one of another begins.
    void by_driver(const std::function<void()>& step);
    /// Runs `step`, in which the card alone acts: a frame arrives, time passes.
    void by_card(const std::function<void()>& step);
    /// Of the driver's step that is under way, if any: the card begins to act, and ends. Called by watched().
    static void card_begins();
    static void card_ends();

    const Lines& lines() const { return lines_; }

    static void* operator new(std::size_t bytes) { return Unlisted<std::byte>().allocate(bytes); }
    static void operator delete(void* memory) { std::free(memory); }

private:
    using Memory = std::span<const std::byte>;
    template <class T>
    using List = std::vector<T, Unlisted<T>>;
    enum class Kind : std::uint8_t { heap, statics, dma };
    struct Part {
        Memory memory;
        Kind kind;
        std::size_t copy;  ///< where in copies_
    };

    List<Memory> memory_of(Kind kind) const;
    void take_snapshot();
    void add_changes(Kind kind);
    void add_all_changes();

    std::shared_ptr<DmaSpace> dma_;
    struct Free {
        void operator()(std::byte* memory) const { std::free(memory); }
    };

    List<Part> parts_;                           ///< the latest snapshot
    std::unique_ptr<std::byte[], Free> copies_;  ///< the contents of all its parts
    std::size_t room_ = 0;                       ///< for copies
    Lines lines_;
};

/// A function like `inner`, which says when the card is at work.
std::unique_ptr<PciFunction> watched(std::unique_ptr<PciFunction> inner);

/// Whether nothing else can ever lie in that line: one heap block covers all of it, or it is DMA memory, which is given
/// out by lines.
bool has_one_owner(std::uintptr_t line);
/// What lies in a line, in words: heap blocks with their sizes, static data, or DMA memory.
std::string contents_of(std::uintptr_t line);

}  // namespace ixy::test
