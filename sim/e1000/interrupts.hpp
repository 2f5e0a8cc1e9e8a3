// Interrupt causes, masks, delays and throttling (manual 3.2.7 for receive, 3.4.3 for transmit, 13.4.17 to 13.4.20,
// ITR).
#pragma once

#include <ixy/datasheet/e1000/interrupt.hpp>
#include <ixy/sim/e1000/registers.hpp>

namespace ixy::sim::e1000 {

/// The model's timers, each with one deadline.
enum Timer : unsigned {
    receive_delay,
    receive_absolute_delay,
    transmit_delay,
    transmit_absolute_delay,
    throttle,
    link_up
};

class Interrupts {
public:
    using Causes = datasheet::Value<datasheet::e1000::InterruptCauses>;

    explicit Interrupts(RegisterFile& registers);

    /// Sets causes in ICR; the line follows ICR & IMS, as throttling (ITR) allows.
    void raise(Causes causes);
    /// A frame was written to memory: RXT0, at once or when RDTR and RADV have run out.
    void frame_received();
    /// A transmit descriptor with RS was written back: TXDW; with IDE, when TIDV and TADV have run out.
    void transmit_reported(bool delayed);
    /// For receive_delay … throttle.
    void timer(Timer timer);
    void reset();

private:
    void update_line();

    RegisterFile& registers_;
};

}  // namespace ixy::sim::e1000
