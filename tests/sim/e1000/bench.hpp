// A card on a test bench: accessible registers, rings in plain memory, and checksums computed in the simplest way to
// compare with.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include <ixy/datasheet/e1000/chips.hpp>
#include <ixy/datasheet/e1000/descriptors.hpp>
#include <ixy/sim/chips/e1000/e1000.hpp>

#include "tests/sim/e1000/test_host.hpp"

namespace ixy::sim::e1000 {

using namespace datasheet::e1000;
using Bytes = std::vector<std::byte>;

/// `size` bytes that depend on `seed`; each byte of the destination address is `destination`.
inline Bytes test_frame(std::size_t size, unsigned seed = 1, std::uint8_t destination = 0xff) {
    Bytes frame(size);
    for (std::size_t i = 0; i < size; ++i) {
        const auto byte = static_cast<std::byte>(seed * 7 + i * 13 + (i >> 8));
        frame[i] = i < 6 ? std::byte{destination} : i < 12 ? std::byte{0x02} : byte;
    }
    if (size > 13) frame[12] = std::byte{0x88}, frame[13] = std::byte{0xb5};  // IEEE 802: local experiments
    return frame;
}

/// In network byte order.
inline unsigned word(std::span<const std::byte> bytes, std::size_t at) {
    return std::to_integer<unsigned>(bytes[at]) << 8 | std::to_integer<unsigned>(bytes[at + 1]);
}
inline void set_word(std::span<std::byte> bytes, std::size_t at, unsigned value) {
    bytes[at] = static_cast<std::byte>(value >> 8);
    bytes[at + 1] = static_cast<std::byte>(value);
}

/// RFC 1071, word by word.
inline unsigned simple_sum(std::span<const std::byte> bytes, unsigned sum = 0) {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        sum += std::to_integer<unsigned>(bytes[i]) << (i % 2 == 0 ? 8 : 0);
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (sum & 0xffff) + (sum >> 16);
}

/// IEEE 802.3, bit by bit.
inline std::uint32_t simple_crc(std::span<const std::byte> bytes) {
    std::uint32_t crc = ~0U;
    for (const std::byte byte : bytes) {
        crc ^= std::to_integer<std::uint32_t>(byte);
        for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? crc >> 1 ^ 0xedb8'8320 : crc >> 1;
    }
    return ~crc;
}
inline Bytes with_check_sequence(Bytes frame) {
    const std::uint32_t crc = simple_crc(frame);
    for (int i = 0; i < 4; ++i) frame.push_back(static_cast<std::byte>(crc >> 8 * i));
    return frame;
}

/// The parts of an IP packet.
struct IpFrame {
    unsigned version = 4;
    std::uint8_t protocol = 6;  ///< 6: TCP, 17: UDP
    std::size_t payload = 100;
    std::size_t options = 0;  ///< bytes of IPv4 options
    bool tagged = false;

    std::size_t ip() const { return tagged ? 18 : 14; }
    std::size_t l4() const { return ip() + (version == 4 ? 20 + options : 40); }
    std::size_t headers() const { return l4() + (protocol == 6 ? 20 : 8); }
    std::size_t size() const { return headers() + payload; }
    std::size_t l4_checksum() const { return l4() + (protocol == 6 ? 16 : 6); }
};

inline unsigned pseudo_header(const Bytes& frame, const IpFrame& of, std::size_t length) {
    const bool four = of.version == 4;
    const auto addresses = std::span(frame).subspan(of.ip() + (four ? 12 : 8), four ? 8 : 32);
    return simple_sum(addresses, simple_sum({}, of.protocol + static_cast<unsigned>(length)));
}

/// A complete frame without its checksums.
inline Bytes unfinished(const IpFrame& of) {
    Bytes frame = test_frame(of.size());
    if (of.tagged) set_word(frame, 12, 0x8100), set_word(frame, 14, 0x0123);
    set_word(frame, of.ip() - 2, of.version == 4 ? 0x0800 : 0x86dd);
    const std::size_t ip = of.ip();
    const std::size_t length = of.size() - of.l4();
    if (of.version == 4) {
        frame[ip] = static_cast<std::byte>(0x40 | (20 + of.options) / 4);
        set_word(frame, ip + 2, static_cast<unsigned>(of.size() - ip));
        set_word(frame, ip + 4, 0xfffe);  // identification
        set_word(frame, ip + 6, 0x4000);  // do not fragment
        frame[ip + 9] = std::byte{of.protocol};
        set_word(frame, ip + 10, 0);
    } else {
        frame[ip] = std::byte{0x60};
        set_word(frame, ip + 4, static_cast<unsigned>(length));
        frame[ip + 6] = std::byte{of.protocol};
    }
    if (of.protocol == 6) {
        set_word(frame, of.l4() + 4, 0xffff), set_word(frame, of.l4() + 6, 0xff00);  // sequence number
        set_word(frame, of.l4() + 12, 0x5019);                                       // 20 bytes; ACK, PSH, FIN
    } else {
        set_word(frame, of.l4() + 4, static_cast<unsigned>(length));
    }
    set_word(frame, of.l4_checksum(), 0);
    return frame;
}

/// The same with correct checksums.
inline Bytes finished(const IpFrame& of) {
    Bytes frame = unfinished(of);
    const auto ip = std::span(frame).subspan(of.ip(), of.l4() - of.ip());
    if (of.version == 4) set_word(frame, of.ip() + 10, ~simple_sum(ip) & 0xffff);
    const auto l4 = std::span<const std::byte>(frame).subspan(of.l4());
    const unsigned sum = ~simple_sum(l4, pseudo_header(frame, of, l4.size())) & 0xffff;
    set_word(frame, of.l4_checksum(), sum == 0 ? 0xffff : sum);
    return frame;
}

/// A context for the checksums of `of`.
inline ContextDescriptor checksums(const IpFrame& of) {
    const auto ip = static_cast<std::uint32_t>(of.ip());
    const auto l4 = static_cast<std::uint32_t>(of.l4());
    return {.ip = CONTEXT_IP.IPCSS(ip) | CONTEXT_IP.IPCSO(ip + 10) | CONTEXT_IP.IPCSE(l4 - 1),
            .tcp = CONTEXT_TCP.TUCSS(l4) | CONTEXT_TCP.TUCSO(static_cast<std::uint32_t>(of.l4_checksum())),
            .command = CONTEXT_CMD.DEXT,
            .status = {}};
}
/// A frame as software hands it over for completion: the pseudo-header's sum in place of the checksum.
inline Bytes seeded(const IpFrame& of) {
    Bytes frame = unfinished(of);
    set_word(frame, of.l4_checksum(), pseudo_header(frame, of, of.size() - of.l4()));
    return frame;
}

// A descriptor that is a whole frame, with the check sequence added by the card.
constexpr auto whole = TDESC_CMD.EOP | TDESC_CMD.IFCS;
constexpr auto whole_data = DATA_CMD.EOP | DATA_CMD.IFCS;

class Bench : public testing::Test {
protected:
    // Memory layout.
    static constexpr IoAddress rx_ring{0x1'0000}, tx_ring{0x2'0000};
    static constexpr std::size_t buffer_stride = 0x4400;
    static IoAddress rx_buffer(std::size_t i) { return {0x10'0000 + i * buffer_stride}; }
    static IoAddress tx_buffer(std::size_t i) { return {0x40'0000 + i * buffer_stride}; }

    Bench() { write(CTRL, read(CTRL) | CTRL.SLU); }

    template <class R>
    datasheet::Value<R> read(datasheet::Location<R> at) {
        return {static_cast<std::uint32_t>(nic->read(0, at.offset, 4))};
    }
    template <class R, std::size_t N>
    datasheet::Value<R> read(const datasheet::Register<R, N>& reg) {
        return read(datasheet::Location<R>(reg.offset));
    }
    template <class R>
    void write(datasheet::Location<R> at, std::type_identity_t<datasheet::Value<R>> value) {
        nic->write(0, at.offset, 4, value.bits);
    }
    template <class R, std::size_t N>
    void write(const datasheet::Register<R, N>& reg, std::type_identity_t<datasheet::Value<R>> value) {
        nic->write(0, reg.offset, 4, value.bits);
    }
    void write(const datasheet::Number& reg, std::uint32_t value) { nic->write(0, reg.offset, 4, value); }
    void write(datasheet::Location<datasheet::Number> at, std::uint32_t value) { nic->write(0, at.offset, 4, value); }
    std::uint32_t number(const datasheet::Number& reg) {
        return static_cast<std::uint32_t>(nic->read(0, reg.offset, 4));
    }

    // --- receive ---
    void set_receive_ring(std::uint32_t size) {
        write(RDBAL, static_cast<std::uint32_t>(rx_ring.value));
        write(RDBAH, 0);
        write(RDLEN, size * 16);
        write(RDH, 0);
        write(RDT, 0);
        rx_size = size;
    }
    /// Sets up the ring and enables the receiver: accepts broadcasts, strips the check sequence, and adds `more`.
    void start_receiver(std::uint32_t size, datasheet::Value<Rctl> more = {}) {
        set_receive_ring(size);
        write(RCTL, RCTL.EN | RCTL.BAM | RCTL.SECRC | more);
    }
    /// Supplies the card with `count` more buffers.
    void give(std::uint32_t count) {
        for (; count > 0; --count, ++given) {
            set_receive_descriptor(given % rx_size, rx_buffer(given % rx_size));
        }
        write(RDT, given % rx_size);
    }
    void set_receive_descriptor(std::uint32_t index, IoAddress buffer) {
        host.store(rx_ring + index * 16U, ReceiveDescriptor{.address = buffer.value, .length = {}, .status = {}});
    }
    ReceiveDescriptor received(std::uint32_t index) { return host.load<ReceiveDescriptor>(rx_ring + index * 16U); }
    static std::size_t length(const ReceiveDescriptor& descriptor) { return RDESC_LENGTH.LENGTH.of(descriptor.length); }
    /// The data the card wrote for descriptor `index`.
    Bytes stored(std::uint32_t index) {
        const ReceiveDescriptor descriptor = received(index);
        const auto begin = host.memory.begin() + static_cast<std::ptrdiff_t>(descriptor.address);
        return {begin, begin + static_cast<std::ptrdiff_t>(length(descriptor))};
    }
    void arrive(std::span<const std::byte> frame, bool damaged = false) { nic->receive(frame, damaged); }

    // --- transmit ---
    void start_transmitter(std::uint32_t size, datasheet::Value<Tctl> more = TCTL.PSP) {
        write(TDBAL, static_cast<std::uint32_t>(tx_ring.value));
        write(TDBAH, 0);
        write(TDLEN, size * 16);
        write(TDH, 0);
        write(TDT, 0);
        write(TCTL, TCTL.EN | more);
        tx_size = size;
    }
    /// Appends a descriptor of any kind to the ring; doorbell() hands it over.
    template <class Descriptor>
    std::uint32_t put(const Descriptor& descriptor) {
        const std::uint32_t index = posted++ % tx_size;
        host.store(tx_ring + index * 16U, descriptor);
        return index;
    }
    void doorbell() { write(TDT, posted % tx_size); }
    /// Copies `bytes` to a new place in memory and returns its address.
    IoAddress place(std::span<const std::byte> bytes) {
        const IoAddress at = tx_buffer(buffers_used++ % 64);
        std::ranges::copy(bytes, host.memory.begin() + static_cast<std::ptrdiff_t>(at.value));
        return at;
    }
    std::uint32_t put_legacy(std::span<const std::byte> bytes, datasheet::Value<TdescCommand> command,
                             datasheet::Value<TdescStatus> options = {}) {
        return put(TransmitDescriptor{place(bytes).value,
                                      command | TDESC_CMD.LENGTH(static_cast<std::uint32_t>(bytes.size())), options});
    }
    std::uint32_t put_data(std::span<const std::byte> bytes, datasheet::Value<DataCommand> command,
                           datasheet::Value<DataStatus> options = {}) {
        return put(DataDescriptor{
            place(bytes).value,
            command | DATA_CMD.DEXT | DATA_CMD.DTYP(1) | DATA_CMD.DTALEN(static_cast<std::uint32_t>(bytes.size())),
            options});
    }
    TransmitDescriptor transmitted(std::uint32_t index) { return host.load<TransmitDescriptor>(tx_ring + index * 16U); }
    bool done(std::uint32_t index) { return static_cast<bool>(transmitted(index).status & TDESC_STATUS.DD); }

    TestHost host{0x60'0000};
    std::unique_ptr<Model> nic = card_82540em.make(host, {});
    std::uint32_t rx_size = 0, tx_size = 0, given = 0, posted = 0;
    std::size_t buffers_used = 0;
};

}  // namespace ixy::sim::e1000
