// Sending the rare cases: frames in several pieces, VLAN tags and checksums that the card writes. 82574
// datasheet, 7.2.10 to 7.3.
#include <bit>

#include <ixy/nic/e1000e/limits.hpp>
#include <ixy/nic/e1000e/transmit.hpp>

#include <ixy/nic/checksums.hpp>

namespace ixy::e1000e {

using namespace datasheet::e1000;

namespace {

constexpr std::size_t largest_offset = CONTEXT_TCP.TUCSO.mask() >> CONTEXT_TCP.TUCSO.low;

/// The context that the frame's checksums need (7.2.11); all zero if it asks for none; empty if the request cannot be
/// right or lies beyond the reach of the fields. The datasheet requires TUCSS whether or not it is used. Padding after
/// the IP packet is left out of the sum; a frame without padding needs no end (0), and its context serves all lengths.
std::optional<ContextDescriptor> make_checksum_context(const Packet& frame) {
    if (!has(frame.flags(), checksum_flags)) return ContextDescriptor{};
    const auto found = find_checksums(frame);
    if (!found) return {};
    const ChecksumRange& range = *found;
    const bool tcp = has(frame.flags(), PacketFlags::tcp_checksum);
    const std::size_t l4_checksum = range.l4 + (tcp ? tcp_checksum_at : udp_checksum_at);
    if (l4_checksum > largest_offset) return {};
    const auto field = [](std::size_t offset) { return static_cast<std::uint32_t>(offset); };
    auto command = CONTEXT_CMD.DEXT | CONTEXT_CMD.DTYP(0);
    if (tcp) command |= CONTEXT_CMD.TCP;
    if (has(frame.flags(), PacketFlags::ip_checksum)) command |= CONTEXT_CMD.IP;
    const std::size_t last = range.end == frame.frame_length() ? 0 : range.end - 1;
    return ContextDescriptor{.ip = CONTEXT_IP.IPCSS(field(range.ip)) |
                                   CONTEXT_IP.IPCSO(field(range.ip + ip_checksum_at)) |
                                   CONTEXT_IP.IPCSE(field(range.l4 - 1)),
                             .tcp = CONTEXT_TCP.TUCSS(field(range.l4)) | CONTEXT_TCP.TUCSO(field(l4_checksum)) |
                                    CONTEXT_TCP.TUCSE(field(last)),
                             .command = command,
                             .status = {}};
}

}  // namespace

/// Everything but a plain frame in one buffer: several pieces, a VLAN tag, checksums that the card writes. A frame
/// that can never be sent is dropped. Returns false if there is no room now.
bool TransmitRing::post_special(Packet& frame, std::size_t& bytes) {
    std::uint32_t pieces = 0;
    for (const Packet* piece = &frame; piece != nullptr; piece = piece->next()) ++pieces;
    if (has(frame.flags(), PacketFlags::tcp_segmentation)) return post_segmented(frame, pieces, bytes);
    const auto context = can_send(frame, pieces) ? make_checksum_context(frame) : std::nullopt;
    if (!context) {
        refuse(frame);
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
    if (has(flags, checksum_flags)) {  // 7.2.11: a data descriptor, which differs only in its type and its options
        post_context(*context);
        command |= TDESC_CMD.from((DATA_CMD.DEXT | DATA_CMD.DTYP(1)).bits);
        if (has(flags, PacketFlags::ip_checksum)) options |= TDESC_STATUS.from(DATA_STATUS.IXSM.mask());
        if (has(flags, l4_checksum_flags)) options |= TDESC_STATUS.from(DATA_STATUS.TXSM.mask());
    }
    bytes += frame.frame_length();
    post_pieces(frame, command, options);
    return true;
}

/// Drops a packet that can never be sent, and counts it.
void TransmitRing::refuse(Packet& frame) {
    counters.refused.add(1);
    Packet* unwanted = &frame;
    free_packets({&unwanted, 1});
}

/// A descriptor for each piece of the frame, the last one marked as its end.
void TransmitRing::post_pieces(Packet& frame, Command command, Options options) {
    for (Packet* piece = &frame; piece != nullptr;) {
        Packet* next = piece->next();
        piece->set_next(nullptr);  // from here on each piece goes its own way back to its pool
        (void)keep_pool(*piece);
        if (next == nullptr) command |= TDESC_CMD.EOP;
        const auto length = TDESC_CMD.LENGTH(static_cast<std::uint32_t>(piece->length()));
        post({piece->io_address().value, command | length, options}, piece);
        piece = next;
    }
}

bool TransmitRing::can_send(const Packet& frame, std::size_t pieces) const {
    for (const Packet* piece = &frame; piece != nullptr; piece = piece->next()) {
        if (piece->length() == 0 || !reaches(piece->pool())) return false;
    }
    const std::size_t bytes = frame.frame_length();
    const bool fits = bytes <= longest_frame || has(frame.flags(), PacketFlags::tcp_segmentation);
    return within(requests(frame.flags()), allowed_) && bytes >= shortest_frame && fits && pieces <= most_pieces(size_);
}

/// Tells the card where the headers are, unless it knows from the previous frame.
void TransmitRing::post_context(const ContextDescriptor& context) {
    if (context.ip == context_.ip && context.tcp == context_.tcp) return;
    context_ = context;
    post(std::bit_cast<Descriptor>(context), nullptr);
}

}  // namespace ixy::e1000e
