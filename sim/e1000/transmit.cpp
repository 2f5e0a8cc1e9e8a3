// A doorbell is answered in full, inside the register write: the ring is empty when it returns.
#include <ixy/sim/e1000/transmit.hpp>

#include <algorithm>
#include <array>

#include <ixy/datasheet/e1000/registers.hpp>

namespace ixy::sim::e1000 {

using namespace datasheet::e1000;

Transmit::Transmit(RegisterFile& registers, Statistics& statistics, Interrupts& interrupts, const Link& link, Send send)
    : registers_(registers),
      interrupts_(interrupts),
      link_(link),
      ring_(registers, {TDBAL, TDBAH, TDLEN, TDH, TDT}),
      packet_(registers, statistics, std::move(send)) {
    registers.on_write(TDT, [this](auto...) { run(); });
    registers.on_write(TCTL, [this](auto...) { run(); });
    registers.on_write(TDH, [this](auto...) { packet_.drop(); });  // the ring begins anew
}

void Transmit::run() {
    const bool enabled = static_cast<bool>(registers_.get(TCTL) & TCTL.EN);
    if (!enabled || !(link_.up() || link_.loopback()) || !ring_.check()) return;
    const std::uint32_t before = ring_.ready();
    if (before == 0) return;

    const Reports reports = process(before);
    const std::uint32_t after = ring_.ready();
    const std::uint32_t low = TXDCTL.LWTHRESH.of(registers_.get(TXDCTL)) * 8;
    Interrupts::Causes causes{};
    if (after == 0) causes |= ICR.TXQE;
    if (before >= low && after < low) causes |= ICR.TXD_LOW;
    if (causes) interrupts_.raise(causes);
    if (reports.at_once) interrupts_.transmit_reported(false);
    if (reports.delayed) interrupts_.transmit_reported(true);
}

/// Does what the next `count` descriptors say, and stops early when they cannot be fetched: the next doorbell tries
/// again. What is written to the registers meanwhile (in loopback, nothing) changes neither count nor end.
Transmit::Reports Transmit::process(std::uint32_t count) {
    std::array<Descriptor, 32> batch{};
    Reports reports;
    while (count > 0) {
        const std::uint32_t first = ring_.head();
        const auto fetched =
            std::span(batch).first(std::min({std::uint32_t{batch.size()}, count, ring_.size() - first}));
        if (!registers_.host().read(ring_.address(first), std::as_writable_bytes(fetched))) break;
        for (const Descriptor& descriptor : fetched) {
            packet_.take(descriptor);
            if (descriptor.command & (TDESC_CMD.RS | TDESC_CMD.RPS)) {
                write_back(ring_.head(), descriptor);
                reports.delayed = static_cast<bool>(descriptor.command & TDESC_CMD.IDE);
                reports.at_once = reports.at_once || !reports.delayed;
            }
            ring_.advance();
        }
        count -= static_cast<std::uint32_t>(fetched.size());
    }
    return reports;
}

/// 3.3.3.2: only the status changes, in all kinds of descriptors the same.
void Transmit::write_back(std::uint32_t index, const Descriptor& descriptor) {
    const auto status = (descriptor.status | TDESC_STATUS.DD) & ~(TDESC_STATUS.EC | TDESC_STATUS.LC | TDESC_STATUS.TU);
    registers_.host().write_back(ring_.address(index) + offsetof(Descriptor, status),
                                 std::as_bytes(std::span(&status, 1)), 0);
}

}  // namespace ixy::sim::e1000
