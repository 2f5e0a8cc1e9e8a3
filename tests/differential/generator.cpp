// What a random driver does: set-up, receiving, interrupts, filters, registers. Sending is in generator_transmit.cpp.
#include "tests/differential/generator.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include <ixy/datasheet/e1000/chips.hpp>
#include <ixy/datasheet/e1000/descriptors.hpp>
#include <ixy/datasheet/e1000/phy.hpp>

namespace ixy::test {

using namespace datasheet::e1000;

namespace {

constexpr std::uint64_t receive_ring = 0x20'0000;
constexpr std::uint64_t transmit_ring = 0x20'4000;
constexpr std::uint64_t receive_buffers = 0x21'0000;

/// Registers that only remember what is written, in both cards; and which of their bits.
struct Plain {
    const datasheet::RegisterInfo* reg;
    std::uint32_t bits;
};
constexpr Plain plain[] = {
    {&RDTR, 0xffff},      {&RADV, 0xffff},      {&TADV, 0xffff},  {&ITR, 0xffff},   {&LEDCTL, 0xcfcf'cfcf},
    {&WUFC, 0x000f'80ff}, {&IPAV, 0x0001'000f}, {&AIFS, 0xffff},  {&IP6AT, ~0U},    {&FFLT, 0x07ff},
    {&FFMT, 0x0f},        {&FFVT, ~0U},         {&MTA, ~0U},      {&VFTA, ~0U},     {&RDFH, 0x1fff},
    {&RDFT, 0x1fff},      {&RDFHS, 0x1fff},     {&RDFTS, 0x1fff}, {&RDFPC, 0x1fff}, {&TDFH, 0x07ff},
    {&TDFT, 0x07ff},      {&TDFHS, 0x1fff},     {&TDFTS, 0x1fff}, {&TDFPC, 0x1fff}, {&PBM, ~0U}};

/// Read in this order: what QEMU makes equal is read together, and upper halves, which clear, after lower ones.
constexpr const datasheet::RegisterInfo* counters[] = {
    &CRCERRS, &ALGNERRC, &SYMERRS, &RXERRC, &MPC,     &SCC,     &ECOL,    &MCC,    &LATECOL, &COLC,   &DC,     &TNCRS,
    &SEC,     &CEXTERR,  &RLEC,    &XONRXC, &XONTXC,  &XOFFRXC, &XOFFTXC, &FCRUC,  &PRC64,   &PRC127, &PRC255, &PRC511,
    &PRC1023, &PRC1522,  &TPR,     &GPRC,   &BPRC,    &MPRC,    &GPTC,    &TORL,   &TORH,    &GORCL,  &GORCH,  &GOTCL,
    &GOTCH,   &RNBC,     &RUC,     &RFC,    &ROC,     &RJC,     &MGTPRC,  &MGTPDC, &MGTPTC,  &TOTL,   &TOTH,   &TPT,
    &PTC64,   &PTC127,   &PTC255,  &PTC511, &PTC1023, &PTC1522, &MPTC,    &BPTC,   &TSCTC,   &TSCTFC};

std::vector<std::byte> address_bytes(std::uint64_t address) {
    std::vector<std::byte> bytes;
    for (int i = 5; i >= 0; --i) bytes.push_back(static_cast<std::byte>(address >> 8 * i));
    return bytes;
}

}  // namespace

Generator::Generator(std::uint64_t seed, std::function<std::uint32_t(std::uint32_t)> peek)
    : random_(seed), peek_(std::move(peek)) {}

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

// --- set-up --------------------------------------------------------------------------------------------------------

/// Both directions off, everything as if after a reset, which QEMU's card does not do; then on, in some other shape.
void Generator::set_up() {
    write(IMC, IMC.writable);
    write(RCTL, 0);
    write(TCTL, TCTL.PSP.mask());
    tags_ = chance(30);
    auto control = CTRL.from(CTRL.reset) | CTRL.SLU;
    control &= ~(CTRL.LRST | CTRL.SDP0_DATA | CTRL.SDP1_DATA);
    if (tags_) control |= CTRL.VME;
    write(CTRL, control.bits);
    write(VET, one_of({0x8100U, 0x8100U, 0x88a8U}));
    for (const Plain& each : {plain[0], plain[1], plain[2], plain[3]}) write(*each.reg, 0);
    set_up_transmit();
    set_up_receive();
    drop(ICR);
    write(IMS, bits() & IMS.writable);
}

void Generator::set_up_transmit() {
    transmit_ = {.base = transmit_ring, .size = 8 * (1 + below(8))};
    write(TDBAL, static_cast<std::uint32_t>(transmit_.base));
    write(TDBAH, 0);
    write(TDLEN, transmit_.size * static_cast<std::uint32_t>(sizeof(TransmitDescriptor)));
    write(TDH, 0);
    write(TDT, 0);
    write(TCTL, (TCTL.EN | TCTL.PSP | TCTL.CT(0x0f) | TCTL.COLD(0x40)).bits);
    for (const auto* reg :
         std::initializer_list<const datasheet::RegisterInfo*>{&TDBAL, &TDBAH, &TDLEN, &TDH, &TDT, &TCTL})
        read(*reg);
}

void Generator::set_up_receive() {
    receive_ = {.base = receive_ring, .size = 8 * (1 + below(8))};
    const std::uint32_t size_code = below(4);
    const bool times_16 = size_code != 0 && chance(25);
    buffer_size_ = (2048U >> size_code) << (times_16 ? 4 : 0);
    if (buffer_size_ > 4096) receive_.size = 8 * (1 + below(4));
    write(RDBAL, static_cast<std::uint32_t>(receive_.base));
    write(RDBAH, 0);
    write(RDLEN, receive_.size * static_cast<std::uint32_t>(sizeof(ReceiveDescriptor)));
    write(RDH, 0);
    write(RDT, 0);
    change_filters();
    give_buffers();

    auto control = RCTL.EN | RCTL.BSIZE(size_code) | RCTL.RDMTS(below(3)) | RCTL.MO(below(4));
    if (times_16) control |= RCTL.BSEX;
    if (chance(70)) control |= RCTL.BAM;
    if (chance(50)) control |= RCTL.UPE;
    if (chance(30)) control |= RCTL.MPE;
    if (chance(50)) control |= RCTL.LPE;
    if (chance(70)) control |= RCTL.SECRC;
    if (chance(20)) control |= RCTL.VFE;
    control_ = control.bits;
    write(RCTL, control_);
    for (const auto* reg :
         std::initializer_list<const datasheet::RegisterInfo*>{&RDBAL, &RDBAH, &RDLEN, &RDH, &RDT, &RCTL})
        read(*reg);
}

// --- receiving -----------------------------------------------------------------------------------------------------

std::uint32_t Generator::receive_free() const {
    return (receive_.tail + receive_.size - peek_(RDH.offset)) % receive_.size;
}

/// Some or all of the slots that the card has filled get their buffers again.
void Generator::give_buffers() {
    const bool first = !steps_.empty();  // while the ring is set up, its head is not there yet
    const std::uint32_t most = receive_.size - 1 - (first ? 0 : receive_free());
    const std::uint32_t count = first || chance(70) ? most : below(most + 1);
    for (std::uint32_t i = 0; i < count; ++i) {
        const std::uint64_t stride = buffer_size_ + 64;
        const ReceiveDescriptor descriptor{
            .address = receive_buffers + receive_.tail * stride + below(64), .length = {}, .status = {}};
        put_words(receive_.base + receive_.tail * sizeof descriptor, descriptor);
        receive_.tail = (receive_.tail + 1) % receive_.size;
    }
    if (count != 0) write(RDT, receive_.tail);
}

/// A few frames, for which there are descriptors: without, QEMU leaves them in the cable.
void Generator::receive() {
    std::uint32_t free = receive_free();
    for (std::uint32_t count = 1 + below(4); count != 0; --count) {
        const bool is_long = chance(10);
        std::size_t size = 60 + below(chance(50) ? 200 : 1455);
        if (is_long) size = (control_ & RCTL.LPE.mask()) != 0 ? 1523 + below(7500) : 1523 + below(500);
        const auto needed = static_cast<std::uint32_t>((size + 4) / buffer_size_ + 1);
        if (needed >= free) break;
        free -= needed;

        constexpr std::uint64_t own = 0x5254'0000'0001;
        auto first = address_bytes(one_of<std::uint64_t>(
            {own, own, 0xffff'ffff'ffff, 0x0200'0000'0000U | below(4), 0x0100'5e00'0000U | below(0x1'0000) * 0x101U}));
        for (const std::byte byte : address_bytes(0x0200'0000'0063)) first.push_back(byte);
        const std::uint32_t type = chance(40) ? 0x8100 : one_of({0x88b5U, 0x88a8U, 0x0806U});
        for (const std::uint32_t byte : {type >> 8, type & 0xff, bits() & 0xff, bits() & 0xff}) {
            first.push_back(static_cast<std::byte>(byte));
        }
        steps_.push_back({.kind = Step::Kind::frame, .size = size, .seed = bits() >> 8, .bytes = std::move(first)});
    }
    if (steps_.empty()) give_buffers();
    read(RDH);
    if (chance(50)) read(ICR);
}

void Generator::change_filters() {
    const std::size_t entry = 1 + below(15);
    write(RAL, 0x0000'0002, entry);  // 02:00:00:00:00:xx
    write(RAH, below(4) << 8 | (chance(70) ? RAH.AV.mask() : 0), entry);
    read(RAL, entry);
    read(RAH, entry);
    if (chance(50)) write(MTA, bits() & bits(), below(MTA.count));
    if (chance(50)) write(VFTA, bits(), below(VFTA.count));
    read(RAL);
    read(RAH);
}

// --- the rest ------------------------------------------------------------------------------------------------------

void Generator::interrupts() {
    switch (below(5)) {
        case 0:
            write(ICS, bits() & bits() & ICS.writable);
            break;
        case 1:
            write(IMS, bits() & bits() & IMS.writable);
            break;
        case 2:
            write(IMC, bits() & bits() & IMC.writable);
            break;
        case 3:
            write(ICR, bits() & ICR.writable);
            break;
        default:
            read(ICR);
    }
    read(IMS);
}

void Generator::remember() {
    const Plain& each = plain[below(std::size(plain))];
    const std::size_t index = below(each.reg->count);
    write(*each.reg, bits() & each.bits, index);
    read(*each.reg, index);
}

void Generator::read_counters() {
    for (const datasheet::RegisterInfo* counter : counters) read(*counter);
    for (const datasheet::RegisterInfo* counter :
         {static_cast<const datasheet::RegisterInfo*>(&TDH), static_cast<const datasheet::RegisterInfo*>(&TDT)}) {
        read(*counter);
    }
}

/// The words of the MAC address; the others are the maker's.
void Generator::read_eeprom() {
    write(EERD, (EERD.START | EERD.ADDR(below(3))).bits);
    read(EERD);
}

void Generator::read_phy() {
    constexpr std::array<const datasheet::RegisterInfo*, 2> numbers{&PHY_ID1, &PHY_ID2};
    write(MDIC, (MDIC.OP(2) | MDIC.PHYADD(1) | MDIC.REGADD(numbers[below(2)]->offset)).bits);
    read(MDIC);
}

}  // namespace ixy::test
