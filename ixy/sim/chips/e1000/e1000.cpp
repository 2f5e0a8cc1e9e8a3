// The chip's windows, its resets, and the kinds of cards. Manual 4.1 (configuration space), 13.2 (register access),
// 14.7 (resets).
#include <ixy/sim/chips/e1000/e1000.hpp>

#include <string>

#include <ixy/datasheet/e1000/chips.hpp>

namespace ixy::sim::e1000 {

using namespace datasheet::e1000;

namespace {

constexpr std::uint64_t ioaddr = 0, iodata = 4;  // 13.2.2

/// A mask of the low `width` bytes.
constexpr std::uint32_t mask(unsigned width) { return width < 4 ? (1U << 8 * width) - 1 : ~0U; }

}  // namespace

E1000::E1000(const datasheet::e1000::Chip& chip, Host& host, const ModelOptions& options, std::uint16_t subsystem)
    : host_(host),
      registers_(chip, host),
      interrupts_(registers_),
      statistics_(registers_),
      eeprom_(registers_, options.mac, subsystem),
      link_(registers_, interrupts_, options.link_delay),
      filters_(registers_),
      receive_(registers_, filters_, statistics_, interrupts_),
      transmit_(registers_, statistics_, interrupts_, link_,
                [this](std::span<const std::byte> frame) { send(frame); }) {
    connect_registers();
    connect_semaphores();
    reset(ResetKind::power_on);
}

void E1000::connect_registers() {
    link_.on_ready([this] { transmit_.run(); });
    registers_.on_write(CTRL, [this](std::uint32_t written, std::uint32_t before, std::size_t) {
        if (CTRL.from(written) & CTRL.RST) {
            const auto shares = registers_.get(PBA);
            reset_all(false);
            registers_.set(PBA, shares);  // 13.4.16: this very reset puts a new allocation into effect
        } else {
            link_.control_changed(CTRL.from(before));
        }
    });
    registers_.on_write(CTRL_EXT, [this](std::uint32_t written, auto...) {
        if (CTRL_EXT.from(written) & CTRL_EXT.EE_RST) eeprom_.load();
    });
    registers_.on_write(PBA, [this](auto...) {
        const std::uint32_t all = registers_.chip().features.packet_buffer;
        const std::uint32_t receive = PBA.RXA.of(registers_.get(PBA));
        registers_.set(PBA, PBA.RXA(receive) | PBA.TXA(receive < all ? all - receive : 0));
    });
}

/// Registers of the 82574L whose reads and writes have effects (82574 datasheet, 10.2.8).
void E1000::connect_semaphores() {
    registers_.on_read(SWSM, [this](std::size_t) {
        const auto before = registers_.get(SWSM);
        registers_.set(SWSM, before | SWSM.SMBI);  // the reader of a 0 has taken it
        return before.bits;
    });
}

void E1000::receive(std::span<const std::byte> frame, bool damaged) {
    if (has_link()) receive_.frame(frame, damaged);
}

/// Without a link nothing reaches the wire.
void E1000::send(std::span<const std::byte> frame) {
    if (link_.loopback()) {
        receive_.looped(frame);
    } else if (link_.up()) {
        host_.send(frame);
    }
}

void E1000::timer(unsigned timer) {
    if (timer == link_up) return link_.timer();
    if (timer == transmit_more) return transmit_.run();
    interrupts_.timer(static_cast<Timer>(timer));
}

// --- resets (14.7) -------------------------------------------------------------------------------------------------

void E1000::reset(ResetKind kind) { reset_all(kind == ResetKind::power_on); }

void E1000::reset_all(bool phy_too) {
    interrupts_.reset();
    receive_.reset();
    transmit_.reset();
    registers_.reset();
    io_address_ = 0;
    link_.reset(phy_too);
    registers_.set(ICR, {});  // finding the link again at power-on is not news
    eeprom_.load();
}

// --- windows (13.2) ------------------------------------------------------------------------------------------------

std::uint64_t E1000::read(unsigned bar, std::uint64_t offset, unsigned width) {
    const auto word = [&](std::uint64_t at, unsigned bytes) {
        return bar == 0 ? read_register(at, bytes) : read_io(at, bytes);
    };
    if (width < 8) return word(offset, width);
    const std::uint64_t low = word(offset, 4);
    return std::uint64_t{word(offset + 4, 4)} << 32 | low;
}

void E1000::write(unsigned bar, std::uint64_t offset, unsigned width, std::uint64_t value) {
    const auto word = [&](std::uint64_t at, unsigned bytes, std::uint64_t bits) {
        const auto low = static_cast<std::uint32_t>(bits);
        bar == 0 ? write_register(at, bytes, low) : write_io(at, bytes, low);
    };
    if (width < 8) return word(offset, width, value);
    word(offset, 4, value);
    word(offset + 4, 4, value >> 32);
}

/// 13.2.1: registers are read and written as 32 bits. A narrower access reaches its bytes of the register.
std::uint32_t E1000::read_register(std::uint64_t offset, unsigned width) {
    const auto whole = static_cast<std::uint32_t>(offset & ~std::uint64_t{3});
    if (offset == whole && width == 4) return registers_.read(whole);
    check_access("memory", offset, width);
    return registers_.read(whole) >> 8 * (offset % 4) & mask(width);
}

void E1000::write_register(std::uint64_t offset, unsigned width, std::uint32_t value) {
    const auto whole = static_cast<std::uint32_t>(offset & ~std::uint64_t{3});
    if (offset == whole && width == 4) return registers_.write(whole, value);
    check_access("memory", offset, width);
    const auto shift = static_cast<unsigned>(8 * (offset % 4));
    const std::uint32_t reached = mask(width) << shift;
    registers_.write(whole, (registers_.harmless(whole) & ~reached) | (value << shift & reached));
}

/// 13.2.2: an address goes to IOADDR, and IODATA then is its register.
std::uint32_t E1000::read_io(std::uint64_t offset, unsigned width) {
    if (width != 4 || offset % 4 != 0) check_access("I/O", offset, width);
    if (offset == ioaddr) return io_address_;
    return offset == iodata ? registers_.read(io_address_) : 0;
}

void E1000::write_io(std::uint64_t offset, unsigned width, std::uint32_t value) {
    if (width != 4 || offset % 4 != 0) check_access("I/O", offset, width);
    if (offset == ioaddr) io_address_ = value;
    if (offset == iodata) registers_.write(io_address_, value);
}

void E1000::check_access(std::string_view where, std::uint64_t offset, unsigned width) {
    host_.report(Misuse::bad_access, std::string(where) + " access of " + std::to_string(width) + " bytes at offset " +
                                         std::to_string(offset) + ": registers are 32 bits wide (13.2)");
}

// --- cards ---------------------------------------------------------------------------------------------------------

namespace {

constexpr std::uint32_t ethernet = 0x02'0000;
constexpr std::uint32_t memory_size = 128 * 1024, io_size = 64;
constexpr std::uint32_t express_io_size = 32, msi_x_size = 16 * 1024;
constexpr std::uint16_t desktop_adapter = 0x001e, server_adapter = 0x1001, desktop_ct_adapter = 0xa01f;

template <const datasheet::e1000::Chip& chip, std::uint16_t subsystem>
std::unique_ptr<Model> make(Host& host, const ModelOptions& options) {
    return std::make_unique<E1000>(chip, host, options, subsystem);
}

}  // namespace

constinit const CardType card_82540em{
    .name = "82540em",
    .title = "Intel 82540EM Gigabit Ethernet",
    .identity = {datasheet::INTEL, 0x100e, datasheet::INTEL, desktop_adapter, ethernet, 2},
    .bars = {{{BarLayout::Kind::memory, memory_size}, {}, {BarLayout::Kind::io, io_size}}},
    .msi = true,
    .make = make<CHIP_82540EM, desktop_adapter>};

constinit const CardType card_82545em{
    .name = "82545em",
    .title = "Intel 82545EM Gigabit Ethernet",
    .identity = {datasheet::INTEL, 0x100f, datasheet::INTEL, server_adapter, ethernet, 1},
    .bars = {{{BarLayout::Kind::memory64, memory_size}, {}, {}, {}, {BarLayout::Kind::io, io_size}}},
    .msi = true,
    .make = make<CHIP_82545EM, server_adapter>};

constinit const CardType card_82574l{
    .name = "82574l",
    .title = "Intel 82574L Gigabit Ethernet",
    .identity = {datasheet::INTEL, 0x10d3, datasheet::INTEL, desktop_ct_adapter, ethernet, 0},
    .bars = {{{BarLayout::Kind::memory, memory_size},
              {},
              {BarLayout::Kind::io, express_io_size},
              {BarLayout::Kind::memory, msi_x_size}}},
    .express = true,
    .msi = true,
    .msi_x = Messages::vectors,
    .msi_x_bar = 3,
    .make = make<CHIP_82574L, desktop_ct_adapter>};

}  // namespace ixy::sim::e1000
