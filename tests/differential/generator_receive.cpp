// How a random driver receives: rings, buffers, filters, and incoming frames. Manual 3.2; 82574L 7.1.
#include <algorithm>
#include <array>
#include <span>

#include "tests/differential/generator.hpp"

#include <ixy/datasheet/e1000/descriptors.hpp>
#include <ixy/datasheet/e1000/registers.hpp>

namespace ixy::test {

using namespace datasheet::e1000;

namespace {

constexpr std::uint64_t receive_ring = 0x20'0000;     // and 4 KiB further, for the other queue
constexpr std::uint64_t receive_buffers = 0x21'0000;  // followed by those of the other queue
constexpr std::uint64_t buffers_of_a_queue = 0x9'0000;
constexpr std::uint32_t small_frame = 128;  // RSRPD
constexpr std::uint32_t check_sequence_bytes = 4;

std::vector<std::byte> address_bytes(std::uint64_t address) {
    std::vector<std::byte> bytes;
    for (int i = 5; i >= 0; --i) bytes.push_back(static_cast<std::byte>(address >> 8 * i));
    return bytes;
}

}  // namespace

// --- set-up --------------------------------------------------------------------------------------------------------

void Generator::set_up_receive() {
    const std::uint32_t size_code = below(4);
    const bool times_16 = size_code != 0 && chance(25);
    buffer_size_ = (2048U >> size_code) << (times_16 ? 4 : 0);
    const std::uint32_t most = buffer_size_ > 4096 ? 4 : 8;
    for (std::size_t i = 0; i < queues_; ++i) {
        receive_[i] = {.base = receive_ring + i * 0x1000, .size = 8 * (1 + below(most))};
        set_up_ring(receive_rings[i], receive_[i]);
    }
    if (chip_.has(RFCTL)) set_up_formats();
    change_filters();
    for (std::size_t i = 0; i < queues_; ++i) give_buffers(i);

    auto control = RCTL.EN | RCTL.BSIZE(size_code) | RCTL.RDMTS(below(3)) | RCTL.MO(below(4));
    if (times_16) control |= RCTL.BSEX;
    if (chance(70)) control |= RCTL.BAM;
    if (chance(50)) control |= RCTL.UPE;
    const bool is_82574 = chip_.features.interrupts_by_message;
    if (chance(30)) control |= is_82574 ? RCTL.MPE | RCTL.BAM : RCTL.MPE;  // see known::broadcast_is_no_multicast
    if (chance(50)) control |= RCTL.LPE;
    if (chance(70) || is_82574) control |= RCTL.SECRC;  // see known::check_sequence_alone
    if (chance(20)) control |= RCTL.VFE;
    control_ = control.bits;
    write(RCTL, control_);
    read(RCTL);
}

/// How the 82574L describes received frames, and what it checks. 82574L 7.1.4, 7.1.5, 10.2.5
void Generator::set_up_formats() {
    extended_ = chance(70);
    auto filters = extended_ ? RFCTL.from(RFCTL.EXSTEN.mask()) : RFCTL.from(0);
    for (const auto& bit : {RFCTL.ACK_DIS, RFCTL.ACKD_DIS, RFCTL.IPV6_XSUM_DIS}) {
        if (chance(50)) filters |= bit;
    }
    auto checksums = RXCSUM.from(0);
    for (const auto& bit : {RXCSUM.IPOFL, RXCSUM.TUOFL}) {
        if (chance(70)) checksums |= bit;
    }
    const bool scaled = extended_ && chance(70);
    if (scaled) checksums |= RXCSUM.PCSD;  // 7.1.2.8: RSS needs both
    write(RFCTL, filters.bits);
    write(RXCSUM, checksums.bits);
    write(RSRPD, one_of({0U, small_frame}));
    write(MRQC, 0);
    if (scaled) set_up_scaling();
    for (const auto* reg : std::initializer_list<const datasheet::RegisterInfo*>{&RFCTL, &RXCSUM, &RSRPD, &MRQC})
        read(*reg);
}

/// RSS: a new key, a new table, some of the hash types. 82574L 10.2.5.17 to 10.2.5.19
void Generator::set_up_scaling() {
    for (std::size_t i = 0; i < RSSRK.count; ++i) write(RSSRK, bits(), i);
    for (std::size_t i = 0; i < RETA.count; ++i) write(RETA, bits() & 0x8080'8080, i);
    read(RSSRK, below(RSSRK.count));
    read(RETA, below(RETA.count));
    auto control = MRQC.from(MRQC.MRQE(1).bits);
    for (const auto& kind : {MRQC.TCP_IPV4, MRQC.IPV4, MRQC.TCP_IPV6, MRQC.IPV6_EX, MRQC.IPV6}) {
        if (chance(60)) control |= kind;
    }
    write(MRQC, control.bits);
}

void Generator::change_filters() {
    const std::size_t entry = 1 + below(15);
    write(RAL, 0x0000'0002, entry);  // 02:00:00:00:00:xx
    write(RAH, below(4) << 8 | (chance(70) ? RAH.AV.mask() : 0), entry);
    read(RAL, entry);
    read(RAH, entry);
    // Away from the hashes of these addresses: known::multicast_table_is_for_all.
    constexpr std::uint32_t first = 32;
    const std::size_t hashes = first + below(MTA.count - first);
    if (chance(50)) write(MTA, bits() & bits(), hashes);
    read(MTA, hashes);
    if (chance(50)) write(VFTA, bits(), below(VFTA.count));
    read(RAL);
    read(RAH);
}

// --- descriptors ---------------------------------------------------------------------------------------------------

std::uint32_t Generator::receive_free(std::size_t queue) const {
    const Ring& ring = receive_[queue];
    return (ring.tail + ring.size - peek_(receive_rings[queue].head.offset)) % ring.size;
}

/// Refills some or all of the slots that the card has used.
void Generator::give_buffers(std::size_t queue) {
    Ring& ring = receive_[queue];
    const bool first = control_ == 0;  // while the ring is being set up, it has no head yet
    const std::uint32_t most = ring.size - 1 - (first ? 0 : receive_free(queue));
    const std::uint32_t count = first || chance(70) ? most : below(most + 1);
    for (std::uint32_t i = 0; i < count; ++i) {
        const std::uint64_t stride = buffer_size_ + 64;
        const ReceiveDescriptor descriptor{
            .address = receive_buffers + queue * buffers_of_a_queue + ring.tail * stride + below(64),
            .length = {},
            .status = {}};
        put_words(ring.base + ring.tail * sizeof descriptor, descriptor);
        ring.tail = (ring.tail + 1) % ring.size;
    }
    if (count != 0) write(receive_rings[queue].tail, ring.tail);
}

// --- frames --------------------------------------------------------------------------------------------------------

/// A few frames, with enough descriptors in any queue they may go to; without, QEMU leaves them in the cable.
void Generator::receive() {
    std::array<std::uint32_t, 2> free{};
    for (std::size_t i = 0; i < queues_; ++i) free[i] = receive_free(i);
    for (std::uint32_t count = 1 + below(4); count != 0; --count) {
        const bool is_long = chance(10);
        std::uint32_t size = 60 + below(chance(50) ? 200 : 1455);
        if (is_long) size = (control_ & RCTL.LPE.mask()) != 0 ? 1523 + below(7500) : 1523 + below(500);
        const std::uint32_t needed = (size + check_sequence_bytes) / buffer_size_ + 1;
        if (std::ranges::any_of(std::span(free).first(queues_), [=](std::uint32_t each) { return needed >= each; }))
            break;
        for (std::uint32_t& each : free) each -= needed;
        if (!is_comparable(size)) continue;
        chance(50) ? frame_of_ip(size) : frame_of_any_type(size);
    }
    if (steps_.empty()) {
        for (std::size_t i = 0; i < queues_; ++i) give_buffers(i);
    }
    for (std::size_t i = 0; i < queues_; ++i) read(receive_rings[i].head);
    if (chance(50)) read(ICR);
}

/// See known::small_is_smaller.
bool Generator::is_comparable(std::uint32_t size) const {
    constexpr std::uint32_t margin = 8;  // a check sequence, a tag
    return !chip_.features.interrupts_by_message || size + margin < small_frame || size > small_frame + margin;
}

/// Ethernet addresses and, if `tagged`, a tag.
std::vector<std::byte> Generator::make_ethernet(bool tagged) {
    constexpr std::uint64_t own = 0x5254'0000'0001;
    auto bytes = address_bytes(one_of<std::uint64_t>(
        {own, own, 0xffff'ffff'ffff, 0x0200'0000'0000U | below(4), 0x0100'5e00'0000U | below(0x1'0000) * 0x101U}));
    for (const std::byte byte : address_bytes(0x0200'0000'0063)) bytes.push_back(byte);
    if (tagged) {
        for (const std::uint32_t word : {tag_type_, bits()}) {
            bytes.push_back(static_cast<std::byte>(word >> 8));
            bytes.push_back(static_cast<std::byte>(word));
        }
    }
    return bytes;
}

void Generator::frame_of_any_type(std::uint32_t size) {
    auto first = make_ethernet(chance(40));
    const std::uint32_t type = one_of({0x88b5U, 0x88b6U, 0x0806U});
    first.push_back(static_cast<std::byte>(type >> 8));
    first.push_back(static_cast<std::byte>(type));
    steps_.push_back({.kind = Step::Kind::frame, .size = size, .seed = bits() >> 8, .bytes = std::move(first)});
}

/// TCP or UDP over IP, sometimes with a wrong checksum or none.
void Generator::frame_of_ip(std::uint32_t size) {
    const auto ethernet = make_ethernet(chance(40));
    const bool version_4 = chance(60), tcp = chance(60);
    const std::size_t headers_size = ethernet.size() + 2 + (version_4 ? 20 : 40) + (tcp ? 20 : 8);
    const std::size_t payload = size - std::min<std::size_t>(size, headers_size);
    const std::uint32_t seed = bits() >> 8;
    Headers headers = Headers::make({.payload = payload, .version_4 = version_4, .tcp = tcp}, seed);
    auto first = ethernet;
    first.insert(first.end(), headers.bytes.begin() + 12, headers.bytes.end());
    const auto whole = make_bytes(first.size() + payload, seed, first);
    headers.finish({whole.begin() + static_cast<std::ptrdiff_t>(first.size()), whole.end()});
    if (chance(20)) headers.bytes[headers.l4_checksum()] ^= std::byte{0x40};
    if (!headers.tcp && chance(20)) put16(headers.bytes, headers.l4_checksum(), 0);
    if (headers.version_4 && chance(10)) headers.bytes[headers.ip + 10] ^= std::byte{0x40};
    std::copy(headers.bytes.begin() + 12, headers.bytes.end(),
              first.begin() + static_cast<std::ptrdiff_t>(ethernet.size()));
    steps_.push_back({.kind = Step::Kind::frame,
                      .size = std::max<std::size_t>(whole.size(), 60),
                      .seed = seed,
                      .bytes = std::move(first)});
}

}  // namespace ixy::test
