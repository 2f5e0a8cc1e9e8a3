// A packet on its way out: gathered from the buffers of its descriptors, then finished as they say: checksums,
// segments, a VLAN tag, padding (manual 3.3.3 to 3.3.7, 3.5).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <ixy/datasheet/e1000/descriptors.hpp>
#include <ixy/sim/chips/e1000/registers.hpp>
#include <ixy/sim/chips/e1000/statistics.hpp>

namespace ixy::sim::e1000 {

class Outgoing {
public:
    using Send = std::function<void(std::span<const std::byte> frame)>;
    using Descriptor = datasheet::e1000::TransmitDescriptor;  ///< of any kind, until its type has been checked
    Outgoing(RegisterFile& registers, Statistics& statistics, Send send);

    /// Takes one descriptor, and sends the packet that it completes. Segments sent on the way are taken off `budget`;
    /// returns false if that runs out, and then the same descriptor must be given again.
    bool take(const Descriptor& descriptor, unsigned& budget);
    /// Forgets a packet that was begun.
    void drop();
    /// Also forgets the contexts.
    void reset();

private:
    using Context = datasheet::e1000::ContextDescriptor;

    bool take_context(const Context& context);
    void begin(const Descriptor& first);
    void gather(IoAddress from, std::size_t bytes);
    bool gather_segments(IoAddress from, std::size_t bytes, unsigned& budget);
    bool fetch(IoAddress from, std::size_t bytes);
    void finish(const Descriptor& last);
    void finish_segments();
    void send_segment(bool is_last);
    void insert_checksums(std::size_t pseudo_header_length);
    void send_packet(const Descriptor& with);
    void refuse(std::string_view why);
    void report(std::string_view what);
    std::size_t longest() const;

    RegisterFile& registers_;
    Statistics& statistics_;
    Send send_;
    std::optional<Context> plain_context_;         ///< for checksums
    std::optional<Context> segmentation_context_;  ///< for packets that are cut into segments (3.3.6)

    // The packet or segment under construction
    std::vector<std::byte> buffer_;  ///< its bytes, after room for a tag
    std::size_t size_ = 0;
    bool begun_ = false;
    bool refused_ = false;            ///< the rest of it is skipped
    bool segmented_ = false;          ///< it is cut into segments
    Descriptor first_{};              ///< tells what kind of packet it is
    std::optional<Context> context_;  ///< as it was when the packet began

    // A packet that is cut into segments
    std::array<std::byte, 256> headers_{};  ///< as they came
    std::uint32_t segments_ = 0;            ///< sent
    std::size_t payload_ = 0;               ///< bytes fetched
    std::size_t taken_ = 0;                 ///< bytes fetched of a partly processed descriptor
};

}  // namespace ixy::sim::e1000
