// Three kinds of descriptors (3.3.2): a legacy one is data and options, a context is options for the data descriptors
// that follow. Whatever they say, nothing is read or written outside the packet's buffer.
#include <ixy/sim/chips/e1000/outgoing.hpp>

#include <algorithm>
#include <bit>
#include <string>

#include <ixy/datasheet/e1000/registers.hpp>
#include <ixy/sim/chips/e1000/offload.hpp>

namespace ixy::sim::e1000 {

using namespace datasheet::e1000;
using datasheet::Value;

namespace {

constexpr std::size_t headroom = vlan_tag_size;
constexpr std::size_t addresses = 12;
constexpr std::size_t shortest_frame = 60;    // TCTL.PSP
constexpr std::size_t longest_frame = 16288;  // 3.3.3: the sum of a packet's lengths
constexpr std::size_t buffer_reserve = 80;    // 3.3.7: a packet is shorter than the transmit buffer by this much
constexpr std::size_t kilobyte = 1024;
constexpr std::uint32_t context_type = 0, data_type = 1;

Value<DataCommand> as_data(Value<TdescCommand> command) { return DATA_CMD.from(command.bits); }
Value<DataStatus> as_data(Value<TdescStatus> options) { return DATA_STATUS.from(options.bits); }

}  // namespace

Outgoing::Outgoing(RegisterFile& registers, Statistics& statistics, Send send)
    : registers_(registers),
      statistics_(statistics),
      send_(std::move(send)),
      buffer_(headroom + longest_frame + shortest_frame) {}

void Outgoing::reset() {
    drop();
    plain_context_.reset();
    segmentation_context_.reset();
}

void Outgoing::drop() {
    begun_ = refused_ = segmented_ = false;
    size_ = payload_ = taken_ = 0;
    segments_ = 0;
    context_.reset();
}

std::size_t Outgoing::longest() const {
    const std::size_t buffer = PBA.TXA.of(registers_.get(PBA)) * kilobyte;
    return std::min(longest_frame, std::max(buffer, buffer_reserve) - buffer_reserve);
}

bool Outgoing::take(const Descriptor& descriptor, unsigned& budget) {
    const bool legacy = !(descriptor.command & TDESC_CMD.DEXT);
    const std::uint32_t type = DATA_CMD.DTYP.of(as_data(descriptor.command));
    if (!legacy && type == context_type) return take_context(std::bit_cast<Context>(descriptor));
    if (!legacy && type != data_type) return report("a descriptor's type is neither context nor data"), true;

    constexpr auto kind = TDESC_CMD.DEXT.mask();
    if (!begun_) begin(descriptor);
    if (((descriptor.command.bits ^ first_.command.bits) & kind) != 0)
        refuse("a packet mixes legacy descriptors with others");
    if (!legacy && static_cast<bool>(as_data(descriptor.command) & DATA_CMD.TSE) != segmented_)
        refuse("TSE is set in only some of a packet's descriptors");

    const std::size_t bytes =
        legacy ? TDESC_CMD.LENGTH.of(descriptor.command) : DATA_CMD.DTALEN.of(as_data(descriptor.command));
    if (descriptor.address != 0) {  // 3.3.3.1: with a null address, or a length of zero, there is no data
        if (!segmented_) gather({descriptor.address}, bytes);
        if (segmented_ && !gather_segments({descriptor.address}, bytes, budget)) return false;
    }
    if (descriptor.command & TDESC_CMD.EOP) finish(descriptor);
    return true;
}

bool Outgoing::take_context(const Context& context) {
    if (begun_) report("a context is in the middle of a packet");
    (context.command & CONTEXT_CMD.TSE ? segmentation_context_ : plain_context_) = context;
    return true;
}

void Outgoing::begin(const Descriptor& first) {
    drop();
    begun_ = true;
    first_ = first;
    if (!(first.command & TDESC_CMD.DEXT)) return;
    segmented_ = static_cast<bool>(as_data(first.command) & DATA_CMD.TSE);
    context_ = segmented_ ? segmentation_context_ : plain_context_;
    if (!segmented_) {
        const bool needs_context = static_cast<bool>(as_data(first.status) & (DATA_STATUS.IXSM | DATA_STATUS.TXSM));
        if (needs_context && !context_) report("checksums are requested without a context");
        return;
    }
    if (!context_) return refuse("segmentation is requested without a context");
    const std::size_t segment = CONTEXT_STATUS.HDRLEN.of(context_->status) + CONTEXT_STATUS.MSS.of(context_->status);
    if (!can_segment(*context_)) return refuse("the context's HDRLEN does not cover the headers, or its MSS is 0");
    if (segment > longest()) refuse("HDRLEN and MSS exceed the packet buffer");
}

void Outgoing::gather(IoAddress from, std::size_t bytes) {
    if (refused_ || bytes == 0) return;
    if (bytes > longest() - std::min(size_, longest())) return refuse("a packet is longer than the chip can send");
    fetch(from, bytes);
}

/// Fills segment after segment; a full one goes out when there is more for the next. Data beyond PAYLEN is not sent: a
/// descriptor's megabyte with an MSS of 1 would be a million frames. False when `budget` is used up.
bool Outgoing::gather_segments(IoAddress from, std::size_t bytes, unsigned& budget) {
    if (refused_) return true;
    const std::size_t headers = CONTEXT_STATUS.HDRLEN.of(context_->status);
    const std::size_t full = headers + CONTEXT_STATUS.MSS.of(context_->status);
    const std::size_t wanted = CONTEXT_CMD.PAYLEN.of(context_->command);
    while (taken_ < bytes) {
        if (size_ == full) {
            if (budget == 0) return false;
            --budget;
            send_segment(false);
        }
        const std::size_t piece = std::min(bytes - taken_, (size_ < headers ? headers : full) - size_);
        if (size_ >= headers && piece > wanted - payload_) {
            refuse("PAYLEN says " + std::to_string(wanted) + " bytes, but the descriptors have more");
            break;
        }
        if (!fetch(from + taken_, piece)) break;
        if (size_ > headers) payload_ += piece;
        if (size_ == headers) std::copy_n(buffer_.begin() + headroom, headers, headers_.begin());
        taken_ += piece;
    }
    taken_ = 0;
    return true;
}

/// Appends `bytes` bytes, for which there is room. If that fails the packet is lost; the host has reported why.
bool Outgoing::fetch(IoAddress from, std::size_t bytes) {
    if (!registers_.host().read(from, std::span(buffer_).subspan(headroom + size_, bytes))) {
        refused_ = true;
        return false;
    }
    size_ += bytes;
    return true;
}

void Outgoing::finish(const Descriptor& last) {
    if (segmented_) {
        finish_segments();
    } else if (!refused_ && size_ != 0) {
        const auto packet = std::span(buffer_).subspan(headroom, size_);
        if (first_.command & TDESC_CMD.DEXT) {
            insert_checksums(0);
        } else if (last.command & TDESC_CMD.IC) {
            const ChecksumPlace place{.first = TDESC_STATUS.CSS.of(first_.status),
                                      .offset = TDESC_CMD.CSO.of(last.command),
                                      .never_zero = true};
            if (!insert_checksum(packet, place)) report("CSS or CSO is beyond the packet: no checksum is inserted");
        }
        send_packet(last);
    }
    drop();
}

void Outgoing::finish_segments() {
    const std::size_t wanted = context_ ? CONTEXT_CMD.PAYLEN.of(context_->command) : 0;
    if (!refused_ && payload_ == 0) refuse("there is nothing to segment: the packet ends with its headers");
    if (!refused_) send_segment(true);
    if (!refused_ && payload_ != wanted) {
        refuse("PAYLEN says " + std::to_string(wanted) + " bytes, but the descriptors have " +
               std::to_string(payload_));
    }
    statistics_.count(refused_ ? TSCTFC : TSCTC);
}

/// Sends the gathered segment, and leaves the headers for the next one.
void Outgoing::send_segment(bool is_last) {
    const std::size_t headers = CONTEXT_STATUS.HDRLEN.of(context_->status);
    adjust_headers(std::span(buffer_).subspan(headroom, size_), *context_, {segments_++, is_last},
                   registers_.chip().features);
    insert_checksums(size_ - CONTEXT_TCP.TUCSS.of(context_->tcp));
    send_packet(first_);
    std::copy_n(headers_.begin(), headers, buffer_.begin() + headroom);
    size_ = headers;
}

/// 3.5.6: software puts the pseudo-header's sum where the checksum goes; for segmentation without the length, which
/// differs from one segment to the next.
void Outgoing::insert_checksums(std::size_t pseudo_header_length) {
    if (!context_) return;
    const auto packet = std::span(buffer_).subspan(headroom, size_);
    const auto options = as_data(first_.status);
    const ChecksumPlace tcp{.first = CONTEXT_TCP.TUCSS.of(context_->tcp),
                            .offset = CONTEXT_TCP.TUCSO.of(context_->tcp),
                            .last = CONTEXT_TCP.TUCSE.of(context_->tcp),
                            .extra = pseudo_header_length,
                            .never_zero = true};
    const ChecksumPlace ip{.first = CONTEXT_IP.IPCSS.of(context_->ip),
                           .offset = CONTEXT_IP.IPCSO.of(context_->ip),
                           .last = CONTEXT_IP.IPCSE.of(context_->ip)};
    if ((options & DATA_STATUS.TXSM) && !insert_checksum(packet, tcp))
        report("TUCSS, TUCSO or TUCSE is beyond the packet: no checksum is inserted");
    if ((options & DATA_STATUS.IXSM) && !insert_checksum(packet, ip))
        report("IPCSS, IPCSO or IPCSE is beyond the packet: no checksum is inserted");
}

/// Adds the tag, the check sequence and padding as the descriptor `with` says: the packet's last one, or for segments
/// the first one (3.3.7.1).
void Outgoing::send_packet(const Descriptor& with) {
    auto frame = std::span(buffer_).subspan(headroom, size_);
    const bool tagged = (registers_.get(CTRL) & CTRL.VME) && (with.command & TDESC_CMD.VLE) && size_ >= addresses;
    if (tagged) {
        std::copy_n(buffer_.begin() + headroom, addresses, buffer_.begin());
        frame = std::span(buffer_).first(headroom + size_);
        store16(frame, addresses, static_cast<std::uint16_t>(registers_.number(VET)));
        store16(frame, addresses + 2, static_cast<std::uint16_t>(with.status.bits >> TDESC_STATUS.VLAN.low));
    } else if (!(with.command & TDESC_CMD.IFCS)) {
        // Software has appended the check sequence, which our wires do not carry.
        const std::size_t size = frame.size() - std::min(frame.size(), check_sequence_size);
        const std::uint32_t sequence = std::byteswap(check_sequence(frame.first(size)));
        if (size == 0 || load32(frame, size) != sequence)
            return report("without IFCS, the last four bytes are not the frame's check sequence: no card accepts it");
        frame = frame.first(size);
    }
    if ((registers_.get(TCTL) & TCTL.PSP) && frame.size() < shortest_frame) {
        const std::size_t size = frame.size();
        frame = {frame.data(), shortest_frame};
        std::ranges::fill(frame.subspan(size), std::byte{});
    }
    statistics_.sent(frame);
    send_(frame);
}

void Outgoing::refuse(std::string_view why) {
    if (!refused_) report(why);
    refused_ = true;
}

void Outgoing::report(std::string_view what) { registers_.report(Misuse::bad_descriptor, TDT, what); }

}  // namespace ixy::sim::e1000
