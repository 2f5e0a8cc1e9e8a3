// What descriptors add to a frame: checksums, tags, check sequence (manual 3.3.3 to 3.3.7, 3.5).
#include "tests/sim/e1000/bench.hpp"

namespace ixy::sim::e1000 {
namespace {

class TransmitFramesTest : public Bench {
protected:
    bool raised(datasheet::Value<InterruptCauses> cause) { return static_cast<bool>(read(ICR) & cause); }
    std::size_t bad_descriptors() const { return host.count(Misuse::bad_descriptor); }
};

TEST_F(TransmitFramesTest, a_legacy_descriptor_can_have_one_checksum_inserted) {
    start_transmitter(8);
    const IpFrame of;
    const auto start = TDESC_STATUS.CSS(static_cast<std::uint32_t>(of.l4()));
    const auto at = TDESC_CMD.CSO(static_cast<std::uint32_t>(of.l4_checksum()));
    put_legacy(seeded(of), whole | TDESC_CMD.IC | at, start);
    const Bytes frame = seeded(of);  // in two pieces: CSS is taken from the first, the rest from the last
    put_legacy(std::span(frame).first(20), TDESC_CMD.IFCS, start);
    put_legacy(std::span(frame).subspan(20), whole | TDESC_CMD.IC | at);
    doorbell();
    Bytes expected = finished(of);
    set_word(expected, of.ip() + 10, 0);
    EXPECT_EQ(host.frames.at(0), expected);
    EXPECT_EQ(host.frames.at(1), expected);
}

TEST_F(TransmitFramesTest, a_legacy_checksum_beyond_the_frame_is_not_inserted) {
    start_transmitter(8);
    put_legacy(test_frame(60), whole | TDESC_CMD.IC | TDESC_CMD.CSO(59));
    put_legacy(test_frame(60), whole | TDESC_CMD.IC | TDESC_CMD.CSO(20), TDESC_STATUS.CSS(60));
    doorbell();
    EXPECT_EQ(host.frames.at(0), test_frame(60));
    EXPECT_EQ(host.frames.at(1), test_frame(60));
    EXPECT_EQ(bad_descriptors(), 2U);
}

TEST_F(TransmitFramesTest, a_context_inserts_ip_tcp_and_udp_checksums) {
    start_transmitter(64);
    for (const unsigned version : {4U, 6U})
        for (const std::uint8_t protocol : {std::uint8_t{6}, std::uint8_t{17}})
            for (const std::size_t payload : {0U, 1U, 500U, 1401U}) {
                const IpFrame of{.version = version, .protocol = protocol, .payload = payload};
                put(checksums(of));
                const auto ip = version == 4 ? DATA_STATUS.TXSM | DATA_STATUS.IXSM : DATA_STATUS.TXSM;
                put_data(seeded(of), whole_data | DATA_CMD.RS, ip);
                doorbell();
                Bytes expected = finished(of);
                if (expected.size() < 60) expected.resize(60);
                EXPECT_EQ(host.frames.back(), expected) << version << ' ' << protocol << ' ' << payload;
            }
    EXPECT_EQ(host.said(), "");
}

TEST_F(TransmitFramesTest, a_context_holds_until_the_next) {
    start_transmitter(16);
    const IpFrame of;
    put(checksums(of));
    for (int i = 0; i < 3; ++i) {
        put_data(seeded(of), whole_data, DATA_STATUS.TXSM | DATA_STATUS.IXSM);
        put_legacy(test_frame(60), whole);
    }
    put_data(seeded(of), whole_data);
    doorbell();
    for (const std::size_t i : {0U, 2U, 4U}) EXPECT_EQ(host.frames.at(i), finished(of));
    EXPECT_EQ(host.frames.at(6), seeded(of)) << "nothing was requested";
}

TEST_F(TransmitFramesTest, the_first_descriptor_of_a_frame_selects_its_checksums) {
    start_transmitter(16);
    const IpFrame of;
    const Bytes frame = seeded(of);
    put(checksums(of));
    put_data(std::span(frame).first(25), DATA_CMD.IFCS, DATA_STATUS.TXSM | DATA_STATUS.IXSM);
    put_data(std::span(frame).subspan(25), whole_data);
    doorbell();
    EXPECT_EQ(host.frames.at(0), finished(of));
}

TEST_F(TransmitFramesTest, a_context_can_be_reported_too) {
    start_transmitter(8);
    ContextDescriptor context = checksums({});
    context.command |= CONTEXT_CMD.RS;
    put(context);
    doorbell();
    EXPECT_TRUE(done(0));
    EXPECT_TRUE(raised(ICR.TXDW));
    EXPECT_TRUE(host.frames.empty());
}

TEST_F(TransmitFramesTest, checksums_without_a_context_are_reported_and_left_out) {
    start_transmitter(8);
    const IpFrame of;
    put_data(seeded(of), whole_data, DATA_STATUS.TXSM);
    doorbell();
    EXPECT_EQ(host.frames.at(0), seeded(of));
    EXPECT_EQ(bad_descriptors(), 1U);
}

TEST_F(TransmitFramesTest, checksum_offsets_beyond_the_frame_are_reported_and_left_out) {
    start_transmitter(16);
    const IpFrame of;
    ContextDescriptor context = checksums(of);
    context.ip = CONTEXT_IP.IPCSS(14) | CONTEXT_IP.IPCSO(255) | CONTEXT_IP.IPCSE(33);
    context.tcp = CONTEXT_TCP.TUCSS(255) | CONTEXT_TCP.TUCSO(50);
    put(context);
    put_data(seeded(of), whole_data, DATA_STATUS.TXSM | DATA_STATUS.IXSM);
    doorbell();
    EXPECT_EQ(host.frames.at(0), seeded(of));
    EXPECT_EQ(bad_descriptors(), 2U);
}

TEST_F(TransmitFramesTest, a_tag_is_inserted_if_descriptor_and_VME_request_it) {
    write(VET, 0x8100);
    start_transmitter(16);
    const auto tag = TDESC_STATUS.VLAN(0x123) | TDESC_STATUS.PRI(5);
    put_legacy(test_frame(80), whole | TDESC_CMD.VLE, tag);
    doorbell();
    EXPECT_EQ(host.frames.at(0), test_frame(80)) << "VME is off";
    write(CTRL, read(CTRL) | CTRL.VME);
    Bytes expected = test_frame(80);
    const std::array inserted{std::byte{0x81}, std::byte{0x00}, std::byte{0xa1}, std::byte{0x23}};
    expected.insert(expected.begin() + 12, inserted.begin(), inserted.end());
    put_legacy(test_frame(80), whole, tag);
    put_legacy(test_frame(80), whole | TDESC_CMD.VLE, tag);
    put_legacy(test_frame(80), TDESC_CMD.EOP | TDESC_CMD.VLE, tag);  // a tag implies IFCS
    put_data(test_frame(80), whole_data | DATA_CMD.VLE, DATA_STATUS.VLAN(0x123) | DATA_STATUS.PRI(5));
    doorbell();
    EXPECT_EQ(host.frames.at(1), test_frame(80));
    for (const std::size_t i : {2U, 3U, 4U}) EXPECT_EQ(host.frames.at(i), expected);
    EXPECT_EQ(number(GOTCL), 84U + 84 + 3 * 88);
}

TEST_F(TransmitFramesTest, checksums_exclude_the_tag) {
    write(VET, 0x8100);
    write(CTRL, read(CTRL) | CTRL.VME);
    start_transmitter(16);
    const IpFrame of;
    put(checksums(of));
    put_data(seeded(of), whole_data | DATA_CMD.VLE, DATA_STATUS.TXSM | DATA_STATUS.IXSM | DATA_STATUS.VLAN(0x123));
    doorbell();
    Bytes expected = finished(of);
    const std::array inserted{std::byte{0x81}, std::byte{0x00}, std::byte{0x01}, std::byte{0x23}};
    expected.insert(expected.begin() + 12, inserted.begin(), inserted.end());
    EXPECT_EQ(host.frames.at(0), expected);
}

TEST_F(TransmitFramesTest, padding_of_a_short_frame_accounts_for_its_tag) {
    write(CTRL, read(CTRL) | CTRL.VME);
    start_transmitter(8);
    put_legacy(test_frame(42), whole | TDESC_CMD.VLE);
    put_legacy(test_frame(8), whole | TDESC_CMD.VLE);  // no room for a tag after the addresses
    doorbell();
    EXPECT_EQ(host.frames.at(0).size(), 60U);
    EXPECT_EQ(host.frames.at(1).size(), 60U);
}

TEST_F(TransmitFramesTest, without_IFCS_software_supplies_the_check_sequence) {
    start_transmitter(8);
    put_legacy(with_check_sequence(test_frame(80)), TDESC_CMD.EOP);
    doorbell();
    EXPECT_EQ(host.frames.at(0), test_frame(80));
    EXPECT_EQ(host.said(), "");
    put_legacy(test_frame(80), TDESC_CMD.EOP);
    put_legacy(Bytes(3), TDESC_CMD.EOP);
    doorbell();
    EXPECT_EQ(host.frames.size(), 1U);
    EXPECT_EQ(bad_descriptors(), 2U);
}

}  // namespace
}  // namespace ixy::sim::e1000
