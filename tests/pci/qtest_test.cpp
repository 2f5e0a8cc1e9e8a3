// Devices inside a QEMU under qtest, without a driver: they are found and sized, a handmade descriptor sends a frame
// and another receives one, and nothing hangs or crashes when QEMU disappears.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>

#include <ixy/core/dma.hpp>
#include <ixy/pci/barrier.hpp>
#include <ixy/pci/qtest.hpp>
#include <ixy/pci/recorder.hpp>

#include "tests/support/qemu.hpp"

namespace ixy {
namespace {

using namespace std::chrono_literals;
using test::Card;
using test::eventually;
using test::Frame;
using test::make_frame;
using test::Qemu;

// The few registers needed for one frame each way; the driver takes them from the datasheet's table. 82540EM manual,
// 13.2.
enum Offset : std::uint64_t {
    status = 0x0008,
    rctl = 0x0100,
    tctl = 0x0400,
    rdbal = 0x2800,
    rdlen = 0x2808,
    rdh = 0x2810,
    rdt = 0x2818,
    tdbal = 0x3800,
    tdlen = 0x3808,
    tdh = 0x3810,
    tdt = 0x3818,
};
constexpr std::uint32_t link_up = 1 << 1;
constexpr std::uint32_t enable = 1 << 1;  // of RCTL and of TCTL
constexpr std::uint32_t promiscuous = 1 << 3, broadcast = 1 << 15, strip_crc = 1 << 26;
constexpr std::uint8_t end_of_packet = 1, insert_fcs = 2, report_status = 8;  // a transmit descriptor's commands
constexpr std::uint8_t done = 1;

struct TransmitDescriptor {
    std::uint64_t buffer;
    std::uint16_t length;
    std::uint8_t checksum_offset, command, status, checksum_start;
    std::uint16_t special;
};
struct ReceiveDescriptor {
    std::uint64_t buffer;
    std::uint16_t length, checksum;
    std::uint8_t status, errors;
    std::uint16_t special;
};
static_assert(sizeof(TransmitDescriptor) == 16 && sizeof(ReceiveDescriptor) == 16);

constexpr std::size_t ring_bytes = 128;

template <class T>
T value_of(Expected<T> result) {
    if (!result) throw std::runtime_error(result.error().text());
    return std::move(*result);
}

std::unique_ptr<PciFunction> open(const std::string& address) { return value_of(open_qtest_function(address)); }

void set_ring(const Bar& bar, std::uint64_t base, IoAddress ring) {
    bar.store(base, static_cast<std::uint32_t>(ring.value));
    bar.store(base + 4, static_cast<std::uint32_t>(ring.value >> 32));
    bar.store(base + 8, std::uint32_t{ring_bytes});
}

/// Sends `frame` with the first descriptor of a fresh ring. False if the card does not report it done.
bool send_by_hand(PciFunction& function, const Frame& frame) {
    const Bar bar = value_of(function.map_bar(0, 0x20000));
    const DmaMemory ring = value_of(function.dma_space()->allocate(ring_bytes, 128));
    const DmaMemory buffer = value_of(function.dma_space()->allocate(2048));
    std::memcpy(buffer.data(), frame.data(), frame.size());
    auto* const descriptor = reinterpret_cast<volatile TransmitDescriptor*>(ring.data());
    descriptor->buffer = buffer.address().value;
    descriptor->length = static_cast<std::uint16_t>(frame.size());
    descriptor->command = end_of_packet | insert_fcs | report_status;

    EXPECT_TRUE(function.set_bus_master(true));
    set_ring(bar, tdbal, ring.address());
    bar.store(tdh, 0U);
    bar.store(tdt, 0U);
    bar.store(tctl, enable);
    mmio_wmb();
    bar.store(tdt, 1U);
    const bool sent = eventually([&] { return (descriptor->status & done) != 0; });
    bar.store(tctl, 0U);
    return sent;
}

/// Receives one frame, triggered by `send`, with a ring of eight descriptors.
Frame receive_by_hand(PciFunction& function, const std::function<void()>& send) {
    const Bar bar = value_of(function.map_bar(0, 0x20000));
    const DmaMemory ring = value_of(function.dma_space()->allocate(ring_bytes, 128));
    const DmaMemory buffers = value_of(function.dma_space()->allocate(8 * 2048));
    auto* const descriptors = reinterpret_cast<volatile ReceiveDescriptor*>(ring.data());
    for (std::size_t i = 0; i < 8; ++i) descriptors[i].buffer = buffers.address().value + i * 2048;

    EXPECT_TRUE(function.set_bus_master(true));
    set_ring(bar, rdbal, ring.address());
    bar.store(rdh, 0U);
    bar.store(rdt, 7U);
    bar.store(rctl, enable | promiscuous | broadcast | strip_crc);
    send();
    EXPECT_TRUE(eventually([&] { return (descriptors[0].status & done) != 0; }));
    dma_rmb();
    bar.store(rctl, 0U);
    return {buffers.data(), buffers.data() + descriptors[0].length};
}

struct Model {
    std::string name;
    std::uint16_t device;
    std::vector<std::size_t> bars;
};
std::ostream& operator<<(std::ostream& out, const Model& model) { return out << model.name; }

class EveryIntelCard : public testing::TestWithParam<Model> {
protected:
    Qemu qemu{{Card{.model = GetParam().name}}};
    std::unique_ptr<PciFunction> function = open(qemu.address());
};

TEST_P(EveryIntelCard, is_identified) {
    EXPECT_EQ(function->identity().vendor, 0x8086);
    EXPECT_EQ(function->identity().device, GetParam().device);
    EXPECT_EQ(function->identity().class_code, 0x020000U);
    EXPECT_TRUE(function->identity().is_network_card());
    EXPECT_EQ(function->config_read(pci_config::device_id, 2), GetParam().device);
    EXPECT_EQ(function->config_read(pci_config::vendor_id + 1, 1), 0x80U);
    EXPECT_EQ(function->address(), qemu.address());
}

TEST_P(EveryIntelCard, has_bars_of_the_right_size) {
    for (unsigned i = 0; i < GetParam().bars.size(); ++i) {
        const auto bar = function->map_bar(i, 1);
        ASSERT_TRUE(bar) << bar.error().text();
        EXPECT_EQ(bar->size(), GetParam().bars[i]) << "BAR " << i;
    }
    EXPECT_EQ(function->map_bar(0, GetParam().bars[0] + 1).error().kind, ErrorKind::device_failed);
    EXPECT_EQ(function->map_bar(5, 1).error().kind, ErrorKind::unsupported);
    EXPECT_EQ(function->map_bar(6, 1).error().kind, ErrorKind::unsupported);
}

TEST_P(EveryIntelCard, registers_are_read_through_memory_and_io_space) {
    const Bar memory = value_of(function->map_bar(0, 0x20000));
    EXPECT_TRUE(memory.load<std::uint32_t>(status) & link_up);
    EXPECT_EQ(memory.load<std::uint32_t>(status), memory.load<std::uint32_t>(status));
    // IOADDR and IODATA: a register's offset, then its contents. 82540EM manual, 13.2.1.
    const Bar ports = value_of(function->map_bar(GetParam().bars.size() == 2 ? 1 : 2, 8));
    ports.store<std::uint32_t>(0, 0U);
    EXPECT_NE(ports.load<std::uint32_t>(4), ~0U);
}

TEST_P(EveryIntelCard, a_handmade_descriptor_sends_a_frame_byte_for_byte) {
    for (unsigned i = 0; i < 3; ++i) {
        const Frame frame = make_frame(60 + 500 * i, i);
        ASSERT_TRUE(send_by_hand(*function, frame));
        EXPECT_EQ(qemu.wire().receive(), frame);
    }
    EXPECT_TRUE(qemu.wire().drain(20ms).empty());
}

TEST_P(EveryIntelCard, a_frame_from_the_wire_arrives_in_memory_byte_for_byte) {
    for (unsigned i = 0; i < 3; ++i) {
        const Frame frame = make_frame(60 + 500 * i, i);
        EXPECT_EQ(receive_by_hand(*function, [&] { EXPECT_TRUE(qemu.wire().send(frame)); }), frame);
    }
}

TEST_P(EveryIntelCard, without_bus_mastering_nothing_is_sent) {
    const Bar bar = value_of(function->map_bar(0, 0x20000));
    ASSERT_TRUE(function->set_bus_master(true));
    ASSERT_TRUE(function->set_bus_master(false));
    EXPECT_EQ(*function->config_read(pci_config::command, 2) & pci_config::command_bus_master, 0U);
    const DmaMemory ring = value_of(function->dma_space()->allocate(ring_bytes, 128));
    reinterpret_cast<volatile TransmitDescriptor*>(ring.data())->length = 60;
    reinterpret_cast<volatile TransmitDescriptor*>(ring.data())->command = end_of_packet | report_status;
    set_ring(bar, tdbal, ring.address());
    bar.store(tctl, enable);
    bar.store(tdt, 1U);
    EXPECT_TRUE(qemu.wire().drain(50ms).empty());
    EXPECT_EQ(reinterpret_cast<volatile TransmitDescriptor*>(ring.data())->status, 0);
}

TEST_P(EveryIntelCard, reads_all_ones_when_qemu_is_killed) {
    const Bar bar = value_of(function->map_bar(0, 0x20000));
    const DmaMemory memory = value_of(function->dma_space()->allocate(4096));
    qemu.kill();
    bar.store(tctl, enable);
    EXPECT_EQ(bar.load<std::uint32_t>(status), 0xffff'ffffU);
    EXPECT_EQ(bar.load<std::uint16_t>(status), 0xffffU);
    EXPECT_EQ(bar.load<std::uint64_t>(status), ~0ULL);
    memory.data()[0] = std::byte{1};
    function->wait(1s);
    EXPECT_EQ(function->config_read(0, 4).error().kind, ErrorKind::device_failed);
    EXPECT_EQ(function->set_bus_master(true).error().kind, ErrorKind::device_failed);
    EXPECT_EQ(function->map_bar(0, 1).error().kind, ErrorKind::device_failed);
}

INSTANTIATE_TEST_SUITE_P(Qtest, EveryIntelCard,
                         testing::Values(Model{"e1000", 0x100e, {0x20000, 0x40}},
                                         Model{"e1000-82545em", 0x100f, {0x20000, 0x40}},
                                         Model{"e1000-82544gc", 0x100c, {0x20000, 0x40}},
                                         Model{"e1000e", 0x10d3, {0x20000, 0x20000, 0x20, 0x4000}}),
                         [](const auto& test) {
                             std::string name = test.param.name;
                             std::ranges::replace(name, '-', '_');
                             return name;
                         });

TEST(Qtest, two_cards_of_one_machine_share_a_dma_space) {
    Qemu qemu({Card{}, Card{}});
    const auto first = open(qemu.address(0));
    const auto second = open(qemu.address(1));
    EXPECT_EQ(first->dma_space(), second->dma_space());
    const auto one = value_of(first->dma_space()->allocate(4096));
    const auto two = value_of(second->dma_space()->allocate(4096));
    EXPECT_NE(one.address().value, two.address().value);
    EXPECT_GE(std::min(one.address().value, two.address().value), 1U << 20);
}

TEST(Qtest, cards_on_one_cable_hear_each_other_and_the_capture_shows_it) {
    Qemu qemu({Card{.cable = "a"}, Card{.cable = "a"}, Card{}}, {.capture = true});
    const auto sender = open(qemu.address(0));
    const auto receiver = open(qemu.address(1));
    const Frame frame = make_frame(1000, 7);
    EXPECT_EQ(receive_by_hand(*receiver, [&] { EXPECT_TRUE(send_by_hand(*sender, frame)); }), frame);
    EXPECT_TRUE(qemu.wire(2).drain(20ms).empty());
    constexpr std::size_t pcap_headers = 24 + 16;
    EXPECT_TRUE(eventually([&] { return std::filesystem::file_size(qemu.capture(1)) == pcap_headers + frame.size(); }));
}

TEST(Qtest, a_function_can_be_reopened_but_not_opened_twice_at_once) {
    Qemu qemu;
    for (unsigned i = 0; i < 20; ++i) {
        const auto function = open(qemu.address());
        EXPECT_EQ(open_qtest_function(qemu.address()).error().kind, ErrorKind::busy);
        EXPECT_TRUE(value_of(function->map_bar(0, 1)).load<std::uint32_t>(status) & link_up);
    }
}

TEST(Qtest, memory_outliving_its_function_is_not_handed_out_again) {
    Qemu qemu;
    const DmaMemory kept = value_of(open(qemu.address())->dma_space()->allocate(4096));
    const auto again = open(qemu.address());
    EXPECT_EQ(again->dma_space().get(), kept.space());
    EXPECT_NE(value_of(again->dma_space()->allocate(4096)).address(), kept.address());
}

TEST(Qtest, all_memory_can_be_allocated_but_no_more) {
    Qemu qemu({Card{}}, {.memory_mib = 4});
    const auto function = open(qemu.address());
    DmaSpace& space = *function->dma_space();
    EXPECT_EQ(space.allocate(4 << 20).error().kind, ErrorKind::invalid_argument);
    const auto everything = value_of(space.allocate(space.largest_piece()));
    const auto error = space.allocate(64).error();
    EXPECT_EQ(error.kind, ErrorKind::no_memory);
    EXPECT_NE(error.next.find("size="), std::string::npos);
}

TEST(Qtest, a_machine_restarted_on_the_same_socket_is_a_new_one) {
    Qemu qemu;
    const auto before = qemu.connection();
    EXPECT_EQ(qemu.connection(), before);
    qemu.kill();
    EXPECT_FALSE(before->command("endianness"));
    EXPECT_EQ(QtestConnection::open(qemu.socket()).error().kind, ErrorKind::not_found);
}

TEST(Qtest, the_first_network_card_is_used_unless_one_is_named) {
    Qemu qemu({Card{.model = "e1000-82545em"}, Card{.model = "e1000"}});
    const std::string plain = "qtest:" + qemu.socket().native();
    EXPECT_EQ(open(plain)->identity().device, 0x100f);
    EXPECT_EQ(open(plain + ",device=03.0")->identity().device, 0x100e);
    EXPECT_EQ(open_qtest_function(plain + ",device=1e.0").error().kind, ErrorKind::not_found);
    EXPECT_EQ(open(plain + ",memory=" + qemu.memory().native())->identity().device, 0x100f);
    EXPECT_FALSE(open(plain + ",device=1f.0")->identity().is_network_card());
}

TEST(Qtest, a_machine_without_a_card_is_reported) {
    Qemu qemu(std::vector<Card>{});
    const auto error = open_qtest_function("qtest:" + qemu.socket().native()).error();
    EXPECT_EQ(error.kind, ErrorKind::not_found);
    EXPECT_NE(error.what.find("no network card"), std::string::npos) << error.text();
}

TEST(Qtest, malformed_addresses_are_refused) {
    for (const char* address : {"qtest:", "qtest:,device=02.0", "qtest:/s,device=", "qtest:/s,device=2",
                                "qtest:/s,device=20.0", "qtest:/s,device=02.8", "qtest:/s,device=02.00",
                                "qtest:/s,device=zz.0", "qtest:/s,memory=", "qtest:/s,colour=blue", "qtest:/s,,"}) {
        const auto function = open_qtest_function(address);
        ASSERT_FALSE(function) << address;
        EXPECT_EQ(function.error().kind, ErrorKind::invalid_argument) << address;
        EXPECT_NE(function.error().what.find(address), std::string::npos) << function.error().text();
        EXPECT_FALSE(function.error().next.empty()) << address;
    }
    EXPECT_EQ(open_qtest_function("qtest:/" + std::string(200, 'x')).error().kind, ErrorKind::invalid_argument);
}

TEST(Qtest, a_missing_socket_error_tells_how_to_start_qemu) {
    const auto error = open_qtest_function("qtest:/nonexistent/socket").error();
    EXPECT_EQ(error.kind, ErrorKind::not_found);
    EXPECT_NE(error.what.find("/nonexistent/socket"), std::string::npos);
    EXPECT_NE(error.next.find("qemu-system-x86_64"), std::string::npos);
}

TEST(Qtest, the_command_in_the_error_starts_a_working_machine) {
    Qemu folder_owner(std::vector<Card>{});
    const std::string socket = folder_owner.folder() / "other";
    const std::string next = open_qtest_function("qtest:" + socket).error().next;
    const std::string command = "exec " + next.substr(next.find("qemu-system")) + " 2>/dev/null";
    const pid_t process = ::fork();
    if (process == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ::execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
        ::_exit(127);
    }
    EXPECT_TRUE(eventually([&] {  // its BIOS also uses configuration space while it boots
        const auto function = open_qtest_function("qtest:" + socket);
        const auto bar = function ? (*function)->map_bar(0, 0x20000) : Expected<Bar>();
        return function && bar && (*function)->identity().device == 0x100e && bar->load<std::uint32_t>(status) != ~0U &&
               (bar->load<std::uint32_t>(status) & link_up) != 0;
    }));
    ::kill(process, SIGKILL);
    ::waitpid(process, nullptr, 0);
}

TEST(Qtest, a_wrong_memory_file_is_refused) {
    Qemu qemu({Card{}}, {.memory_mib = 8});
    const auto open_with = [&](std::uintmax_t size) {
        const auto file = qemu.folder() / "other";
        std::ofstream{file};
        std::filesystem::resize_file(file, size);
        return open_qtest_function(qemu.address() + ",memory=" + file.native()).error();
    };
    EXPECT_EQ(open_with(8 << 20).kind, ErrorKind::invalid_argument);
    EXPECT_EQ(open_with(4096).kind, ErrorKind::invalid_argument);
    EXPECT_EQ(open_with(0).kind, ErrorKind::invalid_argument);
    EXPECT_EQ(open_qtest_function(qemu.address() + ",memory=/nonexistent").error().kind, ErrorKind::not_found);
    std::filesystem::resize_file(qemu.memory(), 16 << 20);
    EXPECT_EQ(open_qtest_function(qemu.address()).error().kind, ErrorKind::invalid_argument)
        << "more than the machine has";
}

TEST(Qtest, the_link_follows_the_cable) {
    Qemu qemu;
    const auto function = open(qemu.address());
    const Bar bar = value_of(function->map_bar(0, 0x20000));
    const auto link_is = [&](bool up) {
        return eventually([&] { return ((bar.load<std::uint32_t>(status) & link_up) != 0) == up; });
    };
    qemu.set_link(0, false);
    EXPECT_TRUE(link_is(false));
    qemu.set_link(0, true);
    EXPECT_TRUE(link_is(true));
}

TEST(Qtest, a_cable_holds_frames_for_a_stalled_receiver_until_sending_stops) {
    Qemu qemu;
    const auto function = open(qemu.address());
    unsigned sent = 0;
    while (sent < 2000 && qemu.wire().send(make_frame(16 * 1024, sent), 50ms)) ++sent;
    EXPECT_LT(sent, 2000U);
    EXPECT_GT(sent, 1U);
}

TEST(Qtest, large_frames_pass_intact) {
    Qemu qemu;
    const auto function = open(qemu.address());
    const Bar bar = value_of(function->map_bar(0, 0x20000));
    const DmaMemory ring = value_of(function->dma_space()->allocate(ring_bytes, 128));
    const DmaMemory buffer = value_of(function->dma_space()->allocate(16384));
    const Frame frame = make_frame(16000, 3);
    std::memcpy(buffer.data(), frame.data(), frame.size());
    auto* const descriptors = reinterpret_cast<volatile TransmitDescriptor*>(ring.data());
    for (std::size_t i = 0; i < 4; ++i) {
        descriptors[i].buffer = buffer.address().value + i * 4000;
        descriptors[i].length = 4000;
        descriptors[i].command = i == 3 ? end_of_packet | insert_fcs | report_status : insert_fcs;
    }
    ASSERT_TRUE(function->set_bus_master(true));
    set_ring(bar, tdbal, ring.address());
    bar.store(tctl, enable);
    bar.store(tdt, 4U);
    EXPECT_EQ(qemu.wire().receive(), frame);
}

TEST(Recorder, every_access_is_recorded_and_passed_on) {
    Qemu qemu;
    const auto log = std::make_shared<RegisterLog>();
    const auto function = record(open(qemu.address()), log);
    EXPECT_EQ(function->identity().device, 0x100e);
    EXPECT_TRUE(log->accesses().empty()) << "configuration space is not recorded";
    const Bar bar = value_of(function->map_bar(0, 0x20000));
    bar.store(tdlen, 0x80U);
    EXPECT_EQ(bar.load<std::uint32_t>(tdlen), 0x80U);
    EXPECT_EQ(log->written(tdlen), std::vector<std::uint64_t>{0x80});
    EXPECT_EQ(log->reads(), 1U);
    EXPECT_EQ(log->writes(), 1U);
    const auto read = log->accesses().at(1);
    EXPECT_TRUE(read.is_read());
    EXPECT_EQ(read.bar, 0U);
    EXPECT_EQ(read.offset, tdlen);
    EXPECT_EQ(read.width, 4U);
    EXPECT_EQ(read.value, 0x80U);
    EXPECT_NE(std::string(read.where.file_name()).find("qtest_test.cpp"), std::string::npos);
    log->clear();
    EXPECT_TRUE(log->accesses().empty());
    const Frame frame = make_frame(60);
    EXPECT_TRUE(send_by_hand(*function, frame));
    EXPECT_EQ(qemu.wire().receive(), frame);
    EXPECT_EQ(log->written(tdt), (std::vector<std::uint64_t>{0, 1}));
}

TEST(Recorder, a_mapped_bar_is_also_recorded_at_every_width) {
    /// A function whose BAR is plain memory.
    struct PlainFunction final : PciFunction {
        alignas(8) std::array<std::byte, 64> memory{};
        PciIdentity who;
        std::shared_ptr<DmaSpace> none;
        std::string_view address() const override { return "plain"; }
        const PciIdentity& identity() const override { return who; }
        Expected<std::uint32_t> config_read(std::uint32_t, unsigned) override { return 0; }
        Expected<> config_write(std::uint32_t, unsigned, std::uint32_t) override { return {}; }
        Expected<Bar> map_bar(unsigned, std::size_t) override { return Bar(memory.data(), memory.size()); }
        const std::shared_ptr<DmaSpace>& dma_space() const override { return none; }
    };
    const auto log = std::make_shared<RegisterLog>();
    const auto function = record(std::make_unique<PlainFunction>(), log);
    const Bar bar = value_of(function->map_bar(2, 1));
    EXPECT_EQ(bar.mapped(), nullptr);
    bar.store<std::uint64_t>(8, 0x1122'3344'5566'7788);
    EXPECT_EQ(bar.load<std::uint8_t>(8), 0x88);
    EXPECT_EQ(bar.load<std::uint16_t>(10), 0x5566);
    EXPECT_EQ(bar.load<std::uint32_t>(12), 0x1122'3344U);
    EXPECT_EQ(log->written(8, 2).size(), 1U);
    EXPECT_EQ(log->written(8, 0).size(), 0U);
    EXPECT_EQ(log->reads(), 3U);
}

}  // namespace
}  // namespace ixy
