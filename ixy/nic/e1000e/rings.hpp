// Where the registers of the two queues' rings are.
#pragma once

#include <ixy/datasheet/e1000/pcie.hpp>

namespace ixy::e1000e {

/// The registers of one ring.
struct RingRegisters {
    using At = datasheet::Location<datasheet::Number>;
    At base_low, base_high, length, head, tail;
};

inline constexpr RingRegisters receive_rings[] = {
    {datasheet::e1000::RDBAL, datasheet::e1000::RDBAH, datasheet::e1000::RDLEN, datasheet::e1000::RDH,
     datasheet::e1000::RDT},
    {datasheet::e1000::RDBAL1, datasheet::e1000::RDBAH1, datasheet::e1000::RDLEN1, datasheet::e1000::RDH1,
     datasheet::e1000::RDT1},
};
inline constexpr RingRegisters transmit_rings[] = {
    {datasheet::e1000::TDBAL, datasheet::e1000::TDBAH, datasheet::e1000::TDLEN, datasheet::e1000::TDH,
     datasheet::e1000::TDT},
    {datasheet::e1000::TDBAL1, datasheet::e1000::TDBAH1, datasheet::e1000::TDLEN1, datasheet::e1000::TDH1,
     datasheet::e1000::TDT1},
};

}  // namespace ixy::e1000e
