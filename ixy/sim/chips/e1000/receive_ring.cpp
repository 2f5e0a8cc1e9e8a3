// Fetching depends on the tail alone (3.2.4): the chip need not see later changes to descriptors that were handed over.
// So the addresses of a whole doorbell are read at once, and a frame costs two DMA writes.
#include <ixy/sim/chips/e1000/receive_ring.hpp>

#include <algorithm>
#include <array>

#include <ixy/datasheet/e1000/pcie.hpp>
#include <ixy/datasheet/e1000/receive.hpp>
#include <ixy/datasheet/e1000/statistics.hpp>

namespace ixy::sim::e1000 {

using namespace datasheet::e1000;

namespace {

constexpr std::size_t status_at = offsetof(ReceiveDescriptor, status);
constexpr std::size_t extended_status_at = offsetof(ExtendedReceiveWriteBack, status);
constexpr unsigned hash_bits = 14;

std::size_t hash(std::uint64_t buffer) { return buffer * 0x9e37'79b9'7f4a'7c15 >> (64 - hash_bits); }

}  // namespace

void ReceiveRing::fetch() {
    stale_ = false;
    const std::uint32_t ready = ring_.check() ? ring_.ready() : 0;
    if (ready < known_) known_ = 0;  // the tail was taken back
    if (buffers_.size() != ring_.size()) {
        known_ = 0;
        buffers_.assign(ring_.size(), 0);
        last_given_.assign(std::size_t{1} << hash_bits, 0);
    }
    std::array<ReceiveDescriptor, 64> batch{};  // as many as the chip holds
    while (known_ < ready) {
        const std::uint32_t first = ring_.following(ring_.head(), known_);
        const auto count = std::min({std::uint32_t{batch.size()}, ready - known_, ring_.size() - first});
        const auto fetched = std::span(batch).first(count);
        if (!registers_.host().read(ring_.address(first), std::as_writable_bytes(fetched))) return;
        for (std::uint32_t i = 0; i < count; ++i) note(first + i, fetched[i].address);
    }
}

/// Records a new descriptor's buffer. If the same one was given before and is not used yet, two frames will be written
/// to it. A table of 2^14 entries detects that almost always, at the cost of one look-up.
void ReceiveRing::note(std::uint32_t index, std::uint64_t buffer) {
    buffers_[index] = buffer;
    ++known_;
    if (index % 2 == 1 && format() == Format::split) return;  // a descriptor's second half, with its further buffers
    std::uint32_t& last = last_given_[hash(buffer)];
    const std::uint32_t head = ring_.head();
    const std::uint32_t from_head = last >= head ? last - head : last + ring_.size() - head;
    if (buffer != 0 && last != index && from_head < known_ - 1 && buffers_[last] == buffer) {
        registers_.report(
            Misuse::descriptor_again, ring_.at().tail,
            "descriptors " + std::to_string(last) + " and " + std::to_string(index) + " have the same buffer");
    }
    last = index;
}

void ReceiveRing::set_up(const datasheet::Number& which, std::uint32_t value) {
    if (&which == &ring_.at().base_low || &which == &ring_.at().length) ring_.written(which, value);
    forget();
}

void ReceiveRing::forget() {
    known_ = 0;
    stale_ = true;
}

std::uint32_t ReceiveRing::available() {
    if (stale_) fetch();
    return known_;
}

/// 82574L 10.2.5.16. The 8254x have no RFCTL: nothing is ever written there, and reading it is cheap.
ReceiveRing::Format ReceiveRing::format() const {
    if (!(registers_.get(RFCTL) & RFCTL.EXSTEN)) return Format::legacy;
    return RCTL.DTYP.of(registers_.get(RCTL)) == 1 ? Format::split : Format::extended;
}

bool ReceiveRing::deliver(ReceivedFrame& frame) {
    const Format kind = format();
    const std::uint32_t slots = kind == Format::split ? 2 : 1;
    if (known_ != 0 && ring_.head() % slots != 0) {  // its second half would lie past the ring's end
        registers_.report(Misuse::bad_ring, ring_.at().head, "an odd number, but descriptors take two places each");
        return false;
    }
    while (known_ >= slots) {
        if (kind != Format::split && buffers_[ring_.head()] == 0) {
            skip_null(kind);
            continue;
        }
        const Status status = kind == Format::split ? fill_split(frame) : fill(frame, kind);
        for (std::uint32_t i = 0; i < slots; ++i) consume();
        if (!(status & RDESC_STATUS.EOP)) continue;
        if (status & RDESC_STATUS.RXE) statistics_.count(RXERRC);
        if (frame.acknowledges && !(registers_.get(RFCTL) & RFCTL.ACK_DIS)) interrupts_.raise(ICR.ACK);
        interrupts_.frame_received(frame.detected_size, queue_);
        return true;
    }
    return false;
}

ReceiveRing::Status ReceiveRing::fill(ReceivedFrame& frame, Format format) {
    const std::uint64_t buffer = buffers_[ring_.head()];
    const std::size_t before = frame.written;
    const bool stored = store(frame, buffer, buffer_size());
    const Status status = status_after(frame, stored);
    const std::size_t length = frame.written - before;
    const IoAddress at = ring_.address(ring_.head());
    if (format == Format::extended) {
        const ExtendedReceiveWriteBack done = extended(frame, status, length);
        registers_.host().write_back(at, std::as_bytes(std::span(&done, 1)), extended_status_at);
    } else {
        const ReceiveDescriptor done{
            buffer, RDESC_LENGTH.LENGTH(static_cast<std::uint32_t>(length)) | RDESC_LENGTH.CHECKSUM(frame.checksum),
            status};
        registers_.host().write_back(at, std::as_bytes(std::span(&done, 1)), status_at);
    }
    return status;
}

/// 82574 datasheet, 7.1.5.3: four buffers, filled one after the other; headers are not split from the payload.
ReceiveRing::Status ReceiveRing::fill_split(ReceivedFrame& frame) {
    const IoAddress at = ring_.address(ring_.head());
    SplitReceiveRead given{};
    bool stored = registers_.host().read(at, std::as_writable_bytes(std::span(&given, 1)));
    const auto sizes = registers_.get(PSRCTL);
    const std::array<std::size_t, 4> limits{
        std::size_t{PSRCTL.BSIZE0.of(sizes)} << 7, std::size_t{PSRCTL.BSIZE1.of(sizes)} << 10,
        std::size_t{PSRCTL.BSIZE2.of(sizes)} << 10, std::size_t{PSRCTL.BSIZE3.of(sizes)} << 10};
    std::array<std::uint16_t, 4> lengths{};
    for (std::size_t i = 0; i < limits.size() && stored; ++i) {
        const std::size_t before = frame.written;
        if (limits[i] != 0 && before < frame.bytes.size()) stored = store(frame, given.addresses[i], limits[i]);
        lengths[i] = static_cast<std::uint16_t>(frame.written - before);
    }
    const Status status = status_after(frame, stored);
    const SplitReceiveWriteBack done{extended(frame, status, lengths[0]), 0, {lengths[1], lengths[2], lengths[3]}, 0};
    registers_.host().write_back(at, std::as_bytes(std::span(&done, 1)), extended_status_at);
    return status;
}

bool ReceiveRing::store(ReceivedFrame& frame, std::uint64_t buffer, std::size_t size) {
    const auto piece = frame.bytes.subspan(frame.written).first(std::min(size, frame.bytes.size() - frame.written));
    frame.written += piece.size();
    return registers_.host().write({buffer}, piece);
}

ReceiveRing::Status ReceiveRing::status_after(const ReceivedFrame& frame, bool stored) const {
    if (!stored) return RDESC_STATUS.DD | RDESC_STATUS.EOP | RDESC_STATUS.RXE;
    if (frame.written < frame.bytes.size()) return RDESC_STATUS.DD;
    return RDESC_STATUS.DD | RDESC_STATUS.EOP | frame.status;
}

/// Status and errors, 16 bits in a legacy descriptor, are further apart here, and the VLAN tag is next to the length.
/// With RXCSUM.PCSD, the RSS hash takes the checksum's place.
ExtendedReceiveWriteBack ReceiveRing::extended(const ReceivedFrame& frame, Status status, std::size_t length) const {
    const bool hashed = static_cast<bool>(registers_.get(RXCSUM) & RXCSUM.PCSD);
    auto told = EXTENDED_STATUS.from((status.bits & 0xff) | (status.bits & 0xff00) << 16);
    if (status & RDESC_STATUS.EOP) told |= frame.told;
    if (frame.acknowledges && (status & RDESC_STATUS.EOP)) told |= EXTENDED_STATUS.ACK;
    return {EXTENDED_MRQ.RSS_TYPE(frame.rss.type) | EXTENDED_MRQ.QUEUE(frame.rss.queue),
            hashed ? frame.rss.hash : std::uint32_t{frame.checksum} << 16 | frame.identification, told,
            EXTENDED_LENGTH.from(static_cast<std::uint32_t>(length) | (status.bits & 0xffff'0000))};
}

/// 3.2.5.2: a descriptor without a buffer takes no data, and comes back with DD and otherwise unchanged.
void ReceiveRing::skip_null(Format format) {
    const IoAddress at = ring_.address(ring_.head());
    const std::size_t where = format == Format::legacy ? status_at : extended_status_at;
    std::array<std::uint32_t, 4> null{};
    if (registers_.host().read(at, std::as_writable_bytes(std::span(null)))) {
        null[where / 4] |= Status(RDESC_STATUS.DD).bits;
        registers_.host().write_back(at, std::as_bytes(std::span(null)), where);
    }
    consume();
}

void ReceiveRing::consume() {
    ring_.advance();
    --known_;
    const std::uint32_t threshold = ring_.size() >> (1 + RCTL.RDMTS.of(registers_.get(RCTL)));
    if (ring_.ready() == threshold) interrupts_.few_descriptors(queue_);
}

/// 13.4.22: BSIZE, and BSEX, which must not accompany a BSIZE of 0.
std::size_t ReceiveRing::buffer_size() const {
    const auto control = registers_.get(RCTL);
    const std::uint32_t size = RCTL.BSIZE.of(control);
    return (control & RCTL.BSEX) && size != 0 ? std::size_t{32768} >> size : std::size_t{2048} >> size;
}

}  // namespace ixy::sim::e1000
