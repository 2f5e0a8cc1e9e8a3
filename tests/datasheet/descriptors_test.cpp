// Descriptors: their memory layout matches the manual's figures.
#include <gtest/gtest.h>

#include <bit>
#include <cstring>

#include "tests/datasheet/rows.hpp"

namespace ixy::datasheet::e1000 {
namespace {

using Bytes = std::array<std::uint8_t, 16>;

TEST(descriptors, words_are_contiguous) {
    for (const DescriptorKind* descriptor : DESCRIPTORS)
        for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(descriptor->words[i]->offset, 4 * i) << descriptor->name;
}

TEST(descriptors, receive_layout) {
    Bytes bytes{0x00, 0x10, 0x20, 0x30, 0x01, 0, 0, 0, 60, 0, 0xcd, 0xab, 0x03, 0x20, 0x05, 0xe0};
    const auto descriptor = std::bit_cast<ReceiveDescriptor>(bytes);
    EXPECT_EQ(descriptor.address, 0x1'3020'1000U);
    EXPECT_EQ(RDESC_LENGTH.LENGTH.of(descriptor.length), 60U);
    EXPECT_EQ(RDESC_LENGTH.CHECKSUM.of(descriptor.length), 0xabcdU);
    EXPECT_TRUE(descriptor.status & RDESC_STATUS.DD);
    EXPECT_TRUE(descriptor.status & RDESC_STATUS.EOP);
    EXPECT_TRUE(descriptor.status & RDESC_STATUS.TCPE);
    EXPECT_FALSE(descriptor.status & RDESC_STATUS.IPE);
    EXPECT_EQ(RDESC_STATUS.VLAN.of(descriptor.status), 5U);
    EXPECT_EQ(RDESC_STATUS.PRI.of(descriptor.status), 7U);
}

TEST(descriptors, transmit_layout) {
    const TransmitDescriptor descriptor{
        0x2000, TDESC_CMD.LENGTH(1514) | TDESC_CMD.CSO(16) | TDESC_CMD.EOP | TDESC_CMD.IFCS | TDESC_CMD.RS,
        TDESC_STATUS.CSS(14) | TDESC_STATUS.VLAN(0x123)};
    const auto bytes = std::bit_cast<Bytes>(descriptor);
    EXPECT_EQ(bytes, (Bytes{0x00, 0x20, 0, 0, 0, 0, 0, 0, 0xea, 0x05, 16, 0x0b, 0, 14, 0x23, 0x01}));
}

TEST(descriptors, context_layout) {
    const ContextDescriptor descriptor{
        CONTEXT_IP.IPCSS(14) | CONTEXT_IP.IPCSO(24) | CONTEXT_IP.IPCSE(33),
        CONTEXT_TCP.TUCSS(34) | CONTEXT_TCP.TUCSO(50),
        CONTEXT_CMD.PAYLEN(0x12345) | CONTEXT_CMD.TCP | CONTEXT_CMD.IP | CONTEXT_CMD.DEXT,
        CONTEXT_STATUS.HDRLEN(54) | CONTEXT_STATUS.MSS(1460)};
    const auto bytes = std::bit_cast<Bytes>(descriptor);
    EXPECT_EQ(bytes, (Bytes{14, 24, 33, 0, 34, 50, 0, 0, 0x45, 0x23, 0x01, 0x23, 0, 54, 0xb4, 0x05}));
}

TEST(descriptors, data_layout) {
    const DataDescriptor descriptor{0x3000, DATA_CMD.DTALEN(60) | DATA_CMD.DTYP(1) | DATA_CMD.DEXT | DATA_CMD.EOP,
                                    DATA_STATUS.IXSM | DATA_STATUS.TXSM};
    const auto bytes = std::bit_cast<Bytes>(descriptor);
    EXPECT_EQ(bytes, (Bytes{0x00, 0x30, 0, 0, 0, 0, 0, 0, 60, 0, 0x10, 0x21, 0, 3, 0, 0}));
}

TEST(descriptors, extended_receive_layout) {
    Bytes bytes{0x01, 0x01, 0, 0, 1, 2, 3, 4, 0x03, 0, 0, 0x40, 60, 0, 0x05, 0};
    const auto descriptor = std::bit_cast<ExtendedReceiveWriteBack>(bytes);
    EXPECT_EQ(EXTENDED_MRQ.QUEUE.of(descriptor.mrq), 1U);
    EXPECT_EQ(descriptor.hash, 0x0403'0201U);
    EXPECT_TRUE(descriptor.status & EXTENDED_STATUS.DD);
    EXPECT_TRUE(descriptor.status & EXTENDED_STATUS.IPE);
    EXPECT_EQ(EXTENDED_LENGTH.LENGTH.of(descriptor.length), 60U);
    EXPECT_EQ(EXTENDED_LENGTH.VLAN.of(descriptor.length), 5U);
}

}  // namespace
}  // namespace ixy::datasheet::e1000
