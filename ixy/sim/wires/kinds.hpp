// The kinds of wire, one file each; open_wire() chooses.
#pragma once

#include <algorithm>
#include <array>
#include <string>

#include <ixy/core/counter.hpp>
#include <ixy/sim/wires/wire.hpp>

namespace ixy::sim {

/// cable.cpp: an end of the cable `name` between two cards of this process. Errors: busy (both ends are taken).
Expected<std::unique_ptr<Wire>> open_cable(const std::string& name);
/// cable.cpp: sent frames come back.
std::unique_ptr<Wire> make_loop();
/// socket.cpp: an end of the cable `path`, or with `theirs` the socket `path` that talks to the socket `theirs`.
/// Errors: busy, invalid_argument, permission, not_found.
Expected<std::unique_ptr<Wire>> open_socket(const std::string& path, const std::string& theirs = {});
/// tap.cpp: the TAP interface `name`. Errors: permission, busy, invalid_argument, not_found (a kernel without TAP).
Expected<std::unique_ptr<Wire>> open_tap(const std::string& name);
/// capture.cpp: plays the file `in` and writes the file `out`; either may be empty. Errors: not_found, permission,
/// system (a full disk), busy (one file for both, or played or written by another), invalid_argument (not a capture
/// of Ethernet).
Expected<std::unique_ptr<Wire>> open_capture(const std::string& in, const std::string& out);
/// impairments.cpp: `wire`, with `impairments` applied to sent frames.
std::unique_ptr<Wire> impair(std::unique_ptr<Wire> wire, const Impairments& impairments);

/// A buffer for frames from outside. The shortest frame on a wire has 60 bytes; frames that no network card has sent
/// yet (from Linux's TAP, from QEMU's other cards) may be shorter, and get the zeros that a card would have added.
class ArrivedFrame {
public:
    static constexpr std::size_t shortest = 60;

    std::span<std::byte> space() { return space_; }
    /// The frame whose first `size` bytes, at most longest_wire_frame, are in space().
    WireFrame padded(std::size_t size) {
        if (size < shortest)
            std::fill(space_.begin() + static_cast<std::ptrdiff_t>(size), space_.begin() + shortest, std::byte{});
        return {std::span<const std::byte>(space_).first(std::max(size, shortest))};
    }

private:
    std::array<std::byte, longest_wire_frame> space_;
};
inline constexpr std::size_t ethernet_header = 14;

}  // namespace ixy::sim
