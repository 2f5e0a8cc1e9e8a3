// A chip: its PCI identities, its registers and what sets it apart. Everything here works at compile time.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include <ixy/datasheet/family.hpp>
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
    const Family* family;
    bool causes_may_stay = false;  ///< a read of interrupt causes does not always clear them

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
