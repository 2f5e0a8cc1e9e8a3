// A packet on its way out: gathered from the buffers of its descriptors, then finished as they say: checksums,
// segments, a VLAN tag, padding (manual 3.3.3 to 3.3.7, 3.5).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <ixy/datasheet/e1000/descriptors.hpp>
#include <ixy/sim/e1000/registers.hpp>
#include <ixy/sim/e1000/statistics.hpp>

namespace ixy::sim::e1000 {

class Outgoing {
public:
    using Send = std::function<void(std::span<const std::byte> frame)>;
    Outgoing(RegisterFile& registers, Statistics& statistics, Send send);

    /// Takes in one descriptor of any kind, and sends what it completes.
    void take(const datasheet::e1000::TransmitDescriptor& descriptor);
    /// Forgets a packet that was begun.
    void drop();
    /// And the contexts.
    void reset();

private:
    using Context = datasheet::e1000::ContextDescriptor;

    void take_context(const Context& context);
    void take_legacy(const datasheet::e1000::TransmitDescriptor& descriptor);
    void take_data(const datasheet::e1000::DataDescriptor& descriptor);
    bool begin(const datasheet::e1000::TransmitDescriptor& descriptor);
    void gather(IoAddress from, std::size_t bytes);
    void gather_segments(IoAddress from, std::size_t bytes);
    bool fetch(IoAddress from, std::size_t bytes);
    void finish(const datasheet::e1000::TransmitDescriptor& last);
    void finish_segments();
    void send_segment(bool is_last);
    void insert_checksums();
    void send_packet(datasheet::Value<datasheet::e1000::TdescCommand> command,
                     datasheet::Value<datasheet::e1000::TdescStatus> options);
    void refuse(std::string why);

    std::size_t longest() const;
    std::span<std::byte> packet() { return std::span(buffer_).subspan(headroom, size_); }

    static constexpr std::size_t headroom = 4;  ///< a VLAN tag's

    RegisterFile& registers_;
    Statistics& statistics_;
    Send send_;
    /// The two contexts (3.3.6): for packets as they are, and for those to be cut into segments.
    std::array<std::optional<Context>, 2> contexts_;

    std::vector<std::byte> buffer_;  ///< the packet, or the segment, behind room for a tag
    std::size_t size_ = 0;
    bool begun_ = false;
    bool refused_ = false;                          ///< the rest is skipped
    datasheet::e1000::TransmitDescriptor first_{};  ///< says what kind of packet it is
    std::optional<Context> context_;                ///< as it was when the packet began
    std::array<std::byte, 256> headers_{};          ///< of a packet to be cut into segments, as they came
    std::uint32_t segments_ = 0;                    ///< sent of it
    std::size_t payload_ = 0;                       ///< fetched of it
};

}  // namespace ixy::sim::e1000
