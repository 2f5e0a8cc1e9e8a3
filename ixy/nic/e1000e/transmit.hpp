// A transmit ring of the 82574L, one for each queue. Datasheet, section 7.2.
//
//           oldest_: sent first, reclaimed first         tail_: the next free slot (TDT)
//             v                                            v
//   +----+----+----+----+----+----+----+----+----+----+----+----+----+
//   |free|card|card|card| RS |card|card|card| RS |card|card|free|free|
//   +----+----+----+----+----+----+----+----+----+----+----+----+----+
//             `---- block ----'
// The card reports back (RS, then DD) once in a block of 32 descriptors, and the whole block is reclaimed at once.
#pragma once

#include <memory>
#include <vector>

#include <ixy/nic/e1000e/rings.hpp>

#include <ixy/core/cache_lines.hpp>
#include <ixy/core/dma.hpp>
#include <ixy/datasheet/e1000/descriptors.hpp>
#include <ixy/nic/device.hpp>

namespace ixy::e1000e {

inline constexpr PacketFlags l4_checksum_flags = PacketFlags::tcp_checksum | PacketFlags::udp_checksum;
inline constexpr PacketFlags checksum_flags = PacketFlags::ip_checksum | l4_checksum_flags;
inline constexpr PacketFlags context_flags = checksum_flags | PacketFlags::tcp_segmentation;

/// The most buffers that one frame may have in a ring of `ring_size` descriptors: one more descriptor holds the
/// checksum context, and a block of them may wait for its report.
std::size_t most_pieces(std::size_t ring_size);

class alignas(cache_line) TransmitRing final : public TxRing {
public:
    static Expected<std::unique_ptr<TransmitRing>> create(PciFunction& function, Bar registers, std::size_t queue,
                                                          const DeviceOptions& options);
    ~TransmitRing() override;

    /// Tells the card where the ring is; the transmitter must be off. Section 4.6.6.
    void start();
    /// Whether the card is done with all descriptors: reads its registers.
    bool has_sent_everything() const;
    std::size_t send(PacketBatch& batch) override;
    std::size_t reclaim() override;
    bool is_ready() const;  // interrupts.cpp

private:
    using Descriptor = datasheet::e1000::TransmitDescriptor;
    using Command = datasheet::Value<datasheet::e1000::TdescCommand>;
    using Options = datasheet::Value<datasheet::e1000::TdescStatus>;
    TransmitRing(Bar registers, std::size_t queue, DmaMemory memory, const DeviceOptions& options);

    std::uint32_t room() const { return size_ - 1 - used_; }  // one slot stays free: the tail never meets the head
    void advance(std::size_t slots) {                         // at most to the end of the ring
        tail_ += static_cast<std::uint32_t>(slots);
        if (tail_ == size_) tail_ = 0;
        used_ += static_cast<std::uint32_t>(slots);
    }
    [[gnu::noinline]] std::size_t post(PacketBatch& batch);
    std::size_t post_plain(std::span<Packet* const> packets, std::size_t& bytes);
    bool post_special(Packet& frame, std::size_t& bytes);
    void post(const Descriptor& descriptor, Packet* piece);
    void request_reports(std::uint32_t from);
    bool can_send(const Packet& frame, std::size_t pieces) const;
    void refuse(Packet& frame);
    void post_pieces(Packet& frame, Command command, Options options);
    void post_context(const datasheet::e1000::ContextDescriptor& context);
    bool post_segmented(Packet& frame, std::uint32_t pieces, std::size_t& bytes);  // segmentation.cpp
    bool reaches(const Mempool& pool) const;
    [[gnu::cold, gnu::noinline]] bool keep_pool(const Packet& packet);
    [[gnu::cold, gnu::noinline]] void look_at_head();  // recovery.cpp

    Bar registers_;
    RingRegisters at_;
    Descriptor* ring_;
    LineArray<Packet*> packets_;  // the buffer that each descriptor points to; null for a context
    std::uint32_t size_;
    std::uint32_t block_;  // descriptors per report, a power of two
    std::uint32_t oldest_ = 0;
    std::uint32_t tail_ = 0;
    std::uint32_t used_ = 0;
    std::uint32_t in_vain_ = 0;  // calls that sent nothing

    PacketFlags allowed_;                               // what packets may ask for
    datasheet::e1000::ContextDescriptor context_ = {};  // the checksum context that the card holds
    DmaMemory memory_;

    Mempool* last_pool_ = nullptr;               // the previous packet's pool
    bool several_pools_ = false;                 // not all packets came from the same one
    LineArray<std::shared_ptr<Mempool>> pools_;  // of all packets sent: they must outlive their packets in this ring
};

}  // namespace ixy::e1000e
