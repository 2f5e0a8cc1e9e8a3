// Each of our kinds of card behind the server: a client that drives it as a guest does, and one that dies while doing
// so.
#include <sys/mman.h>
#include <unistd.h>

#include <ixy/datasheet/e1000/descriptors.hpp>
#include <ixy/datasheet/e1000/general.hpp>
#include <ixy/datasheet/e1000/interrupt.hpp>
#include <ixy/datasheet/e1000/receive.hpp>
#include <ixy/datasheet/e1000/transmit.hpp>

#include "bed.hpp"

namespace ixy::sim::vfio_user {
namespace {

using namespace datasheet::e1000;
using namespace std::chrono_literals;

constexpr std::uint64_t memory_address = 0x10000, ring = 0, buffer = 0x1000, memory_bytes = 0x2000;
constexpr std::uint32_t descriptors = 8, frame_bytes = 60;

class VfioUserChip : public VfioUser, public testing::WithParamInterface<CardType> {
protected:
    VfioUserChip() : VfioUser(GetParam()) {
        const std::string ours = folder_ / "model", theirs = folder_ / "world";
        auto wire = open_wire(ours + ":" + theirs);
        auto other_end = open_wire(theirs + ":" + ours);
        EXPECT_TRUE(wire && other_end);
        serve(std::make_unique<Card>(GetParam(), std::move(*wire)));
        world_ = std::move(*other_end);
        start();
    }

    /// Does what a driver does before its first frame: memory, bus mastering, interrupt.
    void start() {
        connect();
        const DmaMap map{.argsz = sizeof map,
                         .flags = dma_readable | dma_writable,
                         .offset = 0,
                         .address = memory_address,
                         .size = memory_bytes};
        EXPECT_EQ(error_of(Command::dma_map, join(map), {memory_.get()}), 0);
        const IrqSet set{
            .argsz = sizeof set, .flags = data_eventfd | action_trigger, .index = irq_intx, .start = 0, .count = 1};
        EXPECT_EQ(error_of(Command::device_set_irqs, join(set), {event_.get()}), 0);
        enable_card();
    }

    template <class T>
    void put(std::uint64_t offset, const T& value) {
        EXPECT_EQ(::pwrite(memory_.get(), &value, sizeof value, static_cast<off_t>(offset)),
                  static_cast<ssize_t>(sizeof value));
    }
    template <class T>
    T get(std::uint64_t offset) {
        T value{};
        EXPECT_EQ(::pread(memory_.get(), &value, sizeof value, static_cast<off_t>(offset)),
                  static_cast<ssize_t>(sizeof value));
        return value;
    }

    void start_receiver() {
        for (std::uint32_t i = 0; i < descriptors; ++i) {
            put(ring + i * sizeof(ReceiveDescriptor), ReceiveDescriptor{memory_address + buffer, {}, {}});
        }
        write_bar(CTRL.offset, (CTRL.SLU | CTRL.ASDE).bits);
        settle();
        write_bar(RDBAL.offset, memory_address + ring);
        write_bar(RDLEN.offset, descriptors * sizeof(ReceiveDescriptor));
        write_bar(RCTL.offset, (RCTL.EN | RCTL.UPE | RCTL.SECRC).bits);
        write_bar(RDT.offset, 1);
        world_->send(std::vector(frame_bytes, std::byte{0x42}), Time{});
    }

    File memory_ = make_memory_file(memory_bytes), event_ = make_event_file();
    std::unique_ptr<Wire> world_;
};

TEST_P(VfioUserChip, it_is_found_and_its_link_is_up) {
    EXPECT_EQ(read(region_config, pci_config::vendor_id, 2), GetParam().identity.vendor);
    EXPECT_EQ(read(region_config, pci_config::device_id, 2), GetParam().identity.device);
    write_bar(CTRL.offset, (CTRL.SLU | CTRL.ASDE).bits);
    settle();
    EXPECT_TRUE(STATUS.LU & STATUS.from(static_cast<std::uint32_t>(read_bar(STATUS.offset))));
}

TEST_P(VfioUserChip, a_frame_goes_from_client_memory_to_the_wire_and_interrupts) {
    for (std::uint64_t i = 0; i < frame_bytes; ++i) put(buffer + i, static_cast<std::uint8_t>(i));
    put(ring, TransmitDescriptor{memory_address + buffer,
                                 TDESC_CMD.LENGTH(frame_bytes) | TDESC_CMD.EOP | TDESC_CMD.IFCS | TDESC_CMD.RS,
                                 {}});
    write_bar(CTRL.offset, (CTRL.SLU | CTRL.ASDE).bits);
    settle();
    read_bar(ICR.offset);  // clears the cause raised when the link came up
    write_bar(TDBAL.offset, memory_address + ring);
    write_bar(TDLEN.offset, descriptors * sizeof(TransmitDescriptor));
    write_bar(TCTL.offset, (TCTL.EN | TCTL.PSP).bits);
    write_bar(IMS.offset, IMS.TXDW.mask());
    write_bar(TDT.offset, 1);
    settle();

    const auto frame = world_->receive(Time{});
    ASSERT_TRUE(frame);
    ASSERT_EQ(frame->bytes.size(), frame_bytes);
    EXPECT_EQ(frame->bytes[59], std::byte{59});
    EXPECT_TRUE(TDESC_STATUS.DD & get<TransmitDescriptor>(ring).status);
    EXPECT_EQ(signals(event_), 1U);
    EXPECT_EQ(read_bar(TDH.offset), 1U);
}

TEST_P(VfioUserChip, a_frame_goes_from_the_wire_to_client_memory) {
    start_receiver();
    server_->step(1s);
    settle();
    EXPECT_TRUE(RDESC_STATUS.DD & get<ReceiveDescriptor>(ring).status);
    EXPECT_EQ(get<std::uint8_t>(buffer + 59), 0x42);
}

TEST_P(VfioUserChip, memory_of_a_client_that_dies_while_receiving_goes_with_it) {
    start_receiver();
    server_->step(1s);
    client_.reset();
    settle();
    put(buffer, std::uint8_t{0});
    for (int i = 0; i < 5; ++i) world_->send(std::vector(frame_bytes, std::byte{0x43}), Time{});
    settle();
    EXPECT_EQ(get<std::uint8_t>(buffer), 0);

    start();  // the next guest finds the card reset
    EXPECT_EQ(read_bar(RCTL.offset) & RCTL.EN.mask(), 0U);
    start_receiver();
    server_->step(1s);
    settle();
    EXPECT_TRUE(RDESC_STATUS.DD & get<ReceiveDescriptor>(ring).status);
}

INSTANTIATE_TEST_SUITE_P(All, VfioUserChip, testing::ValuesIn(card_types().begin(), card_types().end()),
                         [](const auto& chip) { return "the_" + std::string(chip.param.name); });

}  // namespace
}  // namespace ixy::sim::vfio_user
