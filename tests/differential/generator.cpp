// What a random driver does: set-up, interrupts, registers. The rest is in generator_receive.cpp and
// generator_transmit.cpp.
#include "tests/differential/generator.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "tests/differential/machine.hpp"

#include <ixy/datasheet/e1000/chips.hpp>
#include <ixy/datasheet/e1000/descriptors.hpp>
#include <ixy/datasheet/e1000/phy.hpp>

namespace ixy::test {

using namespace datasheet::e1000;

namespace {

constexpr std::uint64_t transmit_ring = 0x20'4000;  // and 4 KiB on, for the other queue

/// Registers that only store what is written, in both cards, and which of their bits do.
struct Plain {
    const datasheet::RegisterInfo* reg;
    std::uint32_t bits = ~0U;
};
constexpr Plain delays[] = {{&RDTR, 0xffff}, {&RADV, 0xffff}, {&TADV, 0xffff}, {&ITR, 0xffff}};
constexpr Plain plain_82540em[] = {{&LEDCTL, 0xcfcf'cfcf},
                                   {&WUFC, 0x000f'80ff},
                                   {&IPAV, 0x0001'000f},
                                   {&AIFS, 0xffff},
                                   {&IP6AT},
                                   {&FFLT, 0x07ff},
                                   {&FFMT, 0x0f},
                                   {&FFVT},
                                   {&VFTA},
                                   {&RDFH, 0x1fff},
                                   {&RDFT, 0x1fff},
                                   {&RDFHS, 0x1fff},
                                   {&RDFTS, 0x1fff},
                                   {&RDFPC, 0x1fff},
                                   {&TDFH, 0x07ff},
                                   {&TDFT, 0x07ff},
                                   {&TDFHS, 0x1fff},
                                   {&TDFTS, 0x1fff},
                                   {&TDFPC, 0x1fff},
                                   {&PBM}};
/// QEMU's e1000e stores all bits of these; only the chip's bits are written.
constexpr Plain plain_82574l[] = {
    {&AIFS},    {&PSRCTL},  {&LEDCTL},  {&WUFC},        {&IPAV},    {&IP4AT},   {&IP6AT},   {&VFTA},   {&FCAL},
    {&FCAH},    {&FCT},     {&FCTTV},   {&FCRTL},       {&FCRTH},   {&RDFH},    {&RDFT},    {&RDFHS},  {&RDFTS},
    {&RDFPC},   {&TDFH},    {&TDFT},    {&TDFHS},       {&TDFTS},   {&TDFPC},   {&IAM},     {&EITR},   {&TXDCTL},
    {&GCR2},    {&TXDCTL1}, {&RXDCTL1}, {&EXTCNF_CTRL}, {&POEMB},   {&TIPG},    {&RXUDP},   {&RXMTRL}, {&SYSTIML},
    {&SYSTIMH}, {&TIMINCA}, {&TIMADJL}, {&TIMADJH},     {&TXSTMPL}, {&TXSTMPH}, {&RXSTMPL}, {&RXSTMPH}};

/// QEMU's reset values of these differ: known::other_after_reset.
constexpr const datasheet::RegisterInfo* unlike_82540em[] = {&CTRL, &STATUS, &EECD, &LEDCTL, &RXDCTL, &TSPMT, &MANC};
constexpr const datasheet::RegisterInfo* unlike_82574l[] = {
    &CTRL, &STATUS, &EECD_82574, &EERD_NARROW, &EXTCNF_CTRL, &TDFH, &TDFT, &TDFHS, &TDFTS, &MANC, &GCR, &SWSM};

/// Read in this order: counters that QEMU keeps equal together, and upper halves, which clear, after lower ones.
constexpr const datasheet::RegisterInfo* counters[] = {
    &CRCERRS, &ALGNERRC, &SYMERRS, &RXERRC, &MPC,     &SCC,     &ECOL,    &MCC,    &LATECOL, &COLC,   &DC,     &TNCRS,
    &SEC,     &CEXTERR,  &RLEC,    &XONRXC, &XONTXC,  &XOFFRXC, &XOFFTXC, &FCRUC,  &PRC64,   &PRC127, &PRC255, &PRC511,
    &PRC1023, &PRC1522,  &TPR,     &GPRC,   &BPRC,    &MPRC,    &GPTC,    &TORL,   &TORH,    &GORCL,  &GORCH,  &GOTCL,
    &GOTCH,   &RNBC,     &RUC,     &RFC,    &ROC,     &RJC,     &MGTPRC,  &MGTPDC, &MGTPTC,  &TOTL,   &TOTH,   &TPT,
    &PTC64,   &PTC127,   &PTC255,  &PTC511, &PTC1023, &PTC1522, &MPTC,    &BPTC,   &TSCTC,   &TSCTFC};

}  // namespace

Generator::Generator(const datasheet::e1000::Chip& chip, std::uint64_t seed,
                     std::function<std::uint32_t(std::uint32_t)> peek)
    : chip_(chip), queues_(queues_of(chip)), random_(seed), peek_(std::move(peek)) {
    read_reset_values();
}

Step Generator::next() {
    while (steps_.empty()) {
        if (actions_ == 0) {
            set_up();
            actions_ = 20 + below(40);
            continue;
        }
        --actions_;
        const std::uint32_t choice = below(100);
        if (choice < 35) {
            send();
        } else if (choice < 65) {
            receive();
        } else if (choice < 75) {
            interrupts();
        } else if (choice < 85) {
            remember();
        } else if (choice < 89) {
            read_counters();
        } else if (choice < 94) {
            change_filters();
        } else if (choice < 95) {
            unplug();
        } else if (choice < 97) {
            read_eeprom();
        } else {
            read_phy();
        }
    }
    Step step = std::move(steps_.front());
    steps_.pop_front();
    return step;
}

void Generator::write(const datasheet::RegisterInfo& reg, std::uint32_t value, std::size_t index) {
    steps_.push_back({.kind = Step::Kind::write, .reg = {&reg, index}, .value = value});
}
void Generator::read(const datasheet::RegisterInfo& reg, std::size_t index) {
    steps_.push_back({.kind = Step::Kind::read, .reg = {&reg, index}});
}
void Generator::drop(const datasheet::RegisterInfo& reg) {
    steps_.push_back({.kind = Step::Kind::drop, .reg = {&reg, 0}});
}
void Generator::put(std::uint64_t address, std::vector<std::byte> bytes) {
    steps_.push_back({.kind = Step::Kind::put, .address = address, .bytes = std::move(bytes)});
}
void Generator::fill(std::uint64_t address, std::size_t size) {
    steps_.push_back({.kind = Step::Kind::fill, .address = address, .size = size, .seed = bits() >> 8});
}

/// Of each register; of arrays, the first and the last element.
void Generator::read_reset_values() {
    using List = std::span<const datasheet::RegisterInfo* const>;
    const List unlike = chip_.features.interrupts_by_message ? List(unlike_82574l) : List(unlike_82540em);
    for (const datasheet::RegisterInfo* reg : chip_.registers) {
        if (std::ranges::find(unlike, reg) != unlike.end()) continue;
        read(*reg);
        if (reg->count > 1) read(*reg, reg->count - 1U);
    }
}

// --- set-up --------------------------------------------------------------------------------------------------------

/// Turns both directions off, restores the reset state, as QEMU's card does not, then turns them on with another setup.
void Generator::set_up() {
    write(IMC, chip_.writable(IMC));
    write(RCTL, control_ = 0);
    write(TCTL, TCTL.PSP.mask());
    tags_ = chance(30);
    auto control = CTRL.from(chip_.reset(CTRL)) | CTRL.SLU;
    control &= ~(CTRL.LRST | CTRL.SDP0_DATA | CTRL.SDP1_DATA);
    if (tags_) control |= CTRL.VME;
    write(CTRL, control.bits);
    tag_type_ = one_of({0x8100U, 0x8100U, 0x88a8U});
    write(VET, tag_type_);
    for (const Plain& each : delays) write(*each.reg, 0);
    set_up_transmit();
    set_up_receive();
    drop(ICR);
    if (chip_.features.interrupts_by_message) set_up_messages();
    write(IMS, bits() & causes());
}

void Generator::set_up_ring(const RingRegisters& at, const Ring& ring) {
    write(at.base_low, static_cast<std::uint32_t>(ring.base));
    write(at.base_high, 0);
    write(at.length, ring.size * static_cast<std::uint32_t>(sizeof(TransmitDescriptor)));
    write(at.head, 0);
    write(at.tail, 0);
    for (const datasheet::Number* reg : at.all()) read(*reg);
}

/// Vectors for the causes, some shared or missing, and the causes that a message clears automatically. 82574L 10.2.4
void Generator::set_up_messages() {
    messages_ = chance(50);
    steps_.push_back({.kind = Step::Kind::messages, .value = messages_});
    std::uint32_t vectors = 0, clear_themselves = 0;
    constexpr std::array queues{ICR.RXQ0.mask(), ICR.RXQ1.mask(), ICR.TXQ0.mask(), ICR.TXQ1.mask(), ICR.OTHER.mask()};
    for (unsigned cause = 0; cause < message_vectors; ++cause) {
        if (chance(10)) continue;
        vectors |= (8 | below(message_vectors)) << 4 * cause;  // 8: valid
        // See known::clear_without_message and known::other_stays.
        if (chance(50) && queues[cause] != ICR.OTHER.mask()) clear_themselves |= queues[cause];
    }
    write(IVAR, vectors);
    write(EIAC, messages_ ? clear_themselves : 0);
    read(IVAR);
    read(EIAC);
    for (std::size_t vector = 0; vector < EITR.count; ++vector) write(EITR, chance(50) ? below(0x1000) : 0, vector);
}

void Generator::set_up_transmit() {
    for (std::size_t i = 0; i < queues_; ++i) {
        transmit_[i] = {.base = transmit_ring + i * 0x1000, .size = 8 * (1 + below(8))};
        set_up_ring(transmit_rings[i], transmit_[i]);
    }
    write(TCTL, (TCTL.EN | TCTL.PSP | TCTL.CT(0x0f) | TCTL.COLD(0x40)).bits);
    read(TCTL);
}

// --- the rest ------------------------------------------------------------------------------------------------------

/// The chip's causes. The others of ICR are reserved in the 82574L and cannot be masked in QEMU's. 82574L 10.2.4.1
std::uint32_t Generator::causes() const {
    if (!chip_.features.interrupts_by_message) return ICR.writable;
    return (ICR.TXDW | ICR.TXQE | ICR.LSC | ICR.RXDMT0 | ICR.RXO | ICR.RXT0 | ICR.MDAC | ICR.TXD_LOW | ICR.SRPD |
            ICR.ACK | ICR.MNG | ICR.RXQ0 | ICR.RXQ1 | ICR.TXQ0 | ICR.TXQ1 | ICR.OTHER)
        .bits;
}

/// The causes that can be cleared one by one; see known::other_clears_its_causes.
std::uint32_t Generator::clearable() const { return causes() & ~ICR.OTHER.mask(); }

void Generator::interrupts() {
    switch (below(5)) {
        case 0:
            write(ICS, bits() & bits() & causes());
            break;
        case 1:
            write(IMS, bits() & bits() & causes());
            break;
        case 2:
            write(IMC, bits() & bits() & causes());
            break;
        case 3:
            write(ICR, bits() & clearable());
            break;
        default:
            read(ICR);
    }
    read(IMS);
}

void Generator::remember() {
    std::span<const Plain> list = delays;
    if (chance(80)) list = chip_.features.interrupts_by_message ? std::span<const Plain>(plain_82574l) : plain_82540em;
    const Plain& each = list[below(static_cast<std::uint32_t>(list.size()))];
    const std::size_t index = below(each.reg->count);
    write(*each.reg, bits() & each.bits & chip_.writable(*each.reg), index);
    read(*each.reg, index);
}

void Generator::read_counters() {
    for (const datasheet::RegisterInfo* counter : counters) {
        if (chip_.has(*counter)) read(*counter);
    }
    for (std::size_t i = 0; i < queues_; ++i) {
        read(transmit_rings[i].head);
        read(transmit_rings[i].tail);
    }
}

/// Unplugs the cable for a while, which both cards report.
void Generator::unplug() {
    for (const std::uint32_t plugged : {0U, 1U}) {
        steps_.push_back({.kind = Step::Kind::cable, .value = plugged});
        read(ICR);
    }
}

/// Reads the words of the MAC address; the others are vendor-specific.
void Generator::read_eeprom() {
    const std::uint32_t word = below(3);
    if (chip_.has(EERD)) {
        write(EERD, (EERD.START | EERD.ADDR(word)).bits);
        read(EERD);
    } else {
        write(EERD_NARROW, (EERD_NARROW.START | EERD_NARROW.ADDR(word)).bits);
        read(EERD_NARROW);
    }
}

void Generator::read_phy() {
    constexpr std::array<const datasheet::RegisterInfo*, 2> numbers{&PHY_ID1, &PHY_ID2};
    write(MDIC, (MDIC.OP(2) | MDIC.PHYADD(1) | MDIC.REGADD(numbers[below(2)]->offset)).bits);
    read(MDIC);
}

}  // namespace ixy::test
