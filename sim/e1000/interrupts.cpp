// Interrupts: causes are kept in ICR; the line is asserted while one of them is let through by IMS.
#include <ixy/sim/e1000/interrupts.hpp>

#include <ixy/datasheet/e1000/receive.hpp>
#include <ixy/datasheet/e1000/transmit.hpp>

namespace ixy::sim::e1000 {

using namespace datasheet::e1000;

namespace {

constexpr Time throttle_unit{256};  // 13.4.18
constexpr Time delay_unit{1024};    // 13.4.30

}  // namespace

Interrupts::Interrupts(RegisterFile& registers) : registers_(registers), host_(registers.host()) {
    registers.on_read(ICR, [this](std::size_t) {
        const Causes causes = registers_.get(ICR);
        registers_.set(ICR, {});
        update_line();
        return causes.bits;
    });
    registers.on_write(ICR, [this](auto...) { update_line(); });
    registers.on_write(ICS, [this](std::uint32_t written, auto...) { raise(ICS.from(written)); });
    registers.on_write(IMS, [this](auto...) { update_line(); });
    registers.on_write(IMC, [this](std::uint32_t written, auto...) {
        registers_.set(IMS, registers_.get(IMS) & ~IMC.from(written));
        update_line();
    });
    registers.on_write(ITR, [this](auto...) { update_line(); });
    registers.on_write(RDTR, [this](std::uint32_t written, auto...) {
        if (!(RDTR.from(written) & RDTR.FPD)) return;
        stop(receive_delay, receive_absolute_delay);
        raise(ICR.RXT0);
    });
}

void Interrupts::raise(Causes causes) {
    const Causes possible = ICR.from(registers_.chip().writable(ICR));
    registers_.set(ICR, registers_.get(ICR) | (causes & possible));
    update_line();
}

/// 3.2.7.1: without a delay the interrupt comes at once. Each frame starts the delay anew; the absolute delay says how
/// long that may go on.
void Interrupts::frame_received(std::size_t bytes) {
    const std::uint32_t small = RSRPD.SIZE.of(registers_.get(RSRPD));
    if (small != 0 && bytes <= small) raise(ICR.SRPD);
    const std::uint32_t delay = RDTR.DELAY.of(registers_.get(RDTR));
    if (delay == 0) return raise(ICR.RXT0);
    start(receive_delay, delay, receive_absolute_delay, RADV.DELAY.of(registers_.get(RADV)));
}

/// 3.4.3: the same for transmission, for the descriptors that ask for it.
void Interrupts::transmit_reported(bool delayed) {
    const std::uint32_t delay = TIDV.IDV.of(registers_.get(TIDV));
    if (!delayed || delay == 0) {
        stop(transmit_delay, transmit_absolute_delay);
        return raise(ICR.TXDW);
    }
    start(transmit_delay, delay, transmit_absolute_delay, TADV.IDV.of(registers_.get(TADV)));
}

void Interrupts::timer(Timer timer) {
    running_[timer] = false;
    switch (timer) {
        case receive_delay:
        case receive_absolute_delay:
            stop(receive_delay, receive_absolute_delay);
            return raise(ICR.RXT0);
        case transmit_delay:
        case transmit_absolute_delay:
            stop(transmit_delay, transmit_absolute_delay);
            return raise(ICR.TXDW);
        default:
            update_line();
    }
}

void Interrupts::reset() {
    stop(receive_delay, receive_absolute_delay);
    stop(transmit_delay, transmit_absolute_delay);
    schedule(throttle, {});
    last_.reset();
    if (asserted_) host_.set_interrupt(asserted_ = false);
}

void Interrupts::update_line() {
    const bool wanted = static_cast<bool>(registers_.get(ICR) & registers_.get(IMS));
    if (wanted == asserted_) {
        if (!wanted) schedule(throttle, {});
        return;
    }
    if (wanted && last_) {
        const Time next = *last_ + ITR.INTERVAL.of(registers_.get(ITR)) * throttle_unit;
        if (host_.now() < next) return schedule(throttle, next);
    }
    schedule(throttle, {});
    if (wanted) last_ = host_.now();
    host_.set_interrupt(asserted_ = wanted);
}

void Interrupts::start(Timer delay, std::uint32_t units, Timer absolute, std::uint32_t absolute_units) {
    schedule(delay, host_.now() + units * delay_unit);
    if (absolute_units != 0 && !running_[absolute]) schedule(absolute, host_.now() + absolute_units * delay_unit);
}

void Interrupts::stop(Timer delay, Timer absolute) {
    schedule(delay, {});
    schedule(absolute, {});
}

void Interrupts::schedule(Timer timer, std::optional<Time> when) {
    if (!when && !running_[timer]) return;
    running_[timer] = when.has_value();
    host_.schedule(timer, when);
}

}  // namespace ixy::sim::e1000
