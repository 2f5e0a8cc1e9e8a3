// Known accesses, and the sentences that describe them.
#include <gtest/gtest.h>

#include <ixy/datasheet/e1000/chips.hpp>
#include <ixy/explain/json.hpp>
#include <ixy/explain/sentence.hpp>
#include <ixy/explain/text.hpp>
#include <nlohmann/json.hpp>

namespace ixy::explain {
namespace {

using namespace datasheet::e1000;
using namespace std::chrono_literals;

/// One card's accesses, 1 ms apart.
class Sentence : public testing::Test {
protected:
    Access read(std::uint64_t offset, std::uint64_t value) { return look_up(false, offset, value); }
    Access write(std::uint64_t offset, std::uint64_t value) { return look_up(true, offset, value); }
    /// The sentence without the source location at its end, which is this file.
    static std::string text(const Access& access) { return without_source(sentence(access)); }
    static std::string short_text(const Access& access) { return without_source(short_sentence(access)); }
    void forget(const datasheet::Chip& chip = CHIP_82540EM) { memory_ = RegisterMemory(&chip); }

private:
    Access look_up(bool is_write, std::uint64_t offset, std::uint64_t value) {
        time_ += 1ms;
        Access access{.time = time_, .is_write = is_write, .offset = offset, .value = value};
        access.where = std::source_location::current();
        memory_.look_up(access);
        return access;
    }
    static std::string without_source(std::string text) {
        const std::size_t begin = text.find("  tests/explain/sentence_test.cpp:");
        EXPECT_NE(begin, std::string::npos) << text;
        return text.erase(begin, text.find('\n', begin) - begin);
    }
    std::chrono::nanoseconds time_{};
    RegisterMemory memory_{&CHIP_82540EM};
};

TEST_F(Sentence, a_write_names_the_fields_that_change) {
    write(RCTL.offset, 0);
    EXPECT_EQ(text(write(RCTL.offset, (RCTL.EN | RCTL.BAM | RCTL.BSIZE(1)).bits)),
              "  0.002000  write RCTL       0x00100  0x00000000 -> 0x00018002  Receive Control Register, 13.4.22\n"
              "                 EN 0 -> 1: receiver enabled\n"
              "                 BAM 0 -> 1: accept broadcast\n"
              "                 BSIZE 0 -> 1: receive buffer size: 1024 bytes, 16384 with BSEX\n");
    EXPECT_EQ(text(write(RCTL.offset, 0x18002)),
              "  0.003000  write RCTL       0x00100  0x00018002 as before      Receive Control Register, 13.4.22\n");
}

TEST_F(Sentence, a_first_read_names_set_fields_and_the_next_names_changes) {
    EXPECT_EQ(text(read(STATUS.offset, (STATUS.LU | STATUS.SPEED(2)).bits)),
              "  0.001000  read  STATUS     0x00008     0x00000082             Device Status Register, 13.4.2\n"
              "                 LU 1: link up\n"
              "                 SPEED 2: link speed: 1000 Mb/s\n");
    EXPECT_EQ(text(read(STATUS.offset, STATUS.SPEED(2).bits)),
              "  0.002000  read  STATUS     0x00008  0x00000082 -> 0x00000080  Device Status Register, 13.4.2\n"
              "                 LU 1 -> 0: link up\n");
    EXPECT_EQ(short_text(read(STATUS.offset, (STATUS.LU | STATUS.SPEED(1)).bits)),
              "  0.003000  read  STATUS     0x00008  0x00000080 -> 0x00000042  13.4.2: LU 0 -> 1, SPEED 2 -> 1 "
              "(100 Mb/s)\n");
}

TEST_F(Sentence, elements_of_arrays_have_an_index_and_numbers_are_decimal_too) {
    EXPECT_EQ(text(write(RAL[3].offset, 0x1234)),
              "  0.001000  write RAL[3]     0x05418  <- 0x00001234             Receive Address Low, 13.5.2\n");
    EXPECT_EQ(text(write(RDT.offset, 31)),
              "  0.002000  write RDT        0x02818  <- 0x0000001f (31)        Receive Descriptor Tail, 13.4.29\n");
}

TEST_F(Sentence, bits_that_act_when_written_are_shown_as_written_ones) {
    EXPECT_EQ(
        text(write(IMS.offset, (IMS.LSC | IMS.RXT0).bits)),
        "  0.001000  write IMS        0x000d0  <- 0x00000084             Interrupt Mask Set/Read Register, 13.4.20\n"
        "                 LSC 1 written: link status change\n"
        "                 RXT0 1 written: receiver timer\n");
    EXPECT_NE(text(write(IMC.offset, ~0U)).find("ones to every bit\n"), std::string::npos);
    EXPECT_EQ(read(IMS.offset, 0).before, std::nullopt) << "the value written to a mask is not its contents";
}

TEST_F(Sentence, clearing_by_read_is_reported_and_remembered) {
    const std::string first = text(read(ICR.offset, ICR.LSC.mask()));
    EXPECT_NE(first.find("LSC 1: link status change\n"), std::string::npos) << first;
    EXPECT_NE(first.find("the read clears it\n"), std::string::npos) << first;
    EXPECT_EQ(read(ICR.offset, 0).before, 0U);
    EXPECT_NE(text(read(GPRC.offset, 12)).find("0x0000000c (12)"), std::string::npos);
    EXPECT_NE(text(read(GPRC.offset, 3)).find("0x00000000 -> 0x00000003"), std::string::npos);
}

TEST_F(Sentence, a_64_bit_counter_is_cleared_with_its_high_half) {
    EXPECT_NE(text(read(GORCL.offset, 64)).find("it stays until its high half is read\n"), std::string::npos);
    EXPECT_EQ(read(GORCL.offset, 128).before, 64U);
    EXPECT_NE(text(read(GORCH.offset, 1)).find("the read clears both halves\n"), std::string::npos);
    EXPECT_EQ(read(GORCL.offset, 0).before, 0U);
    EXPECT_EQ(read(GORCH.offset, 0).before, 0U);
}

TEST_F(Sentence, clearing_of_causes_by_read_is_unknown_on_a_chip_with_msi_x) {
    forget(CHIP_82574L);
    EXPECT_NE(text(read(ICR.offset, 4)).find("with MSI-X, only once an interrupt was sent\n"), std::string::npos);
    EXPECT_EQ(read(ICR.offset, 4).before, std::nullopt);
}

TEST_F(Sentence, oddities_are_reported) {
    EXPECT_NE(text(write(0x1234, 7)).find("?          0x01234  <- 0x00000007"), std::string::npos);
    EXPECT_NE(text(write(0x1234, 7)).find("the datasheet has no register there"), std::string::npos);
    EXPECT_NE(text(write(RCTL.offset, 0x8000'0001)).find("reserved bits are written as ones: 0x80000001"),
              std::string::npos);
    EXPECT_EQ(text(write(RCTL.offset, 0x8000'0000)).find("reserved"), std::string::npos) << "it was set before";
    EXPECT_EQ(text(write(IMC.offset, ~0U)).find("reserved"), std::string::npos) << "harmless and common";
    EXPECT_NE(text(write(STATUS.offset, 1)).find("read only: the write does nothing"), std::string::npos);
    EXPECT_NE(text(read(CTRL.offset, ~0U)).find("all ones: is the card gone?"), std::string::npos);
    EXPECT_EQ(text(read(CTRL.offset, ~0U)).find("FD 1"), std::string::npos) << "an absent card has no fields";
    const std::string alias = text(write(0x0040, 5));
    EXPECT_NE(alias.find("RAL[0]     0x00040"), std::string::npos) << alias;
    EXPECT_NE(alias.find("an older offset of this register, which is at 0x05400"), std::string::npos) << alias;
}

TEST_F(Sentence, a_reset_forgets_all_known_values) {
    write(TCTL.offset, TCTL.EN.mask());
    EXPECT_EQ(read(TCTL.offset, 0).before, TCTL.EN.mask());
    write(CTRL.offset, CTRL.RST.mask());
    EXPECT_EQ(read(TCTL.offset, 0).before, std::nullopt);
}

TEST_F(Sentence, an_access_that_does_more_than_its_fields_say_has_a_remark_at_first) {
    constexpr std::string_view remark =
        "                 the card reads a word of its EEPROM; DONE is set when DATA holds it\n";
    EXPECT_TRUE(text(write(EERD.offset, (EERD.START | EERD.ADDR(1)).bits)).ends_with(remark));
    EXPECT_EQ(short_text(write(EERD.offset, (EERD.START | EERD.ADDR(2)).bits)).find(remark), std::string::npos);
    EXPECT_EQ(text(read(EERD.offset, EERD.DONE.mask())).find(remark), std::string::npos) << "it is of writes";
    EXPECT_EQ(text(write(EERD.offset, 0)).find(remark), std::string::npos) << "nothing starts";
}

TEST_F(Sentence, source_files_are_named_relative_to_the_project) {
    EXPECT_EQ(source_name(__FILE__), "tests/explain/sentence_test.cpp");
    EXPECT_EQ(source_name("/home/somebody/program.cpp"), "/home/somebody/program.cpp");
    const std::string root(std::string_view(__FILE__).substr(0, std::string_view(__FILE__).find("tests/explain")));
    EXPECT_EQ(source_name(root + "ixy/nic/e1000/e1000.hpp"), "ixy/nic/e1000/e1000.hpp");
}

TEST_F(Sentence, json_has_the_same_facts) {
    write(RCTL.offset, 0);
    const auto line = nlohmann::json::parse(json_line("0000:03:00.0", write(RCTL.offset, 0x8000'8002)));
    EXPECT_EQ(line["time"], 0.002);
    EXPECT_EQ(line["device"], "0000:03:00.0");
    EXPECT_EQ(line["event"], "write");
    EXPECT_EQ(line["register"], "RCTL");
    EXPECT_EQ(line["offset"], 0x100);
    EXPECT_EQ(line["before"], 0);
    EXPECT_EQ(line["value"], 0x8000'8002U);
    EXPECT_EQ(line["reserved"], 0x8000'0000U);
    EXPECT_EQ(line["section"], "13.4.22");
    EXPECT_EQ(line["file"], "tests/explain/sentence_test.cpp");
    ASSERT_EQ(line["fields"].size(), 2U);
    EXPECT_EQ(line["fields"][0]["name"], "EN");
    EXPECT_EQ(line["fields"][0]["before"], 0);
    EXPECT_EQ(line["fields"][0]["value"], 1);
    EXPECT_EQ(line["fields"][0]["meaning"], "receiver enabled");

    const auto unknown = nlohmann::json::parse(json_line("a\"b\\c\n", read(0x1234, ~std::uint64_t{0})));
    EXPECT_EQ(unknown["device"], "a\"b\\c\n");
    EXPECT_TRUE(unknown["register"].is_null());
    EXPECT_TRUE(unknown["before"].is_null());
    EXPECT_EQ(unknown["value"], ~std::uint64_t{0});
}

}  // namespace
}  // namespace ixy::explain
