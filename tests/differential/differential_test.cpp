// Random scripts on our model and on QEMU's; every unknown difference is a failure.
//
// Environment: IXY_SEEDS=N runs N seeds instead of the usual few, IXY_FIRST_SEED=N starts with that one, and
// IXY_SCRIPT=FILE instead runs a script printed by an earlier failure.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "tests/differential/generator.hpp"
#include "tests/differential/pair.hpp"

namespace ixy::test {
namespace {

std::uint64_t environment(const char* name, std::uint64_t otherwise) {
    const char* const text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 0);
}

/// Runs `script`; returns the difference, with the step's number, if there is one.
Pair::Found run(Pair& pair, const std::vector<Step>& script) {
    for (std::size_t i = 0; i < script.size(); ++i) {
        if (auto found = pair.run(script[i]))
            return "step " + std::to_string(i + 1) + ", " + script[i].text() + ": " + *found;
    }
    return pair.finish();
}

void expect_no_difference(const datasheet::e1000::Chip& chip, std::uint64_t seed, std::size_t steps) {
    Pair pair(chip);
    Generator generator(chip, seed, [&](std::uint32_t offset) { return pair.peek(offset); });
    std::vector<Step> script;
    Pair::Found found;
    while (!found && script.size() < steps) {
        script.push_back(generator.next());
        found = pair.run(script.back());
    }
    if (!found) found = pair.finish();
    if (found) {
        ADD_FAILURE() << "seed " << seed << ", step " << script.size() << ": " << *found
                      << "\nThe script (IXY_SCRIPT=FILE runs it again):\n"
                      << text(script);
    }
}

struct Subject {
    const datasheet::e1000::Chip& chip;
    std::uint64_t seeds;  ///< the usual number
};
void PrintTo(const Subject& subject, std::ostream* out) { *out << subject.chip.name; }

class Differential : public testing::TestWithParam<Subject> {
protected:
    const datasheet::e1000::Chip& chip = GetParam().chip;
};

TEST_P(Differential, scripts_have_the_same_effect_on_both) {
    if (const char* const path = std::getenv("IXY_SCRIPT")) {
        std::ostringstream text;
        text << std::ifstream(path).rdbuf();
        Pair pair(chip);
        const auto found = run(pair, parse_script(text.str(), chip));
        EXPECT_FALSE(found) << *found;
        return;
    }
    const std::uint64_t first = environment("IXY_FIRST_SEED", 1);
    const std::uint64_t count = environment("IXY_SEEDS", GetParam().seeds);
    for (std::uint64_t seed = first; seed < first + count && !HasFailure(); ++seed)
        expect_no_difference(chip, seed, 1500);
}

TEST_P(Differential, each_known_difference_exists_and_is_tolerated) {
    for (const KnownDifference* difference : known::of(chip)) {
        const auto script = parse_script(std::string(known::preamble(chip)) + std::string(difference->shown_by), chip);
        if (!difference->avoided) {
            Pair tolerant(chip);
            const auto found = run(tolerant, script);
            EXPECT_FALSE(found) << difference->name << ": " << *found;
        }
        Pair intolerant(chip, difference);
        EXPECT_TRUE(run(intolerant, script)) << difference->name << ": QEMU follows the manual";
    }
}

INSTANTIATE_TEST_SUITE_P(Chips, Differential,
                         testing::Values(Subject{datasheet::e1000::CHIP_82540EM, 6},
                                         Subject{datasheet::e1000::CHIP_82574L, 3}),
                         [](const auto& each) { return std::string(each.param.chip.name); });

TEST(Script, reads_back_what_it_writes) {
    constexpr const datasheet::e1000::Chip& chip = datasheet::e1000::CHIP_82540EM;
    for (const std::string line : {"write RCTL 0x4008002", "read ICR", "write RAL[3] 0x12345678", "drop ICR",
                                   "put 0x200000 00ff10", "fill 0x210000 1500 17", "frame 60 9 ffffffffffff",
                                   "cable out", "cable in", "set CTRL 0x40", "messages on", "messages off"}) {
        EXPECT_EQ(parse_step(line, chip).value().text(), line);
    }
    EXPECT_FALSE(parse_step("", chip));
    EXPECT_FALSE(parse_step("# nothing", chip));
    for (const std::string line : {"dance", "write NOTHING 1", "read RAL[16]", "fill 1"}) {
        EXPECT_THROW((void)parse_step(line, chip), std::runtime_error) << line;
    }
}

}  // namespace
}  // namespace ixy::test
