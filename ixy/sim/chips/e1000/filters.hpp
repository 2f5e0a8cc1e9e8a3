// Which frames are received: exact addresses, multicast hash, broadcast, promiscuous modes, VLAN (manual 3.2.1, 9.3,
// 13.5).
#pragma once

#include <cstdint>
#include <span>

#include <ixy/sim/chips/e1000/registers.hpp>

namespace ixy::sim::e1000 {

class Filters {
public:
    explicit Filters(const RegisterFile& registers) : registers_(registers) {}

    struct Verdict {
        bool accepted = false;
        bool inexact = false;  ///< only the multicast hash matched: RDESC.PIF
    };
    Verdict judge(std::span<const std::byte> frame) const;
    /// The destination of `frame`, which has a whole header: its first byte lowest, as RAL and RAH hold it.
    static std::uint64_t destination(std::span<const std::byte> frame);

private:
    bool is_exact(std::uint64_t destination, std::uint64_t source) const;
    bool in_multicast_table(std::uint64_t destination) const;
    bool accepts_vlan(std::span<const std::byte> frame) const;

    const RegisterFile& registers_;
};

}  // namespace ixy::sim::e1000
