// Fetching goes by the tail alone (3.2.4): what software does to a descriptor behind it the chip need not see. So the
// addresses of a whole doorbell are read at once, and a frame costs two DMA writes.
#include <ixy/sim/e1000/receive_ring.hpp>

#include <algorithm>
#include <array>

#include <ixy/datasheet/e1000/receive.hpp>
#include <ixy/datasheet/e1000/statistics.hpp>

namespace ixy::sim::e1000 {

using namespace datasheet::e1000;

namespace {

constexpr std::size_t status_at = offsetof(ReceiveDescriptor, status);
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

/// Keeps a new descriptor's buffer. When the same one was given before, and is not used yet, two frames will be written
/// to it. A table of 2^14 places finds that almost always, at the cost of one look.
void ReceiveRing::note(std::uint32_t index, std::uint64_t buffer) {
    std::uint32_t& last = last_given_[hash(buffer)];
    const std::uint32_t head = ring_.head();
    const std::uint32_t from_head = last >= head ? last - head : last + ring_.size() - head;
    if (buffer != 0 && from_head < known_ && buffers_[last] == buffer) {
        registers_.report(
            Misuse::descriptor_again, ring_.at().tail,
            "descriptors " + std::to_string(last) + " and " + std::to_string(index) + " have the same buffer");
    }
    last = index;
    buffers_[index] = buffer;
    ++known_;
}

void ReceiveRing::forget() {
    known_ = 0;
    stale_ = true;
}

std::uint32_t ReceiveRing::available() {
    if (stale_) fetch();
    return known_;
}

bool ReceiveRing::deliver(ReceivedFrame& frame) {
    Host& host = registers_.host();
    const std::size_t buffer_bytes = buffer_size();
    while (known_ > 0) {
        const std::uint64_t buffer = buffers_[ring_.head()];
        if (buffer == 0) {
            skip_null();
            continue;
        }
        const auto piece =
            frame.bytes.subspan(frame.written).first(std::min(buffer_bytes, frame.bytes.size() - frame.written));
        const bool stored = host.write({buffer}, piece);
        frame.written += piece.size();
        Status status = RDESC_STATUS.DD;
        if (!stored) status |= RDESC_STATUS.EOP | RDESC_STATUS.RXE;
        if (stored && frame.written == frame.bytes.size()) status |= RDESC_STATUS.EOP | frame.status;

        const ReceiveDescriptor done{
            buffer,
            RDESC_LENGTH.LENGTH(static_cast<std::uint32_t>(piece.size())) | RDESC_LENGTH.CHECKSUM(frame.checksum),
            status};
        host.write_back(ring_.address(ring_.head()), std::as_bytes(std::span(&done, 1)), status_at);
        consume();
        if (!(status & RDESC_STATUS.EOP)) continue;
        if (!stored) statistics_.count(RXERRC);
        interrupts_.frame_received(frame.wire_size);
        return true;
    }
    return false;
}

/// 3.2.5.2: a descriptor without a buffer takes no data, and comes back with DD and else as it was.
void ReceiveRing::skip_null() {
    const IoAddress at = ring_.address(ring_.head());
    ReceiveDescriptor null{};
    if (registers_.host().read(at, std::as_writable_bytes(std::span(&null, 1)))) {
        null.status |= RDESC_STATUS.DD;
        registers_.host().write_back(at, std::as_bytes(std::span(&null, 1)), status_at);
    }
    consume();
}

void ReceiveRing::consume() {
    ring_.advance();
    --known_;
    const std::uint32_t threshold = ring_.size() >> (1 + RCTL.RDMTS.of(registers_.get(RCTL)));
    if (ring_.ready() == threshold) interrupts_.raise(ICR.RXDMT0);
}

/// 13.4.22: BSIZE, and BSEX, without which there is no use for its value 0.
std::size_t ReceiveRing::buffer_size() const {
    const auto control = registers_.get(RCTL);
    const std::uint32_t size = RCTL.BSIZE.of(control);
    return (control & RCTL.BSEX) && size != 0 ? std::size_t{32768} >> size : std::size_t{2048} >> size;
}

}  // namespace ixy::sim::e1000
