// Recovery from a faulty card: write-backs that get lost, or that arrive twice. Skip this file on a first reading.
#include <ixy/nic/e1000/receive.hpp>
#include <ixy/nic/e1000/transmit.hpp>

#include <ixy/datasheet/e1000/registers.hpp>
#include <ixy/pci/barrier.hpp>

namespace ixy::e1000 {

using namespace datasheet::e1000;

namespace {
std::uint32_t distance(std::uint32_t from, std::uint32_t to, std::uint32_t size) {
    return to >= from ? to - from : to + size - from;
}
}  // namespace

/// Called now and then while nothing arrives.
void ReceiveRing::recover() {
    resolve_overtaken();
    if (in_vain_ == patience || in_vain_ == 2 * patience) look_at_head();
}

/// Marks a descriptor that the card did not report on as damaged. With jumbo frames it may be any piece of a frame.
void ReceiveRing::give_up(std::uint32_t slot) {
    const bool is_whole = longest_frame_ <= buffer_size - check_sequence;
    const auto damaged = RDESC_STATUS.DD | RDESC_STATUS.RXE;
    ring_[slot].status = is_whole ? damaged | RDESC_STATUS.EOP : damaged;
}

/// The card finishes descriptors in order. If a later one is done and the next one is not, one of two things happened,
/// and the head (13.4.28) tells which. Either the write-back of the next descriptor was lost, which would hold up all
/// later ones forever: it then counts as damaged. Or a write-back was made twice, into a slot that the card owns
/// again: it is undone before it passes for a frame.
void ReceiveRing::resolve_overtaken() {
    if (filled_ < 2) return;
    const std::uint32_t last = tail_ == 0 ? size_ - 1 : tail_ - 1;
    for (const std::uint32_t later : {following(next_), last}) {
        if (!(dma_load(ring_[later].status) & RDESC_STATUS.DD)) continue;
        const std::uint32_t head = registers_.read(RDH).bits;
        dma_rmb();  // the head, which moves after everything that the card wrote before, and then this status
        if (dma_load(ring_[next_].status) & RDESC_STATUS.DD) return;
        if (head >= size_) return;  // the card is gone
        const std::uint32_t done = distance(next_, head, size_);
        if (done <= filled_ && distance(next_, later, size_) < done) return give_up(next_);
        ring_[later] = {.address = packets_[later]->buffer_address().value + pool_->headroom()};
    }
}

/// A duplicate write-back may still have passed for a frame. Then the driver is one slot ahead of the card. Once the
/// tail has reached the head, the card has no buffers left, and the driver waits for nothing. So if nothing has arrived
/// for a long time, and then for as long again, and the head is still elsewhere, the driver gives up the descriptors up
/// to the head as damaged: those whose write-back is missing, or the whole ring, which is then filled anew.
void ReceiveRing::look_at_head() {
    const bool again = in_vain_ == 2 * patience;
    const std::uint32_t head = registers_.read(RDH).bits;
    if (head == next_ || head >= size_) in_vain_ = 2 * patience;  // all is well, or the card is gone
    if (head == next_ || head >= size_ || !again) return;
    in_vain_ = 0;                                        // to look again if this does not help
    if (distance(next_, head, size_) > filled_) return;  // the card has buffers, and will come here
    for (std::uint32_t slot = next_; slot != head; slot = following(slot)) {
        if (!(dma_load(ring_[slot].status) & RDESC_STATUS.DD)) give_up(slot);
    }
}

/// A report (RS, then DD) that got lost would keep the ring full forever. When nothing has found room for a long time,
/// the head shows how far the card is (13.4.39), and the driver fills in the missing reports.
void TransmitRing::look_at_head() {
    const std::uint32_t head = registers_.read(TDH).bits;
    if (head >= size_) return;  // the card is gone
    for (std::uint32_t done = (head + size_ - oldest_) % size_, slot = oldest_; done >= block_; done -= block_) {
        ring_[slot + block_ - 1].status |= TDESC_STATUS.DD;
        slot = slot + block_ == size_ ? 0 : slot + block_;
    }
}

}  // namespace ixy::e1000
