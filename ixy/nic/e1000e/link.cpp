// The PHY and the link. 82574 datasheet, 10.2.2.7 (MDIC), 10.2.2.13 (EXTCNF_CTRL) and chapter 10.3, the PHY's
// registers.
#include <string>

#include <ixy/nic/e1000e/e1000e.hpp>

#include <ixy/datasheet/e1000/phy.hpp>
#include <ixy/datasheet/e1000/registers.hpp>

namespace ixy::e1000e {

using namespace datasheet::e1000;
using namespace std::chrono_literals;

/// The card's firmware uses the PHY too. It waits while software owns it.
Expected<> E1000e::own_phy() {
    const auto owned = [&] {
        registers_.write(EXTCNF_CTRL, registers_.read(EXTCNF_CTRL) | EXTCNF_CTRL.MDIO_SW);
        return static_cast<bool>(registers_.read(EXTCNF_CTRL) & EXTCNF_CTRL.MDIO_SW);
    };
    return wait_until(owned, 100ms, "the firmware does not let go of the PHY");
}

void E1000e::release_phy() { registers_.write(EXTCNF_CTRL, registers_.read(EXTCNF_CTRL) & ~EXTCNF_CTRL.MDIO_SW); }

Expected<std::uint16_t> E1000e::read_phy(std::uint32_t address) {
    registers_.write(MDIC, MDIC.OP(2) | MDIC.PHYADD(chip.features.phy_address) | MDIC.REGADD(address));
    auto value = MDIC.from(0);
    const auto ready = [&] { return static_cast<bool>((value = registers_.read(MDIC)) & MDIC.R); };
    if (auto done = wait_until(ready, 10ms, "the PHY does not answer"); !done) return std::unexpected(done.error());
    if (value & MDIC.E) return fail(ErrorKind::device_failed, "the PHY reports an error");
    return static_cast<std::uint16_t>(MDIC.DATA.of(value));
}

Expected<> E1000e::write_phy(std::uint32_t address, std::uint16_t value) {
    registers_.write(MDIC,
                     MDIC.OP(1) | MDIC.PHYADD(chip.features.phy_address) | MDIC.REGADD(address) | MDIC.DATA(value));
    return wait_until([&] { return static_cast<bool>(registers_.read(MDIC) & MDIC.R); }, 10ms,
                      "the PHY does not answer");
}

/// Linux's driver powers the PHY down with its interface, and a reset of the card does not wake it. A PHY that is awake
/// is left alone, since negotiating again takes the link down for seconds.
void E1000e::wake_phy() {
    if (!own_phy()) return;  // the link's state will tell
    const auto asleep = PCTRL.POWER_DOWN | PCTRL.ISOLATE | PCTRL.LOOPBACK;
    const auto control = read_phy(PCTRL.offset);  // some virtual machines have a card without a PHY
    if (control && (PCTRL.from(*control) & asleep)) {
        (void)write_phy(PCTRL.offset, static_cast<std::uint16_t>((PCTRL.AN_ENABLE | PCTRL.RESTART).bits));
    }
    release_phy();
}

Link E1000e::link() {
    const auto status = registers_.read(STATUS);
    if (status.bits == ~0U || !(status & STATUS.LU)) return {};
    constexpr std::uint32_t megabits[] = {10, 100, 1000, 1000};
    return {.up = true,
            .full_duplex = static_cast<bool>(status & STATUS.FD),
            .megabits = megabits[STATUS.SPEED.of(status)]};
}

Expected<> E1000e::wait_for_link() {
    for (std::chrono::milliseconds waited{0}; !link().up; waited += 10ms) {
        if (gone()) return disappeared();
        if (options_.stop_waiting && options_.stop_waiting()) return fail(ErrorKind::timeout, "stopped, with no link");
        if (waited >= options_.link_timeout) {
            if (options_.link_timeout <= 0ms) return {};
            return fail(ErrorKind::timeout, "no link after " + std::to_string(waited.count()) + " ms",
                        "is the cable plugged in at both ends, and the other end up?");
        }
        function().wait(10ms);
    }
    return {};
}

}  // namespace ixy::e1000e
