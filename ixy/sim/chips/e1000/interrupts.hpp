// Interrupt causes, masks, delays and throttling (manual 3.2.7 for receive, 3.4.3 for transmit, 13.4.17 to 13.4.21).
// The 82574L adds MSI-X (messages.hpp), and other rules for what a read of ICR clears.
#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include <ixy/datasheet/e1000/interrupt.hpp>
#include <ixy/sim/chips/e1000/messages.hpp>
#include <ixy/sim/chips/e1000/registers.hpp>

namespace ixy::sim::e1000 {

/// The model's timers, each with one deadline.
enum Timer : unsigned {
    receive_delay,
    receive_absolute_delay,
    transmit_delay,
    transmit_absolute_delay,
    throttle,
    link_up,
    transmit_more,     ///< work that one doorbell's turn was too short for
    message_throttle,  ///< and the four that follow, one per vector
};

class Interrupts {
public:
    using Causes = datasheet::Value<datasheet::e1000::InterruptCauses>;

    explicit Interrupts(RegisterFile& registers);

    /// Sets causes in ICR; the line follows ICR & IMS, as throttling (ITR) allows.
    void raise(Causes causes);
    /// A frame of `bytes`, check sequence included, was written to memory: RXT0, at once or when RDTR and RADV have run
    /// out; SRPD when it is small (RSRPD). In MSI-X mode the queue's own cause instead of RXT0.
    void frame_received(std::size_t bytes, unsigned queue = 0);
    /// Free receive descriptors have come down to the threshold (RCTL.RDMTS): RXDMT0, in MSI-X mode also the queue's
    /// own cause (82574L 10.2.4.1).
    void few_descriptors(unsigned queue = 0);
    /// A transmit descriptor with RS was written back: TXDW; with IDE, when TIDV and TADV have run out. In MSI-X mode
    /// the queue's own cause instead of TXDW.
    void transmit_reported(bool delayed, unsigned queue = 0);
    /// For all timers but link_up and transmit_more.
    void timer(Timer timer);
    void reset();

private:
    void connect_registers();
    std::uint32_t read_causes();
    void acknowledge();
    bool by_message() const;

    void update();
    /// Asserts or deasserts the line, or has the throttling timer do it.
    void update_line();
    void set_line(bool asserted);
    /// Restarts a delay, and starts an absolute one that is not running yet; both in 1.024 us, zero is none.
    void start(Timer delay, std::uint32_t units, Timer absolute, std::uint32_t absolute_units);
    void stop(Timer delay, Timer absolute);
    void flush(Timer delay, Timer absolute, Causes& waiting, Causes at_least);
    void schedule(Timer timer, std::optional<Time> when);
    void count(Causes causes);

    RegisterFile& registers_;
    Host& host_;
    Messages messages_;
    bool asserted_ = false;
    std::optional<Time> last_;                   ///< when the line was asserted last
    std::array<bool, link_up> running_{};        ///< by timer
    Causes receive_waits_{}, transmit_waits_{};  ///< held back by the delays
};

}  // namespace ixy::sim::e1000
