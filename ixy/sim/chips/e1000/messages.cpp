// A message is sent once for a cause, when it becomes both set and unmasked; EIAC and IAM say what the message clears
// and masks, so that the next one can follow.
#include <ixy/sim/chips/e1000/messages.hpp>

#include <ixy/datasheet/e1000/general.hpp>
#include <ixy/datasheet/e1000/statistics.hpp>

namespace ixy::sim::e1000 {

using namespace datasheet::e1000;

namespace {

constexpr Time throttle_unit{256};  // 10.2.4.9

struct Route {
    Messages::Causes cause;
    Ivar::Field vector;
    Ivar::Field valid;
};
constexpr std::array<Route, Messages::vectors> routes{{{ICR.RXQ0, IVAR.RXQ0, IVAR.RXQ0_VALID},
                                                       {ICR.RXQ1, IVAR.RXQ1, IVAR.RXQ1_VALID},
                                                       {ICR.TXQ0, IVAR.TXQ0, IVAR.TXQ0_VALID},
                                                       {ICR.TXQ1, IVAR.TXQ1, IVAR.TXQ1_VALID},
                                                       {ICR.OTHER, IVAR.OTHER, IVAR.OTHER_VALID}}};

}  // namespace

Messages::Messages(RegisterFile& registers, unsigned first_timer) : registers_(registers), first_timer_(first_timer) {
    registers.on_write(EITR, [this](auto...) {
        if (registers_.host().messages_enabled()) update();
    });
}

Messages::Causes Messages::with_summary(Causes causes) {
    constexpr Causes other = ICR.LSC | ICR.RXO | ICR.MDAC | ICR.SRPD | ICR.ACK | ICR.MNG;
    if (causes & other) causes |= ICR.OTHER;
    return causes;
}

void Messages::update() {
    if (registers_.get(ICR) == Causes(ICR.INT_ASSERTED)) registers_.set(ICR, {});
    const auto allocation = registers_.get(IVAR);
    const Causes pending = registers_.get(ICR) & registers_.get(IMS);
    told_ &= pending;
    for (const Route& route : routes) {
        const std::uint32_t vector = route.vector.of(allocation);
        const bool routed = (allocation & route.valid) && vector < vectors;
        if (!routed || !(pending & route.cause) || (told_ & route.cause)) continue;
        const Time interval = EITR.INTERVAL.of(registers_.get(EITR[vector])) * throttle_unit;
        const Time now = registers_.host().now();
        if (last_[vector] && now < *last_[vector] + interval) {
            registers_.host().schedule(first_timer_ + vector, *last_[vector] + interval);
        } else {
            send(route.cause, vector);
        }
    }
}

void Messages::send(Causes cause, unsigned vector) {
    last_[vector] = registers_.host().now();
    const auto control = registers_.get(CTRL_EXT);
    Causes causes = registers_.get(ICR) | ICR.INT_ASSERTED;
    causes &= ~(cause & ICR.from(registers_.number(EIAC)));
    registers_.set(ICR, causes);
    if (control & CTRL_EXT.EIAME)
        registers_.set(IMS, registers_.get(IMS) & ~(cause & IMS.from(registers_.number(IAM))));
    told_ |= cause & causes;
    registers_.count(IAC);
    registers_.host().send_message(vector);
}

void Messages::reset() {
    told_ = {};
    last_ = {};
    for (unsigned vector = 0; vector < vectors; ++vector) registers_.host().schedule(first_timer_ + vector, {});
}

}  // namespace ixy::sim::e1000
