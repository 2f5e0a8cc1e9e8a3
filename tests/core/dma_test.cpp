// DMA spaces: their common allocator, on a space with device addresses chosen by the tests; and this process's own.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <ixy/core/dma.hpp>
#include <ixy/core/process_space.hpp>

#include <algorithm>
#include <cstring>
#include <random>
#include <set>
#include <thread>

namespace ixy {
namespace {

constexpr std::size_t granule = 64 << 10;

/// Regions of four granules; the device sees the granules in reverse order, or contiguously.
class ScatteredSpace final : public DmaSpace {
public:
    explicit ScatteredSpace(bool contiguous, int nodes = 1) : contiguous_(contiguous), nodes_(nodes) {}
    ~ScatteredSpace() override { unmap_all(); }
    std::size_t largest_piece() const override { return contiguous_ ? 4 * granule : granule; }
    std::string describe() const override { return "scattered"; }

    std::size_t most_regions = 100;
    std::size_t mapped = 0;

private:
    Expected<Region> map_region(std::size_t, int node) override {
        if (mapped == most_regions) return failure(ErrorKind::no_memory, "scattered: no region is left");
        auto* memory = static_cast<std::byte*>(std::aligned_alloc(4096, 4 * granule));
        std::memset(memory, 0xee, 4 * granule);
        Region region{.memory = {memory, 4 * granule}, .granule = granule, .addresses = {}};
        const std::uint64_t base = ++mapped << 32;
        for (std::uint64_t i = 0; i < 4; ++i) region.addresses.push_back({base + (contiguous_ ? i : 3 - i) * granule});
        region.node = node == any_node ? any_node : std::min(node, nodes_ - 1);
        return region;
    }
    void unmap_region(Region& region) noexcept override { std::free(region.memory.data()); }

    bool contiguous_;
    int nodes_;
};

std::shared_ptr<ScatteredSpace> scattered(int nodes = 1) { return std::make_shared<ScatteredSpace>(false, nodes); }

DmaMemory take(DmaSpace& space, std::size_t bytes, std::size_t alignment = 64, int node = any_node) {
    auto piece = space.allocate(bytes, alignment, node);
    EXPECT_TRUE(piece.has_value()) << piece.error().text();
    return std::move(piece.value());
}

TEST(dma_space, memory_is_zeroed_even_when_reused) {
    const auto space = scattered();
    for (int round = 0; round < 3; ++round) {
        const DmaMemory piece = take(*space, 1000);
        EXPECT_TRUE(std::ranges::all_of(piece.bytes(), [](std::byte byte) { return byte == std::byte{0}; }));
        std::ranges::fill(piece.bytes(), std::byte{0x55});
    }
    EXPECT_EQ(space->region_count(), 1u);
}

TEST(dma_space, pieces_are_aligned_for_the_cpu_and_the_device) {
    const auto space = scattered();
    std::vector<DmaMemory> pieces;
    for (std::size_t alignment = 1; alignment <= 4096; alignment *= 2) {
        pieces.push_back(take(*space, 100, alignment));
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(pieces.back().data()) % std::max<std::size_t>(alignment, 64), 0u);
        EXPECT_EQ(pieces.back().address().value % std::max<std::size_t>(alignment, 64), 0u);
        EXPECT_EQ(pieces.back().size(), 100u);
    }
}

TEST(dma_space, pieces_never_share_a_cache_line) {
    const auto space = scattered();
    const DmaMemory a = take(*space, 1), b = take(*space, 1);
    EXPECT_GE(std::abs(a.data() - b.data()), 64);
}

TEST(dma_space, a_piece_never_crosses_a_granule) {
    const auto space = scattered();
    std::vector<DmaMemory> pieces;
    for (int i = 0; i < 40; ++i) {
        pieces.push_back(take(*space, 24 << 10, 4096));
        const std::uint64_t address = pieces.back().address().value;
        EXPECT_EQ(address / granule, (address + pieces.back().size() - 1) / granule) << i;
    }
}

TEST(dma_space, the_whole_region_is_usable_where_its_granules_are_device_contiguous) {
    const auto space = std::make_shared<ScatteredSpace>(true);
    const DmaMemory piece = take(*space, 4 * granule);
    EXPECT_EQ(piece.address().value, std::uint64_t{1} << 32);
    EXPECT_EQ(space->region_count(), 1u);
}

TEST(dma_space, the_address_comes_from_the_granule_of_the_piece) {
    const auto space = scattered();
    const DmaMemory first = take(*space, granule), second = take(*space, granule);
    EXPECT_EQ(second.data(), first.data() + granule);
    EXPECT_EQ(first.address().value, (std::uint64_t{1} << 32) + 3 * granule);
    EXPECT_EQ(second.address().value, (std::uint64_t{1} << 32) + 2 * granule);
}

TEST(dma_space, lookup_by_device_address_finds_only_memory_of_the_space) {
    const auto space = scattered();
    const DmaMemory first = take(*space, granule), second = take(*space, granule);
    for (const DmaMemory* piece : {&first, &second}) {
        EXPECT_EQ(space->memory_at(piece->address() + 100, 16).data(), piece->data() + 100);
        EXPECT_EQ(space->memory_at(piece->address(), granule).size(), granule);
        EXPECT_TRUE(space->memory_at(piece->address() + 1, granule).empty()) << "the next granule is somewhere else";
    }
    EXPECT_TRUE(space->memory_at(IoAddress{0}, 16).empty());
    EXPECT_TRUE(space->memory_at(IoAddress{~std::uint64_t{0}}, 16).empty());
    EXPECT_TRUE(space->memory_at(first.address(), ~std::size_t{0}).empty());
}

TEST(dma_space, freed_neighbours_merge_in_any_order) {
    for (const std::array<int, 3> order : {std::array{0, 1, 2}, {2, 1, 0}, {0, 2, 1}, {1, 0, 2}}) {
        const auto space = scattered();
        std::array<DmaMemory, 3> pieces{take(*space, granule / 4), take(*space, granule / 4),
                                        take(*space, granule / 2)};
        const std::byte* begin = pieces[0].data();
        for (const int i : order) pieces[static_cast<std::size_t>(i)] = DmaMemory();
        EXPECT_EQ(take(*space, granule).data(), begin);
        EXPECT_EQ(space->region_count(), 1u);
    }
}

TEST(dma_space, a_hole_is_used_before_new_memory) {
    const auto space = scattered();
    DmaMemory first = take(*space, 4096, 4096);
    const DmaMemory second = take(*space, 4096, 4096);
    const std::byte* hole = first.data();
    first = DmaMemory();
    EXPECT_EQ(take(*space, 4096, 4096).data(), hole);
}

TEST(dma_space, hostile_sizes_and_alignments_are_errors) {
    const auto space = scattered();
    for (const std::size_t bytes : {std::size_t{0}, granule + 1, SIZE_MAX, SIZE_MAX - 63, SIZE_MAX / 2 + 1}) {
        const auto piece = space->allocate(bytes);
        ASSERT_FALSE(piece.has_value()) << bytes;
        EXPECT_EQ(piece.error().kind, ErrorKind::invalid_argument);
        EXPECT_NE(piece.error().next, "");
    }
    for (const std::size_t alignment : {std::size_t{0}, std::size_t{3}, std::size_t{8192}, SIZE_MAX}) {
        const auto piece = space->allocate(64, alignment);
        ASSERT_FALSE(piece.has_value()) << alignment;
        EXPECT_EQ(piece.error().kind, ErrorKind::invalid_argument);
    }
    EXPECT_EQ(space->region_count(), 0u);
}

TEST(dma_space, exhaustion_is_an_error_until_memory_is_freed) {
    const auto space = scattered();
    space->most_regions = 1;
    std::vector<DmaMemory> pieces;
    for (int i = 0; i < 4; ++i) pieces.push_back(take(*space, granule));
    const auto refused = space->allocate(1);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().kind, ErrorKind::no_memory);
    pieces.erase(pieces.begin() + 2);
    EXPECT_TRUE(space->allocate(granule).has_value());
}

TEST(dma_space, memory_keeps_its_space_alive_and_is_movable) {
    DmaMemory kept;
    {
        const auto space = scattered();
        DmaMemory piece = take(*space, 100);
        kept = std::move(piece);
        EXPECT_EQ(piece.data(), nullptr);  // NOLINT(bugprone-use-after-move): that is what is tested
        EXPECT_EQ(piece.space(), nullptr);
    }
    std::ranges::fill(kept.bytes(), std::byte{1});
    DmaMemory& itself = kept;
    kept = std::move(itself);
    EXPECT_EQ(kept.size(), 100u);
}

TEST(dma_space, each_node_gets_its_own_memory) {
    const auto space = scattered(2);
    const DmaMemory on_0 = take(*space, 64, 64, 0), on_1 = take(*space, 64, 64, 1),
                    again_on_0 = take(*space, 64, 64, 0);
    EXPECT_EQ(space->region_count(), 2u);
    EXPECT_EQ(again_on_0.data(), on_0.data() + 64);
    EXPECT_EQ(space->take_warning(), "");
}

TEST(dma_space, memory_on_the_wrong_node_warns_once_and_is_not_retried_for_each_piece) {
    const auto space = scattered(2);
    const DmaMemory first = take(*space, 64, 64, 7);
    EXPECT_NE(space->take_warning().find("node 7 lies on node 1"), std::string::npos);
    EXPECT_EQ(space->take_warning(), "");
    const DmaMemory second = take(*space, 64, 64, 7), elsewhere = take(*space, 64, 64, 5);
    EXPECT_EQ(space->region_count(), 2u);
    EXPECT_EQ(space->take_warning(), "");
}

TEST(dma_space, memory_of_a_remote_node_is_better_than_an_error) {
    const auto space = scattered(2);
    space->most_regions = 1;
    const DmaMemory on_0 = take(*space, 64, 64, 0);
    EXPECT_TRUE(space->allocate(64, 64, 1).has_value());
}

TEST(dma_space, random_allocations_from_several_threads_never_overlap) {
    const auto space = scattered();
    const auto work = [&space](unsigned seed) {
        std::mt19937 random(seed);
        std::vector<DmaMemory> pieces;
        for (int i = 0; i < 400; ++i) {
            if (pieces.size() > 20 || (!pieces.empty() && random() % 3 == 0)) {
                const std::size_t victim = random() % pieces.size();
                const auto mark = static_cast<std::byte>(seed);
                if (!std::ranges::all_of(pieces[victim].bytes(), [mark](std::byte byte) { return byte == mark; }))
                    ADD_FAILURE() << "another thread wrote into a piece";
                pieces.erase(pieces.begin() + static_cast<std::ptrdiff_t>(victim));
            } else {
                pieces.push_back(take(*space, 1 + random() % 9000, std::size_t{1} << random() % 13));
                std::ranges::fill(pieces.back().bytes(), static_cast<std::byte>(seed));
            }
        }
    };
    std::vector<std::jthread> threads;
    for (unsigned seed = 1; seed <= 4; ++seed) threads.emplace_back(work, seed);
    threads.clear();
    const std::size_t regions = space->region_count();
    std::vector<DmaMemory> all;  // everything was freed and merged: each granule is whole again
    for (std::size_t i = 0; i < 4 * regions; ++i) all.push_back(take(*space, granule));
    EXPECT_EQ(space->region_count(), regions);
}

TEST(process_space, a_device_address_is_the_pointer) {
    const auto space = *ProcessSpace::create();
    const DmaMemory piece = take(*space, 1 << 20, 4096);
    EXPECT_EQ(piece.address().value, reinterpret_cast<std::uintptr_t>(piece.data()));
    EXPECT_EQ(piece.space(), space.get());
}

TEST(process_space, another_mapping_of_its_file_shows_the_same_bytes) {
    const auto space = *ProcessSpace::create(2 << 20);
    const DmaMemory piece = take(*space, 4096, 4096);
    const auto regions = space->shared_regions();
    ASSERT_EQ(regions.size(), 1u);
    auto* other =
        static_cast<std::byte*>(mmap(nullptr, regions[0].memory.size(), PROT_READ, MAP_SHARED, regions[0].file, 0));
    ASSERT_NE(other, MAP_FAILED);
    piece.data()[17] = std::byte{42};
    EXPECT_EQ(other[piece.address().value - regions[0].address.value + 17], std::byte{42});
    munmap(other, regions[0].memory.size());
}

TEST(process_space, odd_region_sizes_are_errors) {
    for (const std::size_t bytes : {std::size_t{0}, std::size_t{100}, std::size_t{4097}})
        EXPECT_EQ(ProcessSpace::create(bytes).error().kind, ErrorKind::invalid_argument);
    const auto space = *ProcessSpace::create(std::size_t{1} << 62);  // more than any machine can map
    EXPECT_FALSE(space->allocate(64).has_value());
}

}  // namespace
}  // namespace ixy
