// The e1000 driver on cards that we did not write: QEMU's, through qtest.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "tests/support/qemu.hpp"

#include <ixy/nic/device.hpp>

namespace ixy {
namespace {

using test::eventually;
using test::Frame;
using test::make_frame;
using test::Qemu;

Frame bytes_of(const Packet& packet) {
    Frame frame;
    for (const Packet* piece = &packet; piece != nullptr; piece = piece->next()) {
        const auto data = piece->data();
        frame.insert(frame.end(), data.begin(), data.end());
    }
    return frame;
}

/// Fills `packet` with a frame that fits into one buffer.
void fill(Packet& packet, const Frame& frame) {
    std::ranges::copy(frame, packet.start());
    packet.set_length(frame.size());
}

class E1000OnQemu : public testing::TestWithParam<const char*> {};

INSTANTIATE_TEST_SUITE_P(AllModels, E1000OnQemu, testing::Values("e1000", "e1000-82545em", "e1000-82544gc"),
                         [](const auto& model) {
                             std::string name = model.param;
                             std::ranges::replace(name, '-', '_');
                             return name;
                         });

TEST_P(E1000OnQemu, sends_a_frame_byte_for_byte) {
    Qemu qemu({{.model = GetParam()}});
    auto device = Device::open(qemu.address());
    ASSERT_TRUE(device) << device.error().text();
    EXPECT_EQ(device->mac_address().text(), "52:54:00:00:00:01");
    EXPECT_TRUE(device->link().up);

    const Frame frame = make_frame(60);
    Batch<4> batch;
    ASSERT_EQ(batch.allocate(*device->pool(), 1), 1U);
    fill(batch[0], frame);
    EXPECT_EQ(device->tx_queue(0).send(batch), 1U);
    EXPECT_TRUE(batch.empty());
    EXPECT_EQ(qemu.wire().receive(), frame);
}

TEST_P(E1000OnQemu, receives_a_frame_byte_for_byte) {
    Qemu qemu({{.model = GetParam()}});
    auto device = Device::open(qemu.address());
    ASSERT_TRUE(device) << device.error().text();
    const Frame frame = make_frame(60);
    ASSERT_TRUE(qemu.wire().send(frame));
    Batch<4> batch;
    ASSERT_TRUE(eventually([&] { return device->rx_queue(0).receive(batch) == 1; }));
    EXPECT_EQ(bytes_of(batch[0]), frame);
}

}  // namespace
}  // namespace ixy
