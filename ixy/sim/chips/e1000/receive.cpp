// From the wire to the packet buffer, and from there to the ring.
#include <ixy/sim/chips/e1000/receive.hpp>

#include <algorithm>
#include <array>
#include <cstring>

#include <ixy/datasheet/e1000/pcie.hpp>
#include <ixy/datasheet/e1000/registers.hpp>
#include <ixy/sim/chips/e1000/offload.hpp>

namespace ixy::sim::e1000 {

using namespace datasheet::e1000;

namespace {

constexpr std::size_t shortest_frame = 60;  // without check sequence, like all sizes here
constexpr std::size_t longest_standard = 1522 - 4;
constexpr std::size_t longest_jumbo = 16384 - 4;  // 13.7.36
constexpr std::size_t most_waiting = 1024;
constexpr std::size_t kilobyte = 1024;

/// A frame's share of the packet buffer, which is used in units of 8 bytes: the frame and what is known about it.
std::size_t cost(std::size_t bytes) { return (bytes + 7) / 8 * 8 + 16; }

}  // namespace

Receive::Receive(RegisterFile& registers, Filters& filters, Statistics& statistics, Interrupts& interrupts)
    : registers_(registers),
      filters_(filters),
      statistics_(statistics),
      interrupts_(interrupts),
      scratch_(longest_jumbo + check_sequence_size),
      waiting_(most_waiting) {
    add_queue({RDBAL, RDBAH, RDLEN, RDH, RDT});
    if (registers.chip().has(RDT1)) add_queue({RDBAL1, RDBAH1, RDLEN1, RDH1, RDT1});
    registers.on_write(RCTL, [this](std::uint32_t, std::uint32_t before, auto) { control_written(before); });
}

void Receive::add_queue(const Ring::Registers& at) {
    const std::size_t queue = rings_.size();
    rings_.emplace_back(registers_, statistics_, interrupts_, at, static_cast<unsigned>(queue));
    for (const datasheet::Number* each : {&at.base_low, &at.base_high, &at.length, &at.head})
        registers_.on_write(
            *each, [this, queue, each](std::uint32_t written, auto...) { rings_[queue].set_up(*each, written); });
    registers_.on_write(at.tail, [this, queue](auto...) {
        if (!is_enabled()) return;
        rings_[queue].fetch();
        drain();
    });
}

void Receive::forget_rings() {
    for (ReceiveRing& ring : rings_) ring.forget();
}

bool Receive::is_enabled() const { return static_cast<bool>(registers_.get(RCTL) & RCTL.EN); }

std::size_t Receive::capacity() const {
    const std::size_t all = registers_.chip().features.packet_buffer;
    return std::min<std::size_t>(all, PBA.RXA.of(registers_.get(PBA))) * kilobyte;
}

bool Receive::can_receive() const {
    const std::size_t longest = registers_.get(RCTL) & RCTL.LPE ? longest_jumbo : longest_standard;
    return is_enabled() && (count_ == 0 || (count_ < most_waiting && used_ + cost(longest) <= capacity()));
}

void Receive::control_written(std::uint32_t before) {
    const bool was_enabled = static_cast<bool>(RCTL.from(before) & RCTL.EN);
    if (is_enabled() == was_enabled) return;
    forget_rings();
    empty_buffer();
    if (!is_enabled()) return;
    if (rings_[0].ring().size() == 0)
        registers_.report(Misuse::receive_before_ring, RCTL, "the receiver is enabled before RDLEN is set");
    for (ReceiveRing& ring : rings_) ring.fetch();
}

void Receive::reset() {
    forget_rings();
    empty_buffer();
}

void Receive::empty_buffer() { oldest_ = count_ = used_ = 0; }

void Receive::frame(std::span<const std::byte> bytes, bool damaged) {
    if (bytes.size() >= shortest_frame || damaged) return arrive(bytes, damaged);
    std::array<std::byte, shortest_frame> padded{};
    std::ranges::copy(bytes, padded.begin());
    arrive(padded, damaged);
}

void Receive::arrive(std::span<const std::byte> bytes, bool damaged) {
    if (!is_enabled()) return;
    statistics_.seen(bytes);
    const FlowControl control = damaged ? FlowControl::none : flow_control(bytes);
    if (control == FlowControl::discarded) return;
    const Filters::Verdict verdict = filters_.judge(bytes);
    if (!verdict.accepted) return;
    const bool good = count_faults(bytes.size(), damaged);
    if (!good && (!(registers_.get(RCTL) & RCTL.SBP) || bytes.size() > longest_jumbo)) return;

    ReceivedFrame frame = prepare(bytes, damaged, verdict.inexact);
    if (count_ == most_waiting || used_ + cost(frame.bytes.size()) > capacity()) {
        statistics_.count(MPC);
        return interrupts_.raise(ICR.RXO);
    }
    if (good && control == FlowControl::none) statistics_.accepted(bytes);  // 13.7.21 to 13.7.31
    ReceiveRing& ring = ring_for(frame);
    if (ring.available() == 0) statistics_.count(RNBC);
    if (count_ != 0 || !ring.deliver(frame)) wait(frame);
}

/// PAUSE and other MAC control frames (IEEE 802.3, 31): 8.7.1, 8.7.4, 13.7.16 to 13.7.20. They are sent to FCAH and
/// FCAL, or to the station's own address, and have the type in FCT; a zero there, its reset value, matches none.
/// Requests to pause are counted but not obeyed: our wires have no speed that would make it useful.
Receive::FlowControl Receive::flow_control(std::span<const std::byte> bytes) {
    constexpr std::uint16_t pause = 1;
    const std::uint32_t type = registers_.number(FCT);
    if (type == 0 || bytes.size() < ethernet_header + 4 || load16(bytes, 12) != type) return FlowControl::none;
    const std::uint64_t to = Filters::destination(bytes);
    const auto high = registers_.get(RAH);
    const auto address = [](std::uint32_t upper, std::uint32_t lower) { return std::uint64_t{upper} << 32 | lower; };
    const bool to_station = (high & RAH.AV) && to == address(RAH.ADDRESS.of(high), registers_.number(RAL));
    if (!to_station && to != address(registers_.number(FCAH), registers_.number(FCAL))) return FlowControl::none;

    const auto control = registers_.get(RCTL);
    if (load16(bytes, ethernet_header) != pause) {
        statistics_.count(FCRUC);
        return control & RCTL.PMCF ? FlowControl::passed : FlowControl::discarded;
    }
    statistics_.count(load16(bytes, ethernet_header + 2) == 0 ? XONRXC : XOFFRXC);
    return to_station && (control & RCTL.DPF) ? FlowControl::discarded : FlowControl::passed;
}

/// Counts the faults of a frame that the filters let through. True when there are none.
bool Receive::count_faults(std::size_t size, bool damaged) {
    const std::size_t longest = registers_.get(RCTL) & RCTL.LPE ? longest_jumbo : longest_standard;
    if (size >= shortest_frame && size <= longest) {
        if (damaged) statistics_.count(CRCERRS);
        return !damaged;
    }
    statistics_.count(RLEC);
    if (size < shortest_frame) {
        statistics_.count(damaged ? RFC : RUC);
    } else {
        statistics_.count(damaged ? RJC : ROC);
    }
    return false;
}

/// The frame as it will be in memory, and the contents of its descriptor.
ReceivedFrame Receive::prepare(std::span<const std::byte> bytes, bool damaged, bool inexact) {
    auto control = registers_.get(RXCSUM);
    const auto vlan_type = static_cast<std::uint16_t>(registers_.number(VET));
    const bool is_82574 = registers_.chip().features.interrupts_by_message;
    if (is_82574) {  // 82574L 10.2.5.16: here, RFCTL decides for IPv6
        const bool ipv6 = !(registers_.get(RFCTL) & RFCTL.IPV6_XSUM_DIS);
        control = ipv6 ? control | RXCSUM.IPV6OFL : control & ~RXCSUM.IPV6OFL;
    }
    auto status = check_received(bytes, control, vlan_type);
    if (inexact) status |= RDESC_STATUS.PIF;
    if (damaged) status |= RDESC_STATUS.CE;
    const bool tagged = (registers_.get(CTRL) & CTRL.VME) && bytes.size() >= ethernet_header + vlan_tag_size &&
                        load16(bytes, 12) == vlan_type;
    if (tagged) {
        const std::uint32_t tag = load16(bytes, ethernet_header);
        status |= RDESC_STATUS.VP | RDESC_STATUS.from(tag << RDESC_STATUS.VLAN.low);
    }
    const auto stored = as_stored(bytes, tagged, damaged);
    const std::size_t start = std::min<std::size_t>(RXCSUM.PCSS.of(control), stored.size());
    ReceivedFrame frame{.bytes = stored,
                        .status = status,
                        .checksum = static_cast<std::uint16_t>(~ones_sum(stored.subspan(start))),
                        .rss = scale(bytes, registers_),
                        .detected_size = bytes.size() + check_sequence_size - (tagged ? vlan_tag_size : 0)};
    if (!is_82574) return frame;
    const IpPacket packet = parse_ip(bytes, vlan_type);
    recognize(frame, packet);
    if (packet.version == 4 && packet.is_fragment && !(control & RXCSUM.PCSD)) describe_fragment(frame, packet);
    return frame;
}

/// 82574L 7.1.5.2, 10.2.5.16: marks UDP, as opposed to TCP, and TCP packets that acknowledge; with ACKD_DIS only those
/// without data.
void Receive::recognize(ReceivedFrame& frame, const IpPacket& packet) const {
    if (packet.protocol == protocol_udp && (frame.status & RDESC_STATUS.TCPCS))
        frame.status |= RDESC_STATUS.from(EXTENDED_STATUS.UDPCS.mask());
    if (!packet.is(protocol_tcp)) return;
    constexpr std::byte ack{0x10};
    const std::size_t header = std::to_integer<std::size_t>(packet.body[12] >> 4) * 4;
    const bool counts = !(registers_.get(RFCTL) & RFCTL.ACKD_DIS) || packet.body.size() <= header;
    frame.acknowledges = counts && (packet.body[13] & ack) != std::byte{0};
}

/// 82574L 7.1.5.2, IPIDV and UDPV: a fragment's identification; with IPPCSE, and the checksum's start left at zero,
/// also the sum of its payload, so that software only has to add the sums of a UDP packet's fragments.
void Receive::describe_fragment(ReceivedFrame& frame, const IpPacket& packet) const {
    const auto control = registers_.get(RXCSUM);
    frame.identification = load16(packet.header, 4);
    frame.told |= EXTENDED_STATUS.IPIDV;
    if (!(control & RXCSUM.IPPCSE) || RXCSUM.PCSS.of(control) != 0 || packet.protocol != protocol_udp) return;
    frame.checksum = static_cast<std::uint16_t>(~ones_sum(packet.body));
    frame.status &= ~RDESC_STATUS.IXSM;
    frame.told |= EXTENDED_STATUS.UDPCS;
    const bool is_first = (load16(packet.header, 6) & 0x1fff) == 0;
    if (is_first && packet.body.size() >= 8 && load16(packet.body, 6) != 0) frame.told |= EXTENDED_STATUS.UDPV;
}

/// Removes a VLAN tag, and appends the check sequence of the frame as it was on the wire unless it is to be stripped
/// (RCTL.SECRC).
std::span<const std::byte> Receive::as_stored(std::span<const std::byte> bytes, bool without_tag, bool damaged) {
    const bool stripped = static_cast<bool>(registers_.get(RCTL) & RCTL.SECRC);
    if (stripped && !without_tag) return bytes;
    constexpr std::size_t addresses = 12;
    const std::size_t skipped = without_tag ? vlan_tag_size : 0;
    const auto rest = bytes.subspan(addresses + skipped);
    std::memcpy(scratch_.data(), bytes.data(), addresses);
    std::memcpy(&scratch_[addresses], rest.data(), rest.size());
    std::size_t size = addresses + rest.size();
    if (!stripped) {
        const std::uint32_t sequence = check_sequence(bytes) ^ (damaged ? ~0U : 0U);
        std::memcpy(&scratch_[size], &sequence, check_sequence_size);  // lowest byte first
        size += check_sequence_size;
    }
    return std::span(scratch_).first(size);
}

void Receive::wait(const ReceivedFrame& frame) {
    Waiting& slot = waiting_[(oldest_ + count_) % most_waiting];
    slot.bytes.assign(frame.bytes.begin(), frame.bytes.end());
    slot.frame = frame;
    slot.frame.bytes = slot.bytes;
    ++count_;
    used_ += cost(frame.bytes.size());
}

/// Writes waiting frames to memory, as far as there are descriptors.
void Receive::drain() {
    while (count_ != 0) {
        Waiting& next = waiting_[oldest_];
        ReceiveRing& ring = ring_for(next.frame);
        if (ring.available() == 0 || !ring.deliver(next.frame)) return;
        used_ -= cost(next.bytes.size());
        oldest_ = --count_ == 0 ? 0 : (oldest_ + 1) % most_waiting;
    }
}

}  // namespace ixy::sim::e1000
