// Initialisation and operation of the 82574L, in the order of the datasheet's section 4.6.
#include <ixy/nic/e1000e/e1000e.hpp>

#include <algorithm>
#include <string>

#include <ixy/datasheet/e1000/registers.hpp>
#include <ixy/nic/e1000e/interrupts.hpp>

namespace ixy::e1000e {

using namespace datasheet::e1000;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t register_space = 0x20000;  // 10.2: what BAR 0 maps
constexpr std::size_t standard_frame = 1514;

}  // namespace

std::vector<DriverEntry> known_cards() {
    std::vector<DriverEntry> cards;
    for (const datasheet::PciId& id : chip.ids)
        cards.push_back({datasheet::INTEL, id.device, "e1000e", chip.name, limits(), E1000e::open});
    return cards;
}

Expected<std::unique_ptr<Driver>> E1000e::open(std::unique_ptr<PciFunction> function, const DeviceOptions& options) {
    if (auto legal = check_options(options); !legal) return std::unexpected(legal.error());
    auto registers = function->map_bar(0, register_space);
    if (!registers) return std::unexpected(registers.error());
    std::unique_ptr<E1000e> driver(new E1000e(std::move(function), *registers, options));
    if (auto started = driver->start(); !started) {
        return driver->gone() ? driver->disappeared() : std::unexpected(started.error());
    }
    return driver;
}

E1000e::E1000e(std::unique_ptr<PciFunction> function, Bar registers, const DeviceOptions& options)
    : PciDriver(std::move(function)), registers_(registers), options_(options), counters_(registers, chip) {}

E1000e::~E1000e() { stop(); }

/// 4.6: the order of initialisation.
Expected<> E1000e::start() {
    if (auto done = reset(); !done) return done;
    auto mac = read_mac_address();
    if (!mac) return std::unexpected(mac.error());
    mac_ = *mac;
    configure();
    counters_.start();
    if (auto done = function().set_bus_master(true); !done) return done;
    if (auto done = start_transmit(); !done) return done;
    if (auto done = start_receive(); !done) return done;
    return wait_for_link();
}

/// 4.6.1, 10.2.2.1: interrupts off, receiver and transmitter off, no more requests on the bus, then the reset bit. The
/// PHY is ours meanwhile: the firmware, which has it again after the reset, must not be in the middle of an access.
Expected<> E1000e::reset() {
    if (gone()) return disappeared();
    registers_.write(IMC, IMC.from(~0U));
    registers_.write(RCTL, RCTL.from(0));
    registers_.write(TCTL, TCTL.PSP);
    registers_.write(CTRL, registers_.read(CTRL) | CTRL.GIO_MASTER_DISABLE);
    (void)wait_until([&] { return !(registers_.read(STATUS) & STATUS.GIO_MASTER_ENABLE); }, 100ms,
                     "transfers do not end");  // the reset ends them
    const bool owned = own_phy().has_value();
    registers_.write(CTRL, registers_.read(CTRL) | CTRL.RST);
    function().wait(25ms);  // no access for 1 us; then the card reads its EEPROM and sets up its PHY
    if (auto done = wait_until([&] { return !(registers_.read(CTRL) & CTRL.RST); }, 100ms, "the reset does not end");
        !done) {
        return done;
    }
    if (owned) release_phy();
    registers_.write(IMC, IMC.from(~0U));
    registers_.read(ICR);
    return {};
}

/// 4.6.2, 4.6.3: general set-up and the link. Flow control stays off: a card with a full ring drops frames, and counts
/// them.
void E1000e::configure() {
    auto control = registers_.read(CTRL) | CTRL.SLU | CTRL.ASDE;
    control &= ~(CTRL.GIO_MASTER_DISABLE | CTRL.PHY_RST | CTRL.ILOS | CTRL.FRCSPD | CTRL.FRCDPLX | CTRL.RFCE |
                 CTRL.TFCE | CTRL.VME);
    if (options_.vlan) control |= CTRL.VME;
    registers_.write(CTRL, control);
    // The firmware leaves the card to a driver that says it is there; two reserved bits must be 1 and 0.
    const auto extended = registers_.read(CTRL_EXT) & ~CTRL_EXT.LINK_MODE;
    registers_.write(CTRL_EXT, extended | CTRL_EXT.DRV_LOAD | CTRL_EXT.LINK_MODE(1));
    registers_.write(GCR, registers_.read(GCR) | GCR.RESERVED_22 | GCR.L1_WITHOUT_L0S);
    registers_.write(GCR2, registers_.read(GCR2) | GCR2.RESERVED_0);
    registers_.write(VET, 0x8100);
    registers_.write(FCAL, 0);
    registers_.write(FCAH, 0);
    registers_.write(FCT, 0);
    registers_.write(FCTTV, 0);
    wake_phy();
}

/// 4.6.5. RCTL comes last and is written once: the card must not be switched off and on again while it runs, and QEMU's
/// model is deaf for a second after every write.
Expected<> E1000e::start_receive() {
    write_receive_address(0, mac_);
    for (std::size_t i = 1; i < RAL.count; ++i) write_receive_address(i, {});
    for (std::size_t i = 0; i < MTA.count; ++i) registers_.write(MTA[i], 0);
    for (std::size_t i = 0; i < VFTA.count; ++i) registers_.write(VFTA[i], 0);
    registers_.write(RDTR, RDTR.from(0));
    registers_.write(RADV, RADV.from(0));
    const auto thresholds = RXDCTL.PTHRESH(32) | RXDCTL.HTHRESH(4) | RXDCTL.WTHRESH(1) | RXDCTL.GRAN;
    registers_.write(RXDCTL, thresholds);
    registers_.write(RXDCTL1, thresholds);
    // Acknowledgements would interrupt, and the 82574 has an erratum about that.
    registers_.write(RFCTL, RFCTL.EXSTEN | RFCTL.ACK_DIS);
    auto checksums = options_.rx_checksum ? RXCSUM.IPOFL | RXCSUM.TUOFL : RXCSUM.from(0);
    if (options_.rx_queues > 1) checksums |= RXCSUM.PCSD;  // the hash takes the place of a sum that nobody reads
    registers_.write(RXCSUM, checksums);
    set_up_rss();

    for (std::size_t queue = 0; queue < options_.rx_queues; ++queue) {
        auto ring = ReceiveRing::create(function(), registers_, queue, options_);
        if (!ring) return std::unexpected(ring.error());
        receive_.push_back(std::move(*ring));
        receive_.back()->start();
    }
    auto control = RCTL.EN | RCTL.BAM | RCTL.SECRC | RCTL.BSIZE(0);
    if (options_.max_frame > standard_frame) control |= RCTL.LPE;
    if (options_.promiscuous) control |= RCTL.UPE | RCTL.MPE;
    registers_.write(RCTL, control);
    return {};
}

/// 4.6.6, with the datasheet's values for full duplex over copper. Both queues have the same thresholds, even if one is
/// not used: an erratum demands it. A larger WTHRESH than 1 delays reports.
Expected<> E1000e::start_transmit() {
    registers_.write(TIDV, TIDV.from(0));
    registers_.write(TADV, TADV.from(0));
    const auto thresholds =
        TXDCTL.PTHRESH(31) | TXDCTL.HTHRESH(1) | TXDCTL.WTHRESH(1) | TXDCTL.GRAN | TXDCTL.COUNT_DESC;
    registers_.write(TXDCTL, thresholds);
    registers_.write(TXDCTL1, thresholds);
    for (std::size_t queue = 0; queue < queues; ++queue)  // both take turns, after three packets each
        registers_.write(TARC[queue], TARC.COUNT(3) | TARC.ENABLE | TARC.RESERVED_26);
    for (std::size_t queue = 0; queue < options_.tx_queues; ++queue) {
        auto ring = TransmitRing::create(function(), registers_, queue, options_);
        if (!ring) return std::unexpected(ring.error());
        transmit_.push_back(std::move(*ring));
        transmit_.back()->start();
    }
    registers_.write(TIPG, TIPG.IPGT(8) | TIPG.IPGR1(8) | TIPG.IPGR2(6));
    registers_.write(TCTL, TCTL.EN | TCTL.PSP | TCTL.CT(0x0f) | TCTL.COLD(0x3f) | TCTL.MULR);
    return {};
}

/// The reverse: frames already handed over are sent, then all traffic stops, and only then is memory given back.
void E1000e::stop() {
    if (!gone()) {
        registers_.write(RCTL, RCTL.from(0));
        if (link().up) (void)wait_until([&] { return has_sent_everything(); }, 1000ms, "sending does not end");
        registers_.write(TCTL, TCTL.PSP);
        (void)reset();
    }
    (void)function().set_bus_master(false);
}

bool E1000e::has_sent_everything() const {
    return std::ranges::all_of(transmit_, [](const auto& ring) { return ring->has_sent_everything(); });
}

bool E1000e::gone() { return registers_.read(STATUS).bits == ~0U; }

std::unexpected<Error> E1000e::disappeared() const {
    return fail(ErrorKind::device_failed, "all registers read as ones", "is the card powered and plugged in?");
}

std::unexpected<Error> E1000e::fail(ErrorKind kind, std::string_view what, std::string next) const {
    return failure(kind, std::string(function().address()) + " (" + std::string(chip.name) + "): " + std::string(what),
                   std::move(next));
}

}  // namespace ixy::e1000e
