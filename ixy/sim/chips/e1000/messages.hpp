// Interrupts of the 82574L as MSI-X messages: five causes, each with a vector (IVAR), a throttle (EITR), and the bits
// that its message clears automatically (82574 datasheet, 7.4.2 and 10.2.4).
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include <ixy/datasheet/e1000/interrupt.hpp>
#include <ixy/datasheet/e1000/pcie.hpp>
#include <ixy/sim/chips/e1000/registers.hpp>

namespace ixy::sim::e1000 {

class Messages {
public:
    using Causes = datasheet::Value<datasheet::e1000::InterruptCauses>;
    static constexpr unsigned vectors = 5;

    /// `first_timer` and the four timers that follow are the vectors' throttles.
    Messages(RegisterFile& registers, unsigned first_timer);

    /// `causes`, with Other if it stands for any of them.
    static Causes with_summary(Causes causes);
    /// Sends a message for each cause that is new in ICR, unmasked by IMS and not held back by its throttle.
    void update();
    void reset();

private:
    void send(Causes cause, unsigned vector);

    RegisterFile& registers_;
    unsigned first_timer_;
    Causes told_{};  ///< causes that are still set and whose message has been sent
    std::array<std::optional<Time>, vectors> last_{};
};

}  // namespace ixy::sim::e1000
