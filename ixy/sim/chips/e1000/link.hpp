// The link: CTRL and STATUS, the PHY's registers behind MDIC, auto-negotiation, loopback (manual chapters 8, 11, 13.4.1
// to 13.4.2, 13.4.7). The partner at the cable's other end offers all speeds, and no PAUSE.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <optional>

#include <ixy/datasheet/e1000/general.hpp>
#include <ixy/datasheet/e1000/phy.hpp>
#include <ixy/sim/chips/e1000/interrupts.hpp>
#include <ixy/sim/chips/e1000/registers.hpp>

namespace ixy::sim::e1000 {

class Link {
public:
    Link(RegisterFile& registers, Interrupts& interrupts, Time delay);

    /// As the MAC sees it: STATUS.LU.
    bool up() const;
    /// True when sent frames come back inside the chip: the PHY's loopback, or RCTL.LBM where the MAC can do it.
    bool loopback() const;
    void set_cable(bool plugged);
    /// `act` is called when frames have a way out again: the link came up, or loopback begins.
    void on_ready(std::function<void()> act) { on_ready_ = std::move(act); }
    /// CTRL was written; it held `before`.
    void control_changed(datasheet::Value<datasheet::e1000::Ctrl> before);
    /// For Timer::link_up.
    void timer();
    /// After the registers' reset. CTRL.RST leaves the PHY as it is; power-on and CTRL.PHY_RST do not.
    void reset(bool phy_too);

private:
    struct Mode {
        std::uint32_t speed = 2;  ///< as STATUS.SPEED: 10, 100, 1000 Mb/s
        bool full_duplex = true;
    };

    template <class R>
    datasheet::Value<R> phy(const datasheet::Register<R>& reg) const {
        return {phy_[reg.offset]};
    }
    template <class R>
    void set_phy(const datasheet::Register<R>& reg, std::type_identity_t<datasheet::Value<R>> value) {
        phy_[reg.offset] = static_cast<std::uint16_t>(value.bits);
    }
    void access(datasheet::Value<datasheet::e1000::Mdic> command);
    std::uint16_t read_phy(std::uint32_t address);
    void write_phy(std::uint32_t address, std::uint16_t value);
    void reset_phy();
    /// Where a register of the selected page is kept; null on page 0, and for registers that all pages share.
    std::uint16_t* on_page(std::uint32_t address);

    /// The best mode that both sides support; empty if there is none.
    std::optional<Mode> resolve() const;
    /// Drops the link and starts negotiating again.
    void negotiate();
    void lose();
    void update_status();

    RegisterFile& registers_;
    Interrupts& interrupts_;
    Time delay_;
    bool cable_ = true;
    bool linked_ = false;           ///< the PHY's view
    bool lost_ = false;             ///< since PSTATUS was read
    std::optional<Time> found_at_;  ///< when the ongoing negotiation will have found a link
    Mode mode_;
    std::function<void()> on_ready_;
    std::array<std::uint16_t, 32> phy_{};
    std::map<std::uint32_t, std::uint16_t> pages_;  ///< PHY registers on pages other than 0, by page * 32 + register
};

}  // namespace ixy::sim::e1000
