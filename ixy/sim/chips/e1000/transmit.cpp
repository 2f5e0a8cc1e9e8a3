// A doorbell is served inside the register write: the ring is empty when it returns, unless the wire is busy, or the
// ring asks for more than any sane driver does. The rest of that follows a moment later, so that others get their turn.
#include <ixy/sim/chips/e1000/transmit.hpp>

#include <algorithm>
#include <array>
#include <string>

#include <ixy/datasheet/e1000/registers.hpp>

namespace ixy::sim::e1000 {

using namespace datasheet::e1000;

namespace {

constexpr unsigned work_at_once = 1024;  // descriptors, and segments that are sent before their packet's last
constexpr Time moment{1};

}  // namespace

Transmit::Transmit(RegisterFile& registers, Statistics& statistics, Interrupts& interrupts, const Link& link,
                   const Send& send)
    : registers_(registers), interrupts_(interrupts), link_(link) {
    add_queue({TDBAL, TDBAH, TDLEN, TDH, TDT}, statistics, send);
    if (registers.chip().has(TDT1)) add_queue({TDBAL1, TDBAH1, TDLEN1, TDH1, TDT1}, statistics, send);
    registers.on_write(TCTL, [this](auto...) { run(); });
    registers.on_write(TARC, [this](auto...) { run(); });
}

void Transmit::add_queue(const Ring::Registers& at, Statistics& statistics, const Send& send) {
    const auto number = static_cast<unsigned>(queues_.size());
    queues_.push_back({number, {registers_, at}, {registers_, statistics, send}});
    registers_.on_write(at.tail, [this, number](auto...) { run(queues_[number]); });
    for (const datasheet::Number* each : {&at.base_low, &at.length})
        registers_.on_write(*each, [this, number, each](std::uint32_t written, auto...) {
            queues_[number].ring.written(*each, written);
        });
    registers_.on_write(at.head, [this, number](auto...) { queues_[number].packet.drop(); });  // the ring starts anew
}

void Transmit::reset() {
    for (Queue& queue : queues_) queue.packet.reset();
    registers_.host().schedule(transmit_more, {});
}

void Transmit::run() {
    for (Queue& queue : queues_) run(queue);
}

bool Transmit::may_run(const Queue& queue) const {
    const bool on = queues_.size() == 1 || (registers_.get(TARC[queue.number]) & TARC.ENABLE);
    return (registers_.get(TCTL) & TCTL.EN) && on && (link_.up() || link_.loopback());
}

void Transmit::run(Queue& queue) {
    if (!may_run(queue) || !queue.ring.check()) return;
    const std::uint32_t before = queue.ring.ready();
    if (before == 0) return;

    const Reports reports = process(queue, before);
    const std::uint32_t after = queue.ring.ready();
    const std::uint32_t low = TXDCTL.LWTHRESH.of(registers_.get(queue.number == 0 ? TXDCTL : TXDCTL1)) * 8;
    Interrupts::Causes causes{};
    if (after == 0) causes |= ICR.TXQE;
    if (before >= low && after < low) causes |= ICR.TXD_LOW;
    if (causes) interrupts_.raise(causes);
    if (reports.at_once) interrupts_.transmit_reported(false, queue.number);
    if (reports.delayed) interrupts_.transmit_reported(true, queue.number);
}

/// Processes the next `count` descriptors. Stops early when they cannot be fetched (the next doorbell tries again), or
/// when that was enough for one turn. While the wire is busy they stay in the ring, so that it fills up and the driver
/// notices. Register writes meanwhile (in loopback, there are none) change neither count nor end.
Transmit::Reports Transmit::process(Queue& queue, std::uint32_t count) {
    Ring& ring = queue.ring;
    std::array<Descriptor, 32> batch{};
    Reports reports;
    unsigned budget = work_at_once;
    const auto may_send = [this] { return link_.loopback() || registers_.host().can_send(); };
    while (count > 0 && may_send()) {
        const std::uint32_t first = ring.head();
        const auto fetched =
            std::span(batch).first(std::min({std::uint32_t{batch.size()}, count, ring.size() - first}));
        if (!registers_.host().read(ring.address(first), std::as_writable_bytes(fetched))) break;
        for (const Descriptor& descriptor : fetched) {
            if (!may_send()) return reports;
            const bool is_over = budget == 0;
            if (!is_over) --budget;
            if (is_over || !queue.packet.take(descriptor, budget)) {
                registers_.host().schedule(transmit_more, registers_.host().now() + moment);
                return reports;
            }
            if (descriptor.status & TDESC_STATUS.DD) report_again(ring);
            if (descriptor.command & (TDESC_CMD.RS | TDESC_CMD.RPS)) {
                write_back(ring.address(ring.head()), descriptor);
                reports.delayed = static_cast<bool>(descriptor.command & TDESC_CMD.IDE);
                reports.at_once = reports.at_once || !reports.delayed;
            }
            ring.advance();
        }
        count -= static_cast<std::uint32_t>(fetched.size());
    }
    return reports;
}

/// A driver rewrites each descriptor with a zero status. If the tail moves past one that it did not rewrite, the old
/// status is still there.
void Transmit::report_again(const Ring& ring) const {
    registers_.report(Misuse::descriptor_again, ring.at().tail,
                      "descriptor " + std::to_string(ring.head()) + " is done already (DD), but given again");
}

/// 3.3.3.2: only the status changes, in the same way for all kinds of descriptors.
void Transmit::write_back(IoAddress at, const Descriptor& descriptor) {
    const auto status = (descriptor.status | TDESC_STATUS.DD) & ~(TDESC_STATUS.EC | TDESC_STATUS.LC | TDESC_STATUS.TU);
    registers_.host().write_back(at + offsetof(Descriptor, status), std::as_bytes(std::span(&status, 1)), 0);
}

}  // namespace ixy::sim::e1000
