// Receiving frames that are not plain: damaged ones, those of several pieces, VLAN tags, checksums. A first reader can
// skip this file.
#include <ixy/nic/e1000e/receive.hpp>

#include <utility>

#include <ixy/datasheet/e1000/registers.hpp>
#include <ixy/pci/barrier.hpp>

namespace ixy::e1000e {

using namespace datasheet::e1000;

namespace {
constexpr auto damage =
    EXTENDED_STATUS.CE | EXTENDED_STATUS.SE | EXTENDED_STATUS.SEQ | EXTENDED_STATUS.CXE | EXTENDED_STATUS.RXE;
constexpr auto l4_checked = EXTENDED_STATUS.TCPCS | EXTENDED_STATUS.UDPCS;
constexpr auto checksums = EXTENDED_STATUS.IPCS | l4_checked;
}  // namespace

/// The status bits that tell a plain frame from a special one.
ReceiveRing::Status ReceiveRing::noteworthy(const DeviceOptions& options) {
    Status bits = EXTENDED_STATUS.DD | EXTENDED_STATUS.EOP | damage;
    if (options.vlan) bits |= EXTENDED_STATUS.VP;
    if (options.rx_checksum) bits |= checksums;
    return bits;
}

/// Everything but a plain good frame in one buffer: damage, several pieces, VLAN tags, checksums (3.2.3). Returns the
/// frame when the piece in the next descriptor completes it.
Packet* ReceiveRing::collect(const Descriptor& done) {
    const Status status = dma_load(done.status);
    dma_rmb();  // as in take_plain()
    const std::uint32_t length = EXTENDED_LENGTH.LENGTH.of(done.length);
    Packet* piece = packets_[next_];
    next_ = following(next_);
    --filled_;
    in_vain_ = 0;  // even if this yields no frame

    frame_bytes_ += length;
    if (!dropping_) {
        // Only the last piece may leave room in its buffer, except for a check sequence that spans two: a card that
        // sends crumbs would use up the pool.
        const std::size_t least = status & EXTENDED_STATUS.EOP ? 0 : buffer_size - check_sequence;
        if ((status & damage) || length > buffer_size || length < least || frame_bytes_ == 0) {
            drop_frame(counters.errors);
        } else if (frame_bytes_ > longest_frame_) {
            drop_frame(counters.oversized);
        }
    }
    if (dropping_ || length == 0) {  // a check sequence that was cut off can leave an empty last piece
        pool_->free({&piece, 1});    // alone: its next() is left from an earlier use
    } else {
        piece->received(pool_->headroom(), length, PacketFlags::none, 0);
        if (first_ == nullptr) {
            first_ = piece;
        } else {
            last_->set_next(piece);
        }
        last_ = piece;
    }
    collecting_ = !(status & EXTENDED_STATUS.EOP);
    if (collecting_) return nullptr;
    frame_bytes_ = 0;
    dropping_ = false;
    Packet* frame = std::exchange(first_, nullptr);
    if (frame != nullptr) note_offloads(*frame, done);
    return frame;
}

void ReceiveRing::drop_frame(Counter& reason) {
    reason.add(1);
    dropping_ = true;
    if (first_ != nullptr) free_packets({&first_, 1});
    first_ = nullptr;
}

/// What the card found out, as given in the last descriptor of a frame. Section 7.1.5.2.
void ReceiveRing::note_offloads(Packet& frame, const Descriptor& last) {
    const Status status =
        last.status & (noteworthy_ | EXTENDED_STATUS.IXSM | EXTENDED_STATUS.IPE | EXTENDED_STATUS.TCPE);
    PacketFlags flags = hash_flag(last);
    frame.set_hash(last.hash);
    if (status & EXTENDED_STATUS.VP) {
        flags = flags | PacketFlags::vlan_stripped;
        frame.set_vlan(static_cast<std::uint16_t>(last.length.bits >> EXTENDED_LENGTH.VLAN.low));
    }
    const bool checked = !(status & EXTENDED_STATUS.IXSM);
    if (checked && (status & EXTENDED_STATUS.IPCS)) {
        flags = flags | (status & EXTENDED_STATUS.IPE ? PacketFlags::ip_checksum_bad : PacketFlags::ip_checksum_good);
    }
    if (checked && (status & l4_checked)) {
        flags = flags | (status & EXTENDED_STATUS.TCPE ? PacketFlags::l4_checksum_bad : PacketFlags::l4_checksum_good);
    }
    frame.set_flags(flags);
}

}  // namespace ixy::e1000e
