// The receive descriptor ring: descriptors are fetched when the tail hands them over, and written back when a frame has
// been written to their buffers (manual 3.2.3 to 3.2.6). The 82574L has two more kinds of descriptors: extended ones,
// and those of packet split, with four buffers each (82574 datasheet, 7.1.5).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <ixy/datasheet/e1000/descriptors.hpp>
#include <ixy/sim/chips/e1000/interrupts.hpp>
#include <ixy/sim/chips/e1000/registers.hpp>
#include <ixy/sim/chips/e1000/ring.hpp>
#include <ixy/sim/chips/e1000/rss.hpp>
#include <ixy/sim/chips/e1000/statistics.hpp>

namespace ixy::sim::e1000 {

/// A frame as it will be in memory.
struct ReceivedFrame {
    std::span<const std::byte> bytes;
    datasheet::Value<datasheet::e1000::RdescStatus> status;  ///< of its last descriptor, beside DD and EOP
    std::uint16_t checksum = 0;
    RssResult rss{};
    bool acknowledges = false;         ///< it is a TCP ACK; 82574L only
    std::uint16_t identification = 0;  ///< of an IP fragment; further contents of extended descriptors:
    datasheet::Value<datasheet::e1000::ExtendedStatus> told{};
    std::size_t detected_size = 0;  ///< bytes, with check sequence, without a removed tag: RSRPD
    std::size_t written = 0;        ///< bytes that are in memory
};

class ReceiveRing {
public:
    ReceiveRing(RegisterFile& registers, Statistics& statistics, Interrupts& interrupts, const Ring::Registers& at,
                unsigned queue = 0)
        : registers_(registers),
          statistics_(statistics),
          interrupts_(interrupts),
          ring_(registers, at),
          queue_(queue) {}

    const Ring& ring() const { return ring_; }
    /// Fetches what the tail has handed over; reports faults of the ring, and buffers that were given twice.
    void fetch();
    /// Software wrote `value` to base, length or head.
    void set_up(const datasheet::Number& which, std::uint32_t value);
    /// Forgets all fetched descriptors, since the ring is a new one, which is fetched when it is needed.
    void forget();
    /// How many descriptors there are to write to.
    std::uint32_t available();
    /// Writes the rest of `frame`, as far as there are descriptors. True when that was all, or the frame was lost.
    bool deliver(ReceivedFrame& frame);

private:
    using Status = datasheet::Value<datasheet::e1000::RdescStatus>;

    enum class Format : std::uint8_t { legacy, extended, split };
    Format format() const;

    void note(std::uint32_t index, std::uint64_t buffer);
    /// Writes what fits into the next descriptor's buffer, or buffers, and gives the descriptor back. Returns its
    /// status.
    Status fill(ReceivedFrame& frame, Format format);
    Status fill_split(ReceivedFrame& frame);
    /// Writes the next piece of `frame`, at most `size` bytes, to `buffer`. False when there is no memory there.
    bool store(ReceivedFrame& frame, std::uint64_t buffer, std::size_t size);
    Status status_after(const ReceivedFrame& frame, bool stored) const;
    datasheet::e1000::ExtendedReceiveWriteBack extended(const ReceivedFrame& frame, Status status,
                                                        std::size_t length) const;
    void skip_null(Format format);
    void consume();
    std::size_t buffer_size() const;

    RegisterFile& registers_;
    Statistics& statistics_;
    Interrupts& interrupts_;
    Ring ring_;
    unsigned queue_;
    bool stale_ = false;                     ///< nothing has been fetched since the ring was forgotten
    std::uint32_t known_ = 0;                ///< descriptors fetched and not yet used, from the head on
    std::vector<std::uint64_t> buffers_;     ///< their addresses, by index
    std::vector<std::uint32_t> last_given_;  ///< by a hash of its address: the index where a buffer was last given
};

}  // namespace ixy::sim::e1000
