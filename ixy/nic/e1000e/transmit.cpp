// Sending: descriptors are written in memory, and one write of the tail hands a whole batch to the card.
#include <ixy/nic/e1000e/transmit.hpp>

#include <algorithm>

#include <ixy/datasheet/e1000/registers.hpp>
#include <ixy/nic/e1000e/limits.hpp>
#include <ixy/pci/barrier.hpp>

namespace ixy::e1000e {

using namespace datasheet::e1000;

namespace {
constexpr std::uint32_t most_in_vain = 1 << 16;  // attempts to send; some milliseconds

/// Report intervals are powers of two, and at least two fit into the ring, so there is always a report to wait for.
std::uint32_t report_every(std::size_t ring_size) {
    return ring_size % 32 == 0 && ring_size >= 64 ? 32 : ring_size >= 16 ? 8 : 4;
}

constexpr auto plain_frame = TDESC_CMD.EOP | TDESC_CMD.IFCS;
}  // namespace

std::size_t most_pieces(std::size_t ring_size) { return ring_size - report_every(ring_size) - 1; }

Expected<std::unique_ptr<TransmitRing>> TransmitRing::create(PciFunction& function, Bar registers, std::size_t queue,
                                                             const DeviceOptions& options) {
    auto memory = function.dma_space()->allocate(options.tx_ring_size * sizeof(Descriptor), 128, function.numa_node());
    if (!memory) return std::unexpected(memory.error());
    return std::unique_ptr<TransmitRing>(new TransmitRing(registers, queue, std::move(*memory), options));
}

TransmitRing::TransmitRing(Bar registers, std::size_t queue, DmaMemory memory, const DeviceOptions& options)
    : registers_(registers),
      at_(transmit_rings[queue]),
      ring_(reinterpret_cast<Descriptor*>(memory.data())),
      packets_(options.tx_ring_size),
      size_(static_cast<std::uint32_t>(options.tx_ring_size)),
      block_(report_every(options.tx_ring_size)),
      allowed_((options.vlan ? PacketFlags::insert_vlan : PacketFlags::none) |
               (options.tx_checksum ? checksum_flags : PacketFlags::none) |
               (options.segmentation ? PacketFlags::tcp_segmentation : PacketFlags::none)),
      memory_(std::move(memory)) {}

TransmitRing::~TransmitRing() {
    for (; used_ != 0; --used_) {
        if (packets_[oldest_] != nullptr) free_packets({&packets_[oldest_], 1});
        oldest_ = oldest_ + 1 == size_ ? 0 : oldest_ + 1;
    }
}

void TransmitRing::start() {
    const std::uint64_t address = memory_.address().value;
    registers_.write(at_.base_low, static_cast<std::uint32_t>(address));
    registers_.write(at_.base_high, static_cast<std::uint32_t>(address >> 32));
    registers_.write(at_.length, size_ * static_cast<std::uint32_t>(sizeof(Descriptor)));
    registers_.write(at_.head, 0);
    registers_.write(at_.tail, 0);
}

bool TransmitRing::has_sent_everything() const { return registers_.read(at_.head) == registers_.read(at_.tail); }

std::size_t TransmitRing::send(PacketBatch& batch) {
    if (used_ >= block_) reclaim();
    return batch.empty() ? 0 : post(batch);
}

/// Posts packets from the front of the batch as long as there is room, and rings the doorbell once.
std::size_t TransmitRing::post(PacketBatch& batch) {
    const std::uint32_t tail_before = tail_;
    const std::size_t refused_before = counters.refused.value();
    std::size_t taken = 0;
    std::size_t bytes = 0;
    const std::span<Packet* const> packets = batch.pointers();
    do {
        const std::size_t run = post_plain(packets.subspan(taken), bytes);
        if (run == 0 && (room() == 0 || !post_special(*packets[taken], bytes))) break;
        taken += run == 0 ? 1 : run;
    } while (taken != packets.size());
    if (tail_ != tail_before) {
        request_reports(tail_before);
        mmio_wmb();  // the descriptors before the tail that hands them over
        registers_.write(at_.tail, tail_);
    }
    if (taken == 0 && ++in_vain_ % most_in_vain == 0) look_at_head();
    batch.release_front(taken);
    const std::size_t sent = taken - (counters.refused.value() - refused_before);
    counters.packets.add(sent);
    counters.bytes.add(bytes);
    return sent;
}

/// Posts packets from the front of `packets` as long as they are plain frames in one buffer, up to the end of the ring.
/// Returns how many, and adds up their bytes.
std::size_t TransmitRing::post_plain(std::span<Packet* const> packets, std::size_t& bytes) {
    const std::size_t most = std::min<std::size_t>({packets.size(), room(), size_ - tail_});
    Descriptor* const descriptors = &ring_[tail_];
    Packet** const owned = &packets_[tail_];
    const Mempool* pool = last_pool_;
    std::size_t posted = 0;
    std::size_t sum = 0;
#pragma GCC unroll 4
    for (; posted < most; ++posted) {
        Packet* packet = packets[posted];
        const std::size_t length = packet->length();
        if (requests(packet->flags()) != PacketFlags::none || packet->next() != nullptr ||
            length - shortest_frame > longest_frame - shortest_frame) [[unlikely]]
            break;
        if (&packet->pool() != pool) [[unlikely]] {
            if (!keep_pool(*packet)) break;
            pool = last_pool_;
        }
        sum += length;
        const auto command = plain_frame | TDESC_CMD.LENGTH(static_cast<std::uint32_t>(length));
        descriptors[posted] = {packet->io_address().value, command, {}};
        owned[posted] = packet;
    }
    advance(posted);
    bytes += sum;
    return posted;
}

/// Asks for a report (7.2.10.1, RS) in the last descriptor of each block that was completed since the tail was `from`.
void TransmitRing::request_reports(std::uint32_t from) {
    const std::uint32_t end = tail_ > from ? tail_ : tail_ + size_;
    for (std::uint32_t last = from | (block_ - 1); last < end; last += block_) {
        ring_[last < size_ ? last : last - size_].command |= TDESC_CMD.RS;
    }
}

/// Takes the next descriptor, for one piece of a frame or, without a packet, for a context.
void TransmitRing::post(const Descriptor& descriptor, Packet* piece) {
    ring_[tail_] = descriptor;
    packets_[tail_] = piece;
    advance(1);
}

bool TransmitRing::reaches(const Mempool& pool) const { return pool.space().get() == memory_.space(); }

/// Makes the packet's pool outlive its packets in this ring. Returns false if the card cannot reach it: the memory that
/// this card sees at the packets' addresses may be anybody's, and would go out on the wire.
bool TransmitRing::keep_pool(const Packet& packet) {
    Mempool& pool = packet.pool();
    if (!reaches(pool)) return false;
    several_pools_ = several_pools_ || last_pool_ != nullptr;
    last_pool_ = &pool;
    auto owner = pool.weak_from_this().lock();  // null: nobody holds the pool any more, and it stays for good
    if (owner && std::ranges::find(pools_, owner) == pools_.end()) pools_.push_back(std::move(owner));
    return true;
}

std::size_t TransmitRing::reclaim() {
    std::size_t freed = 0;
    while (used_ >= block_ && (dma_load(ring_[oldest_ + block_ - 1].status) & TDESC_STATUS.DD)) {
        Packet** const block = &packets_[oldest_];
        Packet** end = block + block_;
        if (has(allowed_, context_flags)) end = std::remove(block, end, nullptr);  // contexts hold no packet
        if (several_pools_) {
            free_packets({block, end});
        } else {
            last_pool_->free({block, end});  // needs no look at the packets, which are cold by now
        }
        freed += static_cast<std::size_t>(end - block);
        oldest_ = oldest_ + block_ == size_ ? 0 : oldest_ + block_;
        used_ -= block_;
    }
    return freed;
}

}  // namespace ixy::e1000e
