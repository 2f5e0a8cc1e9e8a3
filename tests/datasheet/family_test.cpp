// What each family's table says beside its registers, and the catalogue of all chips.
#include <gtest/gtest.h>

#include <bit>
#include <set>
#include <string>

#include <ixy/datasheet/catalogue.hpp>

namespace ixy::datasheet {
namespace {

bool some_chip_has(const Family& family, const RegisterInfo* info) {
    return std::ranges::any_of(all_chips(),
                               [&](const Chip* chip) { return chip->family == &family && chip->has(*info); });
}

std::set<const Family*> families() {
    std::set<const Family*> all;
    for (const Chip* chip : all_chips()) all.insert(chip->family);
    return all;
}

TEST(catalogue, finds_each_chip_by_its_identities_and_its_name) {
    ASSERT_FALSE(all_chips().empty());
    for (const Chip* chip : all_chips()) {
        EXPECT_EQ(find_chip(chip->name), chip);
        for (const PciId& id : chip->ids) EXPECT_EQ(find_chip(chip->family->vendor, id.device), chip);
    }
    EXPECT_EQ(find_chip("82540"), nullptr);
    EXPECT_EQ(find_chip(0x8086, 0xffff), nullptr);
    EXPECT_EQ(find_chip(0x1234, 0x100e), nullptr) << "the device id of another vendor";
}

TEST(families, a_ring_has_all_its_registers_or_none) {
    for (const Chip* chip : all_chips()) {
        for (const RingBank& bank : chip->family->rings) {
            for (const RegisterInfo* info : {bank.base_low, bank.base_high, bank.length, bank.head}) {
                EXPECT_EQ(chip->has(*info), chip->has(*bank.tail)) << chip->name << ' ' << info->name;
                EXPECT_EQ(info->count, bank.tail->count) << info->name;
            }
        }
    }
}

TEST(families, the_queues_of_a_direction_are_numbered_from_0_without_gaps) {
    for (const Family* family : families()) {
        for (const bool is_receive : {true, false}) {
            std::size_t next = 0;
            for (const RingBank& bank : family->rings) {
                if (bank.is_receive != is_receive) continue;
                EXPECT_EQ(bank.first_queue, next) << family->name;
                next += bank.queues();
            }
            EXPECT_GT(next, 0U) << family->name;
        }
    }
}

TEST(families, each_descriptor_is_of_some_kind_and_done_when_its_mark_says_so) {
    for (const Family* family : families()) {
        for (const auto kinds : {family->receive_descriptors, family->transmit_descriptors}) {
            ASSERT_FALSE(kinds.empty()) << family->name;
            EXPECT_EQ(kinds.back().mark.mask, 0U) << "the last kind takes what no other is";
            EXPECT_EQ(kinds.back().format.info, nullptr);
            for (const DescriptorKind& kind : kinds) {
                DescriptorWords words{};
                words[kind.done.word] = kind.done.value;
                EXPECT_TRUE(kind.done.is_in(words)) << kind.title;
                EXPECT_NE(kind.done.mask, 0U) << kind.title;
                EXPECT_TRUE(kind.format.info == nullptr || some_chip_has(*family, kind.format.info)) << kind.title;
            }
        }
    }
}

TEST(families, name_only_registers_that_a_chip_has) {
    for (const Family* family : families()) {
        for (const WideCounter& counter : family->wide_counters) {
            EXPECT_TRUE(some_chip_has(*family, counter.low)) << counter.low->name;
            EXPECT_EQ(counter.high->offset, counter.low->offset + 4) << counter.low->name;
        }
        for (const Remark& remark : family->remarks) {
            EXPECT_TRUE(some_chip_has(*family, remark.when.info)) << remark.text;
            EXPECT_LE(remark.text.size(), 100U) << remark.text;
        }
        EXPECT_TRUE(some_chip_has(*family, family->reset.info));
        EXPECT_TRUE(some_chip_has(*family, family->link_on.info));
        EXPECT_TRUE(some_chip_has(*family, family->link_up.info));
    }
    for (const Chip* chip : all_chips()) {
        for (const RegisterInfo* info : chip->family->signs_of_life) EXPECT_TRUE(chip->has(*info)) << chip->name;
        for (const RegisterInfo* info : chip->registers)
            EXPECT_LT(info->address(info->count - 1U), chip->family->register_bytes) << info->name;
        EXPECT_TRUE(std::ranges::any_of(chip->family->pivotal,
                                        [&](std::string_view name) { return chip->find(name) != nullptr; }));
    }
}

}  // namespace
}  // namespace ixy::datasheet
