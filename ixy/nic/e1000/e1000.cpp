// Initialisation and operation of the 8254x, in the order of the manual's chapter 14.
#include <ixy/nic/e1000/e1000.hpp>

#include <string>

#include <ixy/datasheet/e1000/registers.hpp>
#include <ixy/nic/e1000/interrupts.hpp>
#include <ixy/nic/e1000/limits.hpp>

namespace ixy::e1000 {

using namespace datasheet::e1000;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t register_space = 0x20000;  // 13.2: what BAR 0 maps
constexpr std::size_t standard_frame = 1514;

/// Those with a copper PHY, and before PCI Express.
bool is_served(const datasheet::e1000::Chip& chip, const datasheet::PciId& id) {
    return id.medium == datasheet::Medium::copper && !chip.features.interrupts_by_message;
}

}  // namespace

std::vector<DriverEntry> known_cards() {
    std::vector<DriverEntry> cards;
    for (const datasheet::e1000::Chip* chip : CHIPS) {
        for (const datasheet::PciId& id : chip->ids) {
            if (is_served(*chip, id))
                cards.push_back({datasheet::INTEL, id.device, "e1000", chip->name, limits(*chip), E1000::open});
        }
    }
    return cards;
}

Expected<std::unique_ptr<Driver>> E1000::open(std::unique_ptr<PciFunction> function, const DeviceOptions& options) {
    const datasheet::e1000::Chip* chip = find_chip(function->identity().vendor, function->identity().device);
    if (auto legal = check_options(options, *chip); !legal) return std::unexpected(legal.error());
    auto registers = function->map_bar(0, register_space);
    if (!registers) return std::unexpected(registers.error());
    std::unique_ptr<E1000> driver(new E1000(std::move(function), *registers, *chip, options));
    if (auto started = driver->start(); !started) {
        return driver->gone() ? driver->disappeared() : std::unexpected(started.error());
    }
    return driver;
}

E1000::E1000(std::unique_ptr<PciFunction> function, Bar registers, const datasheet::e1000::Chip& chip,
             const DeviceOptions& options)
    : PciDriver(std::move(function)),
      registers_(registers),
      chip_(chip),
      options_(options),
      counters_(registers, chip) {}

E1000::~E1000() { stop(); }

/// 14.3: the order of initialisation.
Expected<> E1000::start() {
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

/// 14.3, 13.4.1: interrupts off, receiver and transmitter off, then the reset bit. QEMU's model only clears the bit and
/// resets nothing, so everything that matters is set again here and in the following steps.
Expected<> E1000::reset() {
    if (gone()) return disappeared();
    registers_.write(IMC, IMC.from(~0U));
    registers_.write(RCTL, RCTL.from(0));
    registers_.write(TCTL, TCTL.PSP);
    registers_.read(STATUS);  // posted writes arrive before the reset does
    function().wait(10ms);    // a transfer in progress ends
    registers_.write(CTRL, registers_.read(CTRL) | CTRL.RST);
    function().wait(20ms);  // 13.4.1: no access for 1 us; the EEPROM is read again, which takes milliseconds
    if (auto done = wait_until([&] { return !(registers_.read(CTRL) & CTRL.RST); }, 100ms, "the reset does not end");
        !done) {
        return done;
    }
    registers_.write(IMC, IMC.from(~0U));
    registers_.read(ICR);
    return {};
}

/// 14.3: link and general set-up. Flow control stays off: a card with a full ring drops frames, and counts them.
void E1000::configure() {
    auto control = registers_.read(CTRL) | CTRL.SLU | CTRL.ASDE;
    control &= ~(CTRL.LRST | CTRL.PHY_RST | CTRL.ILOS | CTRL.FRCSPD | CTRL.FRCDPLX | CTRL.RFCE | CTRL.TFCE | CTRL.VME);
    if (options_.vlan) control |= CTRL.VME;
    registers_.write(CTRL, control);
    registers_.write(VET, 0x8100);
    registers_.write(FCAL, 0);
    registers_.write(FCAH, 0);
    registers_.write(FCT, 0);
    registers_.write(FCTTV, 0);
    wake_phy();
}

/// 14.4. RCTL comes last and is written once: QEMU's model is deaf for a second after every write to it.
Expected<> E1000::start_receive() {
    auto ring = ReceiveRing::create(function(), registers_, options_);
    if (!ring) return std::unexpected(ring.error());
    receive_ = std::move(*ring);

    write_receive_address(0, mac_);
    for (std::size_t i = 1; i < RAL.count; ++i) write_receive_address(i, {});
    for (std::size_t i = 0; i < MTA.count; ++i) registers_.write(MTA[i], 0);
    for (std::size_t i = 0; i < VFTA.count; ++i) registers_.write(VFTA[i], 0);
    registers_.write(RDTR, RDTR.from(0));
    registers_.write(RXCSUM, options_.rx_checksum ? RXCSUM.IPOFL | RXCSUM.TUOFL : RXCSUM.from(0));
    receive_->start();

    auto control = RCTL.EN | RCTL.BAM | RCTL.SECRC | RCTL.BSIZE(0);
    if (options_.max_frame > standard_frame) control |= RCTL.LPE;
    if (options_.promiscuous) control |= RCTL.UPE | RCTL.MPE;
    registers_.write(RCTL, control);
    return {};
}

/// 14.5, with the manual's values for full duplex over copper.
Expected<> E1000::start_transmit() {
    auto ring = TransmitRing::create(function(), registers_, options_);
    if (!ring) return std::unexpected(ring.error());
    transmit_ = std::move(*ring);

    registers_.write(TIDV, TIDV.from(0));
    transmit_->start();
    registers_.write(TIPG, TIPG.IPGT(8) | TIPG.IPGR1(8) | TIPG.IPGR2(6));
    registers_.write(TCTL, TCTL.EN | TCTL.PSP | TCTL.CT(0x0f) | TCTL.COLD(0x40));
    return {};
}

/// The reverse: frames already handed over are sent, then all traffic stops, and only then is memory given back.
void E1000::stop() {
    if (!gone()) {
        registers_.write(RCTL, RCTL.from(0));
        if (transmit_ && link().up) {
            (void)wait_until([&] { return registers_.read(TDH) == registers_.read(TDT); }, 1000ms,
                             "sending does not end");
        }
        registers_.write(TCTL, TCTL.PSP);
        (void)reset();
    }
    (void)function().set_bus_master(false);
}

bool E1000::gone() { return registers_.read(STATUS).bits == ~0U; }

std::unexpected<Error> E1000::disappeared() const {
    return fail(ErrorKind::device_failed, "all registers read as ones", "is the card powered and plugged in?");
}

std::unexpected<Error> E1000::fail(ErrorKind kind, std::string_view what, std::string next) const {
    return failure(kind, std::string(function().address()) + " (" + std::string(chip_.name) + "): " + std::string(what),
                   std::move(next));
}

}  // namespace ixy::e1000
