// The contents of configuration space, byte by byte, and what writes do to them.
#include <ixy/sim/card/config_space.hpp>

namespace ixy::sim {
namespace {

// PCI Local Bus Specification 3.0, 6.2.2 (command), 6.2.3 (status), 6.2.4 and 6.2.5.
constexpr std::uint32_t command_invalidate = 1 << 4, command_parity = 1 << 6, command_system_error = 1 << 8;
constexpr std::uint32_t status_interrupt = 1 << 3, status_master_abort = 1 << 13, status_errors = 0xf900;
constexpr std::uint32_t cache_line_size = 0x0c, latency_timer = 0x0d, interrupt_line = 0x3c, interrupt_pin = 0x3d;
constexpr std::uint32_t bar_io = 1, bar_64 = 4;

// Power Management 1.2, 3.2.3 (PMC) and 3.2.4 (PMCSR).
constexpr std::uint32_t pm_capabilities = 2, pm_control = 4;
constexpr std::uint32_t pm_version = 3, pm_state = 3;  // and PMCSR's bit 3, No_Soft_Reset, is 0
constexpr std::uint32_t d0 = 0, d3_hot = 3;

// PCI Local Bus Specification 3.0, 6.8.1 (MSI) and 6.8.2 (MSI-X).
using pci_config::message_control, pci_config::msi_enable, pci_config::msi_x_enable;
constexpr std::uint32_t msi_address = 4, msi_data = 12, msi_64 = 1 << 7;
constexpr std::uint32_t msi_x_table = 4, msi_x_pending_bits = 8, msi_x_function_mask = 1 << 14;

// PCI Express Base 3.0, 7.8. An endpoint of the first version of the capability: 20 bytes.
constexpr std::uint32_t express_version = 1, device_capabilities = 4, device_control = 8, device_status = 10,
                        link_capabilities = 12, link_control = 16, link_status = 18;
constexpr std::uint32_t role_based_errors = 1 << 15, can_reset = 1 << 28;
constexpr std::uint32_t device_control_defaults = 0x2810, device_control_writable = 0x78ff, start_reset = 1 << 15;
constexpr std::uint32_t gen1_by_one = 0x11, slot_clock = 1 << 12, link_control_writable = 0xc3;

}  // namespace

ConfigSpace::ConfigSpace(const CardType& type) : type_(type), bytes_(type.express ? 4096 : 256), rules_(bytes_.size()) {
    make_header();
    make_bars();
    add_power_management();
    if (type.msi) add_msi();
    if (type.express) add_express();  // the extended space from 0x100 on is zeros: an empty list, 7.9.1
    if (type.msi_x != 0) add_msi_x();
    after_reset_ = bytes_;
}

void ConfigSpace::place(std::uint32_t offset, unsigned width, std::uint32_t value, std::uint32_t writable) {
    for (unsigned i = 0; i < width; ++i) {
        bytes_[offset + i] = static_cast<std::uint8_t>(value >> 8 * i);
        rules_[offset + i].writable = static_cast<std::uint8_t>(writable >> 8 * i);
    }
}

void ConfigSpace::make_header() {
    using namespace pci_config;
    std::uint32_t command_writable = command_bus_master | command_parity | command_system_error | command_no_intx;
    for (const BarLayout& bar : type_.bars) {
        if (bar.kind == BarLayout::Kind::absent) continue;
        command_writable |= bar.kind == BarLayout::Kind::io ? command_io : command_memory;
    }
    if (!type_.express) {  // a shared bus: write and invalidate, latency timer
        command_writable |= command_invalidate;
        place(latency_timer, 1, 0, 0xff);
    }
    const PciIdentity& identity = type_.identity;
    place(vendor_id, 2, identity.vendor);
    place(device_id, 2, identity.device);
    place(command, 2, 0, command_writable);
    place(status, 2, status_capabilities);
    rules_[status + 1].cleared_by_one = status_errors >> 8;
    place(revision, 1, identity.revision);
    place(class_code, 3, identity.class_code);
    place(cache_line_size, 1, 0, 0xff);
    place(subsystem_vendor, 2, identity.subsystem_vendor);
    place(subsystem_id, 2, identity.subsystem_device);
    place(interrupt_line, 1, 0, 0xff);
    place(interrupt_pin, 1, 1);  // INTA#
}

/// The size fixes that many low bits at zero, so that writing ones and reading back reveals it. 6.2.5.1
void ConfigSpace::make_bars() {
    for (std::uint32_t i = 0; i < type_.bars.size(); ++i) {
        const auto [kind, size] = type_.bars[i];
        if (kind == BarLayout::Kind::absent) continue;
        const bool io = kind == BarLayout::Kind::io;
        const std::uint32_t flags = io ? bar_io : kind == BarLayout::Kind::memory64 ? bar_64 : 0;
        place(pci_config::bar0 + 4 * i, 4, flags, ~(size - 1) & (io ? ~3U : ~15U));
        if (kind == BarLayout::Kind::memory64) place(pci_config::bar0 + 4 * ++i, 4, 0, ~0U);
    }
}

/// Appends a capability of `bytes` bytes to the list. 6.7
std::uint32_t ConfigSpace::add_capability(std::uint8_t id, std::uint32_t bytes) {
    const std::uint32_t begin = next_capability_;
    next_capability_ += (bytes + 3) / 4 * 4;
    place(link_to_capability_, 1, begin);
    link_to_capability_ = begin + 1;
    place(begin, 1, id);
    return begin;
}

void ConfigSpace::add_power_management() {
    power_ = add_capability(pci_config::capability_power_management, 8);
    place(power_ + pm_capabilities, 2, pm_version);
    place(power_ + pm_control, 2, d0, pm_state);
}

void ConfigSpace::add_msi() {
    msi_ = add_capability(pci_config::capability_msi, 14);
    place(msi_ + message_control, 2, msi_64, msi_enable);
    place(msi_ + msi_address, 4, 0, ~3U);
    place(msi_ + msi_address + 4, 4, 0, ~0U);
    place(msi_ + msi_data, 2, 0, 0xffff);
}

void ConfigSpace::add_express() {
    express_ = add_capability(pci_config::capability_pci_express, 20);
    place(express_ + 2, 2, express_version);
    place(express_ + device_capabilities, 4, role_based_errors | can_reset);
    place(express_ + device_control, 2, device_control_defaults, device_control_writable);
    rules_[express_ + device_status].cleared_by_one = 0x0f;
    place(express_ + link_capabilities, 4, gen1_by_one);
    place(express_ + link_control, 2, 0, link_control_writable);
    place(express_ + link_status, 2, gen1_by_one | slot_clock);
}

void ConfigSpace::add_msi_x() {
    msi_x_ = add_capability(pci_config::capability_msi_x, 12);
    place(msi_x_ + message_control, 2, type_.msi_x - 1, msi_x_enable | msi_x_function_mask);
    place(msi_x_ + msi_x_table, 4, type_.msi_x_bar);
    place(msi_x_ + msi_x_pending_bits, 4, type_.msi_x_pending | type_.msi_x_bar);
}

std::uint32_t ConfigSpace::read(std::uint32_t offset, unsigned width) const {
    if (offset > bytes_.size() || width > bytes_.size() - offset) return ~0U >> (32 - 8 * width);
    std::uint32_t value = 0;
    for (unsigned i = 0; i < width; ++i) value |= std::uint32_t{bytes_[offset + i]} << 8 * i;
    return value;
}

bool ConfigSpace::write(std::uint32_t offset, unsigned width, std::uint32_t value) {
    if (offset > bytes_.size() || width > bytes_.size() - offset) return false;
    const std::uint32_t state = read(power_ + pm_control, 1) & pm_state;
    for (unsigned i = 0; i < width; ++i) {
        std::uint8_t& byte = bytes_[offset + i];
        const Rules rules = rules_[offset + i];
        const auto written = static_cast<std::uint8_t>(value >> 8 * i);
        byte = static_cast<std::uint8_t>((byte & ~rules.writable) | (written & rules.writable));
        byte = static_cast<std::uint8_t>(byte & ~(written & rules.cleared_by_one));
    }
    // The function lacks D1 and D2, so a write that asks for them has no effect. Power Management 1.2, 3.2.4
    const std::uint32_t wanted = read(power_ + pm_control, 1) & pm_state;
    if (wanted != d0 && wanted != d3_hot) place(power_ + pm_control, 1, state, pm_state);
    update_active();

    // Waking up resets the function: No_Soft_Reset is 0. (8254x manual, 6.3.1.4: D3 leads to D0u.)
    if (state == d3_hot && wanted == d0) return true;
    const std::uint32_t reset_byte = express_ + device_control + 1;
    const bool covers_reset = express_ != 0 && offset <= reset_byte && reset_byte < offset + width;
    return covers_reset && ((value >> 8 * (reset_byte - offset)) & (start_reset >> 8)) != 0;
}

void ConfigSpace::reset() {
    bytes_ = after_reset_;
    update_active();
}

/// A sleeping function responds only in configuration space. Power Management 1.2, 5.4.1
void ConfigSpace::update_active() {
    const bool awake = (read(power_ + pm_control, 1) & pm_state) == d0;
    active_ = awake ? read(pci_config::command, 2) : 0;
}

bool ConfigSpace::intx_disabled() const { return (read(pci_config::command, 2) & pci_config::command_no_intx) != 0; }
bool ConfigSpace::msi_enabled() const { return msi_ != 0 && (read(msi_ + message_control, 2) & msi_enable) != 0; }
bool ConfigSpace::msi_x_enabled() const {
    return msi_x_ != 0 && (read(msi_x_ + message_control, 2) & msi_x_enable) != 0;
}
bool ConfigSpace::msi_x_masked() const {
    return msi_x_ != 0 && (read(msi_x_ + message_control, 2) & msi_x_function_mask) != 0;
}

void ConfigSpace::set_interrupt_status(bool asserted) {
    const auto others = static_cast<std::uint8_t>(bytes_[pci_config::status] & ~status_interrupt);
    bytes_[pci_config::status] = static_cast<std::uint8_t>(others | (asserted ? status_interrupt : 0));
}

void ConfigSpace::set_master_abort() { bytes_[pci_config::status + 1] |= status_master_abort >> 8; }

std::uint32_t ConfigSpace::capability(std::uint8_t id) const {
    switch (id) {
        case pci_config::capability_power_management:
            return power_;
        case pci_config::capability_msi:
            return msi_;
        case pci_config::capability_msi_x:
            return msi_x_;
        case pci_config::capability_pci_express:
            return express_;
        default:
            return 0;
    }
}

}  // namespace ixy::sim
