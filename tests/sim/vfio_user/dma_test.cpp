// The client's memory: the card reaches what the client maps, and nothing else.
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include <ixy/sim/servers/vfio_user/shared_memory.hpp>

#include "bed.hpp"

namespace ixy::sim::vfio_user {
namespace {

constexpr std::uint32_t both = dma_readable | dma_writable;

class VfioUserDma : public VfioUser {
protected:
    VfioUserDma() {
        connect();
        enable_card();
    }
    int map(const DmaMap& request, const std::vector<int>& files) {
        return error_of(Command::dma_map, join(request), files);
    }
    int map(std::uint64_t address, std::uint64_t size, const File& file, std::uint64_t offset = 0,
            std::uint32_t flags = both) {
        return map({.argsz = sizeof(DmaMap), .flags = flags, .offset = offset, .address = address, .size = size},
                   {file.get()});
    }
    int map_without_file(std::uint64_t address, std::uint64_t size) {
        return map({.argsz = sizeof(DmaMap), .flags = both, .offset = 0, .address = address, .size = size}, {});
    }
    int unmap(std::uint64_t address, std::uint64_t size, std::uint32_t flags = 0) {
        return error_of(Command::dma_unmap,
                        join(DmaUnmap{.argsz = sizeof(DmaUnmap), .flags = flags, .address = address, .size = size}));
    }
    /// Whether the card can write 8 bytes there.
    bool card_writes(std::uint64_t address) {
        write_bar(ProbeModel::address, address, 8);
        write_bar(ProbeModel::write_memory, 8);
        return read_bar(ProbeModel::succeeded, 1) == 1;
    }
    bool card_reads(std::uint64_t address) {
        write_bar(ProbeModel::address, address, 8);
        write_bar(ProbeModel::read_memory, 0);
        return read_bar(ProbeModel::succeeded, 1) == 1;
    }

    File memory_ = make_memory_file(0x10000);
};

TEST_F(VfioUserDma, the_card_reaches_mapped_memory_through_the_file) {
    ASSERT_EQ(map(0x100000, 0x4000, memory_, 0x2000), 0);
    EXPECT_TRUE(card_writes(0x100010));
    std::array<std::uint8_t, 9> seen{};
    ASSERT_EQ(::pread(memory_.get(), seen.data(), seen.size(), 0x2010), 9);
    EXPECT_EQ(seen, (std::array<std::uint8_t, 9>{0x5a, 0x5a, 0x5a, 0x5a, 0x5a, 0x5a, 0x5a, 0x5a, 0}));

    ASSERT_EQ(::pwrite(memory_.get(), "abcdefgh", 8, 0x2020), 8);
    EXPECT_TRUE(card_reads(0x100020));
    EXPECT_EQ(read_bar(ProbeModel::read_memory, 8), 0x6867666564636261U);
}

TEST_F(VfioUserDma, other_memory_is_out_of_reach) {
    EXPECT_FALSE(card_writes(0x100000));
    ASSERT_EQ(map(0x100000, 0x4000, memory_), 0);
    EXPECT_FALSE(card_writes(0xffff8));
    EXPECT_FALSE(card_writes(0x104000));
    EXPECT_FALSE(card_writes(0x103ffc)) << "half of it is outside";
    EXPECT_TRUE(card_writes(0x103ff8));
}

TEST_F(VfioUserDma, nothing_is_reached_while_bus_mastering_is_off) {
    ASSERT_EQ(map(0x100000, 0x4000, memory_), 0);
    enable_card(false);
    EXPECT_FALSE(card_writes(0x100000));
    EXPECT_FALSE(card_reads(0x100000));
    enable_card(true);
    EXPECT_TRUE(card_writes(0x100000));
}

TEST_F(VfioUserDma, the_direction_is_enforced) {
    ASSERT_EQ(map(0x1000, 0x1000, memory_, 0, dma_readable), 0);
    ASSERT_EQ(map(0x2000, 0x1000, memory_, 0, dma_writable), 0);
    EXPECT_TRUE(card_reads(0x1000));
    EXPECT_FALSE(card_writes(0x1000));
    EXPECT_TRUE(card_writes(0x2000));
    EXPECT_FALSE(card_reads(0x2000));
}

TEST_F(VfioUserDma, a_read_only_file_cannot_be_mapped_for_writing) {
    const File read_only(::open(("/proc/self/fd/" + std::to_string(memory_.get())).c_str(), O_RDONLY | O_CLOEXEC));
    EXPECT_EQ(map(0x1000, 0x1000, read_only), EACCES);
    EXPECT_EQ(map(0x1000, 0x1000, read_only, 0, dma_readable), 0);
}

TEST_F(VfioUserDma, a_region_without_a_file_is_known_but_not_reached) {
    ASSERT_EQ(map_without_file(0x1000, 0x1000), 0);
    EXPECT_FALSE(card_writes(0x1000));
    EXPECT_EQ(map(0x1000, 0x1000, memory_), EEXIST);
    EXPECT_EQ(unmap(0x1000, 0x1000), 0);
    EXPECT_EQ(map(0x1000, 0x1000, memory_), 0);
}

TEST_F(VfioUserDma, overlapping_regions_are_refused) {
    ASSERT_EQ(map(0x4000, 0x4000, memory_), 0);
    EXPECT_EQ(map(0x4000, 0x4000, memory_), EEXIST);
    EXPECT_EQ(map(0x3000, 0x2000, memory_), EEXIST);
    EXPECT_EQ(map(0x7000, 0x2000, memory_), EEXIST);
    EXPECT_EQ(map(0x5000, 0x1000, memory_), EEXIST);
    EXPECT_EQ(map(0x3000, 0x8000, memory_), EEXIST);
    EXPECT_EQ(map_without_file(0, 1ULL << 40), EEXIST);
    EXPECT_EQ(map(0x3000, 0x1000, memory_), 0);
    EXPECT_EQ(map(0x8000, 0x1000, memory_), 0);
}

TEST_F(VfioUserDma, malformed_requests_are_refused) {
    const DmaMap good{.argsz = sizeof(DmaMap), .flags = both, .offset = 0, .address = 0x1000, .size = 0x1000};
    const auto with = [good](auto change) {
        DmaMap changed = good;
        change(changed);
        return changed;
    };
    for (const DmaMap& bad : {with([](DmaMap& m) { m.argsz = 31; }), with([](DmaMap& m) { m.flags = 4 | both; }),
                              with([](DmaMap& m) { m.flags = 0; }), with([](DmaMap& m) { m.size = 0; }),
                              with([](DmaMap& m) { m.size = 0x800; }), with([](DmaMap& m) { m.address = 0x1234; }),
                              with([](DmaMap& m) { m.offset = 1; }), with([](DmaMap& m) { m.offset = 0x10000; }),
                              with([](DmaMap& m) { m.offset = ~0ULL << 12; }),
                              with([](DmaMap& m) { m.size = 0x11000; }), with([](DmaMap& m) { m.size = 1ULL << 62; }),
                              with([](DmaMap& m) { m.address = ~0ULL << 12, m.size = 0x2000; })}) {
        EXPECT_EQ(map(bad, {memory_.get()}), EINVAL);
    }
    EXPECT_EQ(error_of(Command::dma_map, Bytes(16)), EINVAL);
    EXPECT_EQ(map(good, {memory_.get(), memory_.get()}), EINVAL) << "two files";
    EXPECT_EQ(map(good, {memory_.get()}), 0);
}

TEST_F(VfioUserDma, the_last_page_of_the_address_space_can_be_mapped) {
    EXPECT_EQ(map(~0ULL << 12, 0x1000, memory_), 0);
    EXPECT_TRUE(card_writes((~0ULL << 12) + 8));
    EXPECT_EQ(map_without_file(0, ~0ULL << 12), 0);
    EXPECT_EQ(unmap(~0ULL << 12, 0x1000), 0);
}

TEST_F(VfioUserDma, a_file_that_is_not_memory_is_refused) {
    const File event(::eventfd(0, EFD_CLOEXEC));
    EXPECT_EQ(map(0x1000, 0x1000, event), EINVAL);
}

TEST_F(VfioUserDma, unmapping_requires_exactly_what_was_mapped) {
    ASSERT_EQ(map(0x4000, 0x4000, memory_), 0);
    EXPECT_EQ(unmap(0x4000, 0x2000), ENOENT);
    EXPECT_EQ(unmap(0x5000, 0x3000), ENOENT);
    EXPECT_EQ(unmap(0x4000, 0x8000), ENOENT);
    EXPECT_EQ(unmap(0x10000, 0x4000), ENOENT);
    EXPECT_TRUE(card_writes(0x4000));
    const DmaUnmap request{.argsz = sizeof(DmaUnmap), .flags = 0, .address = 0x4000, .size = 0x4000};
    const Answer got = ask(Command::dma_unmap, join(request));
    EXPECT_EQ(got.payload, join(request)) << "the request is returned";
    EXPECT_FALSE(card_writes(0x4000));
    EXPECT_EQ(unmap(0x4000, 0x4000), ENOENT);
}

TEST_F(VfioUserDma, malformed_unmap_requests_are_refused) {
    ASSERT_EQ(map(0x4000, 0x4000, memory_), 0);
    EXPECT_EQ(error_of(Command::dma_unmap, Bytes(8)), EINVAL);
    EXPECT_EQ(error_of(Command::dma_unmap, join(DmaUnmap{.argsz = 8, .flags = 0, .address = 0x4000, .size = 0x4000})),
              EINVAL);
    EXPECT_EQ(unmap(0x4000, 0x4000, 4), ENOTSUP);
    EXPECT_EQ(unmap(0x4000, 0x4000, unmap_dirty_bitmap), ENOTSUP);
    EXPECT_EQ(unmap(0x4000, 0x4000, unmap_all), EINVAL);
    EXPECT_EQ(unmap(0, 0, unmap_all | unmap_dirty_bitmap), EINVAL);
    EXPECT_TRUE(card_writes(0x4000));
}

TEST_F(VfioUserDma, all_regions_can_be_unmapped_at_once) {
    for (std::uint64_t i = 0; i < 16; ++i) ASSERT_EQ(map(i * 0x2000, 0x1000, memory_, i * 0x1000), 0);
    EXPECT_TRUE(card_writes(0x1e000));
    EXPECT_EQ(unmap(0, 0, unmap_all), 0);
    for (std::uint64_t i = 0; i < 16; ++i) EXPECT_FALSE(card_writes(i * 0x2000));
    EXPECT_EQ(unmap(0, 0, unmap_all), 0) << "even when there are none";
    EXPECT_EQ(map(0, 0x1000, memory_), 0);
}

TEST_F(VfioUserDma, no_file_stays_open_and_no_memory_stays_mapped) {
    const std::size_t before = open_files();
    for (int i = 0; i < 100; ++i) {
        ASSERT_EQ(map(0x4000, 0x4000, memory_), 0);
        ASSERT_EQ(map(0x4000, 0x4000, memory_), EEXIST);
        ASSERT_EQ(unmap(0x4000, 0x4000), 0);
    }
    EXPECT_EQ(open_files(), before);
    const auto maps = read_text("/proc/self/maps");
    ASSERT_TRUE(maps);
    EXPECT_EQ(maps->find("memfd:test"), std::string::npos);
}

TEST_F(VfioUserDma, more_regions_than_negotiated_are_refused) {
    // The same page each time, so that Linux cannot merge two mappings.
    for (std::uint64_t i = 0; i < most_dma_maps; ++i) {
        client_->send(Command::dma_map,
                      join(DmaMap{.argsz = sizeof(DmaMap), .flags = both, .address = i << 13, .size = 0x1000}),
                      {memory_.get()}, flag_no_reply);
        if (i % 100 == 0) settle();
    }
    EXPECT_EQ(map(most_dma_maps << 13, 0x1000, memory_), ENOSPC);
    EXPECT_EQ(map_without_file(most_dma_maps << 13, 0x1000), ENOSPC);
    const auto maps = read_text("/proc/self/maps");
    ASSERT_TRUE(maps);
    EXPECT_LT(std::ranges::count(*maps, '\n'), 32768) << "half of Linux's limit is left for the server itself";
    EXPECT_TRUE(card_writes((most_dma_maps - 1) << 13));
    EXPECT_EQ(unmap(0, 0x1000), 0);
    EXPECT_EQ(map(most_dma_maps << 13, 0x1000, memory_), 0);
}

TEST_F(VfioUserDma, mappings_of_a_client_go_with_it) {
    ASSERT_EQ(map(0x4000, 0x4000, memory_), 0);
    connect();
    enable_card();
    EXPECT_FALSE(card_writes(0x4000));
    EXPECT_EQ(map(0x4000, 0x4000, memory_), 0);
    EXPECT_TRUE(card_writes(0x4000));
}

TEST_F(VfioUserDma, a_client_that_truncates_its_file_is_dropped_without_harm) {
    survive_lost_memory();
    for (const std::uint64_t access : {ProbeModel::write_memory, ProbeModel::read_memory}) {
        const File cut = make_memory_file(0x4000);
        ASSERT_EQ(map(0x4000, 0x2000, cut), 0);
        ASSERT_EQ(map(0x6000, 0x2000, cut, 0x2000), 0);
        ASSERT_EQ(map(0x100000, 0x4000, memory_), 0);
        EXPECT_TRUE(card_writes(0x6ff8));
        const std::uint64_t before = server_->memories_lost();
        ASSERT_EQ(::ftruncate(cut.get(), 0x2000), 0);
        EXPECT_TRUE(card_writes(0x4000)) << "this part exists";
        EXPECT_TRUE(card_writes(0x100000));
        EXPECT_TRUE(server_->has_client());
        write_bar(ProbeModel::address, 0x6000, 8);
        write_bar(access, 8);
        settle();
        EXPECT_FALSE(server_->has_client());
        EXPECT_EQ(server_->memories_lost(), before + 1);
        EXPECT_TRUE(answer().closed);
        connect();
        enable_card();
    }
    EXPECT_EQ(map(0x4000, 0x4000, memory_), 0);
    EXPECT_TRUE(card_writes(0x4000));
}

TEST_F(VfioUserDma, missing_huge_pages_do_no_harm) {  // or are there, and then it is memory like any other
    survive_lost_memory();
    constexpr std::size_t huge = 1 << 30;  // as large as a huge page can be
    const File file(::memfd_create("huge", MFD_CLOEXEC | MFD_HUGETLB));
    if (!file.is_open() || ::ftruncate(file.get(), huge) != 0) return;  // a kernel without huge pages
    ASSERT_EQ(map(0x4000, 0x2000, file), 0) << "part of a huge page";
    ASSERT_EQ(::ftruncate(file.get(), 0), 0);
    write_bar(ProbeModel::address, 0x4000, 8);
    write_bar(ProbeModel::write_memory, 8);
    settle();
    EXPECT_EQ(server_->memories_lost(), 1U);
    EXPECT_EQ(read_text("/proc/self/maps").value().find("memfd:huge"), std::string::npos);
    connect();
    enable_card();
    ASSERT_EQ(map(0x4000, 0x4000, memory_), 0);
    EXPECT_TRUE(card_writes(0x4000));
}

TEST(SharedMemoryDeathTest, any_other_bus_error_ends_the_process) {
    const auto touch_beyond_the_end = [] {
        survive_lost_memory();
        const File empty = make_memory_file(0);
        void* const memory = ::mmap(nullptr, page_size, PROT_READ, MAP_SHARED, empty.get(), 0);
        return *static_cast<volatile char*>(memory);
    };
    EXPECT_EXIT(touch_beyond_the_end(), testing::KilledBySignal(SIGBUS), "");
    EXPECT_EXIT((survive_lost_memory(), std::raise(SIGBUS)), testing::KilledBySignal(SIGBUS), "");
}

TEST_F(VfioUserDma, remapping_of_shadow_memory_by_firmware_is_followed) {
    // The same memory in pieces, unmapped and remapped with other permissions, as QEMU does while its BIOS boots.
    const File whole = make_memory_file(0x100000);
    ASSERT_EQ(map(0, 0xa0000, whole), 0);
    for (int round = 0; round < 20; ++round) {
        const std::uint32_t flags = round % 2 == 0 ? dma_readable : both;
        ASSERT_EQ(map(0xc0000, 0x10000, whole, 0xc0000, flags), 0);
        ASSERT_EQ(map(0xd0000, 0x30000, whole, 0xd0000), 0);
        EXPECT_EQ(card_writes(0xc0000), flags == both);
        EXPECT_TRUE(card_writes(0xd0000));
        ASSERT_EQ(unmap(0xd0000, 0x30000), 0);
        ASSERT_EQ(unmap(0xc0000, 0x10000), 0);
    }
    EXPECT_TRUE(card_writes(0x9fff8));
}

}  // namespace
}  // namespace ixy::sim::vfio_user
