// Interrupts: ICR holds the causes; the line is asserted while IMS lets one of them through.
#include <ixy/sim/chips/e1000/interrupts.hpp>

#include <utility>

#include <ixy/datasheet/e1000/general.hpp>
#include <ixy/datasheet/e1000/receive.hpp>
#include <ixy/datasheet/e1000/statistics.hpp>
#include <ixy/datasheet/e1000/transmit.hpp>

namespace ixy::sim::e1000 {

using namespace datasheet::e1000;

namespace {

constexpr Time throttle_unit{256};  // 13.4.18
constexpr Time delay_unit{1024};    // 13.4.30

}  // namespace

Interrupts::Interrupts(RegisterFile& registers)
    : registers_(registers), host_(registers.host()), messages_(registers, message_throttle) {
    connect_registers();
}

void Interrupts::connect_registers() {
    registers_.on_read(ICR, [this](std::size_t) { return read_causes(); });
    registers_.on_write(ICR, [this](auto...) {
        acknowledge();
        update();
    });
    registers_.on_write(ICS, [this](std::uint32_t written, auto...) { raise(ICS.from(written)); });
    registers_.on_write(IMS, [this](auto...) { update(); });
    registers_.on_write(IMC, [this](std::uint32_t written, auto...) {
        registers_.set(IMS, registers_.get(IMS) & ~IMC.from(written));
        update();
    });
    registers_.on_write(ITR, [this](auto...) { update(); });
    registers_.on_write(RDTR, [this](std::uint32_t written, auto...) {
        if (RDTR.from(written) & RDTR.FPD) flush(receive_delay, receive_absolute_delay, receive_waits_, ICR.RXT0);
    });
    registers_.on_write(TIDV, [this](std::uint32_t written, auto...) {
        const auto within = TIDV.from(written & registers_.chip().writable(TIDV));
        if (within & TIDV.FPD) flush(transmit_delay, transmit_absolute_delay, transmit_waits_, {});
    });
}

// --- causes --------------------------------------------------------------------------------------------------------

/// 13.4.17, 82574L 7.4.3: a read clears all. In MSI-X mode (7.4.5) only when an interrupt was sent, or when all are
/// masked; so polling with some unmasked does not steal causes from the handler.
std::uint32_t Interrupts::read_causes() {
    const Causes causes = registers_.get(ICR);
    const bool clears = !by_message() || (causes & ICR.INT_ASSERTED) || !registers_.get(IMS);
    acknowledge();
    if (clears) registers_.set(ICR, {});
    update();
    return causes.bits;
}

/// 82574 datasheet, 10.2.4.7: with IAME, reading or writing ICR masks the causes in IAM if an interrupt was sent.
void Interrupts::acknowledge() {
    if ((registers_.get(CTRL_EXT) & CTRL_EXT.IAME) && (registers_.get(ICR) & ICR.INT_ASSERTED))
        registers_.set(IMS, registers_.get(IMS) & ~IMS.from(registers_.number(IAM)));
}

bool Interrupts::by_message() const {
    return registers_.chip().features.interrupts_by_message && host_.messages_enabled();
}

void Interrupts::raise(Causes causes) {
    const Causes possible = ICR.from(registers_.chip().writable(ICR));
    if (registers_.chip().features.interrupts_by_message) count(causes);
    if (by_message()) causes = Messages::with_summary(causes);
    registers_.set(ICR, registers_.get(ICR) | (causes & possible));
    update();
}

/// The 82574L's statistics of interrupt causes.
void Interrupts::count(Causes causes) {
    constexpr std::pair<Causes, const datasheet::Number*> counters[] = {
        {ICR.TXQE, &ICTXQEC}, {ICR.TXD_LOW, &ICTXQMTC}, {ICR.RXDMT0, &ICRXDMTC}, {ICR.RXO, &ICRXOC}};
    for (const auto& [cause, counter] : counters)
        if (causes & cause) registers_.count(*counter);
}

// --- delays --------------------------------------------------------------------------------------------------------

/// 3.2.7.1: without a delay the interrupt comes at once. Each frame restarts the delay; the absolute delay limits how
/// long that may go on.
void Interrupts::frame_received(std::size_t bytes, unsigned queue) {
    const std::uint32_t small = RSRPD.SIZE.of(registers_.get(RSRPD));
    if (small != 0 && bytes <= small) raise(ICR.SRPD);
    const Causes own = queue == 0 ? ICR.RXQ0 : ICR.RXQ1;
    const Causes cause = by_message() ? own : ICR.RXT0;
    const std::uint32_t delay = RDTR.DELAY.of(registers_.get(RDTR));
    if (delay == 0) return raise(cause);
    receive_waits_ |= cause;
    start(receive_delay, delay, receive_absolute_delay, RADV.DELAY.of(registers_.get(RADV)));
}

void Interrupts::few_descriptors(unsigned queue) {
    Causes causes = ICR.RXDMT0;
    if (by_message()) causes |= queue == 0 ? ICR.RXQ0 : ICR.RXQ1;
    raise(causes);
}

/// 3.4.3: the same for transmission, for descriptors that ask for it.
void Interrupts::transmit_reported(bool delayed, unsigned queue) {
    const Causes own = queue == 0 ? ICR.TXQ0 : ICR.TXQ1;
    const Causes cause = by_message() ? own : ICR.TXDW;
    const std::uint32_t delay = TIDV.IDV.of(registers_.get(TIDV));
    if (!delayed || delay == 0) return flush(transmit_delay, transmit_absolute_delay, transmit_waits_, cause);
    transmit_waits_ |= cause;
    start(transmit_delay, delay, transmit_absolute_delay, TADV.IDV.of(registers_.get(TADV)));
}

/// Ends a pair of delays: raises the causes that they held back, and `at_least`.
void Interrupts::flush(Timer delay, Timer absolute, Causes& waiting, Causes at_least) {
    stop(delay, absolute);
    raise(std::exchange(waiting, {}) | at_least);
}

void Interrupts::timer(Timer timer) {
    if (timer >= message_throttle) return update();
    running_[timer] = false;
    constexpr std::array counters{&ICRXPTC, &ICRXATC, &ICTXPTC, &ICTXATC};
    if (registers_.chip().features.interrupts_by_message && timer < counters.size()) registers_.count(*counters[timer]);
    switch (timer) {
        case receive_delay:
        case receive_absolute_delay:
            return flush(receive_delay, receive_absolute_delay, receive_waits_, {});
        case transmit_delay:
        case transmit_absolute_delay:
            return flush(transmit_delay, transmit_absolute_delay, transmit_waits_, {});
        default:
            update();
    }
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

// --- the line ------------------------------------------------------------------------------------------------------

void Interrupts::reset() {
    stop(receive_delay, receive_absolute_delay);
    stop(transmit_delay, transmit_absolute_delay);
    receive_waits_ = transmit_waits_ = {};
    schedule(throttle, {});
    last_.reset();
    if (asserted_) host_.set_interrupt(asserted_ = false);
    if (registers_.chip().features.interrupts_by_message) messages_.reset();
}

void Interrupts::update() {
    if (!by_message()) return update_line();
    if (asserted_) set_line(false);
    messages_.update();
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
    set_line(wanted);
}

void Interrupts::set_line(bool asserted) {
    asserted_ = asserted;
    if (asserted) last_ = host_.now();
    if (registers_.chip().features.interrupts_by_message) {
        const Causes causes = registers_.get(ICR) & ~ICR.INT_ASSERTED;
        registers_.set(ICR, asserted ? causes | ICR.INT_ASSERTED : causes);
        if (asserted) registers_.count(IAC);
    }
    host_.set_interrupt(asserted);
}

}  // namespace ixy::sim::e1000
