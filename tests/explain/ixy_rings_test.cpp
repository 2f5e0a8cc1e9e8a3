// `ixy rings` on a card driven by another process: its registers are readable, its memory is not, and nothing changes.
#include <gtest/gtest.h>

#include "tests/apps/program.hpp"
#include "tests/pci/fake_sysfs.hpp"

#include <ixy/datasheet/e1000/registers.hpp>

namespace ixy::test {
namespace {

using namespace datasheet::e1000;

class IxyRings : public testing::Test {
protected:
    void put(std::uint32_t offset, std::uint32_t value) {
        const auto file = fake.folder("0000:03:00.0") / "resource0";
        std::string bar = FakeSysfs::get(file);
        for (std::size_t i = 0; i < 4; ++i) bar.at(offset + i) = static_cast<char>(value >> 8 * i);
        FakeSysfs::put(file, bar);
    }
    int rings() {
        Program program("ixy", {"--kernel-tree", fake.root, "rings", "03:00.0"});
        const int status = program.wait();
        output = program.output();
        errors = program.errors();
        return status;
    }
    FakeSysfs fake;
    std::string output;
    std::string errors;
};

TEST_F(IxyRings, card_of_this_machine_is_drawn_without_descriptors) {
    fake.add({});
    put(RDBAL.offset, 0x12340000);
    put(RDLEN.offset, 4096);
    put(RDH.offset, 100);
    put(RDT.offset, 90);
    put(RCTL.offset, RCTL.EN.mask());
    const auto before = fake.snapshot();
    EXPECT_EQ(rings(), 0) << errors;
    for (const char* part :
         {"0000:03:00.0, 82540EM\n", "receive ring at 0x12340000: 256 descriptors, the receiver is on\n",
          "RDH 100, RDT 90: the card has 246, the driver 10\n", "the driver: slots 90 to 99\n",
          "transmit ring: not set up", "Only the program that drives the card can see"}) {
        EXPECT_NE(output.find(part), std::string::npos) << part << "\nis not in\n" << output;
    }
    EXPECT_EQ(fake.snapshot(), before);
}

TEST_F(IxyRings, uninspectable_targets_are_errors) {
    EXPECT_EQ(rings(), 1);
    EXPECT_NE(errors.find("no PCI device 0000:03:00.0"), std::string::npos) << errors;
    fake.add({.device = 0x4711});
    EXPECT_EQ(rings(), 1);
    EXPECT_NE(errors.find("8086:4711, whose registers ixy does not know"), std::string::npos) << errors;
    fake.add({.command = 0});
    EXPECT_EQ(rings(), 1);
    EXPECT_NE(errors.find("switched off"), std::string::npos) << errors;
}

}  // namespace
}  // namespace ixy::test
