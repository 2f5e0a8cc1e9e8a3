// Sending: descriptors are written in memory, and one write of the tail hands a whole batch to the card.
#include <ixy/nic/e1000/transmit.hpp>

#include <algorithm>
#include <bit>

#include <ixy/datasheet/chip.hpp>
#include <ixy/datasheet/e1000/registers.hpp>
#include <ixy/pci/barrier.hpp>

namespace ixy::e1000 {

using namespace datasheet::e1000;

namespace {
constexpr std::size_t shortest_frame = 14;  // an Ethernet header; the card pads up to 60 bytes (TCTL.PSP)
constexpr std::size_t check_sequence = 4;
constexpr std::size_t longest_frame = datasheet::Features{}.longest_frame - check_sequence;  // the family's
constexpr std::uint32_t most_in_vain = 1 << 16;  // attempts to send; some milliseconds

/// Reports are powers of two and at least two fit into the ring, so that one can always be waited for.
std::uint32_t report_every(std::size_t ring_size) {
    return ring_size % 32 == 0 && ring_size >= 64 ? 32 : ring_size >= 16 ? 8 : 4;
}

constexpr auto plain_frame = TDESC_CMD.EOP | TDESC_CMD.IFCS;
constexpr PacketFlags l4_checksum_flags = PacketFlags::tcp_checksum | PacketFlags::udp_checksum;
constexpr PacketFlags checksum_flags = PacketFlags::ip_checksum | l4_checksum_flags;
}  // namespace

Expected<std::unique_ptr<TransmitRing>> TransmitRing::create(PciFunction& function, Bar registers,
                                                             const DeviceOptions& options) {
    auto memory = function.dma_space()->allocate(options.tx_ring_size * sizeof(Descriptor), 128, function.numa_node());
    if (!memory) return std::unexpected(memory.error());
    return std::unique_ptr<TransmitRing>(new TransmitRing(registers, std::move(*memory), options));
}

TransmitRing::TransmitRing(Bar registers, DmaMemory memory, const DeviceOptions& options)
    : registers_(registers),
      ring_(reinterpret_cast<Descriptor*>(memory.data())),
      packets_(std::make_unique<Packet*[]>(options.tx_ring_size)),
      size_(static_cast<std::uint32_t>(options.tx_ring_size)),
      block_(report_every(options.tx_ring_size)),
      allowed_((options.vlan ? PacketFlags::insert_vlan : PacketFlags::none) |
               (options.tx_checksum ? checksum_flags : PacketFlags::none)),
      memory_(std::move(memory)) {}

TransmitRing::~TransmitRing() {
    for (; used_ != 0; --used_) {
        if (packets_[oldest_] != nullptr) free_packets({&packets_[oldest_], 1});
        oldest_ = oldest_ + 1 == size_ ? 0 : oldest_ + 1;
    }
}

void TransmitRing::start() {
    const std::uint64_t address = memory_.address().value;
    registers_.write(TDBAL, static_cast<std::uint32_t>(address));
    registers_.write(TDBAH, static_cast<std::uint32_t>(address >> 32));
    registers_.write(TDLEN, size_ * static_cast<std::uint32_t>(sizeof(Descriptor)));
    registers_.write(TDH, 0);
    registers_.write(TDT, 0);
}

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
        registers_.write(TDT, tail_);
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
    std::size_t posted = 0;
    std::size_t sum = 0;
#pragma GCC unroll 4
    for (; posted < most; ++posted) {
        Packet* packet = packets[posted];
        const std::size_t length = packet->length();
        if (requests(packet->flags()) != PacketFlags::none || packet->next() != nullptr ||
            length - shortest_frame > longest_frame - shortest_frame) [[unlikely]]
            break;
        if (&packet->pool() != last_pool_ && !keep_pool(packet->pool())) [[unlikely]]
            break;
        const auto command = plain_frame | TDESC_CMD.LENGTH(static_cast<std::uint32_t>(length));
        descriptors[posted] = {packet->io_address().value, command, {}};
        owned[posted] = packet;
        sum += length;
    }
    advance(posted);
    bytes += sum;
    return posted;
}

/// Asks for a report (3.3.3.1, RS) in the last descriptor of each block that was completed since the tail was `from`.
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

/// Makes `pool` outlive its packets in this ring. Returns false when the card cannot reach it: what is at the packets'
/// addresses for this card may be anybody's, and would go out on the wire.
bool TransmitRing::keep_pool(Mempool& pool) {
    if (!reaches(pool)) return false;
    several_pools_ = several_pools_ || last_pool_ != nullptr;
    last_pool_ = &pool;
    auto owner = pool.weak_from_this().lock();  // none: nobody has the pool any more, and it stays for good
    if (owner && std::ranges::find(pools_, owner) == pools_.end()) pools_.push_back(std::move(owner));
    return true;
}

std::size_t TransmitRing::reclaim() {
    std::size_t freed = 0;
    while (used_ >= block_ && (dma_load(ring_[oldest_ + block_ - 1].status) & TDESC_STATUS.DD)) {
        Packet** const block = &packets_[oldest_];
        Packet** end = block + block_;
        if (has(allowed_, checksum_flags)) end = std::remove(block, end, nullptr);  // contexts hold no packet
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

/// A report that got lost would keep the ring full for ever. When nothing has found room for long, the head says how
/// far the card is (13.4.39), and reports that are missing are made up for.
void TransmitRing::look_at_head() {
    const std::uint32_t head = registers_.read(TDH).bits;
    if (head >= size_) return;  // the card is gone
    for (std::uint32_t done = (head + size_ - oldest_) % size_, slot = oldest_; done >= block_; done -= block_) {
        ring_[slot + block_ - 1].status |= TDESC_STATUS.DD;
        slot = slot + block_ == size_ ? 0 : slot + block_;
    }
}

/// Everything but a plain frame in one buffer: several pieces, a VLAN tag, checksums that the card shall write. A frame
/// that can never be sent is dropped. Returns false when there is no room now.
bool TransmitRing::post_special(Packet& frame, std::size_t& bytes) {
    std::uint32_t pieces = 0;
    for (const Packet* piece = &frame; piece != nullptr; piece = piece->next()) ++pieces;
    if (!can_send(frame, pieces)) {
        counters.refused.add(1);
        Packet* unwanted = &frame;
        free_packets({&unwanted, 1});
        return true;
    }
    if (room() < pieces + 1) return false;

    const PacketFlags flags = frame.flags();
    Command command = TDESC_CMD.IFCS;
    Options options{};
    if (has(flags, PacketFlags::insert_vlan)) {
        command |= TDESC_CMD.VLE;
        options |= TDESC_STATUS.from(std::uint32_t{frame.vlan()} << TDESC_STATUS.VLAN.low);
    }
    if (has(flags, checksum_flags)) {  // 3.3.7: a data descriptor, alike but for its type and its options
        post_checksum_context(frame);
        command |= TDESC_CMD.from((DATA_CMD.DEXT | DATA_CMD.DTYP(1)).bits);
        if (has(flags, PacketFlags::ip_checksum)) options |= TDESC_STATUS.from(DATA_STATUS.IXSM.mask());
        if (has(flags, l4_checksum_flags)) options |= TDESC_STATUS.from(DATA_STATUS.TXSM.mask());
    }
    bytes += frame.frame_length();
    for (Packet* piece = &frame; piece != nullptr;) {
        Packet* next = piece->next();
        piece->set_next(nullptr);  // from here on each piece goes its own way back to its pool
        (void)keep_pool(piece->pool());
        if (next == nullptr) command |= TDESC_CMD.EOP;
        const auto length = TDESC_CMD.LENGTH(static_cast<std::uint32_t>(piece->length()));
        post({piece->io_address().value, command | length, options}, piece);
        piece = next;
    }
    return true;
}

bool TransmitRing::can_send(const Packet& frame, std::size_t pieces) const {
    for (const Packet* piece = &frame; piece != nullptr; piece = piece->next()) {
        if (piece->length() == 0 || !reaches(piece->pool())) return false;
    }
    const std::size_t bytes = frame.frame_length();
    const bool known_requests = (requests(frame.flags()) | allowed_) == allowed_;
    return known_requests && bytes >= shortest_frame && bytes <= longest_frame && pieces + 1 <= size_ - block_;
}

/// Tells the card where the headers are, unless it knows from the frame before. 3.3.6
void TransmitRing::post_checksum_context(const Packet& frame) {
    const auto ip = static_cast<std::uint32_t>(frame.l2_length());
    const auto l4 = ip + static_cast<std::uint32_t>(frame.l3_length());
    const bool tcp = has(frame.flags(), PacketFlags::tcp_checksum);
    const std::uint32_t wanted = ip | l4 << 8 | (tcp ? 1U << 31 : 0U);
    if (wanted == context_) return;
    context_ = wanted;

    auto command = CONTEXT_CMD.DEXT | CONTEXT_CMD.DTYP(0);
    if (tcp) command |= CONTEXT_CMD.TCP;
    if (has(frame.flags(), PacketFlags::ip_checksum)) command |= CONTEXT_CMD.IP;
    const ContextDescriptor context{
        .ip = CONTEXT_IP.IPCSS(ip) | CONTEXT_IP.IPCSO(ip + 10) | CONTEXT_IP.IPCSE(l4 - 1),
        .tcp = CONTEXT_TCP.TUCSS(l4) | CONTEXT_TCP.TUCSO(l4 + (tcp ? 16 : 6)) | CONTEXT_TCP.TUCSE(0),
        .command = command,
        .status = {}};
    post(std::bit_cast<Descriptor>(context), nullptr);
}

}  // namespace ixy::e1000
