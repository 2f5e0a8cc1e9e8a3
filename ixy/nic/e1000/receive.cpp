// Receiving: the datapath reads descriptors in memory, never a register, and writes one: the tail, once per refill.
#include <ixy/nic/e1000/receive.hpp>

#include <algorithm>
#include <utility>

#include <ixy/datasheet/e1000/registers.hpp>
#include <ixy/pci/barrier.hpp>

namespace ixy::e1000 {

using namespace datasheet::e1000;

namespace {
constexpr std::size_t vlan_tag_size = 4;
constexpr std::uint32_t recovery_period = 16;  // empty polls
constexpr auto plain = RDESC_STATUS.DD | RDESC_STATUS.EOP;
}  // namespace

/// How many empty slots are worth the fixed cost of a refill: half of the ring, but no more than a thread's cache
/// serves at once, and never so many that the longest frame would not fit into the rest.
std::uint32_t ReceiveRing::worth_a_refill(const DeviceOptions& options, const Mempool& pool) {
    const std::size_t slots = options.rx_ring_size - 1;
    const std::size_t longest = (options.max_frame + vlan_tag_size + check_sequence + buffer_size - 1) / buffer_size;
    const std::size_t spare = slots > longest ? slots - longest : 1;
    return static_cast<std::uint32_t>(
        std::clamp<std::size_t>(std::min(options.rx_ring_size / 2, pool.cache_capacity() / 2), 1, spare));
}

Expected<std::unique_ptr<ReceiveRing>> ReceiveRing::create(PciFunction& function, Bar registers,
                                                           const DeviceOptions& options) {
    auto pool =
        Mempool::create(function.dma_space(),
                        {.packets = options.pool_packets, .data_room = buffer_size, .node = function.numa_node()});
    if (!pool) return std::unexpected(pool.error());
    auto memory = function.dma_space()->allocate(options.rx_ring_size * sizeof(Descriptor), 128, function.numa_node());
    if (!memory) return std::unexpected(memory.error());
    return std::unique_ptr<ReceiveRing>(new ReceiveRing(registers, std::move(*memory), std::move(*pool), options));
}

ReceiveRing::ReceiveRing(Bar registers, DmaMemory memory, std::shared_ptr<Mempool> pool, const DeviceOptions& options)
    : registers_(registers),
      ring_(reinterpret_cast<Descriptor*>(memory.data())),
      packets_(options.rx_ring_size + 1),
      size_(static_cast<std::uint32_t>(options.rx_ring_size)),
      refill_at_(worth_a_refill(options, *pool)),
      noteworthy_(noteworthy(options)),
      longest_frame_(options.max_frame + vlan_tag_size),
      plain_limit_(static_cast<std::uint32_t>(std::min(longest_frame_, buffer_size))),
      memory_(std::move(memory)),
      pool_(std::move(pool)) {}

ReceiveRing::~ReceiveRing() {
    for (; filled_ != 0; --filled_) {
        pool_->free({&packets_[next_], 1});
        next_ = following(next_);
    }
    if (first_ != nullptr) free_packets({&first_, 1});
}

void ReceiveRing::start() {
    const std::uint64_t address = memory_.address().value;
    registers_.write(RDBAL, static_cast<std::uint32_t>(address));
    registers_.write(RDBAH, static_cast<std::uint32_t>(address >> 32));
    registers_.write(RDLEN, size_ * static_cast<std::uint32_t>(sizeof(Descriptor)));
    registers_.write(RDH, 0);
    registers_.write(RDT, 0);
    refill();
}

std::size_t ReceiveRing::receive(PacketBatch& batch) {
    batch.clear();
    const std::size_t received = is_done(next_) ? take(batch) : 0;
    if (received == 0 && ++in_vain_ % recovery_period == 0) recover();
    if (size_ - 1 - filled_ >= refill_at_) refill();
    return received;
}

/// Fills the batch with received frames; at least one descriptor is done. Returns how many frames there were.
std::size_t ReceiveRing::take(PacketBatch& batch) {
    const std::span<Packet*> slots = batch.free_slots();
    std::size_t received = 0;
    std::size_t bytes = 0;
    do {
        const std::size_t run = take_plain(slots.subspan(received), bytes);
        received += run;
        if (run != 0) continue;
        if (Packet* frame = collect(dma_load(ring_[next_].status))) {
            slots[received++] = frame;
            bytes += frame->frame_length();
        }
    } while (received != slots.size() && is_done(next_));
    batch.grow(received);
    counters.packets.add(received);
    counters.bytes.add(bytes);
    in_vain_ = 0;
    return received;
}

/// Whether the card is finished with `slot`: a buffer is there, and its descriptor says so.
bool ReceiveRing::is_done(std::uint32_t slot) const {
    return filled_ != 0 && (dma_load(ring_[slot].status) & RDESC_STATUS.DD);
}

/// Takes frames as long as they are plain: good, and in one buffer, up to the end of the ring. Returns how many, and
/// adds up their bytes.
std::size_t ReceiveRing::take_plain(std::span<Packet*> slots, std::size_t& bytes) {
    const std::size_t most = collecting_ ? 0 : std::min<std::size_t>({slots.size(), filled_, size_ - next_});
    const Descriptor* const descriptors = &ring_[next_];
    Packet** const packets = &packets_[next_];
    Packet* packet = packets[0];
    const std::size_t headroom = pool_->headroom();
    std::size_t taken = 0;
    std::size_t sum = 0;
#pragma GCC unroll 4
    for (; taken < most; ++taken) {
        const auto status = dma_load(descriptors[taken].status);
        if ((status & noteworthy_) != plain) break;
        dma_rmb();  // the status before the length and the frame, which the card wrote first
        const std::uint32_t length = RDESC_LENGTH.LENGTH.of(descriptors[taken].length);
        if (length - 1U >= plain_limit_) [[unlikely]]
            break;
        sum += length;
        packet->received(headroom, length, PacketFlags::none, 0);
        slots[taken] = packet;
        packet = packets[taken + 1];
        __builtin_prefetch(packet);
    }
    next_ += static_cast<std::uint32_t>(taken);
    if (next_ == size_) next_ = 0;
    filled_ -= static_cast<std::uint32_t>(taken);
    bytes += sum;
    return taken;
}

/// Gives the card buffers for all slots that are empty: up to the end of the ring, and from its beginning.
void ReceiveRing::refill() {
    const std::uint32_t tail_before = tail_;
    std::uint32_t empty = size_ - 1 - filled_;
    while (empty != 0) {
        const std::uint32_t wanted = std::min(empty, size_ - tail_);
        const std::uint32_t got = fill(wanted);
        empty -= got;
        if (got < wanted) {
            counters.no_buffer.add(1);
            break;
        }
    }
    if (tail_ == tail_before) return;
    mmio_wmb();  // the descriptors before the tail that hands them over
    registers_.write(RDT, tail_);
}

/// Puts `count` fresh buffers into the slots from the tail on, which do not go beyond the end of the ring. Returns how
/// many the pool had.
std::uint32_t ReceiveRing::fill(std::uint32_t count) {
    Packet** const fresh = &packets_[tail_];
    Descriptor* const descriptors = &ring_[tail_];
    const std::size_t headroom = pool_->headroom();
    const std::size_t got = pool_->allocate_raw({fresh, count});
#pragma GCC unroll 4
    for (std::size_t i = 0; i < got; ++i) {
        descriptors[i] = {.address = fresh[i]->buffer_address().value + headroom};  // and no DD from the last lap
    }
    tail_ += static_cast<std::uint32_t>(got);
    if (tail_ == size_) tail_ = 0;
    filled_ += static_cast<std::uint32_t>(got);
    return static_cast<std::uint32_t>(got);
}

}  // namespace ixy::e1000
