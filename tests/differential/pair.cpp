// Comparing what is the same by the manual, and what known differences leave of it.
#include "tests/differential/pair.hpp"

#include <algorithm>
#include <cstring>
#include <sstream>

#include <ixy/datasheet/e1000/registers.hpp>

namespace ixy::test {

using namespace datasheet::e1000;

namespace {

constexpr std::size_t check_sequence = 4;

/// Whether the card does DMA in that step; that it does none elsewhere shows in the next of these.
bool may_touch_memory(const Step& step) {
    const auto* reg = step.reg.info;
    return step.kind == Step::Kind::frame ||
           (step.kind == Step::Kind::write && (reg == &TDT || reg == &RDT || reg == &RCTL || reg == &TCTL));
}

/// Makes the payload length of an IPv6 frame of theirs as it should be, when it is just the header's 40 too large.
void accept_ipv6_length(const Frame& ours, Frame& theirs) {
    const auto number = [](const Frame& frame, std::size_t at) {
        return std::to_integer<unsigned>(frame[at]) << 8 | std::to_integer<unsigned>(frame[at + 1]);
    };
    if (ours.size() != theirs.size() || theirs.size() < 60) return;
    for (const std::size_t type : {12U, 16U}) {  // without a tag, and behind one
        const std::size_t length = type + 6;
        if (number(theirs, type) == 0x86dd && number(theirs, length) == ((number(ours, length) + 40) & 0xffff)) {
            theirs[length] = ours[length];
            theirs[length + 1] = ours[length + 1];
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

Pair::Pair(std::unique_ptr<Machine> ours, std::unique_ptr<Machine> theirs, const KnownDifference* intolerant_of)
    : ours_(std::move(ours)), theirs_(std::move(theirs)), intolerant_of_(intolerant_of) {}

template <class T>
T* Pair::at(Machine& machine, std::uint64_t address) {
    return reinterpret_cast<T*>(machine.memory().subspan(address - arena_begin, sizeof(T)).data());
}

std::uint64_t Pair::ring() { return peek(RDBAL.offset) | std::uint64_t{peek(RDBAH.offset)} << 32; }

std::uint32_t Pair::receive_ring_size() {
    return peek(RDLEN.offset) / static_cast<std::uint32_t>(sizeof(ReceiveDescriptor));
}

void Pair::spoil(const KnownDifference& why, std::initializer_list<const datasheet::RegisterInfo*> counters) {
    if (tolerates(why)) spoilt_.insert(counters.begin(), counters.end());
}

Pair::Found Pair::run(const Step& step) {
    switch (step.kind) {
        case Step::Kind::write:
            ours_->write(step.offset(), step.value);
            theirs_->write(step.offset(), step.value);
            if (step.reg.info == &TDT) spoil(known::single_segments_are_not_counted, {&TSCTC});
            if (step.reg.info == &TDT && (CTRL.from(peek(CTRL.offset)) & CTRL.VME)) {
                spoil(known::tags_are_not_counted, {&GOTCL, &GOTCH, &TOTL, &TOTH});
            }
            break;
        case Step::Kind::read:
            if (auto found = do_read(step)) return found;
            break;
        case Step::Kind::drop:
            ours_->read(step.offset());
            theirs_->read(step.offset());
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
    }
    const bool is_quiet = step.kind == Step::Kind::read && step.reg.info != &ICR;
    return is_quiet ? std::nullopt : compare_outcome(may_touch_memory(step));
}

Pair::Found Pair::do_read(const Step& step) {
    const std::uint32_t ours = ours_->read(step.offset());
    const std::uint32_t theirs = theirs_->read(step.offset());
    if (spoilt_.erase(step.reg.info) != 0 || ours == theirs) return std::nullopt;
    return difference(step.text(), ours, theirs);
}

Pair::Found Pair::do_frame(const Step& step) {
    const std::uint32_t before = peek(RDH.offset);
    const auto frame = make_bytes(step.size, step.seed, step.bytes);
    ours_->put(frame);
    theirs_->put(frame);
    const std::uint32_t after = peek(RDH.offset);

    const auto control = RCTL.from(peek(RCTL.offset));
    const bool strips_tags = static_cast<bool>(CTRL.from(peek(CTRL.offset)) & CTRL.VME);
    if ((control & RCTL.SECRC) || strips_tags) {
        spoil(known::stripped_bytes_are_not_counted, {&PRC64, &PRC127, &PRC255, &PRC511, &PRC1023, &PRC1522});
    }
    if (strips_tags) spoil(known::stripped_bytes_are_not_counted, {&GORCL, &GORCH, &TORL, &TORH});
    if (before == after) {
        spoil(known::filtered_frames_are_not_counted, {&TPR, &TORL, &TORH});
        spoil(known::length_errors_are_not_counted, {&RLEC});
    }
    if (before == after && !((control & RCTL.UPE) && (control & RCTL.MPE))) {
        spoil(known::oversized_frames_are_not_filtered, {&ROC});
    }
    spoil(known::groups_count_by_filter, {&BPRC, &MPRC});
    settle_threshold(before, after);
    return compare_received(before, after);
}

/// Where QEMU's RXDMT0 says nothing, since free descriptors were few before, it is cleared on both.
void Pair::settle_threshold(std::uint32_t head_before, std::uint32_t head_after) {
    const std::uint32_t size = receive_ring_size();
    const std::uint32_t threshold = size >> (RCTL.RDMTS.of(RCTL.from(peek(RCTL.offset))) + 1);
    const std::uint32_t free_before = (peek(RDT.offset) + size - head_before) % size;
    if (head_before == head_after || free_before > threshold || !tolerates(known::threshold_is_a_level)) return;
    for (Machine* machine : {ours_.get(), theirs_.get()}) machine->write(ICR.offset, ICR.RXDMT0.mask());
}

Pair::Found Pair::compare_outcome(bool memory_too) {
    if (auto found = compare_sent()) return found;
    if (memory_too) {
        if (auto found = compare_memory()) return found;
    }
    const bool ours = ours_->interrupt();
    if (theirs_->interrupt() != ours) return difference("the interrupt line", ours, ours ? 0 : 1);
    if (const std::string reports = ours_->reports(); !reports.empty()) return "our card complains: " + reports;
    return std::nullopt;
}

Pair::Found Pair::compare_sent() {
    for (std::size_t count = 1;; ++count) {
        Frame ours = ours_->take();
        Frame theirs = theirs_->take();
        if (ours.empty() && theirs.empty()) return std::nullopt;
        if (!theirs.empty() && theirs.size() < 60 && tolerates(known::no_padding)) {
            theirs.resize(60);
            spoil(known::no_padding, {&GOTCL, &GOTCH, &TOTL, &TOTH, &PTC64});
        }
        if (tolerates(known::ipv6_length_counts_the_header)) accept_ipv6_length(ours, theirs);
        if (ours == theirs) continue;
        const std::string which = "frame " + std::to_string(count) + " of this step: ";
        if (ours.size() != theirs.size()) return difference(which + "bytes", ours.size(), theirs.size());
        const auto where = std::ranges::mismatch(ours, theirs).in1 - ours.begin();
        return difference(which + "byte " + std::to_string(where),
                          std::to_integer<unsigned>(ours[static_cast<std::size_t>(where)]),
                          std::to_integer<unsigned>(theirs[static_cast<std::size_t>(where)]));
    }
}

Pair::Found Pair::compare_received(std::uint32_t begin, std::uint32_t end) {
    const std::uint32_t size = receive_ring_size();
    if (const std::uint32_t theirs = theirs_->read(RDH.offset); theirs != end) return difference("RDH", end, theirs);
    const bool stripped = static_cast<bool>(RCTL.from(peek(RCTL.offset)) & RCTL.SECRC);
    std::vector<std::span<std::byte>> pieces;
    for (std::uint32_t slot = begin; slot != end; slot = (slot + 1) % size) {
        if (auto found = compare_descriptor(slot)) return found;
        const auto& descriptor = *at<ReceiveDescriptor>(*ours_, ring() + slot * sizeof(ReceiveDescriptor));
        pieces.push_back(
            ours_->memory().subspan(descriptor.address - arena_begin, RDESC_LENGTH.LENGTH.of(descriptor.length)));
        if (!(descriptor.status & RDESC_STATUS.EOP)) continue;
        if (!stripped && tolerates(known::check_sequence_is_not_stored)) accept_check_sequence(pieces);
        pieces.clear();
    }
    return std::nullopt;
}

/// What is tolerated is made equal, so that memory as a whole can be compared afterwards.
Pair::Found Pair::compare_descriptor(std::uint32_t slot) {
    auto& ours = *at<ReceiveDescriptor>(*ours_, ring() + slot * sizeof(ReceiveDescriptor));
    const auto& theirs = *at<ReceiveDescriptor>(*theirs_, ring() + slot * sizeof(ReceiveDescriptor));
    datasheet::Value<RdescLength> length_mask = RDESC_LENGTH.from(~0U);
    datasheet::Value<RdescStatus> status_mask = RDESC_STATUS.from(~0U);
    if (tolerates(known::checksums_are_not_checked)) {
        length_mask &= ~RDESC_LENGTH.CHECKSUM;
        status_mask &=
            ~(RDESC_STATUS.IXSM | RDESC_STATUS.IPCS | RDESC_STATUS.TCPCS | RDESC_STATUS.IPE | RDESC_STATUS.TCPE);
    }
    if (tolerates(known::inexact_is_not_marked)) status_mask &= ~RDESC_STATUS.PIF;
    if (!(ours.status & RDESC_STATUS.EOP) && tolerates(known::tags_are_in_every_piece)) {
        status_mask &= RDESC_STATUS.DD | RDESC_STATUS.EOP;
    }
    const std::string name = "receive descriptor " + std::to_string(slot);
    if ((ours.length & length_mask) != (theirs.length & length_mask)) {
        return difference(name + ", length", ours.length.bits, theirs.length.bits);
    }
    if ((ours.status & status_mask) != (theirs.status & status_mask)) {
        return difference(name + ", status", ours.status.bits, theirs.status.bits);
    }
    ours = theirs;
    return std::nullopt;
}

/// The frame's last four bytes, in whichever buffers they are.
void Pair::accept_check_sequence(const std::vector<std::span<std::byte>>& pieces) {
    std::size_t left = check_sequence;
    for (auto piece = pieces.rbegin(); piece != pieces.rend() && left != 0; ++piece) {
        const auto end = piece->last(std::min(left, piece->size()));
        std::ranges::copy(
            theirs_->memory().subspan(static_cast<std::size_t>(end.data() - ours_->memory().data()), end.size()),
            end.begin());
        left -= end.size();
    }
}

Pair::Found Pair::compare_memory() {
    const auto ours = ours_->memory();
    const auto theirs = theirs_->memory();
    if (std::memcmp(ours.data(), theirs.data(), ours.size()) == 0) return std::nullopt;  // at once, in any build
    const auto [a, b] = std::ranges::mismatch(ours, theirs);
    std::ostringstream where;
    where << "memory at 0x" << std::hex << arena_begin + static_cast<std::uint64_t>(a - ours.begin());
    return difference(where.str(), std::to_integer<unsigned>(*a), std::to_integer<unsigned>(*b));
}

}  // namespace ixy::test
