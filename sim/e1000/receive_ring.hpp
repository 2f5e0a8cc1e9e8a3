// The receive descriptor ring: descriptors are fetched when the tail hands them over, and written back when a frame was
// written to the buffers that they name (manual 3.2.3 to 3.2.6).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <ixy/datasheet/e1000/descriptors.hpp>
#include <ixy/sim/e1000/interrupts.hpp>
#include <ixy/sim/e1000/registers.hpp>
#include <ixy/sim/e1000/ring.hpp>
#include <ixy/sim/e1000/statistics.hpp>

namespace ixy::sim::e1000 {

/// A frame as memory shall have it.
struct ReceivedFrame {
    std::span<const std::byte> bytes;
    datasheet::Value<datasheet::e1000::RdescStatus> status;  ///< of its last descriptor, beside DD and EOP
    std::uint16_t checksum = 0;
    std::size_t written = 0;  ///< bytes that memory has
};

class ReceiveRing {
public:
    ReceiveRing(RegisterFile& registers, Statistics& statistics, Interrupts& interrupts, const Ring::Registers& at);

    /// Fetches the descriptors that are new; reports what is wrong with the ring, and buffers given twice.
    void fetch();
    /// How many descriptors there are to write to.
    std::uint32_t available() const { return known_; }
    /// Writes what is left of `frame`, as far as there are descriptors. True when it was all, or it was lost.
    bool deliver(ReceivedFrame& frame);
    /// Forgets all descriptors: they are fetched again when the next frame arrives.
    void forget();

private:
    void take_over(std::uint32_t index, std::uint64_t buffer);
    void write_back(std::uint64_t buffer, std::size_t bytes, const ReceivedFrame& frame,
                    datasheet::Value<datasheet::e1000::RdescStatus> status);
    void skip_null();
    void consume();
    std::size_t buffer_size() const;

    RegisterFile& registers_;
    Statistics& statistics_;
    Interrupts& interrupts_;
    Ring ring_;
    std::uint32_t known_ = 0;             ///< descriptors fetched, from the head on
    std::vector<std::uint64_t> buffers_;  ///< addresses that they held, by index
    std::vector<std::uint32_t> given_;    ///< by a hash of its address: where a buffer was given last
};

}  // namespace ixy::sim::e1000
