// Compares everything that the manual requires to be the same, except for known differences.
#include "tests/differential/pair.hpp"

#include <algorithm>
#include <cstring>
#include <sstream>

#include "tests/differential/known_82574l.hpp"

#include <ixy/datasheet/e1000/registers.hpp>

namespace ixy::test {

using namespace datasheet::e1000;

namespace {

constexpr std::size_t check_sequence = 4;
constexpr std::uint32_t shortest_frame = 60;

/// Whether the card does DMA in that step. DMA in any other step shows up in the next of these.
bool may_touch_memory(const Step& step) {
    if (step.kind == Step::Kind::frame) return true;
    if (step.kind != Step::Kind::write && step.kind != Step::Kind::set) return false;
    const datasheet::RegisterInfo* const doorbells[] = {&TDT, &TDT1, &RDT, &RDT1, &RCTL, &TCTL};
    return std::ranges::find(doorbells, step.reg.info) != std::end(doorbells);
}

std::uint32_t number(const Frame& frame, std::size_t at) {
    return std::to_integer<std::uint32_t>(frame[at]) << 8 | std::to_integer<std::uint32_t>(frame[at + 1]);
}

/// Corrects an IPv4 header checksum of theirs that is all ones instead of zero.
void accept_zero_ip_checksum(const Frame& ours, Frame& theirs) {
    if (ours.size() != theirs.size() || theirs.size() < shortest_frame) return;
    for (const std::size_t type : {12U, 16U}) {  // without a tag, and after one
        const std::size_t checksum = type + 12;
        if (number(theirs, type) == 0x0800 && number(theirs, checksum) == 0xffff && number(ours, checksum) == 0) {
            theirs[checksum] = theirs[checksum + 1] = std::byte{0};
            return;
        }
    }
}

std::string difference(std::string_view what, std::uint64_t ours, std::uint64_t theirs) {
    std::ostringstream text;
    text << what << std::hex << std::showbase << ": ours " << ours << ", QEMU's " << theirs;
    return text.str();
}

}  // namespace

Pair::Pair(const datasheet::e1000::Chip& chip, const KnownDifference* intolerant_of)
    : chip_(chip), ours_(make_sim_machine(chip)), theirs_(make_qemu_machine(chip)), intolerant_of_(intolerant_of) {}

template <class T>
T* Pair::at(Machine& machine, std::uint64_t address) {
    return reinterpret_cast<T*>(machine.memory().subspan(address - arena_begin, sizeof(T)).data());
}

bool Pair::tolerates(const KnownDifference& difference) const {
    const auto known = known::of(chip_);
    return &difference != intolerant_of_ && std::ranges::find(known, &difference) != known.end();
}

bool Pair::is_extended() { return chip_.has(RFCTL) && (get(RFCTL) & RFCTL.EXSTEN); }

void Pair::spoil(const KnownDifference& why, std::initializer_list<const datasheet::RegisterInfo*> counters) {
    if (tolerates(why)) spoilt_.insert(counters.begin(), counters.end());
}

Pair::Found Pair::run(const Step& step) {
    switch (step.kind) {
        case Step::Kind::write:
        case Step::Kind::set:
            do_write(step);
            break;
        case Step::Kind::read:
        case Step::Kind::drop:
            if (auto found = do_read(step)) return found;
            break;
        case Step::Kind::put:
        case Step::Kind::fill: {
            const auto bytes = step.kind == Step::Kind::put ? step.bytes : make_bytes(step.size, step.seed);
            for (Machine* machine : {ours_.get(), theirs_.get()}) {
                std::ranges::copy(bytes, machine->memory().subspan(step.address - arena_begin, bytes.size()).begin());
            }
            return std::nullopt;
        }
        case Step::Kind::frame:
            if (auto found = do_frame(step)) return found;
            break;
        case Step::Kind::cable:
            ours_->set_cable(step.value != 0);
            theirs_->set_cable(step.value != 0);
            break;
        case Step::Kind::messages:
            messages_ = step.value != 0;
            ours_->set_messages(messages_);
            theirs_->set_messages(messages_);
            break;
    }
    const bool is_quiet = step.kind == Step::Kind::read && step.reg.info != &ICR;
    return is_quiet ? std::nullopt : compare_outcome(may_touch_memory(step));
}

// --- registers -----------------------------------------------------------------------------------------------------

void Pair::do_write(const Step& step) {
    const std::uint32_t more = step.kind == Step::Kind::set ? peek(step.offset()) : 0;
    const auto buffers = buffers_to_checksum(step);
    ours_->write(step.offset(), step.value | more);
    theirs_->write(step.offset(), step.value | more);
    for (const auto buffer : buffers) std::ranges::copy(buffer, counterpart(buffer).begin());
    if (step.reg.info == &TDT || step.reg.info == &TDT1) spoil_sent();
    if (chip_.has(IAC)) spoil(known::interrupts_are_counted_often, {&IAC});
}

/// Our buffers that this step sends with an inserted checksum, and that QEMU may change.
std::vector<std::span<std::byte>> Pair::buffers_to_checksum(const Step& step) {
    std::vector<std::span<std::byte>> buffers;
    for (const RingRegisters& ring : transmit_rings) {
        if (step.reg.info != &ring.tail || !tolerates(known::checksums_are_put_into_memory)) continue;
        const std::uint64_t base = peek(ring.base_low.offset) | std::uint64_t{peek(ring.base_high.offset)} << 32;
        const std::uint32_t size = peek(ring.length.offset) / static_cast<std::uint32_t>(sizeof(DataDescriptor));
        for (std::uint32_t slot = peek(ring.head.offset); slot != step.value; slot = (slot + 1) % size) {
            const auto& given = *at<DataDescriptor>(*ours_, base + slot * sizeof(DataDescriptor));
            const bool is_data = (given.command & DATA_CMD.DEXT) && DATA_CMD.DTYP.of(given.command) == 1;
            if (!is_data || !(given.status & DATA_STATUS.TXSM)) continue;
            buffers.push_back(ours_->memory().subspan(given.address - arena_begin, DATA_CMD.DTALEN.of(given.command)));
        }
    }
    return buffers;
}

/// The same place in QEMU's memory.
std::span<std::byte> Pair::counterpart(std::span<std::byte> of_ours) {
    return theirs_->memory().subspan(static_cast<std::size_t>(of_ours.data() - ours_->memory().data()), of_ours.size());
}

void Pair::spoil_sent() {
    spoil(known::single_segments_are_not_counted, {&TSCTC});
    if (get(CTRL) & CTRL.VME) spoil(known::tags_are_not_counted, {&GOTCL, &GOTCH, &TOTL, &TOTH});
    spoil(known::check_sequence_is_not_counted,
          {&GOTCL, &GOTCH, &TOTL, &TOTH, &PTC64, &PTC127, &PTC255, &PTC511, &PTC1023, &PTC1522});
}

Pair::Found Pair::do_read(const Step& step) {
    const std::uint32_t ours = ours_->read(step.offset());
    const std::uint32_t theirs = theirs_->read(step.offset());
    std::uint32_t compared = ~0U;
    if (step.reg.info == &ICR) {
        if (tolerates(known::asserted_without_mask)) compared = ~ICR.INT_ASSERTED.mask();
        settle_causes();
    }
    const bool is_spoilt = spoilt_.erase(step.reg.info) != 0 || step.kind == Step::Kind::drop;
    if (is_spoilt || ((ours ^ theirs) & compared) == 0) return std::nullopt;
    return difference(step.text(), ours, theirs);
}

/// After a read of ICR: clears by hand what QEMU has left there.
void Pair::settle_causes() {
    if (!messages_ || !tolerates(known::causes_stay_when_read)) return;
    for (Machine* machine : {ours_.get(), theirs_.get()}) machine->write(ICR.offset, chip_.writable(ICR));
}

// --- receiving -----------------------------------------------------------------------------------------------------

Pair::Found Pair::do_frame(const Step& step) {
    std::vector<Queue> queues;
    for (std::size_t i = 0; i < queues_of(chip_); ++i) {
        const RingRegisters& ring = receive_rings[i];
        queues.push_back({.at = ring,
                          .base = peek(ring.base_low.offset) | std::uint64_t{peek(ring.base_high.offset)} << 32,
                          .size = peek(ring.length.offset) / static_cast<std::uint32_t>(sizeof(ReceiveDescriptor)),
                          .before = peek(ring.head.offset),
                          .after = 0,
                          .buffers = {}});
        for (std::uint32_t slot = 0; slot < queues.back().size; ++slot) {
            queues.back().buffers.push_back(
                *at<std::uint64_t>(*ours_, queues.back().base + slot * sizeof(ReceiveDescriptor)));
        }
    }
    const auto frame = make_bytes(step.size, step.seed, step.bytes);
    ours_->put(frame);
    theirs_->put(frame);

    bool taken = false;
    for (Queue& queue : queues) {
        queue.after = peek(queue.at.head.offset);
        taken = taken || queue.before != queue.after;
        settle_threshold(queue);
        if (auto found = compare_received(queue)) return found;
    }
    spoil_received(taken);
    return std::nullopt;
}

/// The effect on the counters of a frame that the filters accept or reject.
void Pair::spoil_received(bool taken) {
    const auto control = get(RCTL);
    const bool strips_tags = static_cast<bool>(get(CTRL) & CTRL.VME);
    if ((control & RCTL.SECRC) || strips_tags) {
        spoil(known::stripped_bytes_are_not_counted, {&PRC64, &PRC127, &PRC255, &PRC511, &PRC1023, &PRC1522});
    }
    if (strips_tags) spoil(known::stripped_bytes_are_not_counted, {&GORCL, &GORCH, &TORL, &TORH});
    if (!taken) {
        spoil(known::filtered_frames_are_not_counted, {&TPR, &TORL, &TORH});
        spoil(known::length_errors_are_not_counted, {&RLEC});
    }
    const bool filtered = !(control & RCTL.UPE) || !(control & RCTL.MPE) || (control & RCTL.VFE);
    if (!taken && filtered) {
        spoil(known::oversized_frames_are_not_filtered, {&ROC});
    }
    spoil(known::groups_count_by_filter, {&BPRC, &MPRC});
    if (taken && !(control & RCTL.MPE)) spoil(known::hashed_frames_count_twice, {&MPRC});
}

/// Clears RXDMT0 on both where QEMU's means nothing: on the e1000 when few descriptors were already free; on the e1000e
/// with messages, and when a frame took several descriptors.
void Pair::settle_threshold(const Queue& queue) {
    if (queue.before == queue.after) return;
    const std::uint32_t threshold = queue.size >> (RCTL.RDMTS.of(get(RCTL)) + 1);
    const std::uint32_t free = (peek(queue.at.tail.offset) + queue.size - queue.before) % queue.size;
    const std::uint32_t used = (queue.after + queue.size - queue.before) % queue.size;
    if ((free <= threshold && tolerates(known::threshold_is_a_level)) ||
        (used > 1 && tolerates(known::threshold_is_looked_at_once)) ||
        (messages_ && tolerates(known::threshold_is_silent_with_messages))) {
        for (Machine* machine : {ours_.get(), theirs_.get()}) machine->write(ICR.offset, ICR.RXDMT0.mask());
    }
}

Pair::Found Pair::compare_received(const Queue& queue) {
    const std::string head(queue.at.head.name);
    const std::uint32_t theirs = theirs_->read(queue.at.head.offset);
    if (theirs != queue.after) return difference(head, queue.after, theirs);
    const bool stripped = static_cast<bool>(get(RCTL) & RCTL.SECRC);
    std::vector<std::span<std::byte>> pieces;
    for (std::uint32_t slot = queue.before; slot != queue.after; slot = (slot + 1) % queue.size) {
        const std::uint64_t address = queue.base + slot * sizeof(ReceiveDescriptor);
        const std::string name = "receive descriptor " + std::to_string(slot) + ", ";
        if (auto found = is_extended() ? compare_extended(address, name) : compare_legacy(address, name)) return found;
        const auto [length, is_last] = piece(address);
        pieces.push_back(ours_->memory().subspan(queue.buffers[slot] - arena_begin, length));
        if (!is_last) continue;
        if (!stripped && tolerates(known::check_sequence_is_not_stored)) accept_check_sequence(pieces);
        pieces.clear();
    }
    return std::nullopt;
}

/// The descriptor's statement about its buffer: the number of bytes, and whether they end the frame.
std::pair<std::size_t, bool> Pair::piece(std::uint64_t address) {
    if (is_extended()) {
        const auto& done = *at<ExtendedReceiveWriteBack>(*ours_, address);
        return {EXTENDED_LENGTH.LENGTH.of(done.length), static_cast<bool>(done.status & EXTENDED_STATUS.EOP)};
    }
    const auto& done = *at<ReceiveDescriptor>(*ours_, address);
    return {RDESC_LENGTH.LENGTH.of(done.length), static_cast<bool>(done.status & RDESC_STATUS.EOP)};
}

/// Makes tolerated differences equal, so that all of memory can be compared afterwards.
Pair::Found Pair::compare_legacy(std::uint64_t address, const std::string& name) {
    auto& ours = *at<ReceiveDescriptor>(*ours_, address);
    const auto& theirs = *at<ReceiveDescriptor>(*theirs_, address);
    auto length_mask = RDESC_LENGTH.from(~0U);
    auto status_mask = RDESC_STATUS.from(~0U);
    if (tolerates(known::checksums_are_not_checked)) {
        length_mask &= ~RDESC_LENGTH.CHECKSUM;
        status_mask &=
            ~(RDESC_STATUS.IXSM | RDESC_STATUS.IPCS | RDESC_STATUS.TCPCS | RDESC_STATUS.IPE | RDESC_STATUS.TCPE);
    }
    if (tolerates(known::packet_checksum_is_missing)) length_mask &= ~RDESC_LENGTH.CHECKSUM;
    if (tolerates(known::ignore_is_not_marked)) status_mask &= ~RDESC_STATUS.IXSM;
    if (tolerates(known::inexact_is_not_marked)) status_mask &= ~RDESC_STATUS.PIF;
    if (!(ours.status & RDESC_STATUS.EOP) && tolerates(known::tags_are_in_every_piece)) {
        status_mask &= RDESC_STATUS.DD | RDESC_STATUS.EOP;
    }
    if ((ours.length & length_mask) != (theirs.length & length_mask)) {
        return difference(name + "length", ours.length.bits, theirs.length.bits);
    }
    if ((ours.status & status_mask) != (theirs.status & status_mask)) {
        return difference(name + "status", ours.status.bits, theirs.status.bits);
    }
    ours = theirs;
    return std::nullopt;
}

Pair::Found Pair::compare_extended(std::uint64_t address, const std::string& name) {
    auto& ours = *at<ExtendedReceiveWriteBack>(*ours_, address);
    const auto& theirs = *at<ExtendedReceiveWriteBack>(*theirs_, address);
    auto status_mask = EXTENDED_STATUS.from(~0U);
    std::uint32_t hash_mask = ~0U;
    if (!(get(RXCSUM) & RXCSUM.PCSD)) {
        if (tolerates(known::packet_checksum_is_missing)) hash_mask &= 0xffff;
        if (tolerates(known::identification_is_always_told)) {
            hash_mask &= 0xffff'0000;
            status_mask &= ~EXTENDED_STATUS.IPIDV;
        }
    }
    if (tolerates(known::packet_types_are_told)) status_mask &= EXTENDED_STATUS.from(~0x000f'0000U);
    if (tolerates(known::ignore_is_not_marked)) status_mask &= ~EXTENDED_STATUS.IXSM;
    if (tolerates(known::inexact_is_not_marked)) status_mask &= ~EXTENDED_STATUS.PIF;
    if (!(ours.status & EXTENDED_STATUS.EOP) && tolerates(known::tells_in_the_last_piece)) {
        ours.mrq = theirs.mrq;
        hash_mask = 0;
    }
    if (ours.mrq != theirs.mrq) return difference(name + "RSS type and queue", ours.mrq.bits, theirs.mrq.bits);
    if (((ours.hash ^ theirs.hash) & hash_mask) != 0) return difference(name + "hash", ours.hash, theirs.hash);
    if ((ours.status & status_mask) != (theirs.status & status_mask)) {
        return difference(name + "status", ours.status.bits, theirs.status.bits);
    }
    if (ours.length != theirs.length) return difference(name + "length and tag", ours.length.bits, theirs.length.bits);
    ours = theirs;
    return std::nullopt;
}

/// The frame's last four bytes, whichever buffers they are in.
void Pair::accept_check_sequence(const std::vector<std::span<std::byte>>& pieces) {
    std::size_t left = check_sequence;
    for (auto piece = pieces.rbegin(); piece != pieces.rend() && left != 0; ++piece) {
        const auto end = piece->last(std::min(left, piece->size()));
        std::ranges::copy(counterpart(end), end.begin());
        left -= end.size();
    }
}

// --- the outcome of a step -----------------------------------------------------------------------------------------

Pair::Found Pair::compare_outcome(bool memory_too) {
    if (auto found = compare_sent()) return found;
    if (memory_too) {
        if (auto found = compare_memory()) return found;
    }
    if (auto found = compare_interrupts()) return found;
    if (const std::string reports = ours_->reports(); !reports.empty()) return "our card complains: " + reports;
    return std::nullopt;
}

Pair::Found Pair::compare_sent() {
    for (std::size_t count = 1;; ++count) {
        Frame ours = ours_->take();
        Frame theirs = theirs_->take();
        if (ours.empty() && theirs.empty()) return std::nullopt;
        if (!theirs.empty() && theirs.size() < shortest_frame && tolerates(known::no_padding)) {
            theirs.resize(shortest_frame);
            spoil(known::no_padding, {&GOTCL, &GOTCH, &TOTL, &TOTH, &PTC64});
        }
        if (tolerates(known::zero_ip_checksums_are_ones)) accept_zero_ip_checksum(ours, theirs);
        if (ours == theirs) continue;
        const std::string which = "frame " + std::to_string(count) + " of this step: ";
        if (ours.size() != theirs.size()) return difference(which + "bytes", ours.size(), theirs.size());
        const auto where = std::ranges::mismatch(ours, theirs).in1 - ours.begin();
        return difference(which + "byte " + std::to_string(where),
                          std::to_integer<unsigned>(ours[static_cast<std::size_t>(where)]),
                          std::to_integer<unsigned>(theirs[static_cast<std::size_t>(where)]));
    }
}

Pair::Found Pair::compare_interrupts() {
    if (const auto ours = ours_->messages(), theirs = theirs_->messages(); ours != theirs) {
        return difference("messages", ours, theirs);
    }
    if (messages_ && tolerates(known::auto_clear_masks)) {  // unmasks what QEMU has masked
        const std::uint32_t masked = peek(IMS.offset) & ~theirs_->read(IMS.offset) & peek(EIAC.offset);
        if (masked != 0) theirs_->write(IMS.offset, masked);
    }
    const bool ours = ours_->interrupt(), theirs = theirs_->interrupt();
    return ours == theirs ? std::nullopt : Found(difference("the interrupt line", ours, theirs));
}

Pair::Found Pair::compare_memory() {
    const auto ours = ours_->memory();
    const auto theirs = theirs_->memory();
    if (std::memcmp(ours.data(), theirs.data(), ours.size()) == 0) return std::nullopt;  // fast in any build
    const auto [a, b] = std::ranges::mismatch(ours, theirs);
    std::ostringstream where;
    where << "memory at 0x" << std::hex << arena_begin + static_cast<std::uint64_t>(a - ours.begin());
    return difference(where.str(), std::to_integer<unsigned>(*a), std::to_integer<unsigned>(*b));
}

}  // namespace ixy::test
