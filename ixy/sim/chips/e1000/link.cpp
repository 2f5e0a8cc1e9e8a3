// The PHY is a Marvell 88E1011: the registers of IEEE 802.3, clause 22, and a few of its own. There is a link when the
// cable is plugged, both sides have found a common speed, and the driver lets the MAC see it (CTRL.SLU).
#include <ixy/sim/chips/e1000/link.hpp>

#include <ixy/datasheet/e1000/chips.hpp>

namespace ixy::sim::e1000 {

using namespace datasheet::e1000;
using datasheet::RegisterInfo;

namespace {

const RegisterInfo* phy_register(std::uint32_t address) {
    for (const RegisterInfo* info : PHY_REGISTERS)
        if (info->offset == address) return info;
    return nullptr;
}

std::uint32_t self_clearing(const RegisterInfo& info) {
    std::uint32_t bits = 0;
    for (const datasheet::FieldInfo& field : info.fields())
        if (field.access == datasheet::Access::SC) bits |= field.mask();
    return bits;
}

}  // namespace

Link::Link(RegisterFile& registers, Interrupts& interrupts, Time delay)
    : registers_(registers), interrupts_(interrupts), delay_(delay) {
    registers.on_write(MDIC, [this](std::uint32_t written, auto...) { access(MDIC.from(written)); });
}

bool Link::up() const { return static_cast<bool>(registers_.get(STATUS) & STATUS.LU); }

bool Link::loopback() const {
    const auto control = phy(PCTRL);
    if ((control & PCTRL.LOOPBACK) && !(control & PCTRL.POWER_DOWN)) return true;
    return registers_.chip().features.mac_loopback && RCTL.LBM.of(registers_.get(RCTL)) == 1;
}

void Link::set_cable(bool plugged) {
    if (plugged == cable_) return;
    cable_ = plugged;
    negotiate();
}

void Link::control_changed(datasheet::Value<Ctrl> before) {
    const auto control = registers_.get(CTRL);
    if ((control & CTRL.PHY_RST) && !(before & CTRL.PHY_RST)) lose();
    if (!(control & CTRL.PHY_RST) && (before & CTRL.PHY_RST)) reset_phy();
    update_status();
}

void Link::reset(bool phy_too) {
    if (phy_too) {
        linked_ = false;
        reset_phy();
    } else if (found_at_) {
        registers_.host().schedule(link_up, found_at_);  // the bus's reset stops all timers, but not the PHY
    }
    update_status();
}

// --- the PHY's registers -------------------------------------------------------------------------------------------

/// 13.4.7. The operation has ended by the time the driver looks.
void Link::access(datasheet::Value<Mdic> command) {
    auto result = command & ~(MDIC.R | MDIC.E);
    const std::uint32_t address = MDIC.REGADD.of(command);
    const std::uint32_t operation = MDIC.OP.of(command);
    const bool there = MDIC.PHYADD.of(command) == registers_.chip().features.phy_address;
    if (!there || (operation != 1 && operation != 2)) {
        result |= MDIC.E;
    } else if (operation == 1) {
        write_phy(address, static_cast<std::uint16_t>(MDIC.DATA.of(command)));
    } else {
        result = (result & ~MDIC.DATA) | MDIC.DATA(read_phy(address));
    }
    registers_.set(MDIC, result | MDIC.R);
    if (command & MDIC.I) interrupts_.raise(ICR.MDAC);
}

/// The 82574L's PHY has registers 16 to 28 on many pages, selected by register 22. Only page 0's do anything here; the
/// others are merely remembered.
std::uint16_t* Link::on_page(std::uint32_t address) {
    const std::uint32_t page = phy_[PAGE.offset] % 1024;
    const bool paged = address >= 16 && address != PAGE.offset && address < PAGE_SELECT.offset;
    return page == 0 || !paged ? nullptr : &pages_[page * 32 + address];
}

std::uint16_t Link::read_phy(std::uint32_t address) {
    if (const std::uint16_t* kept = on_page(address)) return *kept;
    const std::uint16_t value = phy_[address];
    if (address == PSTATUS.offset && lost_) {  // a lost link is reported once, even if it is back by now
        lost_ = false;
        return static_cast<std::uint16_t>((PSTATUS.from(value) & ~PSTATUS.LINK).bits);
    }
    return value;
}

void Link::write_phy(std::uint32_t address, std::uint16_t value) {
    if (std::uint16_t* kept = on_page(address)) {
        *kept = value;
        return;
    }
    const RegisterInfo* info = phy_register(address);
    if (info == nullptr || (info == &PAGE && !registers_.chip().features.phy_pages)) return;
    const std::uint32_t kept = info->writable & ~self_clearing(*info);
    const std::uint16_t before = phy_[address];
    phy_[address] = static_cast<std::uint16_t>((before & ~kept) | (value & kept));
    const bool again = static_cast<bool>(PCTRL.from(value) & (PCTRL.RESET | PCTRL.RESTART));
    if (address == PCTRL.offset && (again || phy_[address] != before)) negotiate();
    if (loopback() && on_ready_) on_ready_();
}

void Link::reset_phy() {
    phy_ = {};
    pages_.clear();
    for (const RegisterInfo* info : PHY_REGISTERS) phy_[info->offset] = static_cast<std::uint16_t>(info->reset);
    const datasheet::e1000::Features& features = registers_.chip().features;
    phy_[PHY_ID1.offset] = static_cast<std::uint16_t>(features.phy_id >> 16);
    phy_[PHY_ID2.offset] = static_cast<std::uint16_t>(features.phy_id | features.phy_revision);
    negotiate();
}

// --- finding a link ------------------------------------------------------------------------------------------------

std::optional<Link::Mode> Link::resolve() const {
    const auto control = phy(PCTRL);
    if (!(control & PCTRL.AN_ENABLE)) {
        const std::uint32_t speed = PCTRL.SPEED_MSB.of(control) << 1 | PCTRL.SPEED_LSB.of(control);
        if (speed > 2) return std::nullopt;
        return Mode{speed, static_cast<bool>(control & PCTRL.DUPLEX)};
    }
    const auto offer = phy(ANA);
    if (phy(GCON) & GCON.FULL) return Mode{2, true};
    if (offer & ANA.TX_FULL) return Mode{1, true};
    if (offer & ANA.TX_HALF) return Mode{1, false};
    if (offer & ANA.T10_FULL) return Mode{0, true};
    if (offer & ANA.T10_HALF) return Mode{0, false};
    return std::nullopt;
}

void Link::negotiate() {
    lose();
    const bool silent = static_cast<bool>(phy(PCTRL) & (PCTRL.POWER_DOWN | PCTRL.ISOLATE | PCTRL.LOOPBACK));
    const bool in_reset = static_cast<bool>(registers_.get(CTRL) & CTRL.PHY_RST);
    if (!cable_ || silent || in_reset || !resolve()) return;
    if (delay_ == Time{}) return timer();
    found_at_ = registers_.host().now() + delay_;
    registers_.host().schedule(link_up, found_at_);
}

void Link::timer() {
    found_at_.reset();
    const std::optional<Mode> found = resolve();
    if (!found) return;  // our offer has changed meanwhile
    mode_ = *found;
    linked_ = true;
    set_phy(PSTATUS, phy(PSTATUS) | PSTATUS.LINK);
    set_phy(PSSTAT, PSSTAT.LINK | PSSTAT.RESOLVED | PSSTAT.MDIX | PSSTAT.SPEED(mode_.speed) |
                        PSSTAT.DUPLEX(mode_.full_duplex ? 1 : 0));
    if (phy(PCTRL) & PCTRL.AN_ENABLE) {
        set_phy(PSTATUS, phy(PSTATUS) | PSTATUS.AN_COMPLETE);
        set_phy(LPA, LPA.SELECTOR(1) | LPA.T10_HALF | LPA.T10_FULL | LPA.TX_HALF | LPA.TX_FULL | LPA.ACKNOWLEDGE);
        set_phy(ANE, phy(ANE) | ANE.LP_AN_ABLE | ANE.PAGE_RECEIVED);
        set_phy(GSTATUS, GSTATUS.LP_FULL | GSTATUS.REMOTE_OK | GSTATUS.LOCAL_OK);
    }
    update_status();
}

void Link::lose() {
    found_at_.reset();
    registers_.host().schedule(link_up, {});
    lost_ = lost_ || linked_;
    linked_ = false;
    set_phy(PSTATUS, phy(PSTATUS) & ~(PSTATUS.LINK | PSTATUS.AN_COMPLETE));
    set_phy(PSSTAT, {});
    set_phy(LPA, {});
    set_phy(ANE, phy(ANE) & ~(ANE.LP_AN_ABLE | ANE.PAGE_RECEIVED));
    set_phy(GSTATUS, {});
    update_status();
}

/// 13.4.1, 13.4.2: how the MAC sees the link. ILOS inverts the PHY's link as the MAC sees it, so that a driver in
/// loopback, where the PHY has none, can keep the MAC going.
void Link::update_status() {
    const auto control = registers_.get(CTRL);
    const auto before = registers_.get(STATUS);
    const bool signal = linked_ != static_cast<bool>(control & CTRL.ILOS);
    const bool full = control & CTRL.FRCDPLX ? static_cast<bool>(control & CTRL.FD) : mode_.full_duplex;
    const std::uint32_t speed = control & CTRL.FRCSPD ? CTRL.SPEED.of(control) : mode_.speed;

    auto status = before & ~(STATUS.FD | STATUS.LU | STATUS.SPEED | STATUS.ASDV | STATUS.GIO_MASTER_ENABLE);
    if (full) status |= STATUS.FD;
    if (signal && (control & CTRL.SLU)) status |= STATUS.LU;
    status |= STATUS.SPEED(speed) | STATUS.ASDV(mode_.speed);
    const bool express = registers_.chip().writable(CTRL) & CTRL.GIO_MASTER_DISABLE.mask();
    if (express && !(control & CTRL.GIO_MASTER_DISABLE)) status |= STATUS.GIO_MASTER_ENABLE;
    registers_.set(STATUS, status);
    if ((before & STATUS.LU) != (status & STATUS.LU)) interrupts_.raise(ICR.LSC);
    if (!(before & STATUS.LU) && up() && on_ready_) on_ready_();
}

}  // namespace ixy::sim::e1000
