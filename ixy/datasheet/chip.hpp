// A chip: its PCI identities, its registers and what sets it apart. Everything here works at compile time.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include <ixy/datasheet/register.hpp>

namespace ixy::datasheet {

/// What carries the link.
enum class Medium : std::uint8_t { copper, fiber, serdes };

/// One PCI identity of a chip; the vendor is Intel, 8086.
struct PciId {
    std::uint16_t device;
    Medium medium = Medium::copper;
    std::string_view note{};  ///< what distinguishes it: "LOM", "quad port"
};
inline constexpr std::uint16_t INTEL = 0x8086;

/// How one word of the EEPROM is read.
enum class EepromRead : std::uint8_t {
    bits,         ///< by hand, bit by bit, through EECD
    eerd,         ///< EERD: done is bit 4, address from bit 8
    eerd_narrow,  ///< EERD: done is bit 1, address from bit 2
};
enum class EepromKind : std::uint8_t { microwire, spi };

/// How CTRL.RST must be written: some chips fail to complete the memory write that resets them.
enum class ResetWrite : std::uint8_t {
    memory,     ///< like any register
    io,         ///< through the I/O BAR (IOADDR, IODATA); emulated cards do without
    duplicate,  ///< to CTRL_DUP
};

/// What a driver must know beyond the registers.
struct Features {
    EepromKind eeprom_kind = EepromKind::microwire;
    EepromRead eeprom_read = EepromRead::eerd;
    std::uint16_t eeprom_words = 64;         ///< of the smallest EEPROM in use
    std::uint16_t eeprom_words_large = 256;  ///< when EECD.EE_SIZE is set
    bool eeprom_arbitrated = true;           ///< EECD is used after EE_REQ and EE_GNT
    ResetWrite reset_write = ResetWrite::io;
    std::uint32_t phy_id = 0;       ///< PHY registers 2 and 3, without the revision (lowest four bits)
    std::uint8_t phy_revision = 0;  ///< those four bits, as in our model
    std::uint8_t phy_address = 1;
    bool phy_pages = false;  ///< PHY register 22 selects the page of registers 16 and up
    bool mdic = true;        ///< the PHY is reached through MDIC, not bit by bit through CTRL
    std::uint8_t ports = 1;  ///< function 1 uses the EEPROM's address with the last bit flipped
    std::uint8_t receive_addresses = 16;
    std::uint16_t packet_buffer = 64;       ///< KB, shared by receive and transmit
    std::uint16_t longest_frame = 16128;    ///< bytes, with FCS
    bool hangs_on_pcix_buffer_end = false;  ///< on PCI-X, no transmit buffer may end in a qword's lower half
    bool mac_loopback = false;              ///< RCTL.LBM 1 loops inside the MAC; else only the PHY can
    bool interrupts_by_message = false;     ///< MSI-X with EITR and IVAR
    bool ipv6_header_in_length = true;      ///< a segment's IPv6 payload length counts the header, 40 bytes too much
};

/// How one chip differs from the row that it shares with others.
struct Variation {
    const RegisterInfo* info;
    std::uint32_t reset;
    std::uint32_t writable;
    std::uint32_t absent = 0;
};

/// Older offset at which a register responds too.
struct Alias {
    std::uint32_t offset;
    const RegisterInfo* info;
    constexpr bool covers(std::uint32_t where) const {
        return where >= offset && info->covers(where - offset + info->offset);
    }
};

/// The register element at some offset.
struct Found {
    const RegisterInfo* info;
    std::size_t index;
};

struct Chip {
    std::string_view name;
    std::span<const PciId> ids;
    std::span<const RegisterInfo* const> registers;  ///< its registers, by offset
    std::span<const Variation> variations;
    std::span<const Alias> aliases;
    Features features;

    constexpr bool has(const RegisterInfo& info) const {
        return std::ranges::find(registers, &info) != registers.end();
    }
    constexpr std::uint32_t reset(const RegisterInfo& info) const {
        const Variation* own = variation(info);
        return own != nullptr ? own->reset : info.reset;
    }
    constexpr std::uint32_t writable(const RegisterInfo& info) const {
        const Variation* own = variation(info);
        return own != nullptr ? own->writable : info.writable;
    }
    /// True when this chip has `field` of `info`, a register that other chips may share. A field that software can
    /// write exists when a write reaches it; a read-only field exists unless the table says that it is absent.
    constexpr bool has(const RegisterInfo& info, const FieldInfo& field) const {
        if (field.access != Access::RO) return (writable(info) & field.mask()) != 0;
        const Variation* own = variation(info);
        return ((own != nullptr ? own->absent : info.absent) & field.mask()) == 0;
    }
    /// The register at `offset` (bytes from the start of the BAR; aliases too), if there is one.
    constexpr std::optional<Found> find(std::uint32_t offset) const {
        for (const RegisterInfo* info : registers)
            if (info->covers(offset)) return Found{info, (offset - info->offset) / info->stride};
        for (const Alias& alias : aliases)
            if (alias.covers(offset)) return Found{alias.info, (offset - alias.offset) / alias.info->stride};
        return std::nullopt;
    }
    /// The register with that name, or nullptr.
    constexpr const RegisterInfo* find(std::string_view register_name) const {
        for (const RegisterInfo* info : registers)
            if (info->name == register_name) return info;
        return nullptr;
    }
    /// True when one of its identities has that PCI device number.
    constexpr bool serves(std::uint16_t device) const {
        return std::ranges::any_of(ids, [=](const PciId& each) { return each.device == device; });
    }
    /// The identity with that PCI device number, or nullptr.
    constexpr const PciId* id(std::uint16_t device) const {
        for (const PciId& each : ids)
            if (each.device == device) return &each;
        return nullptr;
    }

private:
    constexpr const Variation* variation(const RegisterInfo& info) const {
        for (const Variation& each : variations)
            if (each.info == &info) return &each;
        return nullptr;
    }
};

/// `all` without `absent`: the registers of a chip that lacks some. Compares offsets, since g++ 12 with sanitizers does
/// not treat the addresses of different objects as different at compile time.
template <std::size_t All, std::size_t Absent>
constexpr std::array<const RegisterInfo*, All - Absent> without(const std::array<const RegisterInfo*, All>& all,
                                                                const std::array<const RegisterInfo*, Absent>& absent) {
    std::array<const RegisterInfo*, All - Absent> rest{};
    std::size_t count = 0;
    for (const RegisterInfo* info : all)
        if (std::ranges::find(absent, info->offset, &RegisterInfo::offset) == absent.end()) rest.at(count++) = info;
    return rest;
}

/// Both lists together, by offset.
template <std::size_t A, std::size_t B>
constexpr std::array<const RegisterInfo*, A + B> with(const std::array<const RegisterInfo*, A>& all,
                                                      const std::array<const RegisterInfo*, B>& more) {
    std::array<const RegisterInfo*, A + B> both{};
    std::ranges::copy(more, std::ranges::copy(all, both.begin()).out);
    std::ranges::sort(both, {}, &RegisterInfo::offset);
    return both;
}

}  // namespace ixy::datasheet
