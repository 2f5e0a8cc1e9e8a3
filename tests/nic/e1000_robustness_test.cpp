// A broken or hostile card: whatever it writes into descriptors and registers results in a counter or an error value,
// never in a lost buffer, a crash or a hang.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "tests/support/internet_frames.hpp"
#include "tests/support/memory_card.hpp"
#include "tests/support/test_bed.hpp"

#include <ixy/nic/device.hpp>

namespace ixy {
namespace {

using namespace datasheet::e1000;
using namespace std::chrono_literals;

using Status = datasheet::Value<RdescStatus>;
constexpr Status done = RDESC_STATUS.DD | RDESC_STATUS.EOP;
constexpr Status unfinished = RDESC_STATUS.DD;

/// A device and the card that the test plays. All buffers must be back at the end.
class HostileCard : public testing::Test {
protected:
    Device& open(const DeviceOptions& options = {.rx_ring_size = 64, .tx_ring_size = 64, .pool_packets = 128}) {
        auto card = std::make_unique<test::MemoryCard>();
        card_ = card.get();
        device_ = std::make_unique<Device>(Device::open(std::move(card), options).value());
        pool_ = device_->pool();
        in_ring_ = pool_->size() - pool_->available();
        next_ = 0;
        return *device_;
    }
    ~HostileCard() override {
        device_.reset();
        if (pool_) {
            EXPECT_EQ(pool_->available(), pool_->size()) << "buffers were lost or freed twice";
        }
    }

    test::MemoryCard& card() { return *card_; }
    /// Writes back the next receive descriptor, as the card.
    void deliver(std::uint32_t length, Status status) {
        card_->write_back(next_, length, status);
        next_ = (next_ + 1) % card_->rx_ring().size();
        card_->set(RDH.offset, static_cast<std::uint32_t>(next_));
    }
    /// The next slot that the card fills.
    std::size_t head() const { return next_; }
    /// What the driver receives: the lengths of the frames.
    std::vector<std::size_t> receive() {
        std::vector<std::size_t> lengths;
        Batch<256> batch;
        device_->rx_queue(0).receive(batch);
        for (const Packet& packet : batch) lengths.push_back(packet.frame_length());
        return lengths;
    }
    /// The same, after as many polls as the driver needs to notice that the card is faulty.
    std::vector<std::size_t> receive_in_the_end() {
        std::vector<std::size_t> lengths;
        for (int polls = 0; lengths.empty() && polls < 20; ++polls) lengths = receive();
        return lengths;
    }
    const RxQueueCounters& counters() { return device_->rx_queue(0).counters(); }
    void expect_no_packet_lost() {
        const auto ring = card_->rx_ring().size();
        EXPECT_LE(pool_->size() - pool_->available(), in_ring_);
        EXPECT_GE(pool_->size() - pool_->available(), in_ring_ - ring / 2);
    }

private:
    std::unique_ptr<Device> device_;
    std::shared_ptr<Mempool> pool_;
    test::MemoryCard* card_ = nullptr;
    std::size_t in_ring_ = 0;
    std::size_t next_ = 0;
};

using Frames = std::vector<std::size_t>;

TEST_F(HostileCard, impossible_lengths_are_dropped_and_counted) {
    open();
    std::uint64_t bad = 0;
    for (const std::uint32_t length : {0U, 2049U, 4096U, 32768U, 65535U}) {
        deliver(length, done);
        deliver(60, done);
        EXPECT_EQ(receive(), Frames{60}) << length;
        EXPECT_EQ(counters().errors.value(), ++bad) << length;
    }
    deliver(1519, done);  // fits into the buffer, but is longer than the options allow
    deliver(1518, done);
    EXPECT_EQ(receive(), Frames{1518});
    EXPECT_EQ(counters().oversized.value(), 1U);
    EXPECT_EQ(counters().packets.value(), 6U);
    expect_no_packet_lost();
}

TEST_F(HostileCard, damaged_frames_are_dropped_and_counted) {
    open();
    std::uint64_t bad = 0;
    for (const Status error : {Status(RDESC_STATUS.CE), Status(RDESC_STATUS.SE), Status(RDESC_STATUS.SEQ),
                               Status(RDESC_STATUS.CXE), Status(RDESC_STATUS.RXE)}) {
        deliver(60, done | error);
        deliver(70, done);
        EXPECT_EQ(receive(), Frames{70});
        EXPECT_EQ(counters().errors.value(), ++bad);
    }
    expect_no_packet_lost();
}

TEST_F(HostileCard, an_endless_frame_does_not_hold_back_others) {
    for (const std::uint32_t length : {0U, 1U, 60U, 2044U, 2047U, 2048U, 65535U}) {
        open({.rx_ring_size = 64, .tx_ring_size = 64, .pool_packets = 64, .max_frame = 16110});
        for (int i = 0; i < 1000; ++i) {
            deliver(length, unfinished);
            if (i % 10 == 9) {
                EXPECT_EQ(receive(), Frames{}) << length;
            }
        }
        deliver(60, done);  // its end, finally
        deliver(70, done);
        EXPECT_EQ(receive(), Frames{70}) << length;
        EXPECT_EQ(counters().errors.value() + counters().oversized.value(), 1U) << length;
        expect_no_packet_lost();
    }
}

TEST_F(HostileCard, a_damaged_piece_spoils_only_its_frame) {
    open({.rx_ring_size = 64, .tx_ring_size = 64, .pool_packets = 128, .max_frame = 9000});
    for (int place = 0; place < 3; ++place) {
        deliver(2048, place == 0 ? unfinished | RDESC_STATUS.CE : unfinished);
        deliver(place == 1 ? 5000 : 2048, unfinished);
        deliver(100, place == 2 ? done | RDESC_STATUS.RXE : done);
        deliver(2048, unfinished);
        deliver(1, done);
        EXPECT_EQ(receive(), Frames{2049}) << place;
    }
    EXPECT_EQ(counters().errors.value(), 3U);
    expect_no_packet_lost();
}

TEST_F(HostileCard, an_empty_last_piece_ends_its_frame) {
    open({.rx_ring_size = 64, .tx_ring_size = 64, .pool_packets = 128, .max_frame = 9000});
    deliver(2048, unfinished);
    deliver(0, done);
    EXPECT_EQ(receive(), Frames{2048});
    expect_no_packet_lost();
}

TEST_F(HostileCard, pieces_may_arrive_one_by_one) {
    open({.rx_ring_size = 16, .tx_ring_size = 64, .pool_packets = 32, .max_frame = 9000});
    for (int round = 0; round < 20; ++round) {
        for (int piece = 0; piece < 4; ++piece) {
            deliver(2048, unfinished);
            EXPECT_EQ(receive(), Frames{});
        }
        deliver(100, done);
        EXPECT_EQ(receive(), Frames{8292});
    }
    expect_no_packet_lost();
}

TEST_F(HostileCard, each_buffer_is_received_once_when_all_are_marked_done) {
    Device& device = open({.rx_ring_size = 64, .tx_ring_size = 64, .pool_packets = 256});
    for (std::size_t slot = 0; slot < 64; ++slot) card().write_back(slot, 60, done);
    Batch<256> batch;
    EXPECT_EQ(device.rx_queue(0).receive(batch), 63U) << "the slot at the tail has no buffer";
    std::set<std::uint32_t> seen;
    for (const Packet& packet : batch) EXPECT_TRUE(seen.insert(packet.index()).second);
    batch.clear();
    EXPECT_EQ(device.rx_queue(0).receive(batch), 0U);
    expect_no_packet_lost();
}

TEST_F(HostileCard, a_missing_write_back_costs_its_frame_once_the_head_has_passed) {
    open();
    deliver(60, {});
    EXPECT_EQ(receive(), Frames{});
    deliver(70, done);
    EXPECT_EQ(receive_in_the_end(), Frames{70});
    EXPECT_EQ(counters().errors.value(), 1U);
    deliver(60, {});  // and so does the last one of all, once nothing has come for long
    for (int i = 0; i < 40'000; ++i) ASSERT_EQ(receive(), Frames{});
    EXPECT_EQ(counters().errors.value(), 2U);
    deliver(80, done);
    EXPECT_EQ(receive(), Frames{80});
    EXPECT_EQ(counters().errors.value(), 2U);
    expect_no_packet_lost();
}

/// Repeated into slots that the card owns again, with the buffer of the lap before.
TEST_F(HostileCard, a_repeated_write_back_is_undone_before_it_looks_like_a_frame) {
    open();
    for (int lap = 0; lap < 3; ++lap) {
        for (int i = 0; i < 63; ++i) deliver(60, done);
        EXPECT_EQ(receive().size(), 63U);
        const std::size_t last = (card().get(RDT.offset) + 63) % 64;
        for (const std::size_t slot : {(head() + 1) % 64, last}) {
            const std::uint64_t buffer = card().rx_ring()[slot].address;
            card().rx_ring()[slot].address = buffer + 4096;
            card().write_back(slot, 99, done);
            EXPECT_EQ(receive_in_the_end(), Frames{});
            EXPECT_FALSE(card().rx_ring()[slot].status & RDESC_STATUS.DD) << slot;
            EXPECT_EQ(card().rx_ring()[slot].address, buffer) << slot;
        }
    }
    for (std::uint32_t i = 0; i < 63; ++i) deliver(100 + i, done);
    const Frames frames = receive();
    ASSERT_EQ(frames.size(), 63U);
    for (std::size_t i = 0; i < 63; ++i) EXPECT_EQ(frames[i], 100 + i);
    EXPECT_EQ(counters().errors.value(), 0U);
    expect_no_packet_lost();
}

/// If it is taken for a frame, the driver's tail reaches the card's head: the card has no buffers left.
TEST_F(HostileCard, lagging_behind_its_driver_gets_buffers_again) {
    for (const std::size_t longest : {1514U, 9000U}) {
        open({.rx_ring_size = 64, .tx_ring_size = 64, .pool_packets = 128, .max_frame = longest});
        for (int i = 0; i < 55; ++i) deliver(60, done);
        card().write_back(head(), 60, done);
        EXPECT_EQ(receive().size(), 56U);
        ASSERT_EQ(card().get(RDT.offset), head()) << "the ring is empty";
        for (int i = 0; i < 40'000; ++i) ASSERT_EQ(receive(), Frames{});
        EXPECT_EQ(card().get(RDT.offset), (head() + 63) % 64) << "and full again";
        EXPECT_GT(counters().errors.value(), 0U);
        if (longest > 2048) deliver(60, done);  // may end a frame that nobody knows about
        receive();
        for (int i = 0; i < 200; ++i) {
            deliver(70, done);
            ASSERT_EQ(receive(), Frames{70});
        }
        expect_no_packet_lost();
    }
}

TEST_F(HostileCard, when_idle_has_its_head_read_once) {
    open();
    deliver(60, done);
    EXPECT_EQ(receive(), Frames{60});
    const std::size_t before = *card().accesses();
    for (int i = 0; i < 100'000; ++i) receive();
    EXPECT_EQ(*card().accesses(), before + 1);
}

TEST_F(HostileCard, with_an_arbitrary_head_loses_nothing) {
    for (const std::uint32_t wrong : {0U, 1U, 30U, 63U, 64U, 0xffffU, ~0U}) {
        open();
        for (int i = 0; i < 5; ++i) deliver(60, done);
        receive();
        card().set(RDH.offset, wrong);
        for (int i = 0; i < 100'000; ++i) receive();
        expect_no_packet_lost();
    }
}

TEST_F(HostileCard, all_ones_everywhere_count_as_damage) {
    open();
    for (std::size_t slot = 0; slot < 64; ++slot) {
        card().write_back(slot, 0xffff, RDESC_STATUS.from(~0U));
        card().rx_ring()[slot].address = ~std::uint64_t{0};
    }
    EXPECT_EQ(receive(), Frames{});
    EXPECT_GT(counters().errors.value(), 0U);
    expect_no_packet_lost();
}

TEST_F(HostileCard, garbage_in_receive_descriptors_loses_nothing) {
    std::mt19937 generator(11);
    const auto random = [&] { return static_cast<std::uint32_t>(generator()); };
    for (const std::size_t ring : {16U, 64U, 512U}) {
        for (const std::size_t longest : {1514U, 9000U, 16124U}) {
            const DeviceOptions options{.rx_ring_size = ring,
                                        .pool_packets = 2 * ring,
                                        .max_frame = longest,
                                        .rx_checksum = ring != 64,
                                        .vlan = ring == 64};
            open(options);
            for (int i = 0; i < 20'000; ++i) {
                const std::uint32_t length = random() % 3 == 0 ? random() : random() % 2049;
                const std::uint32_t status = random() % 2 == 0 ? random() : random() & 3;
                if (random() % 8 == 0) {
                    card().write_back(random() % ring, length, RDESC_STATUS.from(status));  // anywhere
                } else {
                    deliver(length, RDESC_STATUS.from(status | 1));
                }
                if (random() % 4 == 0) {
                    for (const std::size_t frame : receive()) {
                        ASSERT_GT(frame, 0U);
                        ASSERT_LE(frame, longest + 4);
                    }
                }
            }
        }
    }
}

TEST_F(HostileCard, garbage_in_transmit_descriptors_loses_nothing) {
    std::mt19937 generator(12);
    const auto random = [&] { return static_cast<std::uint32_t>(generator()); };
    for (const std::size_t ring : {8U, 16U, 64U}) {
        Device& device = open({.rx_ring_size = 8, .tx_ring_size = ring, .pool_packets = 256, .tx_checksum = true});
        Batch<64> batch;
        for (int i = 0; i < 5000; ++i) {
            while (!batch.full() && random() % 4 != 0) {
                Packet* packet = test::make_packet(*device.pool(), test::make_frame(60 + random() % 4000));
                if (packet == nullptr) break;
                if (random() % 2 == 0) {
                    packet->set_flags(PacketFlags::udp_checksum);
                    packet->set_header_lengths(random(), random());
                } else if (random() % 2 == 0) {
                    free_packets({&packet, 1});
                    const test::InternetFrame right{.payload = random() % 100, .seed = static_cast<unsigned>(i)};
                    packet = test::make_packet(*device.pool(), right.unfinished(right.all_flags()));
                    if (packet == nullptr) break;
                    packet->set_flags(right.all_flags());
                    packet->set_header_lengths(right.l2(), right.l3());
                }
                batch.push(packet);
            }
            device.tx_queue(0).send(batch);
            auto& descriptor = card().tx_ring()[random() % ring];
            if (random() % 2 == 0) descriptor.status = TDESC_STATUS.from(random());
            if (random() % 8 == 0) descriptor.command = TDESC_CMD.from(random());
            if (random() % 8 == 0) descriptor.address = random();
            if (random() % 4 == 0) card().report_sent();
            if (random() % 16 == 0) batch.clear();
        }
    }
}

TEST_F(HostileCard, never_sending_fills_only_the_ring) {
    for (const std::size_t ring : {8U, 16U, 64U, 512U}) {
        Device& device = open({.rx_ring_size = 8, .tx_ring_size = ring, .pool_packets = 1024});
        std::size_t taken = 0;
        Batch<64> batch;
        for (int i = 0; i < 30; ++i) {
            while (!batch.full()) batch.push(test::make_packet(*device.pool(), test::make_frame(60)));
            taken += device.tx_queue(0).send(batch);
        }
        EXPECT_EQ(taken, ring - 1);
        EXPECT_EQ(card().get(TDT.offset), ring - 1);
        EXPECT_TRUE(batch.full());
        EXPECT_EQ(device.tx_queue(0).reclaim(), 0U);

        card().report_sent();
        const std::size_t again = device.tx_queue(0).send(batch);
        EXPECT_GT(again, 0U) << "the driver continues when the card does";
        EXPECT_LT(again, ring);
    }
}

// The card would read whatever is at that address in its own space.
TEST_F(HostileCard, never_gets_a_packet_of_another_dma_space) {
    Device& device = open();
    const auto foreign = Mempool::create(ProcessSpace::create().value(), {.packets = 64}).value();
    Batch<8> batch;
    for (const bool ours : {true, false, false, true, false}) {
        batch.push((ours ? device.pool() : foreign)->allocate());
        batch[batch.size() - 1].set_length(60);
    }
    EXPECT_EQ(device.tx_queue(0).send(batch), 2U);
    EXPECT_TRUE(batch.empty());
    EXPECT_EQ(device.tx_queue(0).counters().refused.value(), 3U);
    EXPECT_EQ(foreign->available(), foreign->size());
    EXPECT_EQ(card().get(TDT.offset), 2U);

    Packet* head = device.pool()->allocate();
    head->set_length(60);
    head->set_next(foreign->allocate());
    head->next()->set_length(60);
    batch.push(head);
    EXPECT_EQ(device.tx_queue(0).send(batch), 0U) << "nor a piece of one";
    EXPECT_EQ(foreign->available(), foreign->size());
    EXPECT_EQ(card().get(TDT.offset), 2U);
}

#ifdef NDEBUG  // otherwise pools are checked, and this ends the process
TEST(Devices, may_close_before_their_packets_are_sent_or_freed) {
    Batch<8> batch;
    const auto space = ProcessSpace::create().value();
    auto first = Device::open(std::make_unique<test::MemoryCard>(space)).value();
    auto second = Device::open(std::make_unique<test::MemoryCard>(space)).value();
    batch.allocate(*first.pool(), 8);
    for (Packet& packet : batch) packet.set_length(60);
    {
        const Device closed = std::move(first);
    }
    EXPECT_EQ(second.tx_queue(0).send(batch), 8U);
}
#endif

TEST_F(HostileCard, checksum_flags_are_those_the_descriptor_claims) {
    const struct {
        Status status;
        PacketFlags flags;
    } cases[] = {
        {{}, PacketFlags::none},
        {RDESC_STATUS.IPCS, PacketFlags::ip_checksum_good},
        {RDESC_STATUS.IPCS | RDESC_STATUS.IPE, PacketFlags::ip_checksum_bad},
        {RDESC_STATUS.TCPCS, PacketFlags::l4_checksum_good},
        {RDESC_STATUS.TCPCS | RDESC_STATUS.TCPE, PacketFlags::l4_checksum_bad},
        {RDESC_STATUS.IPCS | RDESC_STATUS.TCPCS | RDESC_STATUS.TCPE,
         PacketFlags::ip_checksum_good | PacketFlags::l4_checksum_bad},
        {RDESC_STATUS.IPE | RDESC_STATUS.TCPE, PacketFlags::none},
        {RDESC_STATUS.IXSM | RDESC_STATUS.IPCS | RDESC_STATUS.TCPCS, PacketFlags::none},
        {RDESC_STATUS.IXSM | RDESC_STATUS.IPE | RDESC_STATUS.TCPE, PacketFlags::none},
    };
    for (const bool wanted : {true, false}) {
        Device& device = open({.rx_ring_size = 64, .pool_packets = 128, .rx_checksum = wanted});
        for (const auto& [status, flags] : cases) {
            deliver(60, done | status);
            Batch<4> batch;
            ASSERT_EQ(device.rx_queue(0).receive(batch), 1U);
            EXPECT_EQ(batch[0].flags(), wanted ? flags : PacketFlags::none) << std::hex << status.bits;
        }
    }
}

TEST_F(HostileCard, closes_without_waiting_after_it_disappeared) {
    Device& device = open();
    card().gone = true;
    EXPECT_TRUE(device.gone());
    const auto waited = card().waited();
    EXPECT_EQ(device.statistics().tx_packets, 0U);
    EXPECT_EQ(card().waited(), waited);
}

/// Opening a card that does not do its part.
class OpeningABrokenCard : public testing::Test {
protected:
    OpeningABrokenCard() : card_(std::make_unique<test::MemoryCard>()), card(*card_) {}
    Expected<Device> open() { return Device::open(std::move(card_), {.link_timeout = 500ms}); }
    void expect_error(ErrorKind kind, std::string_view text) {
        const auto device = open();
        ASSERT_FALSE(device);
        EXPECT_EQ(device.error().kind, kind) << device.error().text();
        EXPECT_NE(device.error().what.find("memory"), std::string::npos) << device.error().text();
        EXPECT_NE(device.error().what.find(text), std::string::npos) << device.error().text();
        EXPECT_FALSE(device.error().next.empty());
    }

private:
    std::unique_ptr<test::MemoryCard> card_;

protected:
    test::MemoryCard& card;
};

TEST_F(OpeningABrokenCard, whose_reset_never_ends) {
    card.ends_reset = false;
    expect_error(ErrorKind::timeout, "reset");
}

TEST_F(OpeningABrokenCard, whose_eeprom_does_not_answer) {
    card.eeprom_answers = false;
    expect_error(ErrorKind::timeout, "EEPROM");
}

TEST_F(OpeningABrokenCard, whose_eeprom_is_damaged_and_which_has_no_address) {
    card.eeprom[5] ^= 0x0100;
    expect_error(ErrorKind::device_failed, "checksum");
}

TEST_F(OpeningABrokenCard, whose_eeprom_is_damaged_uses_the_address_set_before) {
    card.eeprom[5] ^= 0x0100;
    card.set(RAL.offset, 0x3322'1102);
    card.set(RAH.offset, 0x8000'5544);
    auto device = open();
    ASSERT_TRUE(device) << device.error().text();
    EXPECT_EQ(device->mac_address().text(), "02:11:22:33:44:55");
}

TEST_F(OpeningABrokenCard, whose_phy_does_not_answer_but_whose_link_is_up) {
    card.phy_answers = false;
    const auto device = open();
    EXPECT_TRUE(device) << device.error().text();
}

TEST_F(OpeningABrokenCard, whose_link_never_comes_up) {
    card.link = false;
    expect_error(ErrorKind::timeout, "no link after 500 ms");
}

TEST_F(OpeningABrokenCard, that_is_gone) {
    card.gone = true;
    expect_error(ErrorKind::device_failed, "ones");
}

}  // namespace
}  // namespace ixy
