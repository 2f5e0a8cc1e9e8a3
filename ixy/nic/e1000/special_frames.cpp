// Receiving frames that are not plain: damaged ones, those of several pieces, VLAN tags, checksums. A first reader can
// skip this file.
#include <ixy/nic/e1000/receive.hpp>

#include <utility>

#include <ixy/datasheet/e1000/registers.hpp>
#include <ixy/pci/barrier.hpp>

namespace ixy::e1000 {

using namespace datasheet::e1000;

namespace {
constexpr auto damage = RDESC_STATUS.CE | RDESC_STATUS.SE | RDESC_STATUS.SEQ | RDESC_STATUS.CXE | RDESC_STATUS.RXE;
constexpr auto vlan_tag = RDESC_STATUS.VLAN | RDESC_STATUS.CFI | RDESC_STATUS.PRI;
constexpr auto checksums = RDESC_STATUS.IPCS | RDESC_STATUS.TCPCS;
}  // namespace

/// The status bits that tell a plain frame from a special one.
ReceiveRing::Status ReceiveRing::noteworthy(const DeviceOptions& options) {
    Status bits = RDESC_STATUS.DD | RDESC_STATUS.EOP | damage;
    if (options.vlan) bits |= RDESC_STATUS.VP;
    if (options.rx_checksum) bits |= checksums;
    return bits;
}

/// Everything but a plain good frame in one buffer: damage, several pieces, VLAN tags, checksums (3.2.3). Returns the
/// frame when the piece in the next descriptor completes it.
Packet* ReceiveRing::collect(Status status) {
    dma_rmb();  // as in take_plain()
    const std::uint32_t length = RDESC_LENGTH.LENGTH.of(ring_[next_].length);
    Packet* piece = packets_[next_];
    next_ = following(next_);
    --filled_;
    in_vain_ = 0;  // even if this yields no frame

    frame_bytes_ += length;
    if (!dropping_) {
        // Only the last piece may leave room in its buffer, except for a check sequence that spans two: a card that
        // sends crumbs would use up the pool.
        const std::size_t least = status & RDESC_STATUS.EOP ? 0 : buffer_size - check_sequence;
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
    collecting_ = !(status & RDESC_STATUS.EOP);
    if (collecting_) return nullptr;
    frame_bytes_ = 0;
    dropping_ = false;
    Packet* frame = std::exchange(first_, nullptr);
    if (frame != nullptr) note_offloads(*frame, status);
    return frame;
}

void ReceiveRing::drop_frame(Counter& reason) {
    reason.add(1);
    dropping_ = true;
    if (first_ != nullptr) free_packets({&first_, 1});
    first_ = nullptr;
}

/// What the card found out, as given in the last descriptor of a frame. Sections 3.2.3.1 and 3.2.3.2.
void ReceiveRing::note_offloads(Packet& frame, Status status) {
    status &= noteworthy_ | RDESC_STATUS.IXSM | RDESC_STATUS.IPE | RDESC_STATUS.TCPE | vlan_tag;
    PacketFlags flags = PacketFlags::none;
    if (status & RDESC_STATUS.VP) {
        flags = flags | PacketFlags::vlan_stripped;
        frame.set_vlan(static_cast<std::uint16_t>(status.bits >> RDESC_STATUS.VLAN.low));
    }
    const bool checked = !(status & RDESC_STATUS.IXSM);
    if (checked && (status & RDESC_STATUS.IPCS)) {
        flags = flags | (status & RDESC_STATUS.IPE ? PacketFlags::ip_checksum_bad : PacketFlags::ip_checksum_good);
    }
    if (checked && (status & RDESC_STATUS.TCPCS)) {
        flags = flags | (status & RDESC_STATUS.TCPE ? PacketFlags::l4_checksum_bad : PacketFlags::l4_checksum_good);
    }
    frame.set_flags(flags);
}

}  // namespace ixy::e1000
