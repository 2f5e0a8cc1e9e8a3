// What a random driver sends: frames by legacy descriptors, with checksums, segmented, with tags. Manual 3.3 to 3.5.
#include <algorithm>
#include <bit>

#include "tests/differential/generator.hpp"

#include <ixy/datasheet/e1000/descriptors.hpp>
#include <ixy/datasheet/e1000/registers.hpp>

namespace ixy::test {

using namespace datasheet::e1000;

namespace {
constexpr std::uint64_t buffers = 0x38'0000;
constexpr std::uint64_t buffers_size = 0x20'0000;
}  // namespace

Headers Generator::make_headers(std::size_t payload, bool tcp, bool segmented) {
    const bool version_4 = chance(60);
    return Headers::make({.payload = payload,
                          .version_4 = version_4,
                          .tcp = tcp,
                          .segmented = segmented,
                          .options = version_4 ? 4 * below(4) : 0},
                         bits() >> 8);
}

template <class T>
void Generator::put_words(std::uint64_t address, const T& words) {
    const auto bytes = std::bit_cast<std::array<std::byte, sizeof(T)>>(words);
    put(address, {bytes.begin(), bytes.end()});
}
template void Generator::put_words(std::uint64_t, const ReceiveDescriptor&);

template <class T>
void Generator::post(const T& descriptor) {
    Ring& ring = transmit_queue();
    put_words(ring.base + ring.tail * sizeof descriptor, descriptor);
    ring.tail = (ring.tail + 1) % ring.size;
}

std::uint32_t Generator::transmit_room() const {
    const Ring& ring = transmit_[queue_];
    const std::uint32_t used = (ring.tail + ring.size - peek_(transmit_rings[queue_].head.offset)) % ring.size;
    return ring.size - 1 - used;
}

std::uint64_t Generator::transmit_memory(std::size_t size) {
    if (transmit_next_ + size + 64 > buffers_size) transmit_next_ = 0;
    const std::uint64_t address = buffers + transmit_next_ + below(64);
    transmit_next_ += size + 64;
    return address;
}

void Generator::post_pieces(std::uint64_t address, std::size_t size, std::size_t pieces, std::uint32_t command,
                            std::uint32_t status) {
    for (; pieces != 0; --pieces) {
        const std::size_t most = size - (pieces - 1);
        const auto length = pieces == 1 ? size : 1 + below(static_cast<std::uint32_t>(most));
        std::uint32_t bits_now = command | static_cast<std::uint32_t>(length);
        if (pieces == 1) bits_now |= TDESC_CMD.EOP.mask();
        if (pieces == 1 || chance(30)) bits_now |= TDESC_CMD.RS.mask();
        post(TransmitDescriptor{
            .address = address, .command = TDESC_CMD.from(bits_now), .status = TDESC_STATUS.from(status)});
        address += length;
        size -= length;
    }
}

/// One to three packets, with one doorbell for all.
void Generator::send() {
    queue_ = below(static_cast<std::uint32_t>(queues_));
    const Ring& ring = transmit_queue();
    const std::uint32_t room = transmit_room();
    const std::uint32_t before = ring.tail;
    constexpr std::uint32_t most_of_a_packet = 6;
    for (std::uint32_t packets = 1 + below(3); packets != 0; --packets) {
        const std::uint32_t used = (ring.tail + ring.size - before) % ring.size;
        if (used + most_of_a_packet > room) break;
        const std::uint32_t kind = below(10);
        if (kind < 4) {
            send_plain();
        } else if (kind < 7 || chip_.features.interrupts_by_message) {  // see known::segments_are_fragments
            send_with_checksums();
        } else {
            send_segmented();
        }
    }
    if (ring.tail != before) write(transmit_rings[queue_].tail, ring.tail);
    read(transmit_rings[queue_].head);
    if (chance(50)) read(ICR);
}

void Generator::send_plain() {
    const std::size_t size = chance(10) ? 1515 + below(6000) : chance(20) ? 17 + below(50) : 60 + below(1455);
    const std::uint64_t address = transmit_memory(size);
    fill(address, size);
    if (chance(50)) {  // broadcast or unicast
        put(address, std::vector<std::byte>(6, chance(50) ? std::byte{0xff} : std::byte{0x02}));
    }
    std::uint32_t command = TDESC_CMD.IFCS.mask();
    if (tags_ && chance(50)) command |= TDESC_CMD.VLE.mask();
    if (chance(20)) command |= TDESC_CMD.IDE.mask();
    post_pieces(address, size, 1 + below(4), command, bits() & 0xffff'0000);
}

void Generator::send_with_checksums() {
    const std::size_t payload = below(1400);
    const Headers headers = make_headers(payload, chance(60), false);
    const std::uint64_t address = transmit_memory(headers.size() + payload);
    put(address, headers.bytes);
    if (payload != 0) fill(address + headers.size(), payload);
    post(headers.context());
    std::uint32_t command = (DATA_CMD.DEXT | DATA_CMD.DTYP(1) | DATA_CMD.IFCS).bits;
    if (tags_ && chance(50)) command |= DATA_CMD.VLE.mask();
    std::uint32_t status = bits() & 0xffff'0000;
    if (headers.version_4 && chance(80)) status |= DATA_STATUS.IXSM.mask();
    if (chance(80)) status |= DATA_STATUS.TXSM.mask();
    post_pieces(address, headers.size() + payload, 1 + below(4), command, status);
}

/// 3.5: the headers, then a payload that the card cuts into segments.
void Generator::send_segmented() {
    const std::uint32_t mss = 64 + below(1400);
    std::uint32_t payload = 1 + below(12'000);
    if (payload % mss == 0) ++payload;  // see known::empty_last_segment
    Headers headers = make_headers(payload, chance(80), true);
    const std::uint64_t address = transmit_memory(headers.size() + payload);
    put(address, headers.bytes);
    fill(address + headers.size(), payload);
    ContextDescriptor context = headers.context();
    context.command |= CONTEXT_CMD.TSE | CONTEXT_CMD.PAYLEN(payload);
    context.status = CONTEXT_STATUS.HDRLEN(headers.size()) | CONTEXT_STATUS.MSS(mss);
    post(context);
    std::uint32_t command = (DATA_CMD.DEXT | DATA_CMD.DTYP(1) | DATA_CMD.IFCS | DATA_CMD.TSE).bits;
    if (tags_ && chance(50)) command |= DATA_CMD.VLE.mask();
    const std::uint32_t status =
        (bits() & 0xffff'0000) | DATA_STATUS.TXSM.mask() | (headers.version_4 ? DATA_STATUS.IXSM.mask() : 0);
    if (chance(50)) {  // the headers in a separate buffer
        post(TransmitDescriptor{.address = address,
                                .command = TDESC_CMD.from(command | headers.size()),
                                .status = TDESC_STATUS.from(status)});
        post_pieces(address + headers.size(), payload, 1 + below(3), command, status);
    } else {
        post_pieces(address, headers.size() + payload, 1 + below(4), command, status);
    }
}

}  // namespace ixy::test
