// Sending packets that the card cuts into TCP segments (TSO). Datasheet, 7.3.6. A first reader can skip this
// file.
#include <bit>
#include <optional>

#include <ixy/nic/e1000e/limits.hpp>
#include <ixy/nic/e1000e/transmit.hpp>

#include <ixy/nic/checksums.hpp>

namespace ixy::e1000e {

using namespace datasheet::e1000;

namespace {

constexpr std::size_t longest_headers = CONTEXT_STATUS.HDRLEN.mask() >> CONTEXT_STATUS.HDRLEN.low;

/// What the card must know to cut the packet; empty if the request cannot be right or is beyond its reach.
std::optional<ContextDescriptor> make_segmentation_context(const Packet& frame) {
    const auto headers = find_segments(frame);
    if (!headers || headers->payload > longest_headers) return {};
    if (headers->payload + frame.segment_size() > longest_frame) return {};
    const auto field = [](std::size_t number) { return static_cast<std::uint32_t>(number); };
    auto command = CONTEXT_CMD.DEXT | CONTEXT_CMD.DTYP(0) | CONTEXT_CMD.TSE | CONTEXT_CMD.TCP |
                   CONTEXT_CMD.PAYLEN(field(frame.frame_length() - headers->payload));
    if (headers->ip_version == 4) command |= CONTEXT_CMD.IP;
    return ContextDescriptor{
        .ip = CONTEXT_IP.IPCSS(field(headers->ip)) | CONTEXT_IP.IPCSO(field(headers->ip + ip_checksum_at)) |
              CONTEXT_IP.IPCSE(field(headers->tcp - 1)),
        .tcp = CONTEXT_TCP.TUCSS(field(headers->tcp)) | CONTEXT_TCP.TUCSO(field(headers->tcp + tcp_checksum_at)) |
               CONTEXT_TCP.TUCSE(0),
        .command = command,
        .status = CONTEXT_STATUS.HDRLEN(field(headers->payload)) | CONTEXT_STATUS.MSS(field(frame.segment_size()))};
}

}  // namespace

/// A context, which no other packet shares, then data descriptors with TSE. Returns false if there is no room now.
bool TransmitRing::post_segmented(Packet& frame, std::uint32_t pieces, std::size_t& bytes) {
    const auto context = can_send(frame, pieces) ? make_segmentation_context(frame) : std::nullopt;
    if (!context) {
        refuse(frame);
        return true;
    }
    if (room() < pieces + 1) return false;
    context_ = {};  // the card may keep one context only
    post(std::bit_cast<Descriptor>(*context), nullptr);
    Command command = TDESC_CMD.IFCS | TDESC_CMD.from((DATA_CMD.DEXT | DATA_CMD.DTYP(1) | DATA_CMD.TSE).bits);
    Options options = TDESC_STATUS.from(DATA_STATUS.TXSM.mask());
    if (context->command & CONTEXT_CMD.IP) options |= TDESC_STATUS.from(DATA_STATUS.IXSM.mask());
    if (has(frame.flags(), PacketFlags::insert_vlan)) {
        command |= TDESC_CMD.VLE;
        options |= TDESC_STATUS.from(std::uint32_t{frame.vlan()} << TDESC_STATUS.VLAN.low);
    }
    bytes += frame.frame_length();
    post_pieces(frame, command, options);
    return true;
}

}  // namespace ixy::e1000e
