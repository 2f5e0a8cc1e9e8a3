// Snapshots of memory, and an operator new that lists all heap blocks.
#include "tests/support/written_lines.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>
#include <new>
#include <utility>

#include <ixy/pci/wrapped.hpp>

extern "C" std::byte __data_start, _end;  // the linker's: the program's static data, and that of its static libraries

namespace ixy::test {
namespace {

using Sizes =
    std::map<std::uintptr_t, std::size_t, std::less<>, Unlisted<std::pair<const std::uintptr_t, std::size_t>>>;

/// The heap blocks that exist: their sizes, by address.
struct Blocks {
    std::mutex mutex;
    Sizes sizes;
};

Blocks& blocks() {
    static Blocks& only = *new (Unlisted<Blocks>().allocate(1)) Blocks;
    return only;
}

void* allocate(std::size_t bytes, std::size_t alignment) {
    void* memory = nullptr;
    if (::posix_memalign(&memory, std::max(alignment, sizeof(void*)), std::max<std::size_t>(bytes, 1)) != 0)
        std::abort();
    const std::lock_guard lock(blocks().mutex);
    blocks().sizes[reinterpret_cast<std::uintptr_t>(memory)] = bytes;
    return memory;
}

void release(void* memory) {
    if (memory == nullptr) return;
    {
        const std::lock_guard lock(blocks().mutex);
        blocks().sizes.erase(reinterpret_cast<std::uintptr_t>(memory));
    }
    std::free(memory);
}

WrittenLines* whose_step = nullptr;  ///< the driver's step that is under way

/// The heap blocks in that line, or partly.
std::vector<Sizes::value_type, Unlisted<Sizes::value_type>> blocks_in(std::uintptr_t line) {
    std::vector<Sizes::value_type, Unlisted<Sizes::value_type>> found;
    const std::lock_guard lock(blocks().mutex);
    const std::uintptr_t begin = line * line_bytes, end = begin + line_bytes;
    for (const auto& block : blocks().sizes) {
        if (block.first < end && block.first + block.second > begin) found.push_back(block);
    }
    return found;
}

bool is_static(std::uintptr_t line) {
    const auto* const begin = reinterpret_cast<const std::byte*>(line * line_bytes);
    return begin + line_bytes > &__data_start && begin < &_end;
}

class Watch final : public BarBackend {
public:
    explicit Watch(Bar inner) : inner_(inner) {}
    std::uint64_t read(std::uint64_t offset, unsigned width, const std::source_location& where) override {
        WrittenLines::card_begins();
        const std::uint64_t value = read_bar(inner_, offset, width, where);
        WrittenLines::card_ends();
        return value;
    }
    void write(std::uint64_t offset, unsigned width, std::uint64_t value, const std::source_location& where) override {
        WrittenLines::card_begins();
        write_bar(inner_, offset, width, value, where);
        WrittenLines::card_ends();
    }

private:
    Bar inner_;
};

}  // namespace

// --- the steps -------------------------------------------------------------------------------------------------------

void WrittenLines::by_driver(const std::function<void()>& step) {
    whose_step = this;
    take_snapshot();
    step();
    add_all_changes();
    whose_step = nullptr;
}

void WrittenLines::by_card(const std::function<void()>& step) {
    take_snapshot();
    step();
    add_changes(Kind::dma);
}

void WrittenLines::card_begins() {
    if (whose_step != nullptr) whose_step->add_all_changes();
}

void WrittenLines::card_ends() {
    if (whose_step == nullptr) return;
    whose_step->add_changes(Kind::dma);
    whose_step->take_snapshot();
}

void WrittenLines::add_all_changes() {
    for (const Kind kind : {Kind::heap, Kind::statics, Kind::dma}) add_changes(kind);
}

// --- snapshots -------------------------------------------------------------------------------------------------------

/// By address. Of DMA memory, only what was ever used: the rest of its files is holes.
WrittenLines::List<WrittenLines::Memory> WrittenLines::memory_of(Kind kind) const {
    List<Memory> parts;
    if (kind == Kind::statics) {
        parts.push_back({&__data_start, &_end});
    } else if (kind == Kind::heap) {
        const std::lock_guard lock(blocks().mutex);
        for (const auto& [address, bytes] : blocks().sizes)
            parts.push_back({reinterpret_cast<const std::byte*>(address), bytes});
    } else {
        for (const auto& region : dma_->shared_regions()) {
            off_t begin = 0, end = 0;
            while ((begin = ::lseek(region.file, end, SEEK_DATA)) >= 0) {
                end = ::lseek(region.file, begin, SEEK_HOLE);
                parts.push_back(
                    region.memory.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin)));
            }
        }
    }
    return parts;
}

void WrittenLines::take_snapshot() {
    parts_.clear();
    std::size_t total = 0;
    for (const Kind kind : {Kind::heap, Kind::statics, Kind::dma}) {
        for (const Memory memory : memory_of(kind)) {
            parts_.push_back({memory, kind, total});
            total += memory.size();
        }
    }
    if (total > room_) copies_.reset(Unlisted<std::byte>().allocate(room_ = 2 * total));
    for (const Part& part : parts_) std::memcpy(&copies_[part.copy], part.memory.data(), part.memory.size());
}

/// Adds the lines that differ from the snapshot. What did not exist then has been written since.
void WrittenLines::add_changes(Kind kind) {
    auto old = std::ranges::find(parts_, kind, &Part::kind);
    for (const Memory memory : memory_of(kind)) {
        const std::byte* const now = memory.data();
        while (old != parts_.end() && old->kind == kind && old->memory.data() < now) ++old;
        const bool existed = old != parts_.end() && old->kind == kind && old->memory.data() == now;
        const std::byte* const then = existed ? &copies_[old->copy] : nullptr;
        const std::size_t compared = existed ? std::min(old->memory.size(), memory.size()) : 0;
        const auto address = reinterpret_cast<std::uintptr_t>(now);
        for (std::size_t begin = 0, end = 0; begin < memory.size(); begin = end) {
            end = std::min(memory.size(), (address + begin) / line_bytes * line_bytes + line_bytes - address);
            if (end > compared || std::memcmp(then + begin, now + begin, end - begin) != 0)
                lines_.insert((address + begin) / line_bytes);
        }
    }
}

// --- around it -------------------------------------------------------------------------------------------------------

std::unique_ptr<PciFunction> watched(std::unique_ptr<PciFunction> inner) {
    return std::make_unique<WrappedFunction>(std::move(inner),
                                             [](unsigned, Bar bar) { return std::make_unique<Watch>(bar); });
}

bool has_one_owner(std::uintptr_t line) {
    if (is_static(line)) return false;
    const auto found = blocks_in(line);
    const std::uintptr_t begin = line * line_bytes, end = begin + line_bytes;
    return found.empty() || (found[0].first <= begin && found[0].first + found[0].second >= end);
}

std::string contents_of(std::uintptr_t line) {
    if (is_static(line)) return "static data";
    std::string text;
    for (const auto& [address, bytes] : blocks_in(line)) {
        text += (text.empty() ? "heap: " : ", ") + std::to_string(bytes) + " bytes from " +
                std::to_string(static_cast<std::intptr_t>(address - line * line_bytes)) + " on";
    }
    return text.empty() ? "DMA memory" : text;
}

}  // namespace ixy::test

// --- the heap --------------------------------------------------------------------------------------------------------

void* operator new(std::size_t bytes) { return ixy::test::allocate(bytes, alignof(std::max_align_t)); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
    return ixy::test::allocate(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { ixy::test::release(memory); }
void operator delete(void* memory, std::size_t) noexcept { ixy::test::release(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { ixy::test::release(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { ixy::test::release(memory); }
