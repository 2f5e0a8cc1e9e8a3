// Decoding descriptors, and following them from the driver to the card and back.
#include <gtest/gtest.h>

#include <bit>
#include <deque>

#include <ixy/core/process_space.hpp>
#include <ixy/datasheet/e1000/chips.hpp>
#include <ixy/explain/json.hpp>
#include <ixy/explain/ring_watch.hpp>
#include <ixy/explain/sentence.hpp>
#include <nlohmann/json.hpp>

namespace ixy::explain {
namespace {

using namespace datasheet::e1000;
using Kind = Handover::Kind;

/// Two rings of eight descriptors in memory, and a driver's doorbells.
class Rings : public testing::Test {
protected:
    static constexpr std::uint32_t size = 8;

    explicit Rings(const datasheet::Chip& chip = CHIP_82540EM) : memory_(&chip), watch_(chip, *space_) {}

    void SetUp() override {
        set_up(RDBAL, RDBAH, RDLEN, RDH, RDT, rx_);
        set_up(TDBAL, TDBAH, TDLEN, TDH, TDT, tx_);
    }
    std::vector<Handover> write(const datasheet::RegisterInfo& info, std::uint64_t value) {
        Access access{.is_write = true, .offset = info.offset, .value = value};
        memory_.look_up(access);
        return watch_.look(access, memory_);
    }
    std::vector<Handover> read(const datasheet::RegisterInfo& info) {
        Access access{.offset = info.offset};
        memory_.look_up(access);
        return watch_.look(access, memory_);
    }
    ReceiveDescriptor& rx(std::size_t slot) { return reinterpret_cast<ReceiveDescriptor*>(rx_.data())[slot]; }
    TransmitDescriptor& tx(std::size_t slot) { return reinterpret_cast<TransmitDescriptor*>(tx_.data())[slot]; }
    static std::string text(const Handover& event, std::size_t index = 0) {
        return descriptor_text(event.descriptors.at(index));
    }
    DmaSpace& space() { return *space_; }

private:
    void set_up(const datasheet::RegisterInfo& low, const datasheet::RegisterInfo& high,
                const datasheet::RegisterInfo& length, const datasheet::RegisterInfo& head,
                const datasheet::RegisterInfo& tail, const DmaMemory& ring) {
        write(low, ring.address().value & 0xffff'ffff);
        write(high, ring.address().value >> 32);
        write(length, ring.size());
        write(head, 0);
        write(tail, 0);
    }
    std::shared_ptr<ProcessSpace> space_ = ProcessSpace::create().value();
    DmaMemory rx_ = space_->allocate(size * descriptor_bytes, 128).value();
    DmaMemory tx_ = space_->allocate(size * descriptor_bytes, 128).value();
    RegisterMemory memory_;
    RingWatch watch_;
};

TEST_F(Rings, a_doorbell_hands_over_the_slots_between_old_and_new_tail) {
    for (std::size_t i = 0; i < size; ++i) rx(i).address = 0x1000 * (i + 1);
    const auto events = write(RDT, 7);
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].kind, Kind::to_card);
    EXPECT_EQ(events[0].first, 0U);
    ASSERT_EQ(events[0].count, 7U);
    EXPECT_EQ(text(events[0], 6), "[  6] receive: buffer at 0x0000000000007000");
    EXPECT_TRUE(write(RDT, 7).empty()) << "writing the same tail again hands over nothing";
}

TEST_F(Rings, every_kind_of_transmit_descriptor_is_decoded) {
    tx(0) = {0x1234, TDESC_CMD.LENGTH(60) | TDESC_CMD.EOP | TDESC_CMD.IFCS | TDESC_CMD.RS, {}};
    const ContextDescriptor context{.ip = CONTEXT_IP.IPCSS(14) | CONTEXT_IP.IPCSO(24) | CONTEXT_IP.IPCSE(33),
                                    .tcp = CONTEXT_TCP.TUCSS(34) | CONTEXT_TCP.TUCSO(50),
                                    .command = CONTEXT_CMD.DEXT | CONTEXT_CMD.DTYP(0) | CONTEXT_CMD.TCP,
                                    .status = {}};
    tx(1) = std::bit_cast<TransmitDescriptor>(context);
    const DataDescriptor data{.address = 0x5678,
                              .command = DATA_CMD.DEXT | DATA_CMD.DTYP(1) | DATA_CMD.DTALEN(70'000) | DATA_CMD.EOP,
                              .status = DATA_STATUS.IXSM | DATA_STATUS.VLAN(5)};
    tx(2) = std::bit_cast<TransmitDescriptor>(data);
    const auto events = write(TDT, 3);
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(text(events[0], 0), "[  0] legacy: 60 bytes at 0x0000000000001234, EOP IFCS RS");
    EXPECT_EQ(text(events[0], 1), "[  1] context: IPCSS 0xe, IPCSO 0x18, IPCSE 0x21, TUCSS 0x22, TUCSO 0x32, TCP DEXT");
    EXPECT_EQ(text(events[0], 2), "[  2] data: 70000 bytes at 0x0000000000005678, DTYP 1, EOP DEXT IXSM VLAN 0x5");

    const auto line = nlohmann::json::parse(json_line("card", events[0]));
    EXPECT_EQ(line["event"], "to_card");
    EXPECT_EQ(line["ring"], "transmit");
    EXPECT_EQ(line["size"], 8);
    EXPECT_EQ(line["count"], 3);
    EXPECT_EQ(line["descriptors"][0]["buffer"], 0x1234);
    EXPECT_EQ(line["descriptors"][0]["length"], 60);
    EXPECT_EQ(line["descriptors"][0]["words"].size(), 4U);
    EXPECT_EQ(line["descriptors"][1]["kind"], "TCP/IP context transmit descriptor");
    EXPECT_FALSE(line["descriptors"][1].contains("buffer"));
}

TEST_F(Rings, descriptors_the_card_returned_are_seen_at_the_next_access) {
    write(RDT, 7);
    rx(0).length = RDESC_LENGTH.LENGTH(60);
    rx(0).status = RDESC_STATUS.DD | RDESC_STATUS.EOP;
    rx(1).status = RDESC_STATUS.DD | RDESC_STATUS.EOP | RDESC_STATUS.CE;
    rx(3).status = RDESC_STATUS.DD;  // after one that is not done: out of the card's order, so not shown
    const auto events = read(STATUS);
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].kind, Kind::from_card);
    ASSERT_EQ(events[0].count, 2U);
    EXPECT_EQ(text(events[0]), "[  0] receive: 60 bytes at 0x0000000000000000, DD EOP");
    EXPECT_EQ(text(events[0], 1), "[  1] receive: buffer at 0x0000000000000000, DD EOP CE");
    EXPECT_TRUE(read(STATUS).empty());
}

TEST_F(Rings, a_write_back_also_completes_the_descriptors_before_it) {
    write(TDT, 4);
    EXPECT_TRUE(read(STATUS).empty());
    tx(2).status = TDESC_STATUS.DD;
    const auto events = read(STATUS);
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].kind, Kind::from_card);
    EXPECT_EQ(events[0].first, 0U);
    EXPECT_EQ(events[0].count, 3U);
}

TEST_F(Rings, wrap_around_and_unobserved_reuse_are_handled) {
    write(RDT, 7);
    for (std::size_t i = 0; i < 5; ++i) rx(i).status = {};  // received, refilled: 7, 0, 1, 2, 3
    rx(5).status = RDESC_STATUS.DD;
    const auto events = write(RDT, 4);
    ASSERT_EQ(events.size(), 3U);
    EXPECT_EQ(events[0].kind, Kind::unseen);
    EXPECT_EQ(events[0].first, 0U);
    EXPECT_EQ(events[0].count, 5U) << "the card never owns all slots";
    EXPECT_EQ(events[1].kind, Kind::from_card);
    EXPECT_EQ(events[1].first, 5U);
    EXPECT_EQ(events[1].count, 1U);
    EXPECT_EQ(events[2].kind, Kind::to_card);
    EXPECT_EQ(events[2].first, 7U);
    EXPECT_EQ(events[2].count, 5U);
    EXPECT_NE(handover_text(events[2]).find("5 descriptors, 7 to 3 of 8, handed to the card\n"), std::string::npos);
    EXPECT_NE(handover_text(events[0]).find("used again since"), std::string::npos);
}

TEST_F(Rings, long_runs_show_only_the_first_and_last_descriptors) {
    Handover event{.kind = Kind::to_card,
                   .time = {},
                   .ring = {.registers = rings_of(CHIP_82540EM)[0], .size = 512},
                   .count = 100,
                   .where = {}};
    for (std::uint32_t i = 0; i < 100; ++i) event.descriptors.push_back({.slot = i});
    const std::string text = handover_text(event);
    EXPECT_EQ(std::ranges::count(text, '\n'), 7) << text;
    EXPECT_NE(text.find("… 95 more …"), std::string::npos) << text;
    EXPECT_NE(text.find("[ 99] in memory that cannot be reached from here"), std::string::npos) << text;
}

TEST_F(Rings, only_memory_of_the_space_is_touched) {
    for (const std::uint64_t base :
         {std::uint64_t{0}, std::uint64_t{0x10}, std::uint64_t{0xffff'ffff'ffff'fff0}, std::uint64_t{1} << 63,
          reinterpret_cast<std::uintptr_t>(this) & ~std::uint64_t{15}}) {
        write(TDBAL, base & 0xffff'ffff);
        write(TDBAH, base >> 32);
        write(TDLEN, 0xfffff);
        write(TDH, 0);
        const auto events = write(TDT, 0xfff);
        ASSERT_EQ(events.size(), 1U);
        for (const Descriptor& descriptor : events[0].descriptors) EXPECT_EQ(descriptor.kind, nullptr);
    }
}

TEST_F(Rings, a_tail_beyond_the_ring_is_reported) {
    const auto events = write(TDT, 8);
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].kind, Kind::bad_tail);
    EXPECT_NE(handover_text(events[0]).find("the tail 8 is beyond its 8 descriptors"), std::string::npos);
    EXPECT_EQ(write(TDT, 1).size(), 1U) << "and the ring is still followed";
}

TEST_F(Rings, a_ring_that_is_not_set_up_is_silent) {
    write(TDLEN, 0);
    EXPECT_TRUE(write(TDT, 5).empty());
}

TEST_F(Rings, fields_that_only_other_chips_have_are_left_out) {
    const std::uint32_t report = (TDESC_CMD.RS | TDESC_CMD.RPS).bits;
    const auto decoded = [&](const datasheet::Chip& chip) {
        return descriptor_text({.words = {0, 0, report, 0}, .chip = &chip, .kind = &TRANSMIT_DESCRIPTOR});
    };
    EXPECT_TRUE(decoded(CHIP_82540EM).ends_with(", RS")) << decoded(CHIP_82540EM);
    EXPECT_TRUE(decoded(CHIP_82544EI).ends_with(", RS RPS")) << decoded(CHIP_82544EI);
}

class RingsOf82574 : public Rings {
protected:
    RingsOf82574() : Rings(CHIP_82574L) {}
};

TEST_F(RingsOf82574, extended_descriptors_and_the_second_queue_are_decoded) {
    write(RFCTL, RFCTL.EXSTEN.mask());
    write(RDT, 7);
    auto& back = reinterpret_cast<ExtendedReceiveWriteBack&>(rx(0));
    back = {.mrq = EXTENDED_MRQ.QUEUE(1),
            .hash = 0x1234,
            .status = EXTENDED_STATUS.DD | EXTENDED_STATUS.EOP,
            .length = EXTENDED_LENGTH.LENGTH(1500)};
    const auto events = read(STATUS);
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(text(events[0]), "[  0] extended: 1500 bytes, Queue 1, DD EOP");

    const DmaMemory ring = space().allocate(128, 128).value();
    write(TDBAL1, ring.address().value & 0xffff'ffff);
    write(TDBAH1, ring.address().value >> 32);
    write(TDLEN1, 128);
    const auto second = write(TDT1, 1);
    ASSERT_EQ(second.size(), 1U);
    EXPECT_EQ(second[0].ring.registers.name(), "transmit ring 1");
}

}  // namespace
}  // namespace ixy::explain
