// Every register of every chip, one check per row of the datasheet: reset values, effects of writes, effects of reads.
// Like the checks of real cards by Linux's `ethtool -t`, and beyond.
#include <gtest/gtest.h>

#include <random>

#include <ixy/datasheet/decode.hpp>
#include <ixy/datasheet/e1000/chips.hpp>
#include <ixy/sim/chips/e1000/e1000.hpp>

#include "tests/sim/e1000/test_host.hpp"

namespace ixy::sim::e1000 {
namespace {

using namespace datasheet::e1000;
using datasheet::Access;
using datasheet::FieldInfo;
using datasheet::RegisterInfo;
using datasheet::e1000::Chip;

constexpr std::uint32_t patterns[] = {0x5a5a'5a5a, 0xa5a5'a5a5, 0x0000'0000, 0xffff'ffff};

/// The bits that keep what is written to them, except self-clearing ones and those cleared by writing ones.
std::uint32_t kept(const Chip& chip, const RegisterInfo& info) {
    std::uint32_t bits = info.access == Access::RW ? chip.writable(info) : 0;
    for (const FieldInfo& field : info.fields())
        if (field.access != Access::RW && field.access != Access::RS) bits &= ~field.mask();
    return bits;
}

/// The plain table, without the chapters that act on reads and writes.
class RegisterTable : public testing::TestWithParam<const Chip*> {
protected:
    const Chip& chip = *GetParam();
    TestHost host;
    RegisterFile registers{chip, host};

    /// Calls check(row, offset) for the elements of all rows, but only some elements of long arrays.
    template <class Check>
    void each(Check check) {
        for (const RegisterInfo* row : chip.registers)
            for (std::size_t i = 0; i < row->count; i += row->count > 200 ? 97 : 1) check(*row, row->address(i));
    }
};

TEST_P(RegisterTable, each_register_holds_its_reset_value_after_reset) {
    each([&](const RegisterInfo& row, std::uint32_t offset) { registers.write(offset, ~chip.reset(row)); });
    registers.reset();
    each([&](const RegisterInfo& row, std::uint32_t offset) {
        if (row.access == Access::WO) return;
        EXPECT_EQ(registers.read(offset), chip.reset(row)) << row.name;
    });
}

TEST_P(RegisterTable, patterns_read_back_within_the_mask) {
    each([&](const RegisterInfo& row, std::uint32_t offset) {
        if (row.access != Access::RW) return;
        const std::uint32_t mask = kept(chip, row);
        for (const std::uint32_t pattern : patterns) {
            const std::uint32_t fixed = registers.read(offset) & ~mask;
            registers.write(offset, pattern);
            EXPECT_EQ(registers.read(offset), (pattern & mask) | fixed) << row.name << ' ' << std::hex << pattern;
        }
    });
}

TEST_P(RegisterTable, read_only_ones_ignore_writes) {
    each([&](const RegisterInfo& row, std::uint32_t offset) {
        if (row.access != Access::RO && row.access != Access::RC) return;
        for (const std::uint32_t pattern : patterns) {
            registers.write(offset, pattern);
            EXPECT_EQ(registers.held(offset), chip.reset(row)) << row.name;
        }
    });
}

TEST_P(RegisterTable, clear_on_read_registers_are_cleared_by_a_read) {
    each([&](const RegisterInfo& row, std::uint32_t offset) {
        if (row.access != Access::RC && row.access != Access::RC1) return;
        registers.set(datasheet::Location<datasheet::Number>{offset}, 0x1234'5678);
        EXPECT_EQ(registers.read(offset), 0x1234'5678U) << row.name;
        EXPECT_EQ(registers.read(offset), 0U) << row.name;
    });
}

TEST_P(RegisterTable, only_written_ones_clear_or_set) {
    each([&](const RegisterInfo& row, std::uint32_t offset) {
        const std::uint32_t mask = chip.writable(row);
        if (row.access == Access::W1S) {
            registers.write(offset, 0x5a5a'5a5a);
            registers.write(offset, 0x0101'0101);
            EXPECT_EQ(registers.read(offset), 0x5b5b'5b5bU & mask) << row.name;
        }
        if (row.access == Access::W1C || row.access == Access::RC1) {
            registers.set(datasheet::Location<datasheet::Number>{offset}, mask);
            registers.write(offset, 0x5a5a'5a5a);
            EXPECT_EQ(registers.held(offset), mask & ~0x5a5a'5a5aU) << row.name;
        }
    });
}

TEST_P(RegisterTable, self_clearing_bits_read_as_zero) {
    each([&](const RegisterInfo& row, std::uint32_t offset) {
        registers.write(offset, ~0U);
        for (const FieldInfo& field : row.fields()) {
            if (field.access != Access::SC) continue;
            EXPECT_EQ(registers.read(offset) & field.mask(), 0U) << row.name << '.' << field.name;
        }
    });
}

TEST_P(RegisterTable, old_offsets_reach_the_same_register) {
    for (const datasheet::Alias& alias : chip.aliases) {
        if (!chip.has(*alias.info) || kept(chip, *alias.info) == 0) continue;
        for (std::size_t i = 0; i < alias.info->count; ++i) {
            const auto offset = static_cast<std::uint32_t>(alias.offset + i * alias.info->stride);
            registers.write(offset, 0x5a5a'5a5a);
            EXPECT_EQ(registers.read(alias.info->address(i)), registers.read(offset)) << alias.info->name;
            EXPECT_EQ(registers.held(offset) & kept(chip, *alias.info), 0x5a5a'5a5aU & kept(chip, *alias.info));
        }
    }
}

TEST_P(RegisterTable, writing_back_what_was_read_is_never_misuse) {
    each([&](const RegisterInfo& row, std::uint32_t offset) {
        if (row.access == Access::RW) registers.write(offset, registers.read(offset));
    });
    EXPECT_TRUE(host.reports.empty()) << host.said();
}

TEST_P(RegisterTable, changed_reserved_bits_are_reported) {
    each([&](const RegisterInfo& row, std::uint32_t offset) {
        const std::uint32_t reserved = datasheet::reserved_bits(row, &chip);
        if (row.access != Access::RW || reserved == 0) return;
        const std::size_t before = host.count(Misuse::reserved_bits);
        registers.write(offset, registers.read(offset) ^ (reserved & -reserved));
        EXPECT_EQ(host.count(Misuse::reserved_bits), before + 1) << row.name;
        EXPECT_EQ(host.reports.back().text.find(row.name), 0U) << host.reports.back().text;
    });
}

TEST_P(RegisterTable, gaps_read_as_zero_and_are_each_reported_once) {
    std::size_t gaps = 0;
    for (std::uint32_t offset = 0; offset < 0x6000; offset += 4) {
        if (chip.find(offset)) continue;
        ++gaps;
        registers.write(offset, ~0U);
        EXPECT_EQ(registers.read(offset), 0U) << std::hex << offset;
    }
    EXPECT_EQ(host.count(Misuse::unknown_register), gaps);
    EXPECT_EQ(registers.read(0x2'0000), 0U);
    EXPECT_EQ(registers.read(0xffff'fffc), 0U);
    EXPECT_EQ(registers.held(0xffff'fffc), 0U);
}

INSTANTIATE_TEST_SUITE_P(chips, RegisterTable, testing::ValuesIn(CHIPS),
                         [](const auto& each) { return std::string(each.param->name); });

// --- the whole chip, as Linux's self-test checks it ------------------------------------------------------------------

class SelfTest : public testing::TestWithParam<const CardType*> {
protected:
    std::uint32_t read(std::uint32_t offset) { return static_cast<std::uint32_t>(card->read(0, offset, 4)); }
    void write(std::uint32_t offset, std::uint32_t value) { card->write(0, offset, 4, value); }
    void expect_pattern(const RegisterInfo& row, std::uint32_t mask, std::uint32_t written, std::size_t index = 0) {
        for (const std::uint32_t pattern : patterns) {
            write(row.address(index), pattern & written);
            EXPECT_EQ(read(row.address(index)), pattern & written & mask) << row.name << ' ' << index;
        }
    }
    void expect_kept(const RegisterInfo& row, std::uint32_t mask, std::uint32_t written) {
        write(row.offset, written & mask);
        EXPECT_EQ(read(row.offset) & mask, written & mask) << row.name;
    }

    TestHost host;
    std::unique_ptr<Model> card = GetParam()->make(host, {});
};

TEST_P(SelfTest, writing_status_does_not_change_it) {
    const std::uint32_t before = read(STATUS.offset);
    for (const std::uint32_t pattern : patterns) {
        write(STATUS.offset, pattern);
        EXPECT_EQ(read(STATUS.offset), before);
    }
}

TEST_P(SelfTest, patterns_read_back_as_on_a_real_card) {
    constexpr std::uint32_t all = 0xffff'ffff;
    expect_pattern(FCAL, all, all);
    expect_pattern(FCAH, 0xffff, all);
    expect_pattern(FCT, 0xffff, all);
    expect_pattern(VET, 0xffff, all);
    expect_pattern(RDTR, 0xffff, all);
    expect_pattern(RDBAH, all, all);
    expect_pattern(RDLEN, 0xf'ff80, 0xf'ffff);
    expect_pattern(RDH, 0xffff, 0xffff);
    expect_pattern(RDT, 0xffff, 0xffff);
    expect_pattern(FCRTH, 0xfff8, 0xfff8);
    expect_pattern(FCTTV, 0xffff, 0xffff);
    expect_pattern(TIPG, 0x3fff'ffff, 0x3fff'ffff);
    expect_pattern(TDBAH, all, all);
    expect_pattern(TDLEN, 0xf'ff80, 0xf'ffff);
    expect_kept(RCTL, all, 0);
    expect_kept(RCTL, 0x06df'b3fe, 0x003f'fffb);
    expect_kept(TCTL, all, 0);
    expect_kept(RCTL, 0x06df'b3fe, all);
    expect_pattern(RDBAL, 0xffff'fff0, all);
    expect_pattern(TXCW, 0xc000'ffff, 0xffff);
    expect_pattern(TDBAL, 0xffff'fff0, all);
    expect_pattern(TIDV, 0xffff, 0xffff);
    for (std::size_t i = 0; i < RAH.count; ++i) expect_pattern(RAH, 0x8003'ffff, all, i);
    for (std::size_t i = 0; i < MTA.count; ++i) expect_pattern(MTA, all, all, i);
}

TEST_P(SelfTest, narrow_and_wide_accesses_work_and_are_reported) {
    write(FCAL.offset, 0x1122'3344);
    EXPECT_EQ(card->read(0, FCAL.offset, 1), 0x44U);
    EXPECT_EQ(card->read(0, FCAL.offset + 2, 2), 0x1122U);
    card->write(0, FCAL.offset + 1, 1, 0xaa);
    EXPECT_EQ(read(FCAL.offset), 0x1122'aa44U);
    EXPECT_EQ(host.count(Misuse::bad_access), 3U);
    card->write(0, RDBAL.offset, 8, 0x1'2345'6780);
    EXPECT_EQ(read(RDBAL.offset), 0x2345'6780U);
    EXPECT_EQ(read(RDBAH.offset), 1U);
    EXPECT_EQ(card->read(0, RDBAL.offset, 8), 0x1'2345'6780U);
    EXPECT_EQ(host.count(Misuse::bad_access), 3U) << "64 bits are two registers, side by side";
}

TEST_P(SelfTest, narrow_writes_preserve_the_other_bytes) {
    const std::uint32_t causes = (ICR.RXDMT0 | ICR.MDAC | ICR.SRPD).bits;  // one in each of three bytes
    write(ICS.offset, causes);
    card->write(0, ICR.offset + 1, 1, ICR.MDAC.mask() >> 8);
    card->write(0, IMS.offset, 1, ICR.RXDMT0.mask());
    card->write(0, ICS.offset, 1, 0);
    EXPECT_EQ(read(IMS.offset), ICR.RXDMT0.mask());
    EXPECT_EQ(read(ICR.offset) & causes, causes & ~ICR.MDAC.mask());
    card->write(0, ICS.offset, 1, ICR.RXDMT0.mask());
    EXPECT_EQ(read(ICR.offset) & causes, ICR.RXDMT0.mask()) << "the others were set once and not again";
    card->write(0, RCTL.offset + 3, 1, RCTL.SECRC.mask() >> 24);
    EXPECT_EQ(host.count(Misuse::reserved_bits), 0U) << host.said();
}

TEST_P(SelfTest, the_io_window_reaches_the_same_registers) {
    const auto io = static_cast<unsigned>(std::ranges::find(GetParam()->bars, BarLayout::Kind::io, &BarLayout::kind) -
                                          GetParam()->bars.begin());
    ASSERT_LT(io, 6U);
    card->write(io, 0, 4, FCTTV.offset);
    EXPECT_EQ(card->read(io, 0, 4), FCTTV.offset);
    card->write(io, 4, 4, 0xbeef);
    EXPECT_EQ(read(FCTTV.offset), 0xbeefU);
    EXPECT_EQ(card->read(io, 4, 4), 0xbeefU);
    EXPECT_EQ(card->read(io, 8, 4), 0U);
}

/// Any write anywhere causes nothing but reports. Sanitizers check the rest.
TEST_P(SelfTest, random_accesses_do_no_harm) {
    std::mt19937_64 random(4711);
    const datasheet::e1000::Chip& chip = *find_chip(datasheet::INTEL, GetParam()->identity.device);
    for (int i = 0; i < 20'000; ++i) {
        const RegisterInfo& row = *chip.registers[random() % chip.registers.size()];
        const std::uint32_t offset =
            random() % 8 == 0 ? static_cast<std::uint32_t>(random() % 0x2'0000) : row.address(random() % row.count);
        const unsigned width = random() % 16 == 0 ? 1U << random() % 4 : 4;
        const std::uint64_t value = random() % 2 == 0 ? random() : random() & random() & random();
        if (random() % 3 == 0) {
            card->read(0, offset, width);
        } else {
            card->write(0, offset, width, value);
        }
        if (random() % 64 == 0) host.pass(*card, Time(random() % 100'000));
        if (random() % 64 == 0) card->receive(std::vector<std::byte>(random() % 2000), random() % 4 == 0);
        if (random() % 256 == 0) card->set_cable(random() % 2 == 0);
        host.frames.clear();
        host.reports.clear();
    }
}

// --- resets --------------------------------------------------------------------------------------------------------

TEST_P(SelfTest, a_reset_clears_itself_and_everything_set) {
    write(RCTL.offset, RCTL.EN.mask());
    write(IMS.offset, 0xff);
    write(MTA.address(7), 0x1234);
    write(CTRL.offset, read(CTRL.offset) | CTRL.RST.mask() | CTRL.SLU.mask());
    EXPECT_EQ(read(CTRL.offset), find_chip(datasheet::INTEL, GetParam()->identity.device)->reset(CTRL));
    EXPECT_EQ(read(RCTL.offset), 0U);
    EXPECT_EQ(read(IMS.offset), 0U);
    EXPECT_EQ(read(MTA.address(7)), 0U);
}

TEST_P(SelfTest, a_reset_keeps_the_packet_buffers_shares) {
    const std::uint32_t all = PBA.RXA.of(PBA.from(read(PBA.offset))) + PBA.TXA.of(PBA.from(read(PBA.offset)));
    write(PBA.offset, 24);
    EXPECT_EQ(read(PBA.offset), (all - 24) << 16 | 24U);
    write(CTRL.offset, CTRL.RST.mask());
    EXPECT_EQ(PBA.RXA.of(PBA.from(read(PBA.offset))), 24U);
}

TEST_P(SelfTest, a_reset_reloads_the_address) {
    const std::uint32_t low = read(RAL.offset);
    EXPECT_EQ(low, 0x6900'5452U);
    write(RAL.offset, 0);
    write(RAH.offset, 0);
    write(CTRL.offset, CTRL.RST.mask());
    EXPECT_EQ(read(RAL.offset), low);
    EXPECT_EQ(read(RAH.offset), 0x8000'7978U);
    write(RAL.offset, 0);
    card->reset(ResetKind::function_level);
    EXPECT_EQ(read(RAL.offset), low);
}

TEST_P(SelfTest, a_reset_clears_a_pending_interrupt) {
    write(ITR.offset, 1000);
    write(IMS.offset, ICR.RXT0.mask());
    write(ICS.offset, ICR.RXT0.mask());
    EXPECT_TRUE(host.line);
    write(CTRL.offset, CTRL.RST.mask());
    EXPECT_FALSE(host.line);
    EXPECT_TRUE(std::ranges::none_of(host.deadlines, [](const auto& each) { return each.has_value(); }));
}

INSTANTIATE_TEST_SUITE_P(cards, SelfTest, testing::Values(&card_82540em, &card_82545em, &card_82574l),
                         [](const auto& each) { return std::string(each.param->name); });

}  // namespace
}  // namespace ixy::sim::e1000
