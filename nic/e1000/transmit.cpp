// Sending: descriptors are written in memory, and one write of the tail hands a whole batch to the card.
#include <ixy/nic/e1000/transmit.hpp>

#include <algorithm>
#include <bit>

#include <ixy/datasheet/e1000/registers.hpp>
#include <ixy/pci/barrier.hpp>

namespace ixy::e1000 {

using namespace datasheet::e1000;

namespace {
constexpr std::size_t shortest_frame = 14;        // an Ethernet header; the card pads up to 60 bytes (TCTL.PSP)
constexpr std::size_t longest_frame = 16128 - 4;  // without FCS; 13.4.22, LPE

/// Reports are powers of two and at least two fit into the ring, so that one can always be waited for.
std::uint32_t report_every(std::size_t ring_size) {
    return ring_size % 32 == 0 && ring_size >= 64 ? 32 : ring_size >= 16 ? 8 : 4;
}

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
    reclaim();
    const std::uint32_t tail_before = tail_;
    std::size_t taken = 0;
    std::size_t sent = 0;
    std::size_t bytes = 0;
    for (Packet& packet : batch) {
        std::size_t length = packet.length();
        Outcome outcome = Outcome::no_room;
        if (requests(packet.flags()) == PacketFlags::none && packet.next() == nullptr &&
            length - shortest_frame <= longest_frame - shortest_frame) [[likely]] {
            if (room() == 0) break;
            post(packet, TDESC_CMD.EOP | TDESC_CMD.IFCS, {});
            outcome = Outcome::sent;
        } else {
            length = packet.frame_length();
            outcome = post_frame(packet);
        }
        if (outcome == Outcome::no_room) break;
        ++taken;
        if (outcome == Outcome::sent) [[likely]] {
            ++sent;
            bytes += length;
        }
    }
    batch.release_front(taken);
    if (tail_ != tail_before) {
        counters.packets.add(sent);
        counters.bytes.add(bytes);
        mmio_wmb();  // the descriptors before the tail that hands them over
        registers_.write(TDT, tail_);
    }
    return sent;
}

/// Puts one piece of a frame into the next descriptor, the last of each block with a report. 3.3.3
void TransmitRing::post(Packet& piece, Command command, Options options) {
    command |= TDESC_CMD.LENGTH(static_cast<std::uint32_t>(piece.length()));
    if ((tail_ & (block_ - 1)) == block_ - 1) command |= TDESC_CMD.RS;
    if (&piece.pool() != last_pool_) [[unlikely]]
        keep_pool(piece.pool());
    fill_slot({piece.io_address().value, command, options}, &piece);
}

void TransmitRing::fill_slot(const Descriptor& descriptor, Packet* packet) {
    ring_[tail_] = descriptor;
    packets_[tail_] = packet;
    tail_ = tail_ + 1 == size_ ? 0 : tail_ + 1;
    ++used_;
}

void TransmitRing::keep_pool(Mempool& pool) {
    last_pool_ = &pool;
    const auto same = [&](const std::shared_ptr<Mempool>& kept) { return kept.get() == &pool; };
    if (std::ranges::none_of(pools_, same)) pools_.push_back(pool.shared_from_this());
}

std::size_t TransmitRing::reclaim() {
    std::size_t freed = 0;
    while (used_ >= block_ && (dma_load(ring_[oldest_ + block_ - 1].status) & TDESC_STATUS.DD)) {
        Packet** const block = &packets_[oldest_];
        Packet** end = block + block_;
        if (has(allowed_, checksum_flags)) end = std::remove(block, end, nullptr);  // contexts hold no packet
        free_packets({block, end});
        freed += static_cast<std::size_t>(end - block);
        oldest_ = oldest_ + block_ == size_ ? 0 : oldest_ + block_;
        used_ -= block_;
    }
    return freed;
}

/// Everything but a plain frame in one buffer: several pieces, a VLAN tag, checksums that the card shall write. A frame
/// that can never be sent is dropped.
TransmitRing::Outcome TransmitRing::post_frame(Packet& frame) {
    std::uint32_t pieces = 0;
    for (const Packet* piece = &frame; piece != nullptr; piece = piece->next()) ++pieces;
    if (!can_send(frame, pieces)) {
        counters.refused.add(1);
        Packet* unwanted = &frame;
        free_packets({&unwanted, 1});
        return Outcome::refused;
    }
    if (room() < pieces + 1) return Outcome::no_room;

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
    for (Packet* piece = &frame; piece != nullptr;) {
        Packet* next = piece->next();
        piece->set_next(nullptr);  // from here on each piece goes its own way back to its pool
        post(*piece, next == nullptr ? command | TDESC_CMD.EOP : command, options);
        piece = next;
    }
    return Outcome::sent;
}

bool TransmitRing::can_send(const Packet& frame, std::size_t pieces) const {
    for (const Packet* piece = &frame; piece != nullptr; piece = piece->next()) {
        if (piece->length() == 0) return false;
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
    if ((tail_ & (block_ - 1)) == block_ - 1) command |= CONTEXT_CMD.RS;
    const ContextDescriptor context{
        .ip = CONTEXT_IP.IPCSS(ip) | CONTEXT_IP.IPCSO(ip + 10) | CONTEXT_IP.IPCSE(l4 - 1),
        .tcp = CONTEXT_TCP.TUCSS(l4) | CONTEXT_TCP.TUCSO(l4 + (tcp ? 16 : 6)) | CONTEXT_TCP.TUCSE(0),
        .command = command,
        .status = {}};
    fill_slot(std::bit_cast<Descriptor>(context), nullptr);
}

}  // namespace ixy::e1000
