// Enumerations whose values are sets of bits: specialise is_flags to give one its operators.
#pragma once

#include <type_traits>

namespace ixy {

template <class E>
inline constexpr bool is_flags = false;

template <class E>
    requires is_flags<E>
constexpr E operator|(E a, E b) {
    using Bits = std::underlying_type_t<E>;
    return static_cast<E>(static_cast<Bits>(a) | static_cast<Bits>(b));
}

/// True if `flags` contain any of `wanted`.
template <class E>
    requires is_flags<E>
constexpr bool has(E flags, E wanted) {
    using Bits = std::underlying_type_t<E>;
    return (static_cast<Bits>(flags) & static_cast<Bits>(wanted)) != 0;
}

/// True if `flags` contain nothing but `allowed`.
template <class E>
    requires is_flags<E>
constexpr bool within(E flags, E allowed) {
    return (flags | allowed) == allowed;
}

}  // namespace ixy
