// The link: CTRL and STATUS, the PHY's registers behind MDIC, auto-negotiation, loopback (manual chapters 8, 11, 13.4.1
// to 13.4.2, 13.4.6).
#pragma once

#include <array>

#include <ixy/datasheet/e1000/phy.hpp>
#include <ixy/sim/e1000/interrupts.hpp>
#include <ixy/sim/e1000/registers.hpp>

namespace ixy::sim::e1000 {

class Link {
public:
    Link(RegisterFile& registers, Interrupts& interrupts, Time delay);

    bool up() const;
    /// True when what is sent comes back inside the chip: the PHY's loopback, or RCTL.LBM.
    bool loopback() const;
    void set_cable(bool plugged);
    /// For Timer::link_up.
    void timer();
    /// CTRL.RST leaves the PHY as it is; power-on and CTRL.PHY_RST do not.
    void reset(bool phy_too);

private:
    RegisterFile& registers_;
    Interrupts& interrupts_;
    Time delay_;
    bool cable_ = true;
    std::array<std::uint16_t, 32> phy_{};
};

}  // namespace ixy::sim::e1000
