// A receive ring of the 82574L, one for each queue. Datasheet, section 7.1.
//
// The descriptors are extended ones (7.1.5): software gives a buffer's address, and the card writes all of the
// descriptor over it: the frame's hash, its status and its length.
//
//        next_: the next frame is expected here           tail_: the first slot without a buffer (RDT)
//          v                                                v
//   +----+----+----+----+----+----+----+----+----+----+----+----+----+
//   |    |card|card|card|card|card|card|card|card|card|card|    |    |     the card fills slots from next_ on
//   +----+----+----+----+----+----+----+----+----+----+----+----+----+     and sets DD in each that is complete
//     ^ emptied: refilled when half of the ring is empty
#pragma once

#include <bit>
#include <memory>

#include <ixy/nic/e1000e/rings.hpp>

#include <ixy/core/cache_lines.hpp>
#include <ixy/core/dma.hpp>
#include <ixy/datasheet/e1000/descriptors.hpp>
#include <ixy/nic/device.hpp>

namespace ixy::e1000e {

class alignas(cache_line) ReceiveRing final : public RxRing {
public:
    /// Allocates a ring and the pool behind it. The card is not told yet.
    static Expected<std::unique_ptr<ReceiveRing>> create(PciFunction& function, Bar registers, std::size_t queue,
                                                         const DeviceOptions& options);
    ~ReceiveRing() override;

    /// Tells the card where the ring is and fills it with buffers; the receiver must be off. Section 4.6.5.
    void start();
    std::size_t receive(PacketBatch& batch) override;
    bool is_ready();  // interrupts.cpp
    const std::shared_ptr<Mempool>& pool() const { return pool_; }

private:
    using Descriptor = datasheet::e1000::ExtendedReceiveWriteBack;
    using Status = datasheet::Value<datasheet::e1000::ExtendedStatus>;
    static constexpr std::size_t buffer_size = 2048;  // RCTL.BSIZE, and the pool's data room
    static constexpr std::size_t check_sequence = 4;
    ReceiveRing(Bar registers, std::size_t queue, DmaMemory memory, std::shared_ptr<Mempool> pool,
                const DeviceOptions& options);
    static std::uint32_t worth_a_refill(const DeviceOptions& options, const Mempool& pool);

    bool is_done(std::uint32_t slot) const;
    [[gnu::noinline]] std::size_t take(PacketBatch& batch);
    std::size_t take_plain(std::span<Packet*> slots, std::size_t& bytes);
    [[gnu::noinline]] void refill();
    std::uint32_t fill(std::uint32_t count);
    /// A descriptor as the card expects it: the buffer's address, and no DD from the last lap.
    static Descriptor unused(const Packet& packet, std::size_t headroom) {
        return std::bit_cast<Descriptor>(
            datasheet::e1000::ExtendedReceiveRead{packet.buffer_address().value + headroom, 0});
    }
    /// The card names the kind of packet that it hashed; without RSS it hashes none.
    static PacketFlags hash_flag(const Descriptor& done) {
        return datasheet::e1000::EXTENDED_MRQ.RSS_TYPE.of(done.mrq) != 0 ? PacketFlags::rss_hash : PacketFlags::none;
    }
    // Frames that are not plain: special_frames.cpp
    static Status noteworthy(const DeviceOptions& options);
    Packet* collect(const Descriptor& done);
    void drop_frame(Counter& reason);
    void note_offloads(Packet& frame, const Descriptor& last);
    // Recovery from a faulty card: recovery.cpp
    [[gnu::cold, gnu::noinline]] void recover();
    void resolve_overtaken();
    void look_at_head();
    void give_up(std::uint32_t slot);
    std::uint32_t following(std::uint32_t slot) const { return slot + 1 == size_ ? 0 : slot + 1; }

    Bar registers_;
    RingRegisters at_;
    Descriptor* ring_;
    LineArray<Packet*> packets_;  // the buffer that each descriptor points to, and one slot to prefetch
    std::uint32_t size_;
    std::uint32_t next_ = 0;
    std::uint32_t tail_ = 0;
    std::uint32_t filled_ = 0;   // slots between next_ and tail_; at most size_ - 1: the tail stays behind
    std::uint32_t refill_at_;    // empty slots that are worth a refill
    std::uint32_t in_vain_ = 0;  // polls since the last descriptor that was done

    Packet* first_ = nullptr;  // pieces so far of a frame that spans several descriptors
    Packet* last_ = nullptr;
    std::size_t frame_bytes_ = 0;
    bool collecting_ = false;  // the last descriptor was not the end of its frame
    bool dropping_ = false;    // the rest of that frame is unwanted

    Status noteworthy_;  // status bits that this set-up looks at
    std::size_t longest_frame_;
    std::uint32_t plain_limit_;  // bytes that one buffer can hold
    DmaMemory memory_;
    std::shared_ptr<Mempool> pool_;
};

}  // namespace ixy::e1000e
