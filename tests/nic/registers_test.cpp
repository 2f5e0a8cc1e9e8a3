// What the driver does to the card's registers, from a log of every access: the order of initialisation (chapter 14),
// one doorbell per batch, and no register reads while packets move.
#include "tests/nic/conformance.hpp"

namespace ixy {
namespace {

using namespace datasheet::e1000;

class Registers : public Conformance {
protected:
    /// The position in the log of the first or last write to a register.
    std::size_t first_write(const datasheet::RegisterInfo& info) {
        const auto accesses = log().accesses();
        const auto found = std::ranges::find_if(accesses, writes_to(info));
        EXPECT_NE(found, accesses.end()) << info.name << " is never written";
        return static_cast<std::size_t>(found - accesses.begin());
    }
    std::size_t last_write(const datasheet::RegisterInfo& info) {
        auto accesses = log().accesses();
        std::ranges::reverse(accesses);
        const auto found = std::ranges::find_if(accesses, writes_to(info));
        EXPECT_NE(found, accesses.end()) << info.name << " is never written";
        return accesses.size() - 1 - static_cast<std::size_t>(found - accesses.begin());
    }
    static std::function<bool(const RegisterAccess&)> writes_to(const datasheet::RegisterInfo& info) {
        return [&info](const RegisterAccess& access) {
            return access.is_write() && info.covers(static_cast<std::uint32_t>(access.offset));
        };
    }
    std::size_t first_write_with(const datasheet::RegisterInfo& info, std::uint32_t bits) {
        const auto accesses = log().accesses();
        const auto wanted = writes_to(info);
        const auto found = std::ranges::find_if(
            accesses, [&](const RegisterAccess& access) { return wanted(access) && (access.value & bits) == bits; });
        EXPECT_NE(found, accesses.end()) << info.name;
        return static_cast<std::size_t>(found - accesses.begin());
    }
    std::size_t doorbells() { return log().written(TDT.offset).size(); }
    std::size_t receive_doorbells() { return log().written(RDT.offset).size(); }

    static void push(Batch<64>& batch, Device& device, std::size_t count, std::size_t size = 60) {
        for (std::size_t i = 0; i < count; ++i) {
            batch.push(test::make_packet(*device.pool(), test::make_frame(size, static_cast<unsigned>(i))));
        }
    }
};
INSTANTIATE_TEST_SUITE_P(Card, Registers, every_card(), subject_name);

TEST_P(Registers, initialisation_follows_the_manuals_order) {
    auto device = open_logged();
    const std::size_t reset = first_write_with(CTRL, CTRL.RST.mask());
    EXPECT_LT(first_write(IMC), reset) << "interrupts are off before the reset";
    EXPECT_EQ(log().written(IMC.offset).front(), 0xffff'ffffU);
    EXPECT_LT(first_write(RCTL), reset) << "the receiver is off before the reset";
    EXPECT_LT(first_write(TCTL), reset);
    EXPECT_EQ(log().written(RCTL.offset).front() & RCTL.EN.mask(), 0U);
    EXPECT_EQ(log().written(TCTL.offset).front() & TCTL.EN.mask(), 0U);
    EXPECT_GT(last_write(IMC), reset) << "and interrupts are off again after it";

    const std::size_t receiver_on = first_write_with(RCTL, RCTL.EN.mask());
    const std::size_t transmitter_on = first_write_with(TCTL, TCTL.EN.mask());
    EXPECT_LT(reset, last_write(CTRL));
    EXPECT_EQ(log().written(CTRL.offset).back() & CTRL.SLU.mask(), CTRL.SLU.mask()) << "the link is set up after it";
    for (const datasheet::RegisterInfo* info : std::initializer_list<const datasheet::RegisterInfo*>{
             &RAL, &RAH, &MTA, &VFTA, &RDBAL, &RDBAH, &RDLEN, &RDH, &RDT, &RXCSUM}) {
        EXPECT_LT(reset, first_write(*info)) << info->name;
        EXPECT_LT(last_write(*info), receiver_on) << info->name << " is set before the receiver is on";
    }
    for (const datasheet::RegisterInfo* info :
         std::initializer_list<const datasheet::RegisterInfo*>{&TDBAL, &TDBAH, &TDLEN, &TDH, &TDT, &TIPG}) {
        EXPECT_LT(reset, first_write(*info)) << info->name;
        EXPECT_LT(last_write(*info), transmitter_on) << info->name << " is set before the transmitter is on";
    }
    EXPECT_LT(last_write(RDH), last_write(RDT)) << "buffers are supplied once head and tail are set";
    EXPECT_LT(last_write(RDLEN), last_write(RDT));
    EXPECT_EQ(log().written(TCTL.offset).back() & TCTL.PSP.mask(), TCTL.PSP.mask()) << "short frames are padded";
    EXPECT_EQ(last_write(RCTL), receiver_on) << "written once after the reset: each write deafens QEMU for a second";
    EXPECT_EQ(log().written(RCTL.offset).size(), 2U);
    const auto accesses = log().accesses();
    EXPECT_TRUE(std::none_of(accesses.begin() + static_cast<long>(receiver_on) + 1, accesses.end(),
                             [](const RegisterAccess& access) { return access.is_write(); }))
        << "the receiver is enabled last";
}

TEST_P(Registers, only_registers_of_the_chip_are_touched) {
    auto device = open_logged({.vlan = true});
    device.statistics();
    ASSERT_TRUE(device.set_mac_address(MacAddress::parse("52:54:00:00:00:55").value()));
    ASSERT_TRUE(device.set_promiscuous(false));
    {
        const Device closed = std::move(device);
    }
    const datasheet::e1000::Chip* chip = nullptr;
    for (const datasheet::e1000::Chip* each : CHIPS) {
        if (each->name == GetParam().model) chip = each;
    }
    ASSERT_NE(chip, nullptr);
    for (const RegisterAccess& access : log().accesses()) {
        const auto found = chip->find(static_cast<std::uint32_t>(access.offset));
        ASSERT_TRUE(found) << std::hex << access.offset << " in " << access.where.file_name() << ":" << std::dec
                           << access.where.line();
        EXPECT_EQ(access.width, 4U);
        EXPECT_TRUE(access.is_read() || found->info->access != datasheet::Access::RO) << found->info->name;
        std::uint32_t known = chip->writable(*found->info);  // and read-only bits may be written back
        for (const datasheet::FieldInfo& field : found->info->fields()) known |= field.mask();
        EXPECT_TRUE(access.is_read() || (access.value & ~known) == 0 || found->info == &IMC)
            << found->info->name << " <- " << std::hex << access.value << ": reserved bits";
    }
}

TEST_P(Registers, closing_stops_both_directions_and_leaves_the_receiver_off) {
    {
        auto device = open_logged();
    }
    EXPECT_EQ(log().written(RCTL.offset).back() & RCTL.EN.mask(), 0U);
    EXPECT_EQ(log().written(TCTL.offset).back() & TCTL.EN.mask(), 0U);
    EXPECT_LT(first_write_with(RCTL, RCTL.EN.mask()), last_write(RCTL));
}

class Doorbells : public Registers {};
INSTANTIATE_TEST_SUITE_P(Card, Doorbells, one_card(), subject_name);

TEST_P(Doorbells, one_tail_write_for_each_batch_sent) {
    auto device = open_logged();
    log().clear();
    for (const std::size_t count : {1U, 2U, 31U, 32U, 64U}) {
        Batch<64> batch;
        push(batch, device, count);
        log().clear();
        EXPECT_EQ(device.tx_queue(0).send(batch), count);
        EXPECT_EQ(doorbells(), 1U);
        EXPECT_EQ(log().accesses().size(), 1U) << "and no other access";
    }
}

TEST_P(Doorbells, none_for_an_empty_batch_or_when_nothing_is_taken) {
    auto device = open_logged({.tx_ring_size = 8});
    log().clear();
    Batch<64> batch;
    device.tx_queue(0).send(batch);
    device.tx_queue(0).reclaim();
    push(batch, device, 5, 1);  // refused
    device.tx_queue(0).send(batch);
    EXPECT_TRUE(batch.empty());
    EXPECT_TRUE(log().accesses().empty());
}

TEST_P(Doorbells, sending_across_the_ring_wrap_reads_no_register) {
    auto device = open_logged({.tx_ring_size = 16, .vlan = true});
    log().clear();
    std::size_t sent = 0;
    std::size_t rung = 0;
    while (sent < 200) {
        Batch<64> batch;
        push(batch, device, 20);
        if (sent % 3 == 0) batch[3].set_flags(PacketFlags::insert_vlan);
        const std::size_t taken = device.tx_queue(0).send(batch);
        sent += taken;
        if (taken != 0) ++rung;
        for (std::size_t i = 0; i < taken; ++i) ASSERT_FALSE(wire_receive().empty());
    }
    EXPECT_EQ(log().reads(), 0U);
    EXPECT_EQ(log().writes(), rung);
    EXPECT_EQ(doorbells(), rung);
    for (const std::uint64_t tail : log().written(TDT.offset)) EXPECT_LT(tail, 16U);
}

TEST_P(Doorbells, receiving_reads_no_register_and_writes_the_tail_at_most_once) {
    for (const std::size_t ring : {16U, 64U, 512U}) {
        auto device = open_logged({.rx_ring_size = ring, .max_frame = 9014});
        log().clear();
        std::size_t received = 0;
        for (unsigned i = 0; i < 60; ++i) {
            for (unsigned j = 0; j < 3; ++j)
                ASSERT_TRUE(wire_send(test::make_frame(i % 20 == 0 && j == 0 ? 5000 : 60, j)));
            ASSERT_TRUE(test::eventually([&] {
                const std::size_t before = log().writes();
                Batch<64> batch;
                received += device.rx_queue(0).receive(batch);
                EXPECT_LE(log().writes(), before + 1);
                return received == 3 * (i + 1);
            }));
        }
        EXPECT_EQ(log().reads(), 0U);
        EXPECT_EQ(receive_doorbells(), log().writes());
        EXPECT_LE(receive_doorbells(), ring == 16 ? 50U : ring == 64 ? 13U : 6U) << "refilled in bulk";
    }
}

TEST_P(Doorbells, polling_an_empty_ring_touches_nothing) {
    auto device = open_logged();
    log().clear();
    Batch<64> batch;
    for (int i = 0; i < 100; ++i) EXPECT_EQ(device.rx_queue(0).receive(batch), 0U);
    EXPECT_TRUE(log().accesses().empty());
}

TEST_P(Doorbells, polling_with_an_empty_pool_touches_nothing) {
    auto device = open_logged({.rx_ring_size = 8, .pool_packets = 8});
    Batch<64> held;
    ASSERT_TRUE(test::eventually([&] {
        wire_send(test::make_frame(60), 0, std::chrono::milliseconds(0));
        receive_onto(device.rx_queue(0), held);
        return held.size() == 8;
    }));
    log().clear();
    for (int i = 0; i < 60; ++i) EXPECT_EQ(receive_onto(device.rx_queue(0), held), 0U);
    EXPECT_TRUE(log().accesses().empty());
    EXPECT_GE(device.rx_queue(0).counters().no_buffer.value(), 60U);
}

// Head equal to tail means "no buffers" to the card: the driver must never fill all slots of the ring.
TEST_P(Doorbells, tail_never_reaches_head) {
    for (const std::uint32_t ring : {8U, 16U, 64U}) {
        auto device = open_logged({.rx_ring_size = ring});
        const Bar registers = device.pci_function()->map_bar(0, 0x10000).value();
        for (unsigned i = 0; i < 3 * ring; ++i) {
            const std::uint32_t head = registers.read(RDH).bits;
            const std::uint32_t tail = registers.read(RDT).bits;
            ASSERT_LT(tail, ring);
            ASSERT_EQ(head, i % ring);
            ASSERT_NE(head, tail) << "after " << i << " frames";
            EXPECT_GE((tail + ring - head) % ring, ring - 1 - ring / 2) << "after " << i << " frames";
            ASSERT_TRUE(wire_send(test::make_frame(60)));
            ASSERT_EQ(receive(device, 1).size(), 1U);
        }
    }
}

TEST_P(Doorbells, enabling_promiscuous_mode_twice_writes_once) {
    auto device = open_logged();
    log().clear();
    ASSERT_TRUE(device.set_promiscuous(true));
    EXPECT_EQ(log().writes(), 0U);
    ASSERT_TRUE(device.set_promiscuous(false));
    ASSERT_TRUE(device.set_promiscuous(false));
    EXPECT_EQ(log().written(RCTL.offset).size(), 1U);
}

}  // namespace
}  // namespace ixy
